"""The editor's kernel half: documents, operations, drafts, revisions, conflicts; what cannot be read stays unharmed."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import ipywidgets
import numpy as np
import pytest
import sqlalchemy as sa
import tifffile
from comm.base_comm import BaseComm

from spheroseg_widgets.errors import ConflictError, StoreError
from spheroseg_widgets.measure.intensity import measure_intensity
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project, open_project
from spheroseg_widgets.store import jobs, runs
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.tables import job
from spheroseg_widgets.widgets.editor import Editor

WAIT = 10.0
NUMBERS = itertools.count(1)
SQUARE = np.array([(20, 20), (60, 20), (60, 60), (20, 60)], np.float32)
HOLE = np.array([(30, 30), (30, 40), (40, 40), (40, 30)], np.float32)
CORNER = np.array([(150, 100), (192, 100), (192, 128), (150, 128)], np.float32)


class Browser(BaseComm):
    """The browser half's end: it calls, and waits for the answer."""

    def __init__(self, **kwargs: Any) -> None:
        self.answers: dict[int, tuple[dict[str, Any], list[Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        super().__init__(**kwargs)

    def publish_msg(self, _type: str, data: Any = None, buffers: Any = None, **_: Any) -> None:
        content = (data or {}).get("content") or {}
        with self._arrived:
            if content.get("kind") in {"result", "error"}:
                self.answers[content["id"]] = (content, list(buffers or []))
            elif content.get("kind") == "event":
                self.events.append(content)
            self._arrived.notify_all()


class Page:
    """A page that shows an editor."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        assert isinstance(editor.comm, Browser)
        self.wire = editor.comm

    def call(self, method: str, buffers: list[bytes] | None = None, **params: Any) -> tuple[Any, list[bytes]]:
        number = next(NUMBERS)
        content = {
            "kind": "call",
            "id": number,
            "method": method,
            "params": {"image_id": self.editor.image_id, **params},
        }
        self.editor.rpc.receive(content, [memoryview(one) for one in buffers or []])
        with self.wire._arrived:
            assert self.wire._arrived.wait_for(lambda: number in self.wire.answers, WAIT), f"no answer to {method}"
        answer, blobs = self.wire.answers[number]
        if answer["kind"] == "error":
            raise FailedError(answer["error"]["type"], answer["error"]["message"])
        return answer["value"], [bytes(blob) for blob in blobs]

    def put(
        self, ring: np.ndarray, outline: str | None = None, operation: str | None = None, base: int | None = -1
    ) -> Any:
        described = put_of(outline or str(uuid7()), id=operation or str(uuid7()))
        return self._send(described, [Outlines.from_rings([[ring]]).to_bytes()], base)

    def delete(self, outline: str, base: int | None = -1) -> Any:
        return self._send(put_of(outline, kind="delete", label="editor.did.delete"), [], base)

    def _send(self, described: dict[str, Any], blobs: list[bytes], base: int | None) -> Any:
        return self.step([described], blobs, base)[0]

    def step(self, described: list[dict[str, Any]], blobs: list[bytes], base: int | None = -1) -> list[Any]:
        """Send operations in one call; gives the verdicts, each with the rings that came with it."""
        if base == -1:
            base = self.call("document")[0]["base_revision"]
        value, buffers = self.call("operations", blobs, base_revision=base, operations=described)
        for verdict in value["verdicts"]:
            if isinstance(verdict["geometry"], int) and verdict["geometry"] >= 0:
                verdict["rings"] = Outlines.from_bytes(buffers[verdict["geometry"]]).rings(0)
        return list(value["verdicts"])


def die(editor: Editor) -> None:
    """Leave the editor as a killed kernel leaves it: no revision is closed, and nobody holds its draft."""
    for leave in editor._leave:
        leave()
    assert editor._open is not None
    editor._open.end()


def put_of(outline: str, **over: Any) -> dict[str, Any]:
    """Describe an operation as the browser sends it."""
    return {
        "id": str(uuid7()), "kind": "put", "outline_id": outline, "class_name": "spheroid", "label": "editor.did.draw",
        "step": str(uuid7()), "parents": [], **over,
    }  # fmt: skip


class FailedError(Exception):
    """The kernel answered with an error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Browser)


@pytest.fixture
def project(tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Two images of 192 x 128 px, 2 um a pixel; the first has two outlines, one with a hole."""
    noise = np.random.default_rng(0)
    for name in ("a.tif", "b.tif"):
        pixels = noise.integers(100, 4000, (128, 192), dtype=np.uint16)
        tifffile.imwrite(tmp_path / name, pixels)
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add([tmp_path / "a.tif", tmp_path / "b.tif"], pixel_size_um=2.0)
    outlines = Outlines.from_rings([[SQUARE, HOLE], [CORNER]])
    rows = measure_shape(outlines).assign(confidence=[0.9, 0.4], touches_border=[False, True], class_name="spheroid")
    opened.save(first(opened), outlines, rows, parent=None)
    yield opened
    opened.close()


def first(project: Project) -> int:
    return int(project.images()["image_id"].iloc[0])


def current(project: Project) -> int:
    return int(project.images()["current_result_id"].iloc[0])


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


def test_an_operation_is_stored_once_however_often_it_is_sent(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    operation, outline = str(uuid7()), str(uuid7())
    for _ in range(3):
        assert page.put(SQUARE + 65, outline, operation)["state"] == "ok"
    document, blobs = page.call("document")
    assert document["draft_operations"] == 1
    assert document["ids"].count(outline) == 1
    assert len(Outlines.from_bytes(blobs[0])) == 3
    [draft] = open_drafts(project)
    assert [stored["id"] for stored in draft.operations()] == [operation]


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


def test_an_operation_on_a_stale_revision_is_refused(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    base = page.call("document")[0]["base_revision"]
    outlines, rows = project.outlines(first(project))
    project.save(first(project), outlines, rows, parent=base)
    with pytest.raises(FailedError, match="another revision"):
        page.put(SQUARE + 65, base=base)
    assert open_drafts(project) == []


def test_outlines_that_cross_are_mended_or_refused_and_never_stored_as_they_came(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    known = page.call("document")[0]["ids"][0]
    bow_tie = np.array([(70, 20), (110, 60), (110, 20), (70, 60)], np.float32)
    refused = page.put(bow_tie, known)
    assert (refused["state"], refused["reason"]) == ("refused", "crosses")
    np.testing.assert_array_equal(refused["rings"][0], SQUARE)  # what the browser shows again
    assert page.put(bow_tie)["geometry"] == -1
    assert open_drafts(project) == []
    outside = np.array([(-30, 20), (40, 20), (40, 60), (-30, 60)], np.float32)
    mended = page.put(outside)
    assert (mended["state"], mended["reason"]) == ("repaired", "outside")
    assert mended["rings"][0][:, 0].min() == 0


def test_a_reloaded_page_finds_its_operations_and_a_dead_sessions_draft_is_offered(project: Project) -> None:
    editor = Editor(project, "a.tif")
    outline = str(uuid7())
    Page(editor).put(SQUARE + 65, outline)
    again = Page(editor).call("document")[0]  # the page was reloaded: same editor
    assert (again["draft_operations"], again["drafts"], outline in again["ids"]) == (1, [], True)
    other = Page(Editor(project, "a.tif"))
    [offered] = other.call("document")[0]["drafts"]
    assert (offered["kind"], offered["operations"], offered["stale"]) == ("elsewhere", 1, False)
    die(editor)
    [offered] = other.call("document")[0]["drafts"]
    assert offered["kind"] == "left"
    other.call("continue_draft", draft=offered["id"])
    after = other.call("document")[0]
    assert (after["draft_operations"], after["drafts"], outline in after["ids"]) == (1, [], True)
    other.call("save")
    assert len(project.outlines(first(project))[0]) == 3


def test_a_draft_taken_over_is_written_by_one_editor_only(project: Project) -> None:
    old, new = Page(Editor(project, "a.tif")), Page(Editor(project, "a.tif"))
    old.put(SQUARE + 65)
    [offered] = new.call("document")[0]["drafts"]
    new.call("continue_draft", draft=offered["id"])
    with pytest.raises(FailedError, match="another editor of this notebook"):
        old.put(SQUARE + 60)
    assert new.put(SQUARE + 50)["state"] == "ok"


def test_a_left_draft_can_be_discarded(project: Project) -> None:
    editor = Editor(project, "a.tif")
    Page(editor).put(SQUARE + 65)
    die(editor)
    page = Page(Editor(project, "a.tif"))
    [offered] = page.call("document")[0]["drafts"]
    page.call("discard_draft", draft=offered["id"])
    assert page.call("document")[0]["drafts"] == []
    assert open_drafts(project) == []


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


def test_the_static_face_names_the_image_and_draws_it(project: Project) -> None:
    editor = Editor(project, "a.tif")
    page = editor.static_html()
    assert "a.tif: 2 outlines" in page
    assert "6 000 µm²" in page.replace("\u2009", " ")
    face = editor.static_png()
    assert face is not None
    assert face.startswith(b"\x89PNG")


def test_a_step_is_taken_whole_or_not_at_all(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    first_id, second_id = page.call("document")[0]["ids"]
    step = str(uuid7())
    both = [put_of(first_id, step=step, parents=[second_id]), put_of(second_id, kind="delete", step=step)]
    bow_tie = np.array([(70, 20), (110, 60), (110, 20), (70, 60)], np.float32)
    verdicts = page.step(both, [Outlines.from_rings([[bow_tie]]).to_bytes()])
    assert [verdict["state"] for verdict in verdicts] == ["refused", "refused"]
    np.testing.assert_array_equal(verdicts[1]["rings"][0], CORNER)  # the one that would have been deleted comes back
    assert open_drafts(project) == []
    other = put_of(str(uuid7()))  # a step of its own is not refused with them
    verdicts = page.step([*both, other], [Outlines.from_rings([[ring]]).to_bytes() for ring in (bow_tie, SQUARE + 65)])
    assert [verdict["state"] for verdict in verdicts] == ["refused", "refused", "ok"]
    merged = np.array([(20, 20), (192, 20), (192, 128), (20, 128)], np.float32)
    verdicts = page.step([{**one, "id": str(uuid7())} for one in both], [Outlines.from_rings([[merged]]).to_bytes()])
    assert [verdict["state"] for verdict in verdicts] == ["ok", "ok"]
    for _ in ("in the draft", "in the revision"):
        assert page.call("document")[0]["parents"] == {first_id: [second_id]}
        page.call("save")
    rows = project.outlines(first(project))[1].set_index(project.outlines(first(project))[1]["outline_id"].map(str))
    assert rows.loc[first_id, "parents"] == [second_id]
    assert second_id not in rows.index


def test_what_is_undone_is_the_revision_s_own_again_with_confidence_and_place(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    before, blobs = page.call("document")
    first_id, second_id = before["ids"]
    original = [Outlines.from_bytes(blobs[0]).subset([i]).to_bytes() for i in range(2)]
    page.step(
        [put_of(first_id, class_name="core"), put_of(second_id)], [Outlines.from_rings([[SQUARE + 5]]).to_bytes()] * 2
    )
    page.delete(first_id)
    page.put(SQUARE + 65)
    assert page.call("document")[0]["ids"][0] == second_id
    page.step([put_of(first_id), put_of(second_id)], original)
    after, again = page.call("document")
    assert after["ids"][:2] == [first_id, second_id]
    np.testing.assert_allclose(np.frombuffer(again[2], "<f4")[:2], [0.9, 0.4], rtol=1e-6)
    assert list(again[3][:2]) == list(blobs[3])
    assert Outlines.from_bytes(again[0]).subset([0, 1]).to_bytes() == blobs[0]


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


def test_what_is_copied_in_one_editor_can_be_pasted_in_another(project: Project) -> None:
    one, other = Page(Editor(project, "a.tif")), Page(Editor(project, "b.tif"))
    both = Outlines.from_rings([[SQUARE, HOLE], [CORNER]])
    stamp = str(uuid7())
    one.call("copy", [both.to_bytes()], stamp=stamp, classes=["spheroid", "core"])
    value, blobs = other.call("paste")
    assert value == {"stamp": stamp, "classes": ["spheroid", "core"]}
    assert blobs[0] == both.to_bytes()
    with pytest.raises(FailedError, match="2 outlines were copied with 1 classes"):
        one.call("copy", [both.to_bytes()], stamp=stamp, classes=["core"])


def test_the_face_of_many_outlines_lists_the_first_and_draws_all(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = Editor(project, "a.tif")
    assert editor.static_html().count("<tr>") == 2
    monkeypatch.setattr("spheroseg_widgets.widgets.editor_face.FACE_ROWS", 1)
    assert editor.static_html().count("<tr>") == 1
    assert "and 1 more" in editor.static_html()
    few = editor.static_png()
    monkeypatch.setattr("spheroseg_widgets.widgets.static_face.MANY", 1)
    pictures = [
        cv2.imdecode(np.frombuffer(png or b"", np.uint8), cv2.IMREAD_COLOR) for png in (few, editor.static_png())
    ]
    blue = [np.ptp(picture.astype(int), axis=2) > 60 for picture in pictures]
    assert blue[1].sum() > 200
    near = cv2.dilate(blue[0].astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert near[blue[1]].all()
