"""Objects measured in parts of a plane: the same figures as in the plane in one piece, to the bit."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from spheroseg_widgets.imaging import blocks
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.imaging.regions import Whole, open_regions
from spheroseg_widgets.measure import edge, intensity, objects
from spheroseg_widgets.measure.intensity import INTENSITY_COLUMNS
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.outlines import rasterise
from spheroseg_widgets.outlines.outlines import Outlines

HEIGHT, WIDTH = 300, 420


def blob(x: float, y: float, radius: float, seed: int, count: int = 60) -> NDArray[np.float64]:
    """Draw a bumpy ring around a place."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    far = radius * (1 + 0.15 * np.sin(3 * turn + seed) + 0.05 * np.sin(7 * turn))
    return np.stack([x + far * np.cos(turn), y + far * np.sin(turn)], axis=1)


@pytest.fixture
def outlines() -> Outlines:
    """Objects apart, touching and overlapping, with holes, within a hole, cut by the border, tiny, and outside."""
    rng = np.random.default_rng(3)
    found: list[list[Any]] = [[blob(*rng.uniform((0, 0), (WIDTH, HEIGHT)), rng.uniform(3, 26), at)] for at in range(40)]
    found += [
        [blob(120, 150, 70, 0), blob(110, 150, 30, 1), blob(165, 160, 8, 2)],
        [blob(110, 150, 12, 3)],
        [blob(0, 0, 25, 4)], [blob(WIDTH, HEIGHT / 2, 40, 5)],
        [[(200.2, 100.2), (200.4, 100.2), (200.3, 100.4)]],
        [blob(WIDTH + 90, 40, 20, 6)],
        [[(250, 200), (290, 200), (290, 240), (250, 240)]], [[(290, 200), (330, 200), (330, 240), (290, 240)]],
    ]  # fmt: skip
    return Outlines.from_rings(found)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing fit: parts, what is kept of them, and what is drawn."""
    monkeypatch.setattr(blocks, "BLOCK_PIXELS", 64 * 64)
    monkeypatch.setattr(blocks, "BLOCK_SIDE", 64)
    monkeypatch.setattr(objects, "BLOCK_SIDE", 64)
    monkeypatch.setattr(objects, "FIELD", 128)
    monkeypatch.setattr(objects, "TOGETHER", 3)
    monkeypatch.setattr(objects, "PIXELS_TOGETHER", 5000)
    monkeypatch.setattr(edge, "MOST_WINDOW", 900)
    monkeypatch.setattr(intensity, "MOST_MASK_BYTES", 3000)
    monkeypatch.setattr(rasterise, "BAND_PIXELS", 500)


def written(folder: Path, kind: str) -> Path:
    """Write a field as a file of a kind."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    field = 2000 + 900 * np.sin(x / 17) * np.cos(y / 23) + rng.normal(0, 80, (HEIGHT, WIDTH))
    small = (field / 16).astype(np.uint8)
    path = folder / f"a.{'png' if kind.startswith('png') else 'tif'}"
    colours = np.stack([small, small // 2, 255 - small], axis=-1)
    if kind == "png":
        Image.fromarray(small).save(path)
    elif kind == "png in colours":
        Image.fromarray(colours).save(path)
    elif kind == "tiles of floats":
        field[40:60, 50:90] = np.nan
        tifffile.imwrite(path, field.astype(np.float32), tile=(32, 48))
    elif kind == "colours":
        tifffile.imwrite(path, colours, photometric="rgb", tile=(16, 16), compression="zlib")
    elif kind == "colours without any":
        tifffile.imwrite(path, np.stack([small] * 3, axis=-1), photometric="rgb", rowsperstrip=11)
    elif kind == "strips":
        tifffile.imwrite(path, field.astype(np.uint16), rowsperstrip=11, compression="zlib")
    else:
        tifffile.imwrite(path, small, tile=(32, 48), compression="zlib")
    return path


KINDS = ["tiles", "strips", "tiles of floats", "colours", "colours without any", "png", "png in colours"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_figures_are_those_of_the_whole_plane_to_the_bit(tmp_path: Path, outlines: Outlines, kind: str) -> None:
    path = written(tmp_path, kind)
    whole = measure_objects(outlines, read_plane(path).pixels)
    parts = measure_objects(outlines, open_regions(path, Plane()))
    pd.testing.assert_frame_equal(parts, whole, check_exact=True)
    assert whole[list(INTENSITY_COLUMNS)].notna().all(axis=1).sum() > 35
    assert whole["edge_width_px"].notna().sum() > 25


def test_nothing_to_measure_has_the_same_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "tiles")
    pd.testing.assert_frame_equal(
        measure_objects(Outlines.empty(), open_regions(path, Plane())),
        measure_objects(Outlines.empty(), read_plane(path).pixels),
    )


def test_objects_too_large_for_one_piece_are_measured_in_bands(
    tmp_path: Path, outlines: Outlines, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "strips")
    whole = measure_objects(outlines, read_plane(path).pixels)
    monkeypatch.setattr(intensity, "ONE_PIECE", 0)
    monkeypatch.setattr(intensity, "BAND_PIXELS", 700)
    parts = measure_objects(outlines, open_regions(path, Plane()))
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-12, atol=1e-9)


def test_a_large_plane_takes_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # as large as things are
    side, path = 12_000, tmp_path / "large.tif"
    spot = np.random.default_rng(0).integers(0, 60_000, (512, 512), dtype=np.uint16)
    tifffile.imwrite(
        path, (spot for _ in range(24 * 24)), shape=(side, side), dtype=np.uint16, tile=(512, 512), metadata=None
    )
    centres = [(x, y) for x in range(2000, side, 4000) for y in range(2000, side, 4000)]
    outlines = Outlines.from_rings([[blob(x, y, 700, 1, 400)] for x, y in centres])
    source = open_regions(path, Plane())
    tracemalloc.start()
    measured = measure_objects(outlines, source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"peak {peak / 1e6:.0f} MB")
    assert peak < 150e6, "the plane has 288 MB, and a mask of it 144"
    assert measured["edge_width_px"].notna().all()


class Narrow(Whole):
    """A plane of which only small parts may be read."""

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        part = super().read(rows, columns)
        assert part.size <= 64 * 64, "what is read is a block"
        return part


def test_no_more_is_read_at_once_than_a_block(outlines: Outlines) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH), dtype=np.uint8)
    parts = measure_objects(outlines, Narrow(pixels, again=True))
    pd.testing.assert_frame_equal(parts, measure_objects(outlines, pixels), check_exact=True)
