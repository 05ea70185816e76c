"""Changes on their way while one goes on: to another image, over a save, over a take-over. Each is stored, or said not to be."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import presence
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets import editor as editor_module
from spheroseg_widgets.widgets import editor_session
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.editor_session import EditSession

from .editor_page import SQUARE, FailedError, Page, _wires, die, first, project  # noqa: F401 - fixtures
from .page import until
from .test_editor_saving import kernel

NEVER = 10.0


def both(project: Project) -> tuple[int, int]:  # noqa: F811
    one, other = (int(number) for number in project.images()["image_id"])
    return one, other


def put(page: Page, image: int, base: int | None, operation: str | None = None, outline: str | None = None) -> Any:
    """Send one new outline of an image, whichever is open; gives its verdict."""
    described = {
        "id": operation or str(uuid7()), "kind": "put", "outline_id": outline or str(uuid7()), "class_name": "spheroid",
        "label": "editor.did.draw", "step": str(uuid7()), "parents": [],
    }  # fmt: skip
    blob = Outlines.from_rings([[SQUARE + 65]]).to_bytes()
    value, _ = page.call("operations", [blob], image_id=image, base_revision=base, operations=[described])
    return value["verdicts"][0]


def test_a_change_that_comes_after_its_image_was_left_is_stored_and_saved(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    one, other = both(project)
    base = page.call("document")[0]["base_revision"]
    page.editor.image_id = other
    assert put(page, one, base)["state"] == "ok"  # the next image was not asked for yet
    page.call("document")
    assert put(page, one, base)["state"] == "ok"
    assert [(draft.image_id, len(draft.operations())) for draft in open_drafts(project)] == [(one, 2)]
    saved = page.call("save", image_id=one)[0]
    assert saved == int(project.image(one)["current_result_id"])
    assert len(project.outlines(one)[0]) == 4
    page.editor.image_id = one
    value = page.call("document")[0]
    assert (value["base_revision"], value["draft_operations"], len(value["ids"])) == (saved, 0, 4)


def test_a_change_that_comes_before_its_image_is_heard_of_is_stored(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    one, other = both(project)
    page.call("document")
    page.call("document", image_id=other, ahead=True)
    assert put(page, other, None)["state"] == "ok"
    page.editor.image_id = other
    assert page.call("document")[0]["draft_operations"] == 1
    page.editor.image_id = one
    page.call("document")
    assert len(project.outlines(other)[0]) == 1


def test_a_change_on_its_way_while_its_image_is_saved_goes_on_there(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    one, other = both(project)
    base = page.call("document")[0]["base_revision"]
    put(page, one, base)
    between = page.editor.save()
    assert put(page, one, base)["state"] == "ok"
    page.editor.image_id = other  # leaving saves it once more
    page.call("document")
    assert put(page, one, base)["state"] == "ok"
    newest = page.call("save", image_id=one)[0]
    assert len(project.outlines(one)[0]) == 5
    page.editor.image_id = one
    value = page.call("document")[0]
    assert value["base_revision"] == newest
    assert {base, between} < set(value["continued"])


def test_a_change_of_a_revision_that_another_replaced_is_refused_and_the_newer_one_is_read(project: Project) -> None:  # noqa: F811
    mine, theirs = Page(Editor(project, "a.tif")), Page(Editor(project, "a.tif"))
    base = mine.call("document")[0]["base_revision"]
    theirs.put(SQUARE + 60)
    theirs.call("presence", editing=False)
    saved = theirs.call("save")[0]
    mine.editor._outdated = False  # another kernel tells nobody
    for _ in range(2):
        with pytest.raises(FailedError) as failed:
            put(mine, first(project), base)
        assert failed.value.kind == "MovedOnError"
    value = mine.call("document")[0]
    assert (value["base_revision"], value["continued"], value["draft_operations"]) == (saved, [], 0)


def test_a_change_whose_answer_was_lost_is_not_stored_again_in_the_next_draft(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    base = page.call("document")[0]["base_revision"]
    operation, outline = str(uuid7()), str(uuid7())
    put(page, first(project), base, operation, outline)
    page.call("save")
    page.put(SQUARE + 62)
    verdict = put(page, first(project), base, operation, outline)
    assert (verdict["state"], verdict["reason"], verdict["geometry"]) == ("refused", "elsewhere", 0)
    assert page.call("document")[0]["draft_operations"] == 1


@pytest.mark.parametrize("ends", ["discard", "close"])
def test_a_draft_that_ends_elsewhere_does_not_keep_its_editor_from_storing(project: Project, ends: str) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    base = page.call("document")[0]["base_revision"]
    page.put(SQUARE + 65)
    [draft] = open_drafts(project)
    if ends == "discard":
        draft.discard()
    else:
        session = page.editor._open
        assert session is not None
        draft.close(*session.document.measured(session.pictures.original()))
    page.editor._outdated = False  # another kernel tells nobody
    with pytest.raises(FailedError) as failed:
        put(page, first(project), base)
    assert failed.value.kind == "MovedOnError"
    assert page.put(SQUARE + 62)["state"] == "ok"


def test_an_image_that_is_opened_while_it_is_looked_at_ahead_is_one(
    project: Project,  # noqa: F811 - a fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = both(project)
    page = Page(Editor(project, one))
    page.call("document")
    looked, opened = threading.Event(), threading.Event()

    class Late(EditSession):
        def load(self) -> None:
            if self.image_id == other and not looked.is_set():
                looked.set()
                assert opened.wait(NEVER)
            super().load()

    monkeypatch.setattr(editor_module, "EditSession", Late)
    ahead = threading.Thread(target=page.call, args=["document"], kwargs={"image_id": other, "ahead": True})
    ahead.start()
    assert looked.wait(NEVER)
    page.editor.image_id = other
    page.call("document")
    assert put(page, other, None)["state"] == "ok"
    opened.set()
    ahead.join(NEVER)
    page.editor.image_id = one  # saves the other
    page.call("document")
    page.editor.image_id = other
    value = page.call("document")[0]
    assert value["base_revision"] is not None
    assert page.put(SQUARE + 62)["state"] == "ok"
    page.call("save")
    assert len(project.outlines(other)[0]) == 2


def test_an_image_taken_over_while_it_is_asked_about_stays_taken(
    project: Project,  # noqa: F811 - a fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = kernel(project, "first"), kernel(project, "second")
    one.put(SQUARE + 65)
    two.call("take_over")
    two.put(SQUARE + 60)
    real, threads = presence.holder_of, []

    def slowly(*args: Any) -> Any:
        held = real(*args)
        if not threads:
            threads.append(threading.Thread(target=one.call, args=["take_over"]))
            threads[0].start()
            threads[0].join(0.5)
        return held

    monkeypatch.setattr(presence, "holder_of", slowly)
    one.call("presence", editing=False)
    threads[0].join(NEVER)
    monkeypatch.undo()
    assert one.call("presence", editing=True)[0] == {"author": None, "taken_by": None}
    assert one.put(SQUARE + 62)["state"] == "ok"


def test_an_image_that_was_taken_over_and_left_is_free_when_it_is_opened_again(project: Project) -> None:  # noqa: F811
    one, two = kernel(project, "first"), kernel(project, "second")
    here, there = both(project)
    one.put(SQUARE + 65)
    two.call("take_over")
    assert one.call("presence", editing=True)[0]["taken_by"] == project.author
    two.editor.close()
    one.editor.image_id = there
    one.call("document")
    one.editor.image_id = here
    assert one.put(SQUARE + 62)["state"] == "ok"


def test_an_image_that_was_left_in_a_conflict_is_free_when_it_is_opened_again(project: Project) -> None:  # noqa: F811
    one, two = kernel(project, "first"), kernel(project, "second")
    here, there = both(project)
    one.put(SQUARE + 65)
    two.call("take_over")
    two.put(SQUARE + 60)
    two.call("save")
    assert one.call("presence", editing=True)[0]["taken_by"] == project.author
    two.editor.close()
    one.editor.image_id = there  # what was changed is kept beside what holds
    one.call("document")
    one.editor.image_id = here
    assert one.put(SQUARE + 62)["state"] == "ok"


def test_what_another_kernel_goes_on_with_is_neither_changed_nor_saved_by_the_first(project: Project) -> None:  # noqa: F811
    one, two = kernel(project, "first"), kernel(project, "second")
    one.put(SQUARE + 65)
    editor_session._holders.clear()  # another process does not know of it
    [offered] = two.call("document")[0]["drafts"]
    for verb in ("continue", "discard"):
        with pytest.raises(FailedError, match="edited by"):
            two.call(f"{verb}_draft", draft=offered["id"])
    two.call("take_over")
    two.call("continue_draft", draft=offered["id"])
    assert two.put(SQUARE + 60)["state"] == "ok"
    one.call("take_over")
    with pytest.raises(FailedError, match="gone on with elsewhere") as failed:
        one.call("save")
    assert failed.value.kind == "MovedOnError"
    value = one.call("document")[0]
    assert (value["draft_operations"], len(value["ids"]), len(value["drafts"])) == (0, 2, 1)
    two.call("take_over")
    two.call("save")
    assert len(project.outlines(first(project))[0]) == 4


def test_a_change_on_its_way_while_a_draft_of_a_dead_kernel_is_saved_goes_on_there(project: Project) -> None:  # noqa: F811
    editor = Editor(project, "a.tif")
    Page(editor).put(SQUARE + 65)
    die(editor)
    page = Page(Editor(project, "a.tif"))
    value = page.call("document")[0]
    page.call("continue_draft", draft=value["drafts"][0]["id"])
    page.call("save")
    assert put(page, first(project), value["base_revision"])["state"] == "ok"
    page.call("save")
    assert len(project.outlines(first(project))[0]) == 4


@pytest.mark.parametrize("learns", ["presence", "take_over"])
def test_what_another_kernel_saved_is_shown(project: Project, learns: str) -> None:  # noqa: F811
    one, two = kernel(project, "first"), kernel(project, "second")
    one.call("document")
    two.put(SQUARE + 65)
    saved = two.call("save")[0]
    one.editor._outdated = False  # another kernel tells nobody
    one.wire.events.clear()
    one.call(learns, editing=False)
    until(lambda: [event for event in one.wire.events if event["name"] == "version"])
    assert one.call("document")[0]["base_revision"] == saved


def test_a_change_that_lies_in_another_draft_begins_none(project: Project) -> None:  # noqa: F811
    one, two = Page(Editor(project, "a.tif")), Page(Editor(project, "a.tif"))
    base = one.call("document")[0]["base_revision"]
    operation, outline = str(uuid7()), str(uuid7())
    put(one, first(project), base, operation, outline)
    [draft] = open_drafts(project)
    assert put(two, first(project), base, operation, outline)["reason"] == "elsewhere"
    assert [left.id for left in open_drafts(project)] == [draft.id]
    two.editor.close()
    assert int(project.image(first(project))["current_result_id"]) == base
