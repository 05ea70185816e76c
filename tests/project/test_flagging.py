"""Flags and the review queue of a project, on a plate with planted errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.analysis.flags import FLAGS
from spheroseg_widgets.demo.planted import PlantedPlate, make_planted_plate

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> PlantedPlate:
    return make_planted_plate(tmp_path_factory.mktemp("planted"), 5, wells=12, times=8)


@pytest.fixture(scope="module")
def segmented(plate: PlantedPlate, tmp_path_factory: pytest.TempPathFactory, client: Any) -> Iterator[sw.Project]:
    """The plate, segmented by the classical method: quick, and wrong often enough."""
    project = sw.open_project(tmp_path_factory.mktemp("flagging") / "plate", create=True)
    project.add(plate.images)
    project.set_map(plate.plate_map)
    project.segment(model="threshold", cluster=client, wait=True)
    yield project
    project.close()


def test_what_was_planted_and_a_person_must_see_is_flagged(plate: PlantedPlate, segmented: sw.Project) -> None:
    flags = segmented.flags().set_index("name").loc[plate.table["file"]]
    planted = plate.table["planted"].to_numpy()
    for kind in ("defocus", "absent", "broken", "oversize"):
        assert flags["worst"][planted == kind].notna().all(), kind
    assert flags["failed"][planted == "broken"].all()
    assert flags["out_of_focus"][planted == "defocus"].all()
    assert not flags["out_of_focus"][planted == ""].any()
    assert not flags["failed"][planted != "broken"].any()


def test_edges_are_measured(segmented: sw.Project) -> None:
    objects = segmented.measurements()
    primaries = objects[objects["is_primary"] & ~objects["touches_border"]]
    assert primaries["edge_width_px"].between(1, 30).mean() > 0.95
    pd.testing.assert_series_equal(
        objects["edge_width_um"], objects["edge_width_px"] * objects["pixel_size_um"], check_names=False
    )


def test_the_queue_is_what_is_flagged_and_unreviewed_the_worst_first(segmented: sw.Project) -> None:
    flags, queue = segmented.flags(), segmented.review_queue()
    assert set(queue["image_id"]) == set(flags["image_id"][flags["worst"].notna()])
    severity = queue["worst"].map(FLAGS.index)
    assert severity.is_monotonic_increasing
    assert severity.nunique() > 2
    for _, same in queue.groupby("worst"):
        assert same[["plate", "well", "time_h"]].apply(tuple, axis=1).is_monotonic_increasing


def test_what_a_person_judged_leaves_the_queue(segmented: sw.Project) -> None:
    before = segmented.review_queue()["image_id"].tolist()
    approved, absent, excluded = before[0], before[3], before[6]
    segmented.review([approved], "approved")
    segmented.confirm([absent], "absent")
    rule = segmented.exclude(image=excluded, reason="bubble")
    after = segmented.review_queue()["image_id"].tolist()
    assert set(before) - set(after) >= {approved, absent, excluded}
    flags = segmented.flags().set_index("image_id")
    assert flags["flags"][approved] != ()
    assert (flags["flags"][absent], flags["flags"][excluded]) == ((), ())
    segmented.review([approved], "unreviewed")
    segmented.confirm([absent], None)
    segmented.undo_exclusion(rule)
    assert segmented.review_queue()["image_id"].tolist() == before


def test_the_map_s_count_decides(plate: PlantedPlate, segmented: sw.Project) -> None:
    before = segmented.flags()
    well = before["well"][before["n_spheroids"] == 1].mode()[0]
    right = (before["well"] == well) & (before["n_spheroids"] == 1)
    assert not before["wrong_count"][right].any()
    segmented.set_map([{"well": well, "expected_spheroids": 2}])
    assert segmented.flags()["wrong_count"][right].all()
    segmented.set_map([{"well": well, "expected_spheroids": 1}])


def test_a_project_before_its_first_run_and_one_without_images_have_no_flags(project: sw.Project) -> None:
    assert project.flags()["flags"].tolist() == [(), (), ()]
    assert len(project.review_queue()) == 0


def test_an_empty_project_has_no_flags(empty_project: sw.Project) -> None:
    assert len(empty_project.flags()) == len(empty_project.review_queue()) == len(empty_project.images()) == 0
    assert list(empty_project.flags()["flags"]) == []
