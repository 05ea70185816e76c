"""How a comparison looks where nothing runs: pictures with outlines, slow and broken files, hostile names."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets import compare
from spheroseg_widgets.widgets.compare import Compare

from .compare_subjects import counting, project, save, scene, segmented, side

__all__ = ["project"]  # a fixture


def test_static_face_of_each_kind(project: Project) -> None:
    _, first = segmented(project, "m", 1)
    save(project, 1, 1.2)
    beside = Compare(project, images=[1, 2])
    swiped = Compare(project, image=1)
    series = Compare.of_well(project, "A01")
    for shown, pictures, said in (
        (beside, 2, "plate_A01_08h.tif"), (swiped, 2, f"m 3, run {swiped.revisions['run'].dropna().astype(int).iloc[0]}"),
        (series, 4, "4 images through time"),
    ):  # fmt: skip
        page = shown.static_html()
        assert page.count("<img ") == pictures
        assert said in page
        assert "http" not in page
        assert "<script" not in page
        sheet = shown.static_png()
        assert sheet is not None
        picture = cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR).astype(int)
        assert picture.shape == (160, pictures * 248 - 8, 3)
        assert np.ptp(picture, axis=2).max() > 60  # a coloured outline on grey pictures
    beside.show_outlines = False
    bare = beside.static_png()
    assert bare is not None
    assert np.ptp(cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_COLOR).astype(int), axis=2).max() == 0
    assert "24 h" in series.static_html()
    assert first in swiped.results


def test_a_cell_waits_for_no_slow_pictures(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, browser = side(project)
    reads = counting(monkeypatch)
    monkeypatch.setattr(compare, "FACE_SECONDS", 0.05)
    page = shown.static_html()
    assert (page.count("<img "), page.count("No picture made yet"), page.count("<figcaption")) == (0, 2, 2)
    assert shown.static_png() is None
    browser.tile(2)
    assert sorted(reads) == [1, 2]  # what was read meanwhile is not read again


def test_static_face_of_a_broken_file_says_why(project: Project, tmp_path: Path) -> None:
    (tmp_path / "raw" / "plate_A01_08h.tif").write_bytes(b"II*\0")
    shown, _ = side(project)
    page = shown.static_html()
    assert page.count("<img ") == 1
    assert "damaged" in page or "truncated" in page
    (tmp_path / "raw" / "plate_A01_00h.tif").unlink()
    shown.reload()
    assert shown.static_png() is None


def test_hostile_names_are_harmless(project: Project, tmp_path: Path) -> None:
    name = "<script>alert(1)<.tif"
    tifffile.imwrite(tmp_path / name, scene(0))
    project.add(tmp_path / name)
    shown, browser = side(project, 1, 9)
    assert browser.document()["images"][1]["name"] == name
    assert "<script" not in shown.static_html()
    assert "&lt;script&gt;" in shown.static_html()
