"""The editor's kernel half: documents, pixels, revisions, conflicts; what cannot be read stays unharmed."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
import tifffile

from spheroseg_widgets.errors import ConflictError, StoreError
from spheroseg_widgets.measure.intensity import measure_intensity
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import jobs, runs
from spheroseg_widgets.store.tables import job
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import (
    CORNER,
    SQUARE,
    WAIT,
    FailedError,
    Page,
    _wires,
    current,
    first,
    project,
    put_of,
)

__all__ = ["_wires", "project"]  # fixtures


def test_a_document_tells_outlines_classes_confidence_and_flags(project: Project) -> None:
    value, blobs = Page(Editor(project, "a.tif")).call("document")
    assert value["image"] == {
        "id": first(project), "name": "a.tif", "width": 192, "height": 128, "pixel_size_um": 2.0, "position": 1,
        "count": 2, "previous": None, "next": first(project) + 1,
    }  # fmt: skip
    assert value["base_revision"] == current(project)
    outlines = Outlines.from_bytes(blobs[0])
    assert [len(outlines.rings(i)) for i in range(2)] == [2, 1]
    np.testing.assert_allclose(np.frombuffer(blobs[2], "<f4"), [0.9, 0.4], rtol=1e-6)
    assert list(blobs[3]) == [0, 1 | 2]  # the second: cut by the edge, and of low confidence


def test_opening_an_image_that_waits_in_a_run_lets_it_go_first(project: Project) -> None:
    with project.database.write() as connection:
        model = runs.ensure_model(connection, "m", "1", "0", None)
        runs.create_run(connection, project.id, model, {}, project.images()["image_id"].tolist(), "me")

    def urgent() -> list[int]:
        with project.database.read() as connection:
            query = sa.select(job.c.image_id).where(job.c.priority == jobs.URGENT)
            return list(connection.execute(query).scalars())

    Page(Editor(project, "b.tif", read_only=True)).call("document")
    assert urgent() == [], "who only looks changes nothing"
    Page(Editor(project, "b.tif")).call("document")
    assert urgent() == [first(project) + 1]


def test_pixels_come_in_their_own_depth_and_large_ones_reduced_with_their_factor(project: Project) -> None:
    value, blobs = Page(Editor(project, "a.tif")).call("pixels")
    original = tifffile.imread(project.image("a.tif")["path"])
    assert (value["dtype"], value["width"], value["height"], value["downsample"]) == ("uint16", 192, 128, 1)
    np.testing.assert_array_equal(np.frombuffer(blobs[0], "<u2").reshape(128, 192), original)


def test_saving_measures_as_a_run_does_and_keeps_ids_classes_and_confidence(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    kept, moved = page.call("document")[0]["ids"]
    larger = np.array([(140, 90), (192, 90), (192, 128), (140, 128)], np.float32)
    page.put(larger, moved)
    base = current(project)
    saved = page.call("save")[0]
    assert current(project) == saved != base
    outlines, rows = project.outlines(first(project))
    assert [str(one) for one in rows["outline_id"]] == [kept, moved]
    assert rows["confidence"].iloc[0] == pytest.approx(0.9)
    assert np.isnan(rows["confidence"].iloc[1])  # nobody knows a model's confidence in what a person drew
    pixels = tifffile.imread(project.image("a.tif")["path"])
    expected = measure_shape(outlines).join(measure_intensity(outlines, pixels))
    np.testing.assert_allclose(rows[list(expected.columns)].to_numpy(float), expected.to_numpy(float))
    assert rows["touches_border"].tolist() == touches_border(outlines, 128, 192).tolist() == [False, True]
    assert project.measurements().set_index("outline_id")["area_um2"].loc[uuid.UUID(moved)] == pytest.approx(
        4 * 52 * 38
    )
    assert open_drafts(project) == []
    with project.database.read() as connection:
        parent = connection.exec_driver_sql(f"SELECT parent_id FROM result WHERE id = {saved}").scalar()
    assert parent == base


def test_a_deleted_outline_is_gone_from_the_revision_and_kept_in_the_old_one(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    gone, stays = page.call("document")[0]["ids"]
    page.delete(gone)
    page.call("save")
    assert [str(one) for one in project.outlines(first(project))[1]["outline_id"]] == [stays]
    with project.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM outline").scalar() == 3


def test_nothing_changed_saves_nothing(project: Project) -> None:
    editor = Editor(project, "a.tif")
    base = current(project)
    assert editor.save() is None
    assert Page(editor).call("save")[0] is None
    assert current(project) == base


def test_a_conflict_keeps_both_and_shows_the_newer(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    base = current(project)
    page.put(SQUARE + 65)
    outlines, rows = project.outlines(first(project))
    newer = project.save(first(project), outlines, rows, parent=base)
    assert page.call("document")[0]["stale"]
    with pytest.raises(FailedError, match="kept as revision") as failed:
        page.call("save")
    assert failed.value.kind == "KeptConflictError"
    assert current(project) == newer
    with project.database.read() as connection:
        counts = connection.exec_driver_sql("SELECT n_objects FROM result ORDER BY id").scalars().all()
    assert list(counts) == [2, 2, 3]
    after = page.call("document")[0]
    assert (after["base_revision"], after["draft_operations"], after["stale"]) == (newer, 0, False)


def test_the_next_image_closes_the_revision_of_the_last(project: Project) -> None:
    editor = Editor(project, "a.tif")
    page = Page(editor)
    page.put(SQUARE + 65)
    editor.image_id = first(project) + 1
    assert len(project.outlines(first(project))[0]) == 3
    assert page.call("document")[0]["image"]["name"] == "b.tif"
    assert page.put(SQUARE)["state"] == "ok"
    editor.image_id = first(project)
    assert page.call("document")[0]["draft_operations"] == 0
    assert open_drafts(project) == []
    assert project.images()["n_objects"].tolist() == [3, 1]


def test_an_answer_for_another_image_than_the_open_one_is_refused(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    with pytest.raises(FailedError, match="another image"):
        page.call("document", image_id=first(project) + 1)


def test_an_unreadable_image_is_an_error_and_its_stored_result_stays(project: Project) -> None:
    editor = Editor(project, "a.tif")
    page = Page(editor)
    Path(str(project.image("a.tif")["path"])).write_bytes(b"not an image any more")
    with pytest.raises(FailedError, match=r"a\.tif"):
        page.call("pixels")
    base = current(project)
    page.put(SQUARE + 65)
    with pytest.raises(FailedError, match=r"a\.tif"):
        page.call("save")  # nothing could be measured
    assert current(project) == base
    assert len(open_drafts(project)) == 1  # and nothing is lost


def test_a_read_only_editor_takes_no_change(project: Project) -> None:
    page = Page(Editor(project, "a.tif", read_only=True))
    assert page.call("document")[0]["read_only"]
    for attempt in (lambda: page.put(SQUARE), lambda: page.call("save")):
        with pytest.raises(FailedError, match="read_only"):
            attempt()
    page.editor.set_state({"read_only": False})  # a page cannot give itself the right
    with pytest.raises(FailedError, match="read_only"):
        page.put(SQUARE)
    assert open_drafts(project) == []


def test_a_notebook_reads_outlines_selection_and_hears_of_saves(project: Project) -> None:
    editor = Editor(project, "a.tif")
    page = Page(editor)
    table = editor.outlines
    assert table["area_um2"].tolist() == pytest.approx([4 * 1500, 4 * 42 * 28])
    assert table["geometry"].iloc[0].area == pytest.approx(1500)
    editor.selected_ids = [table["outline_id"].iloc[1]]
    assert editor.selected["area_px2"].tolist() == pytest.approx([42 * 28])
    heard: list[tuple[int, int]] = []
    stop = editor.on_saved(lambda image, revision: heard.append((image, revision)))
    page.put(SQUARE + 65)
    saved = editor.save()
    stop()
    assert heard == [(first(project), saved)]


def test_a_revision_saved_elsewhere_is_followed_when_nothing_was_changed_here(project: Project) -> None:
    editor, other = Editor(project, "a.tif"), Editor(project, "a.tif")
    page = Page(editor)
    before = page.call("document")[0]["version"]
    Page(other).put(SQUARE + 65)
    saved = other.save()
    assert any(event["name"] == "version" for event in page.wire.events)
    after = page.call("document")[0]
    assert (after["base_revision"], len(after["ids"])) == (saved, 3)
    assert after["version"] > before


def test_two_editors_that_save_at_once_do_not_wait_for_each_other(project: Project) -> None:
    editors = [Editor(project, "a.tif"), Editor(project, "b.tif")]
    for round_number in range(5):
        for editor in editors:
            Page(editor).put(SQUARE + 10 * round_number)
        threads = [threading.Thread(target=editor.save) for editor in editors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
            assert not thread.is_alive()
    assert project.images()["n_objects"].tolist() == [7, 5]


def test_unknown_images_are_named(project: Project) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        Editor(project, "nowhere.tif")


def test_saving_from_python_over_a_newer_revision_raises(project: Project) -> None:
    editor = Editor(project, "a.tif")
    Page(editor).put(SQUARE + 65)
    outlines, rows = project.outlines(first(project))
    project.save(first(project), outlines, rows, parent=current(project))
    with pytest.raises(ConflictError):
        editor.save()


def test_classes_of_the_project_and_those_given_are_listed_in_every_image(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    page.step(
        [put_of(page.call("document")[0]["ids"][1], class_name="core")], [Outlines.from_rings([[CORNER]]).to_bytes()]
    )
    page.call("save")
    other = Page(Editor(project, "b.tif", classes=["debris", "core"]))
    assert other.call("document")[0]["classes"] == ["spheroid", "core", "debris"]
    value, blobs = Page(Editor(project, "a.tif")).call("document")
    assert [value["classes"][i] for i in blobs[1]] == ["spheroid", "core"]
