"""A project from end to end, with the classical method (fast) and with the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.errors import ConflictError, ExportError, ModelError, ShareUnavailableError, StoreError
from spheroseg_widgets.exports.tables import read_csv
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.tables import images_and_objects
from spheroseg_widgets.store.tables import image_tag, tag

pytestmark = pytest.mark.filterwarnings("ignore")


def test_adding_the_same_files_again_adds_nothing(project: sw.Project, three_images: Path) -> None:
    again = project.add(three_images)
    assert again.image_ids == []
    assert again.n_known == 3
    assert len(project.images()) == 3


def test_names_give_wells_and_times_and_the_file_gives_its_scale(project: sw.Project) -> None:
    table = project.images()
    assert table["well"].tolist() == ["A01", "A02", "A03"]
    assert table["time_h"].tolist() == [24.0, 24.0, 24.0]
    assert table["pixel_size_um"].tolist() == [2.0, 2.0, 2.0]
    assert set(table["pixel_size_source"]) == {"imagej"}


def test_a_run_measures_every_well_and_a_second_one_keeps_corrections(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    wells = project.wells()
    assert wells["outcome"].tolist() == ["measured"] * 3
    assert wells["area_um2"].is_monotonic_increasing
    np.testing.assert_allclose(wells["area_um2"], 4 * wells["area_px2"])
    first, second, third = project.images()["image_id"]
    outlines, objects = project.outlines(first)
    before = project.images().set_index("image_id")["current_result_id"]
    smaller = outlines.transformed(0.5, 0.5, 64, 48)
    corrected = project.save(
        first, smaller, objects.assign(area_px2=objects["area_px2"] / 4), parent=int(before[first])
    )
    project.review([second], "approved")
    project.exclude(image=third, reason="bubble")
    project.segment(model="threshold", cluster=client, wait=True)
    after = project.images().set_index("image_id")
    assert after.loc[first, "current_result_id"] == corrected
    assert after.loc[second, "current_result_id"] == before[second]
    assert after.loc[third, "current_result_id"] == before[third]
    assert after["review"].tolist() == ["corrected", "approved", "unreviewed"]
    assert after["excluded"].tolist() == [False, False, True]
    assert len(project.runs()) == 2


def test_saving_over_a_newer_revision_is_refused_and_both_are_kept(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    image = int(project.images()["image_id"].iloc[0])
    base = int(project.images()["current_result_id"].iloc[0])
    outlines, objects = project.outlines(image)
    project.save(image, outlines, objects, parent=base)
    holds = project.images()["current_result_id"].iloc[0]
    with pytest.raises(ConflictError, match="kept as revision"):
        project.save(image, outlines, objects, parent=base)
    assert project.images()["current_result_id"].iloc[0] == holds
    with project.database.read() as connection:
        assert connection.exec_driver_sql(f"SELECT count(*) FROM result WHERE image_id = {image}").scalar() == 3


def test_a_pixel_size_set_later_changes_every_um_column_without_a_run(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    before = project.measurements()
    project.set_pixel_size(1.0)
    after = project.measurements()
    np.testing.assert_allclose(after["area_um2"], before["area_um2"] / 4)
    np.testing.assert_allclose(after["area_px2"], before["area_px2"])
    assert len(project.runs()) == 1


def test_images_tell_what_a_gallery_sorts_and_filters_by(project: sw.Project, client: Any) -> None:
    before = project.images()
    assert before["condition"].tolist() == [None] * 3
    assert before["tags"].tolist() == [()] * 3
    assert not before[["edited", "touches_border"]].any(axis=None)
    assert before["area_um2"].isna().all()
    project.set_map([{"well": "A01", "condition": "control"}, {"well": "A02", "condition": "drug"}])
    project.segment(model="threshold", cluster=client, wait=True)
    first, second, _ = (int(i) for i in project.images()["image_id"])
    outlines, objects = project.outlines(first)
    base = int(project.images()["current_result_id"].iloc[0])
    twice = Outlines.concat([outlines, outlines.transformed(0.5, 0.5, 0, 0)])
    rows = pd.concat([objects, objects.assign(area_px2=objects["area_px2"] / 4, touches_border=True, outline_id=None)])
    project.save(first, twice, rows, parent=base)
    with project.database.write() as c:
        for name in ("late", "Early"):
            (tag_id,) = c.execute(tag.insert().values(project_id=project.id, name=name)).inserted_primary_key
            c.execute(image_tag.insert().values(image_id=second, tag_id=tag_id))
    table = project.images()
    assert table["condition"].tolist() == ["control", "drug", None]
    assert table["tags"].tolist() == [(), ("Early", "late"), ()]
    assert table["edited"].tolist() == [True, False, False]
    assert table["touches_border"].tolist() == [True, False, False]
    assert table[["edited", "touches_border"]].dtypes.tolist() == [bool, bool]
    np.testing.assert_allclose(table["area_um2"].iloc[0], objects["area_px2"].iloc[0] * 1.25 * 2.0**2)
    project.set_pixel_size(None, [second])
    assert project.images()["area_um2"].isna().tolist() == [False, True, False]
    assert project.images()["touches_border"].tolist() == [True, False, False]


def test_without_objects_at_the_border_an_image_has_fewer_and_less_area(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    first, second, _ = project.images()["image_id"]
    for image in (first, second):
        outlines, objects = project.outlines(image)
        base = int(project.image(int(image))["current_result_id"])
        both = Outlines.concat([outlines, outlines.transformed(0.5, 0.5, 0, 0)])
        rows = pd.concat([objects, objects.assign(area_px2=7.0, touches_border=True, outline_id=None)])
        project.save(image, both, rows.assign(touches_border=True) if image == second else rows, parent=base)
    whole, inner = (
        images_and_objects(project.database, project.id, exclude_border=exclude)[0] for exclude in (False, True)
    )
    assert whole["n_objects"].tolist() == [2, 2, 1]
    assert inner["n_objects"].tolist() == [1, 0, 1]
    np.testing.assert_allclose(
        inner["total_area_px2"],
        whole["total_area_px2"] - whole["n_objects"].eq(2) * 7.0 - [0, objects["area_px2"].iloc[0], 0],
    )
    assert inner["total_area_px2"].iloc[1] == 0.0
    assert whole["touches_border"].tolist() == [True, True, False]
    assert not inner["touches_border"].any()


def test_a_broken_image_fails_with_its_reason_and_the_rest_goes_on(
    project: sw.Project, three_images: Path, client: Any
) -> None:
    victim = next(three_images.glob("*A02*"))
    victim.write_bytes(victim.read_bytes()[:3000])
    run = project.segment(model="threshold", cluster=client, wait=True)
    errors = run.errors()
    assert len(errors) == 1
    assert "truncated" in errors["reason"].iloc[0]
    wells = project.wells().set_index("well")
    assert wells.loc["A02", "outcome"] == "unusable"
    assert np.isnan(wells.loc["A02", "area_px2"])
    assert (wells.loc[["A01", "A03"], "outcome"] == "measured").all()


def test_a_confirmed_absence_is_a_real_zero(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    image = int(project.images()["image_id"].iloc[0])
    project.confirm([image], "absent")
    row = project.wells().iloc[0]
    assert row["outcome"] == "absent"
    assert row["area_um2"] == 0.0


def test_an_unmounted_share_is_one_message(project: sw.Project, three_images: Path, client: Any) -> None:
    moved = three_images.with_name("moved")
    three_images.rename(moved)
    with pytest.raises(ShareUnavailableError, match="relink"):
        project.segment(model="threshold", cluster=client, wait=True)
    assert project.runs().empty
    assert project.relink(three_images, moved) == 3
    project.segment(model="threshold", cluster=client, wait=True)
    assert (project.images()["status"] == "done").all()


def test_every_format_is_written_and_tables_read_back(project: sw.Project, tmp_path: Path, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    out = tmp_path / "out"
    files = project.export(out, ["csv", "xlsx", "masks", "labels", "geojson", "coco", "imagej"])
    assert all(path.stat().st_size > 0 for path in files)
    images, measured = read_csv(out / "images.csv"), read_csv(out / "measurements.csv")
    assert images.columns[:14].tolist() == [
        "path", "page", "stem", "sha256", "width", "height", "pixel_size_um", "pixel_size_source", "status", "reason",
        "n_objects", "seconds", "model", "model_sha256",
    ]  # fmt: skip
    np.testing.assert_allclose(measured["area_px2"], project.measurements()["area_px2"])


def test_an_unknown_format_or_model_is_one_clear_error(project: sw.Project, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="known are csv"):
        project.export(tmp_path / "out", ["docx"])
    with pytest.raises(ModelError, match="known models"):
        project.segment(model="nonesuch")


def test_opening_a_folder_without_a_project_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="create=True"):
        sw.open_project(tmp_path)


def test_the_network_outlines_a_plain_spheroid(project: sw.Project) -> None:
    project.segment(workers=1, wait=True)
    wells = project.wells()
    assert wells["outcome"].tolist() == ["measured"] * 3
    assert wells["area_px2"].is_monotonic_increasing
