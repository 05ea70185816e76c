"""The kernel half of what is done to many images at once, called as a page calls it; and that taking it back is exact."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import tifffile

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import results
from spheroseg_widgets.store.tables import exclusion, image, image_tag, outcome, review, well
from spheroseg_widgets.store.tables import tag as tag_table
from spheroseg_widgets.widgets.gallery import Gallery

from .page import Page, until

SQUARE = Outlines.from_rings([[[(60, 60), (120, 60), (120, 120), (60, 120)]]])
CLASSICAL = "threshold"


class Actor(Page):
    """Does something to images, and takes it back."""

    def act(self, verb: str, ids: list[int], **more: Any) -> dict[str, Any]:
        done, _ = self.ask(f"act.{verb}", ids=ids, **more)
        assert isinstance(done, dict)
        return done

    def undo(self, done: dict[str, Any]) -> dict[str, Any]:
        told, _ = self.ask("act.undo", undo=done["undo"])
        assert isinstance(told, dict)
        return told


@pytest.fixture
def project(three_images: Path, tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Three wells and an image without one; the first two images have an outline."""
    tifffile.imwrite(three_images / "z.tif", np.zeros((20, 30), np.uint8))
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(three_images, pixel_size_um=2.0)
    objects = pd.DataFrame({"class_name": ["spheroid"], "area_px2": [3600.0], "touches_border": [False]})
    with opened.database.write() as connection:
        for image_id in (1, 2):
            made = results.add_revision(connection, image_id, SQUARE, objects, source="model", author="model")
            results.point_current(connection, image_id, made, author="model")
    yield opened
    opened.close()


@pytest.fixture
def page(project: Project) -> Iterator[Actor]:
    widget = Gallery(project)
    yield Actor(widget)
    widget.close()


def stored(project: Project) -> list[list[Any]]:
    """What is stored of what a person can say, with authors, times and origins; of exclusions those in force."""
    columns = (image.c.id, image.c.plate_id, image.c.well_id, image.c.time_h, image.c.name, image.c.stem,
               image.c.pixel_size_um, image.c.pixel_size_source, image.c.deleted_at)  # fmt: skip
    queries = (
        sa.select(*columns).order_by(image.c.id),
        sa.select(review).order_by(review.c.image_id),
        sa.select(outcome).order_by(outcome.c.image_id),
        sa.select(exclusion).where(exclusion.c.undone_at.is_(None)).order_by(exclusion.c.id),
        sa.select(well.c.id, well.c.condition).where(well.c.condition.is_not(None)).order_by(well.c.id),
        sa.select(image_tag.c.image_id, tag_table.c.name)
        .join(tag_table)
        .order_by(image_tag.c.image_id, tag_table.c.name),
    )
    with project.database.read() as connection:
        return [[tuple(row) for row in connection.execute(query)] for query in queries]


@pytest.mark.parametrize(
    ("verb", "ids", "more", "changed"),
    [
        ("tag", [1, 2, 4], {"tag": "control"}, 2),
        ("tag", [1, 2, 4], {"tag": "old", "take": True}, 1),
        ("metadata", [1, 3], {"values": {"time_h": 96}}, 2),
        ("metadata", [1, 2], {"values": {"condition": "drug", "time_h": 30}}, 2),
        ("metadata", [4], {"values": {"plate": "second", "well": "c7", "time_h": 5.5, "pixel_size_um": 0.65}}, 1),
        ("metadata", [1, 2, 3, 4], {"values": {"pixel_size_um": 1.24}}, 4),
        ("approve", [1, 2], {}, 2),
        ("exclude", [1, 3, 4], {"reason": "bubble"}, 3),
        ("delete", [2, 3], {}, 2),
    ],
)
def test_what_is_done_and_taken_back_leaves_everything_as_it_was(
    page: Actor, project: Project, verb: str, ids: list[int], more: dict[str, Any], changed: int
) -> None:
    project.author = "earlier"
    project.tag([4], "control")
    project.tag([2], "old")
    project.review([1], "corrected")
    project.confirm([2], "unusable", "bubble")
    project.set_pixel_size(3.0, [3])
    project.set_map([{"well": "A01", "condition": "control"}])
    before = stored(project)
    project.author = "later"
    done = page.act(verb, ids, **more)
    assert (done["n"], done["refused"]) == (changed, 0)
    assert stored(project) != before
    assert page.undo(done) == {"refused": 0, "some": []}
    assert stored(project) == before
    with pytest.raises(RuntimeError, match="can no longer be taken back"):
        page.undo(done)


def test_what_cannot_be_approved_or_excluded_is_named_and_the_rest_goes_on(page: Actor, project: Project) -> None:
    done = page.act("approve", [1, 2, 3, 4, 99])
    assert (done["n"], done["refused"]) == (2, 2)
    assert done["some"] == [["plate_A03_24h.tif", "it has no result that could be approved"], ["z.tif", "it has no result that could be approved"]]  # fmt: skip
    assert project.images()["review"].tolist() == ["approved", "approved", "unreviewed", "unreviewed"]
    assert page.act("approve", [1])["undo"] is None  # it is by now: nothing to take back
    page.act("exclude", [1], reason="bubble")
    again = page.act("exclude", [1, 2], reason="debris")
    assert (again["n"], again["some"]) == (1, [["plate_A01_24h.tif", "it is excluded already"]])
    assert project.images()["excluded"].tolist() == [True, True, False, False]


def test_what_was_judged_again_meanwhile_is_left_alone_by_an_undo(page: Actor, project: Project) -> None:
    done = page.act("approve", [1, 2])
    project.review([2], "excluded")
    assert page.undo(done)["some"] == [["plate_A02_24h.tif", "it was judged again meanwhile"]]
    assert project.images()["review"].tolist()[:2] == ["unreviewed", "excluded"]
    excluded = page.act("exclude", [1, 3], reason="bubble")
    with project.database.read() as connection:
        first = connection.scalar(sa.select(sa.func.min(exclusion.c.id)).where(exclusion.c.image_id == 1))
    assert first is not None
    project.undo_exclusion(first)
    assert page.undo(excluded)["some"] == [["plate_A01_24h.tif", "its exclusion was undone already"]]
    assert project.images()["excluded"].tolist() == [False, True, False, False]  # by its review


def test_a_condition_is_said_of_wells_and_of_what_else_lies_in_them(page: Actor, project: Project) -> None:
    project.set_metadata([2], well="A01", time_h=48)
    assert page.ask("act.beside", ids=[1])[0] == 1
    assert page.ask("act.beside", ids=[1, 2, 4])[0] == 0
    heard: list[tuple[str, list[int]]] = []
    project.on_change(lambda kind, ids: heard.append((kind, ids)))
    done = page.act("metadata", [1, 4], values={"condition": " drug "})
    assert (done["n"], done["some"]) == (2, [["z.tif", "it lies in no well, and a condition is a well's"]])
    assert heard == [("map", [1, 2])]
    assert project.images()["condition"].where(lambda told: told.notna(), None).tolist() == ["drug", "drug", None, None]
    assert page.act("metadata", [2], values={"condition": "drug"})["undo"] is None
    assert page.ask("act.choices")[0]["conditions"] == ["drug"]
    page.undo(done)
    assert project.images()["condition"].isna().all()


def test_bad_input_changes_nothing_and_says_why(page: Actor, project: Project) -> None:
    before = stored(project)
    for verb, more, why in (
        ("tag", {"tag": "  "}, "a tag needs a name"),
        ("exclude", {"reason": " "}, "needs a reason"),
        ("metadata", {"values": {"well": "nowhere"}}, "well nowhere"),
        ("metadata", {"values": {"well": "A05", "pixel_size_um": -1}}, "pixel size -1"),
        ("metadata", {"values": {"colour": "red"}}, "no metadata colour"),
        ("metadata", {"values": {"well": "A05", "condition": "drug"}}, "set plate and well first"),
        ("segment", {"model": "no such model"}, "no such model"),
    ):
        with pytest.raises(RuntimeError, match=why):
            page.act(verb, [1, 3], **more)
    assert stored(project) == before
    with pytest.raises(RuntimeError, match="in the project any more"):
        page.act("segment", [99], model=CLASSICAL)


def test_a_page_that_only_shows_changes_nothing(page: Actor, project: Project) -> None:
    done = page.act("tag", [1], tag="mine")
    before = stored(project)
    page.widget.can_act = False
    for verb, more in (("tag", {"tag": "x"}), ("approve", {}), ("exclude", {"reason": "x"}), ("delete", {}),
                       ("metadata", {"values": {"time_h": 1}}), ("segment", {"model": CLASSICAL})):  # fmt: skip
        with pytest.raises(RuntimeError, match="only shows"):
            page.act(verb, [1], **more)
    with pytest.raises(RuntimeError, match="only shows"):
        page.undo(done)
    assert stored(project) == before


def test_forms_are_offered_models_formats_and_tags(page: Actor, project: Project) -> None:
    project.tag([1, 2], "control")
    choices, _ = page.ask("act.choices")
    assert choices["models"][0] == "resunet-spheroid"
    assert CLASSICAL in choices["models"]
    assert {"csv", "masks"} <= set(choices["formats"])
    assert choices["tags"] == [["control", 2]]


def test_an_export_holds_the_chosen_images_alone(page: Actor, project: Project) -> None:
    archive, _ = page.ask("act.export", ids=[2], formats=["csv", "masks"])
    data = b""
    while len(data) < archive["bytes"]:
        _, buffers = page.ask("part", name=archive["name"], offset=len(data))
        data += bytes(buffers[0])
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        names = opened.namelist()
        table = pd.read_csv(opened.open(next(name for name in names if name.endswith("images.csv"))), comment="#")
    assert table["name"].tolist() == ["plate_A02_24h.tif"]
    assert [name for name in names if name.endswith(".png")]
    assert not any("A01" in name for name in names)


@pytest.mark.slow
def test_segmenting_again_is_taken_back_to_the_outlines_of_before(page: Actor, project: Project) -> None:
    before = project.images()["current_result_id"].tolist()
    done = page.act("segment", [1, 3], model=CLASSICAL)
    project.run(done["run"]).wait(120)
    now = project.images()
    assert now["model"].tolist()[0] == CLASSICAL
    assert now["current_result_id"].tolist()[0] != before[0]
    assert now["current_result_id"].tolist()[1] == before[1]
    page.undo(done)
    pd.testing.assert_series_equal(
        project.images()["current_result_id"], pd.Series(before, dtype=float), check_names=False
    )
    assert project.images()["outcome"].tolist()[2] is None  # nobody has segmented it


@pytest.mark.slow
def test_a_run_that_still_works_is_cancelled_when_it_is_taken_back_and_nothing_of_it_holds(
    page: Actor, project: Project, three_images: Path
) -> None:
    pixels = tifffile.imread(three_images / "plate_A01_24h.tif")
    for number in range(40):
        tifffile.imwrite(three_images / f"plate_C{number:02d}_24h.tif", np.minimum(pixels, 255 - number))
    project.add(three_images, pixel_size_um=2.0)
    columns = ["current_result_id", "outcome", "review", "n_objects"]
    before = project.images()
    done = page.act("segment", before["image_id"].tolist(), model="resunet-spheroid")
    run = project.run(done["run"])
    until(lambda: run.progress().done >= 3, 120)
    assert not run.finished
    assert (project.images()["current_result_id"] != before["current_result_id"]).any()
    page.undo(done)
    assert run.wait(20).progress().status == "cancelled"
    time.sleep(2)  # what a worker had in hand comes to nothing
    pd.testing.assert_frame_equal(project.images()[columns], before[columns])


def test_thousands_of_images_take_few_statements(page: Actor, project: Project) -> None:
    with project.database.write() as connection:
        row = dict(connection.execute(sa.select(image).where(image.c.id == 1)).mappings().one())
        connection.execute(
            image.insert(), [{**row, "id": n, "t": n, "time_h": None, "well_id": None, "stem": f"s{n}"} for n in range(10, 3010)]
        )  # fmt: skip
    ids = list(range(10, 3010))
    statements: list[str] = []
    sa.event.listen(
        project.database.engine, "before_cursor_execute", lambda *told: statements.append(told[2])
    )  # fmt: skip
    for verb, more in (("tag", {"tag": "many"}), ("approve", {}), ("exclude", {"reason": "bubble"}), ("delete", {})):
        statements.clear()
        done = page.act(verb, ids, **more)
        assert done["n"] == 3000
        page.undo(done)
        assert len(statements) < 300, verb
