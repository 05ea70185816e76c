"""The editor's picture from the kernel: whole, in tiles, other planes of the file, single pixels; wrong requests are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

import spheroseg_widgets as sw
from spheroseg_widgets.imaging import pyramid
from spheroseg_widgets.widgets import rpc
from spheroseg_widgets.widgets.editor import Editor

from .page import Page

SIDE = (2100, 2600)


@pytest.fixture
def large(tmp_path: Path) -> Iterator[tuple[Editor, np.ndarray]]:
    pixels = np.random.default_rng(0).integers(0, 60_000, SIDE, dtype=np.uint16)
    tifffile.imwrite(tmp_path / "large.tif", pixels, tile=(256, 256), compression="zlib")
    project = sw.open_project(tmp_path / "p", create=True)
    project.add(tmp_path / "large.tif")
    editor = Editor(project)
    yield editor, pixels
    editor.close()
    project.close()


def test_of_a_large_image_a_level_that_fits_comes_first_and_the_finer_ones_in_tiles(
    large: tuple[Editor, np.ndarray],
) -> None:
    editor, pixels = large
    page = Page(editor)
    value, _ = page.ask("pixels", image_id=editor.image_id)
    assert (value["width"], value["height"], value["downsample"], value["levels"]) == (1300, 1050, 2, 1)
    _, buffers = page.ask("tiles", image_id=editor.image_id, tiles=[[0, 1, 2], [0, 5, 4]])
    np.testing.assert_array_equal(np.frombuffer(buffers[0], "<u2").reshape(514, 514), pixels[1023:1537, 511:1025])
    corner = np.pad(pixels[2047:, 2559:], ((0, 1), (0, 1)), mode="edge")  # the image's edge repeats
    np.testing.assert_array_equal(np.frombuffer(buffers[1], "<u2").reshape(corner.shape), corner)
    assert page.call("grey", image_id=editor.image_id, x=2599, y=2099) == pixels[2099, 2599]


def test_the_first_reading_of_a_large_image_tells_how_far_it_is(
    large: tuple[Editor, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyramid, "BAND_PIXELS", 300 * SIDE[1])
    monkeypatch.setattr(rpc, "PUSH_INTERVAL", 0.0)
    editor, _ = large
    page = Page(editor)
    page.ask("pixels", image_id=editor.image_id)
    told = [content["value"] for content, _ in page.messages if content.get("name") == "reading"]
    fractions = [one["fraction"] for one in told]
    assert len(fractions) > 3
    assert fractions == sorted(set(fractions))
    assert 0 < fractions[0] < fractions[-1] < 1
    assert {one["image_id"] for one in told} == {editor.image_id}


@pytest.mark.parametrize("tile", [[0, 6, 0], [0, 0, 5], [2, 0, 0], [0, -1, 0], [-1, 0, 0]])
def test_a_tile_that_is_not_there_is_an_error(large: tuple[Editor, np.ndarray], tile: list[int]) -> None:
    editor, _ = large
    with pytest.raises(RuntimeError, match="an image of 2600 x 2100 pixels has no tile"):
        Page(editor).call("tiles", image_id=editor.image_id, tiles=[tile])


def test_other_planes_of_the_file_are_shown_and_wrong_ones_told(tmp_path: Path) -> None:
    stack = np.random.default_rng(1).integers(0, 4000, (3, 2, 40, 50), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    project = sw.open_project(tmp_path / "p", create=True)
    project.add(tmp_path / "stack.tif")
    editor = Editor(project)
    page = Page(editor)
    value = page.call("pixels", image_id=editor.image_id)
    assert (value["axes"], value["own"]["z"]) == ({"channel": 2, "z": 3}, "sharpest")
    _, buffers = page.ask("pixels", image_id=editor.image_id, plane={"t": 0, "channel": 1, "z": 2})
    np.testing.assert_array_equal(np.frombuffer(buffers[0], "<u2").reshape(40, 50), stack[2, 1])
    for plane, words in (
        ({"t": 0, "channel": 0, "z": 3}, "3 pages along Z, page 3 is asked for"),
        ({"t": 0, "channel": 2, "z": 0}, "2 pages along C, page 2 is asked for"),
        ({"t": 0, "channel": -1, "z": 0}, "counted from 0"),
        ({"t": 0, "channel": 0, "z": "blurred"}, "is no z position"),
    ):
        with pytest.raises(RuntimeError, match=words):
            page.call("pixels", image_id=editor.image_id, plane=plane)
    with pytest.raises(RuntimeError, match="has no pixel 50, 0"):
        page.call("grey", image_id=editor.image_id, x=50, y=0)
    editor.close()
    project.close()
