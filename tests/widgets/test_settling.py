"""Numbers hold what was changed here, saved or not, and say what others have not saved."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from spheroseg_widgets.project.drafts import open_draft, open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.settling import UnsavedChangesWarning
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import SQUARE, Page, _wires, die, first, project  # noqa: F401 - the fixtures


def test_numbers_hold_what_editors_of_this_process_have_open(project: Project, tmp_path: Path) -> None:  # noqa: F811
    editor, saved = Editor(project, "a.tif"), []
    editor.on_saved(lambda image_id, revision: saved.append((image_id, revision)))
    Page(editor).put(SQUARE + 65)
    editor.image_id = first(project) + 1
    Page(editor).put(SQUARE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        counts = project.measurements().groupby("image_id").size()
    assert counts.tolist() == [3, 1]
    assert open_drafts(project) == []
    assert sorted(image_id for image_id, _ in saved) == [first(project), first(project) + 1]
    Page(editor).put(SQUARE + 40)
    project.export(tmp_path / "out", ["csv"])
    assert project.images()["n_objects"].tolist() == [3, 2]
    revisions = project.images()["current_result_id"].tolist()
    project.wells()
    assert project.images()["current_result_id"].tolist() == revisions  # nothing changed, nothing saved


def test_a_dead_editor_leaves_its_draft_and_the_numbers_say_so(project: Project) -> None:  # noqa: F811
    editor = Editor(project, "a.tif")
    Page(editor).put(SQUARE + 65)
    die(editor)
    with pytest.warns(UnsavedChangesWarning, match=r"a\.tif \(.*, 1 change\)"):
        assert len(project.measurements()) == 2


def test_changes_of_others_are_named_and_left_alone(project: Project) -> None:  # noqa: F811
    own, project.author = project.author, "anna"
    draft = open_draft(project, first(project), "elsewhere")
    editor = Editor(project, "b.tif")
    Page(editor).put(SQUARE)
    for stored in open_drafts(project, first(project) + 1)[0].operations():
        draft.append_all({"11111111-1111-4111-8111-111111111111": stored["operation"]})
    project.author = own
    with pytest.warns(UnsavedChangesWarning, match=r"a\.tif \(anna, 1 change\)"):
        project.wells()
    assert [left.id for left in open_drafts(project)] == [draft.id]


def test_a_conflict_is_a_warning_and_both_are_kept(project: Project) -> None:  # noqa: F811
    editor = Editor(project, "a.tif")
    Page(editor).put(SQUARE + 65)
    outlines, rows = project.outlines(first(project))
    project.save(first(project), outlines, rows, parent=int(project.images()["current_result_id"].iloc[0]))
    with pytest.warns(UnsavedChangesWarning, match="another revision|meanwhile"):
        assert len(project.measurements()) == 2
    assert open_drafts(project) == []
