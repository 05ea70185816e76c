"""A large image in the editor's kernel half: shown, edited, saved and assisted without ever being read whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.imaging import pyramid, read, regions
from spheroseg_widgets.imaging.planes import Plane, ReadResult
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project import assisting
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.widgets import editor_pixels
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import Page, _wires, first

__all__ = ["_wires"]  # a fixture
HEIGHT, WIDTH = 448, 640
PLACES = [(120, 110, 60), (330, 120, 45), (300, 330, 70)]
MISSED = (520, 300, 50)


def ring(x: float, y: float, radius: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], axis=1).astype(np.float32)


@pytest.fixture(params=["tif", "png"])
def large(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An image of which little fits into memory, with three outlines and one spheroid that was missed."""
    monkeypatch.setattr(editor_pixels, "MOST_SIDE", 100)
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    monkeypatch.setattr(pyramid, "BAND_PIXELS", WIDTH * 64)
    monkeypatch.setattr(assisting, "WHOLE_PIXELS", 200 * 200)
    spheroids = [Spheroid(x, y, r, depth=0.7) for x, y, r in (*PLACES, MISSED)]
    pixels = render(SceneSpec(HEIGHT, WIDTH, spheroids, debris=0), np.random.default_rng(0)).pixels
    path = tmp_path / f"a.{request.param}"
    if request.param == "tif":
        tifffile.imwrite(path, pixels, tile=(64, 64), compression="zlib")
    else:
        Image.fromarray(pixels).save(path)
    opened = open_project(tmp_path / "project", create=True)
    opened.add([path], pixel_size_um=2.0)
    outlines = Outlines.from_rings([[ring(*place)] for place in PLACES])
    rows = measure_shape(outlines).assign(confidence=0.9, touches_border=False, class_name="spheroid")
    opened.save(first(opened), outlines, rows, parent=None)
    yield opened
    opened.close()


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every file that is decoded whole."""
    decoded: list[str] = []

    def noted(path: Any, plane: Plane | None = None) -> ReadResult:
        decoded.append(Path(path).name)
        return read_plane(path, plane)

    for module in (regions, editor_pixels, read):
        monkeypatch.setattr(module, "read_plane", noted)
    return decoded


def test_nothing_of_an_edit_reads_the_whole_plane_and_the_figures_are_the_same(
    large: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(large.images()["path"].iloc[0])
    decoded = counted(monkeypatch)
    page = Page(Editor(large))
    value, _ = page.call("pixels")
    assert value["levels"] == 3
    page.call("tiles", tiles=[(0, 0, 0), (1, 0, 0)])
    changed = page.call("document")[0]["ids"][1]
    assert page.put(ring(333, 118, 50), changed)["state"] == "ok"
    page.call("save")
    value, [blob] = page.call("assist", box=[MISSED[0], MISSED[1], MISSED[0], MISSED[1]], ask=1)
    assert value["by"] == "network"
    assert len(blob) == value["width"] * value["height"]
    left, top = value["left"], value["top"]
    assert left < MISSED[0] < left + value["width"] * value["across"]
    assert top < MISSED[1] < top + value["height"] * value["down"]
    page.editor.close()
    again = Page(Editor(large))
    again.call("pixels")
    again.put(ring(*MISSED))
    again.call("save")
    again.editor.close()
    # What can only be decoded whole is, when it is shown first, and never again.
    assert decoded == ([] if path.suffix == ".tif" else [path.name])
    outlines, rows = large.outlines(first(large))
    assert len(outlines) == 4
    expected = measure_objects(outlines, read_plane(path).pixels)
    pd.testing.assert_frame_equal(rows[list(expected.columns)].astype(float), expected, check_exact=True)
    assert rows["edge_width_px"].notna().all()


def test_saving_without_a_page_makes_copies_only_of_what_cannot_be_read_in_parts(large: Project) -> None:
    path = Path(large.images()["path"].iloc[0])
    editor = Editor(large)
    editor.delete(1)
    editor.save()
    editor.close()
    made = large.folder / "cache" / "pyramids"
    assert (path.suffix == ".png") == made.exists()
    outlines, rows = large.outlines(first(large))
    expected = measure_objects(outlines, read_plane(path).pixels)
    pd.testing.assert_frame_equal(rows[list(expected.columns)].astype(float), expected, check_exact=True)


def test_an_image_that_was_moved_is_measured_where_it_is_now(large: Project, tmp_path: Path) -> None:
    path = Path(large.images()["path"].iloc[0])
    editor = Editor(large)
    editor.delete(1)
    (tmp_path / "moved").mkdir()
    path.rename(tmp_path / "moved" / path.name)
    large.relink(tmp_path, tmp_path / "moved")
    editor.save()
    assert len(large.outlines(first(large))[0]) == 2
    editor.close()
