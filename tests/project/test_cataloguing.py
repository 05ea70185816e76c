"""Tags, metadata, deletion and saved views: each verb is told, audited, and taken back by its opposite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

import spheroseg_widgets as sw
from spheroseg_widgets.errors import QueryError, StoreError
from spheroseg_widgets.project.drafts import open_draft
from spheroseg_widgets.store import experiment, runs
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.tables import image, job

from .plates import alive, until

pytestmark = pytest.mark.filterwarnings("ignore")


def ids_of(project: sw.Project) -> list[int]:
    return [int(one) for one in project.images()["image_id"]]


@pytest.fixture
def told(project: sw.Project) -> list[tuple[str, list[int]]]:
    """What listeners of the project hear from now on."""
    heard: list[tuple[str, list[int]]] = []
    project.on_change(lambda kind, images: heard.append((kind, images)))
    return heard


def last_line(project: sw.Project) -> dict[str, Any]:
    return dict(project.audit().iloc[-1][["action", "row_table", "author", "detail"]])


def test_tags_are_given_and_taken_once_and_told(project: sw.Project, told: list[tuple[str, list[int]]]) -> None:
    one, two, three = ids_of(project)
    assert project.tag([one, two], "  look   again ") == [one, two]
    assert last_line(project) == {
        "action": "tag", "row_table": "image", "author": project.author,
        "detail": {"tag": "look again", "images": [one, two]},
    }  # fmt: skip
    assert project.tag([two, three, three], "look again") == [three]
    assert project.tag([three], "look again") == []
    project.tag([two], "Figure 2")
    assert project.images()["tags"].tolist() == [("look again",), ("Figure 2", "look again"), ("look again",)]
    assert project.tags().to_dict("records") == [{"tag": "Figure 2", "images": 1}, {"tag": "look again", "images": 3}]
    assert told == [("tag", [one, two]), ("tag", [three]), ("tag", [two])]
    assert project.query('"Figure 2" in tags')["image_id"].tolist() == [two]
    assert project.untag([one, two], "Figure 2") == [two]
    assert last_line(project)["detail"] == {"tag": "Figure 2", "images": [two]}
    assert project.tags()["tag"].tolist() == ["look again"]
    assert project.images()["tags"].tolist() == [("look again",)] * 3
    with pytest.raises(StoreError, match="tag Figure 2: no image"):
        project.untag([two], "Figure 2")


@pytest.mark.parametrize("name", ["", " \n", "\0", "x" * 101])
def test_a_tag_says_something_short(project: sw.Project, name: str) -> None:
    before = len(project.audit())
    with pytest.raises(StoreError, match="nothing was changed"):
        project.tag(ids_of(project), name)
    assert project.tags().empty
    assert len(project.audit()) == before


def test_no_verb_touches_the_images_of_others(project: sw.Project, told: list[tuple[str, list[int]]]) -> None:
    own = ids_of(project)
    before = project.images()
    verbs: list[Callable[[list[int]], object]] = [
        lambda images: project.tag(images, "late"), lambda images: project.set_metadata(images, time_h=1.0),
        lambda images: project.set_condition(images, "drug"), project.delete, project.restore,
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(StoreError, match="none of this id"):
            verb([*own, max(own) + 1000])
    assert told == []
    pd.testing.assert_frame_equal(project.images(), before)


def test_wells_and_times_change_and_change_back(project: sw.Project, told: list[tuple[str, list[int]]]) -> None:
    first = project.images()
    one, two, _ = ids_of(project)
    before = project.set_metadata([one, two], plate="new plate", time_h=48)
    table = project.images()
    assert table["plate"].tolist() == ["new plate", "new plate", first["plate"].iloc[2]]
    assert table["well"].tolist() == ["A01", "A02", "A03"]
    assert table["time_h"].tolist() == [48.0, 48.0, 24.0]
    assert table["stem"].tolist() == first["stem"].tolist()
    assert before[["image_id", "well", "time_h"]].to_numpy().tolist() == [[one, "A01", 24.0], [two, "A02", 24.0]]
    assert {"new plate"} < set(project.map()["plate"])
    line = last_line(project)
    assert line["action"] == "set_metadata"
    assert line["detail"]["after"] == {"plate": "new plate", "time_h": 48.0}
    again = project.set_metadata(before)
    assert again["plate"].tolist() == ["new plate"] * 2
    pd.testing.assert_frame_equal(project.images(), first)
    assert project.set_metadata(before).empty
    assert told == [("metadata", [one, two]), ("metadata", [one, two])]


def test_a_table_gives_every_image_its_own_and_two_may_change_places(project: sw.Project) -> None:
    one, two, three = ids_of(project)
    project.set_metadata(pd.DataFrame({"image_id": [one, two], "well": ["a2", "A1"]}))
    assert project.images()["well"].tolist() == ["A02", "A01", "A03"]
    names = project.images()["name"].tolist()
    stems = project.images()["stem"].tolist()
    project.set_metadata(pd.DataFrame({"image_id": [one, two], "name": names[1::-1], "stem": stems[1::-1]}))
    assert project.images()["name"].tolist() == [names[1], names[0], names[2]]
    assert project.images()["stem"].tolist() == [stems[1], stems[0], stems[2]]
    project.set_metadata(pd.DataFrame({"image_id": [three], "well": [None], "time_h": [np.nan]}))
    last = project.images().iloc[2]
    assert pd.isna(last["well"])
    assert pd.isna(last["time_h"])
    assert last["plate"] == "plate"


def test_names_may_be_shared_and_stems_stay_unique(project: sw.Project) -> None:
    one, two, three = ids_of(project)
    before = project.images()
    done = project.set_metadata([one, two], name="control <1>.tif")
    project.set_metadata([three], name="CONTROL _1_.tif")
    table = project.images()
    assert table["name"].tolist() == ["control <1>.tif"] * 2 + ["CONTROL _1_.tif"]
    assert table["stem"].tolist() == ["control _1_", "control _1__2", "CONTROL _1__3"]
    project.set_metadata(done)
    assert project.images()["stem"].tolist()[:2] == before["stem"].tolist()[:2]
    project.delete([three])
    project.set_metadata([one], name="control _1_.tif")
    assert project.image(one)["stem"] == "control _1_"  # the third has another, which is taken also while it is deleted
    project.set_metadata([two], name="control _1_3.tif")
    with pytest.raises(StoreError, match="CONTROL _1__3: another image"):
        project.set_metadata(pd.DataFrame({"image_id": [two], "stem": ["CONTROL _1__3"]}))


def test_an_image_without_a_plate_finds_the_only_one(project: sw.Project, three_images: Path) -> None:
    one, two, three = ids_of(project)
    project.set_metadata([one], plate=None)
    row = project.image(one)
    assert pd.isna(row["plate"])
    assert pd.isna(row["well"])
    project.set_metadata([one], well="H12")
    assert tuple(project.image(one)[["plate", "well"]]) == ("plate", "H12")
    project.set_metadata([two], plate="second")
    project.set_metadata([one], plate=None)
    with pytest.raises(StoreError, match="there are plate, second"):
        project.set_metadata([one], well="H11")
    with pytest.raises(StoreError, match="on which plate"):
        project.set_metadata([three], plate=None, well="H11")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"well": "A02"}, "plate_A01_24h.tif: well A02 of plate has an image at 24 h already, plate_A02_24h.tif"),
        ({"well": "twelve"}, "well twelve: a well is called by its row and column"),
        ({"time_h": "soon"}, "time_h is 'soon', and not a number of hours"),
        ({"time_h": float("inf")}, "not a number of hours"),
        ({"name": " "}, "an image needs a name"),
    ],
)
def test_metadata_that_cannot_be_changes_nothing(project: sw.Project, said: dict[str, Any], error: str) -> None:
    before, lines = project.images(), len(project.audit())
    with pytest.raises(StoreError, match=error):
        project.set_metadata(ids_of(project)[:1], **said)
    pd.testing.assert_frame_equal(project.images(), before)
    assert len(project.audit()) == lines


def test_two_images_of_one_well_and_time_are_refused_unless_they_were_there(project: sw.Project) -> None:
    one, two, three = ids_of(project)
    with pytest.raises(StoreError, match="has an image at 24 h already"):
        project.set_metadata([one, two], well="B01")
    assert "B01" not in project.map()["well"].tolist()
    with project.database.write() as c:  # as files of the same name in two folders are added
        c.execute(image.update().where(image.c.id == two).values(well_id=int(project.images()["well_id"].iloc[0])))
    project.set_metadata([one, two], time_h=30)
    project.set_metadata([one], name="first.tif")
    assert project.images()["well"].tolist() == ["A01", "A01", "A03"]
    project.set_metadata([two], time_h=None)  # without a time, no two are of the same
    project.set_metadata([three], time_h=None, well="A01")


def test_deleted_images_are_gone_and_come_back_with_all_that_was_known(
    project: sw.Project, three_images: Path, client: Any, told: list[tuple[str, list[int]]]
) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    one, two, three = ids_of(project)
    project.review([two], "approved")
    project.tag([two], "late")
    before, numbers = project.images(), project.measurements()
    told.clear()
    assert project.delete([two, two]) == [two]
    assert last_line(project) == {
        "action": "delete", "row_table": "image", "author": project.author, "detail": {"images": [two]},
    }  # fmt: skip
    assert project.delete([two]) == []
    assert ids_of(project) == [one, three]
    assert set(project.measurements()["image_id"]) == {one, three}
    assert project.tags().empty
    assert len(list(three_images.glob("*.tif"))) == 3
    gone = project.deleted()
    assert gone[["image_id", "name", "well", "time_h"]].to_numpy().tolist() == [[two, "plate_A02_24h.tif", "A02", 24.0]]
    assert gone["deleted_at"].notna().all()
    assert project.restore([one, two]) == [two]
    pd.testing.assert_frame_equal(project.images(), before)
    pd.testing.assert_frame_equal(project.measurements(), numbers)
    assert project.deleted().empty
    assert told == [("delete", [two]), ("restore", [two])]


def test_adding_the_files_of_deleted_images_brings_them_back(project: sw.Project, three_images: Path) -> None:
    ids = ids_of(project)
    project.delete(ids)
    project.add(three_images)
    assert ids_of(project) == ids


def test_work_on_deleted_images_is_cancelled_and_the_run_is_done_with_the_rest(
    project: sw.Project, client: Any
) -> None:
    one, two, _ = ids_of(project)
    run = project.segment(model="threshold", cluster=client, images=[one, two], wait=True)
    until(lambda: not alive(project))  # else it would go on with what it finds
    with project.database.write() as c:  # as if both were still to be done, and nobody at work
        c.execute(job.update().values(status=sa.case((job.c.image_id == one, "queued"), else_="running")))
        c.execute(runs.run.update().values(status="running", finished_at=None))
    project.delete([one])
    assert run.status().set_index("image_id")["status"].to_dict() == {one: "cancelled", two: "running"}
    assert not run.finished
    with project.database.write() as c:
        c.execute(job.update().where(job.c.image_id == two).values(status="done"))
        runs.close_run(c, run.id)
    assert run.progress().status == "done"
    with project.database.write() as c:
        c.execute(job.update().where(job.c.image_id == two).values(status="running"))
        c.execute(runs.run.update().values(status="running", finished_at=None))
    project.delete([two])
    assert run.finished  # nothing is left of it, and nobody there to say so


def test_a_run_goes_on_without_the_images_that_are_deleted_meanwhile(project: sw.Project, client: Any) -> None:
    *_, three = ids_of(project)
    run = project.segment(model="threshold", cluster=client)
    project.delete([three])
    run.wait(60)
    assert run.progress().status == "done"
    assert project.images()["status"].tolist() == ["done", "done"]
    with project.database.write() as c:
        c.execute(job.update().values(status="failed"))
    assert run.retry_failed(cluster=client) == 2
    run.wait(60)


def test_unsaved_changes_of_a_deleted_image_hold_up_no_numbers(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client, wait=True)
    one, *others = ids_of(project)
    draft = open_draft(project, one, "elsewhere")
    draft.append_all({str(uuid7()): {"kind": "cut"}})
    project.delete([one])
    assert set(project.measurements()["image_id"]) == set(others)


def test_views_are_kept_by_name_and_given_back(project: sw.Project, told: list[tuple[str, list[int]]]) -> None:
    first = {"filters": {"well": ["A01"], "size": [None, 5e4]}, "sort": "área"}
    assert project.save_view(" small ones ", first) is None
    assert project.save_view("Big ones", {}) is None
    assert project.save_view("small ones", {"sort": "name"}) == first
    assert last_line(project)["detail"] == {"name": "small ones", "before": first}
    views = project.views()
    assert views["name"].tolist() == ["Big ones", "small ones"]
    assert views["view"].tolist() == [{}, {"sort": "name"}]
    assert views["author"].tolist() == [project.author] * 2
    assert project.delete_view("small ones") == {"sort": "name"}
    assert project.views()["name"].tolist() == ["Big ones"]
    with pytest.raises(StoreError, match="view small ones: there is none"):
        project.delete_view("small ones")
    for name, view in (("", {}), ("bad", {"a": object()}), ("bad", {"a": float("nan")})):
        with pytest.raises(StoreError, match="nothing was saved"):
            project.save_view(name, view)
    assert told == [("view", [])] * 4


def test_an_expression_finds_images(project: sw.Project, client: Any) -> None:
    project.set_map([{"well": "A01", "condition": "control"}, {"well": "A02", "condition": "drug"}])
    project.segment(model="threshold", cluster=client, wait=True)
    table = project.images()
    middle = float(table["area_um2"].iloc[1])
    found = project.query(f"area_um2 > {middle - 1} and edited == False and outcome == 'measured'")
    assert found["well"].tolist() == ["A02", "A03"]
    assert found.columns.tolist() == table.columns.tolist()
    assert project.query("condition == None")["well"].tolist() == ["A03"]
    with pytest.raises(QueryError, match="no column size; there are image_id, name"):
        project.query("size > 5")


def test_what_a_promoted_run_displaced_comes_back_with_its_states(project: sw.Project, client: Any) -> None:
    first = project.segment(model="threshold", cluster=client, wait=True)
    one, two, three = ids_of(project)
    outlines, objects = project.outlines(one)
    base = int(project.image(one)["current_result_id"])
    project.save(
        one, outlines.transformed(0.5, 0.5, 64, 48), objects.assign(area_px2=objects["area_px2"] / 4), parent=base
    )
    project.review([two], "approved")
    project.review([three], "excluded")
    judged = project.images()
    second = project.segment(model="threshold", cluster=client, wait=True)
    pd.testing.assert_series_equal(project.images()["current_result_id"], judged["current_result_id"])
    assert project.undo_promote(second) == 0  # nothing of it holds
    assert project.promote(second, replace_edits=True) == 3
    assert project.images()["review"].tolist() == ["unreviewed", "unreviewed", "excluded"]
    heard: list[tuple[str, list[int]]] = []
    project.on_change(lambda kind, images: heard.append((kind, images)))
    assert project.undo_promote(second) == 3
    assert heard == [("promote", [one, two, three])]
    assert last_line(project)["action"] == "undo_promote"
    columns = ["current_result_id", "review", "result_source", "n_objects", "total_area_px2", "outcome", "excluded"]
    pd.testing.assert_frame_equal(project.images()[columns], judged[columns])
    assert project.undo_promote(second) == 0
    assert project.promote(second, replace_edits=True) == 3
    project.review([two], "approved")  # of the new outlines: not to be displaced by an undo
    outlines, objects = project.outlines(three)
    project.save(three, outlines, objects, parent=int(project.image(three)["current_result_id"]))
    saved = project.images()
    assert project.undo_promote(second.id) == 1
    assert project.image(one)["review"] == "corrected"
    pd.testing.assert_frame_equal(project.images().iloc[1:][columns], saved.iloc[1:][columns])
    with pytest.raises(StoreError, match="run 99"):
        project.undo_promote(99)
    assert project.undo_promote(first) == 0


def test_promotions_are_taken_back_one_after_the_other(project: sw.Project, client: Any) -> None:
    made = [project.segment(model="threshold", cluster=client, images=ids_of(project)[:1], wait=True) for _ in range(3)]
    image_id = ids_of(project)[0]
    with project.database.read() as c:
        results = [runs.results_of_run(c, project.id, run.id)[image_id] for run in made]

    def holds() -> int:
        return results.index(int(project.image(image_id)["current_result_id"]))

    assert holds() == 2
    project.review([image_id], "approved")
    project.promote(made[0], replace_edits=True)
    assert (holds(), project.undo_promote(made[0]), holds()) == (0, 1, 2)
    assert project.image(image_id)["review"] == "approved"
    project.review([image_id], "unreviewed")
    assert (project.undo_promote(made[2]), holds()) == (1, 1)
    assert (project.undo_promote(made[1]), holds()) == (1, 0)
    assert (project.undo_promote(made[0]), holds()) == (1, 2)  # it displaced the third when it was promoted


def test_every_verb_is_stored_whole_or_not_at_all(project: sw.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ids_of(project)
    before, lines = project.images(), len(project.audit())

    def full(*_args: Any, **_options: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("spheroseg_widgets.store.audit.record_many", full)
    verbs: list[Callable[[], object]] = [
        lambda: project.tag(ids, "late"), lambda: project.set_metadata(ids, plate="other"), lambda: project.delete(ids),
        lambda: project.save_view("all", {}),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(OSError, match="disk full"):
            verb()
    pd.testing.assert_frame_equal(project.images(), before)
    with project.database.read() as c:
        assert experiment.plate_names(c, project.id) == ["plate"]
    assert project.tags().empty
    assert project.views().empty
    assert project.deleted().empty
    assert len(project.audit()) == lines
