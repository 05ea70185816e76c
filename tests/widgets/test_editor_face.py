"""How the editor looks where nothing runs: the image, its outlines drawn, and those listed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import _wires, project

__all__ = ["_wires", "project"]  # fixtures


def test_the_static_face_names_the_image_and_draws_it(project: Project) -> None:
    editor = Editor(project, "a.tif")
    page = editor.static_html()
    assert "a.tif: 2 outlines" in page
    assert "6 000 µm²" in page.replace("\u2009", " ")
    face = editor.static_png()
    assert face is not None
    assert face.startswith(b"\x89PNG")


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
