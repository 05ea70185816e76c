"""Drafts in the editor: found again by a reloaded page, offered where they were left, taken over, discarded."""

from __future__ import annotations

import pytest

from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import SQUARE, FailedError, Page, _wires, die, first, project

__all__ = ["_wires", "project"]  # fixtures


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
