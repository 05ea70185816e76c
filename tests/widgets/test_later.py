"""The part of the editor's script that comes later: while a cell holds the editor, and with a reason where it is gone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from spheroseg_widgets.project.project import Project, open_project
from spheroseg_widgets.widgets.base import STATIC
from spheroseg_widgets.widgets.editor import Editor

from .page import Page


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    cv2.imwrite(str(tmp_path / "well.png"), np.zeros((40, 60), np.uint8))
    project: Project = open_project(tmp_path / "plate", create=True)
    project.add(tmp_path / "well.png")
    return Editor(project)


def test_a_page_gets_it_while_something_holds_the_editor(editor: Editor) -> None:
    page = Page(editor)
    with editor.lock:
        _, buffers = page.ask("later")
    assert buffers == [(STATIC / "editor_later.js").read_bytes()]


def test_a_missing_file_is_named(editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Editor, "later", tmp_path / "editor_later.js")
    with pytest.raises(RuntimeError, match=r"editor_later\.js"):
        Page(editor).ask("later")
