"""How the gallery looks where nothing runs: pictures with outlines, and what the filters leave."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.gallery import Gallery

from .gallery_of_three import gallery, project, save
from .page import Page

__all__ = ["gallery", "project"]  # fixtures


def test_static_face_shows_pictures_with_outlines(project: Project, gallery: Gallery) -> None:
    save(project, 1)
    gallery.reload()
    page = gallery.static_html()
    assert page.count("<img ") == 3
    assert "http" not in page
    assert "plate_A01_24h.tif" in page
    code = page.split("base64,")[1].split('"')[0]
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(code), np.uint8), cv2.IMREAD_COLOR).astype(int)
    assert np.ptp(picture, axis=2).max() > 60  # a coloured outline on a grey picture
    sheet = gallery.static_png()
    assert sheet is not None
    assert cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR).shape == (120, 3 * 168 - 8, 3)


def test_static_face_of_an_empty_project(tmp_path: Path) -> None:
    empty = open_project(tmp_path / "empty", create=True)
    gallery = Gallery(empty)
    assert "No images yet" in gallery.static_html()
    assert gallery.static_png() is None
    assert Page(gallery).ask("rows", since=0)[0]["count"] == 0
    gallery.close()
    empty.close()


def test_static_face_shows_what_the_filters_leave(project: Project, gallery: Gallery) -> None:
    gallery.view = {"text": "a02"}
    page = gallery.static_html()
    assert "plate_A02_24h.tif" in page
    assert "plate_A01_24h.tif" not in page
    assert "1 image" in page
    gallery.view = {"text": "zebra"}
    assert "No image matches the filters" in gallery.static_html()
    assert gallery.static_png() is None
