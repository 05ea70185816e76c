"""The part of a script that comes later: while a cell holds the widget, and with a reason where it is gone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.base import STATIC
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.gallery import Gallery

from .page import Page


@pytest.fixture(params=[Editor, Gallery])
def widget(request: pytest.FixtureRequest, tmp_path: Path) -> Editor | Gallery:
    cv2.imwrite(str(tmp_path / "well.png"), np.zeros((40, 60), np.uint8))
    project: Project = open_project(tmp_path / "plate", create=True)
    project.add(tmp_path / "well.png")
    return request.param(project)  # type: ignore[no-any-return]


def test_a_page_gets_it_with_its_style_sheet_while_something_holds_the_widget(widget: Editor | Gallery) -> None:
    page = Page(widget)
    with widget.lock:
        _, buffers = page.ask("later")
    files = {"editor": ["editor_later.js"], "gallery": ["gallery_later.js", "gallery_later.css"]}[widget.section]
    assert buffers == [(STATIC / name).read_bytes() for name in files]


def test_a_missing_file_is_named(widget: Editor | Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(widget), "later", tmp_path / "gone_later.js")
    with pytest.raises(RuntimeError, match=r"gone_later\.js"):
        Page(widget).ask("later")
