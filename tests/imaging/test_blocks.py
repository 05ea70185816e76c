"""Many small parts of a large plane: each is what the plane has there, and what they lie in is read about once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from spheroseg_widgets.imaging import blocks
from spheroseg_widgets.imaging.blocks import Blocks
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.regions import Whole, open_regions

HEIGHT, WIDTH = 150, 211


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, (HEIGHT, WIDTH), dtype=np.uint16)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_PIXELS", 40 * 40)
    monkeypatch.setattr(blocks, "BLOCK_SIDE", 40)


@pytest.mark.parametrize(
    "layout", [{"tile": (16, 32)}, {"rowsperstrip": 7}, None], ids=["tiles", "strips", "one piece"]
)
@pytest.mark.parametrize("most", [7_000, 10**9], ids=["little room", "room"])
def test_every_part_is_what_the_plane_has_there(
    tmp_path: Path, noise: np.ndarray, layout: dict[str, Any] | None, most: int
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", noise, **({**layout, "compression": "zlib"} if layout else {}))
    opened = Blocks(open_regions(tmp_path / "a.tif", Plane()), most)
    rng = np.random.default_rng(1)
    for _ in range(60):
        top, left = rng.integers(0, HEIGHT), rng.integers(0, WIDTH)
        rows = slice(int(top), int(rng.integers(top, HEIGHT + 1)))
        columns = slice(int(left), int(rng.integers(left, WIDTH + 1)))
        np.testing.assert_array_equal(opened.read(rows, columns), noise[rows, columns])


class Counting(Whole):
    """Counts the pixels that are read."""

    count = 0

    def read(self, rows: slice, columns: slice) -> np.ndarray:
        part = super().read(rows, columns)
        self.count += part.size
        return part


def test_what_was_read_is_kept_as_far_as_there_is_room(noise: np.ndarray) -> None:
    source = Counting(noise, again=True)
    opened = Blocks(source, 100_000)
    for left in range(0, WIDTH - 20, 5):
        opened.read(slice(10, 30), slice(left, left + 20))
    assert source.count == 40 * WIDTH
    opened.read(slice(0, HEIGHT), slice(0, WIDTH))  # larger than what is kept: it goes past it
    assert source.count == 40 * WIDTH + HEIGHT * WIDTH
    source.count = 0
    little = Blocks(source, 3 * 40 * 40 * 2)
    for left in (0, 80, 160, 0):
        little.read(slice(0, 20), slice(left, left + 20))
    assert source.count == 2 * 40 * 40 + 40 * 40, "three blocks have room"
    little.read(slice(0, 20), slice(40, 60))
    little.read(slice(0, 20), slice(0, 20))
    assert source.count == 4 * 40 * 40, "what was used longest ago went"
