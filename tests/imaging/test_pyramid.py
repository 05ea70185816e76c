"""Large planes in parts and at several resolutions: each part is what reading the whole gives, and memory stays small."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging import limits, pyramid, regions
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of
from spheroseg_widgets.imaging.pyramid import Pyramid, open_pyramid
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.imaging.regions import Whole, open_regions

ENDS = Percentiles(1, 99)
LAYOUTS: dict[str, dict[str, Any]] = {
    "strips": {"rowsperstrip": 7, "compression": "zlib"},
    "tiles": {"tile": (16, 32), "compression": "zlib"},
    "in one piece": {},
    "predictor": {"tile": (16, 16), "compression": "lzw", "predictor": True},
    "other byte order": {"byteorder": ">"},
}


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, (97, 131), dtype=np.uint16)


def halved(numbers: np.ndarray) -> np.ndarray:
    """Return the mean of 2 x 2 pixels, the last row and column repeated where they stand alone: by hand."""
    height, width = numbers.shape
    padded = np.pad(numbers.astype(np.float64), ((0, height % 2), (0, width % 2)), mode="edge")
    return (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]) / 4


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_part_of_a_tiff_is_what_the_whole_has_there(tmp_path: Path, noise: np.ndarray, layout: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", noise, **LAYOUTS[layout])
    opened = open_regions(tmp_path / "a.tif", Plane())
    assert opened.again, "it is read from its file"
    assert (opened.shape, opened.dtype) == (noise.shape, np.uint16)
    for rows, columns in (
        (slice(0, 97), slice(0, 131)),
        (slice(13, 47), slice(30, 65)),
        (slice(96, 97), slice(130, 131)),
    ):
        np.testing.assert_array_equal(opened.read(rows, columns), noise[rows, columns])


@pytest.mark.parametrize("kind", ["imagej", "ome", "pages"])
def test_every_page_of_a_stack_is_read_in_parts(tmp_path: Path, kind: str) -> None:
    stack = np.random.default_rng(1).integers(0, 4000, (2, 3, 2, 40, 50), dtype=np.uint16)
    stack[:, 1] //= 9  # the page with less contrast is not the sharpest
    path = tmp_path / ("a.ome.tif" if kind == "ome" else "a.tif")
    options: dict[str, Any] = {
        "imagej": {"imagej": True, "metadata": {"axes": "TZCYX"}},
        "ome": {"ome": True, "metadata": {"axes": "TZCYX"}, "tile": (16, 16), "compression": "zlib"},
        "pages": {"ome": True, "metadata": {"axes": "TZCYX"}, "rowsperstrip": 9},
    }[kind]
    tifffile.imwrite(path, stack, **options)
    rows, columns = slice(5, 33), slice(8, 41)
    for plane in (Plane(0, 1, 1, 2), Plane(0, 0, 1, 0), Plane(0, 1, 0, "max"), Plane(0, 1, 1, "sharpest")):
        whole = read_plane(path, plane).pixels
        np.testing.assert_array_equal(open_regions(path, plane).read(rows, columns), whole[rows, columns])
    with pytest.raises(ImageError, match="3 pages along Z, page 7 is asked for"):
        open_regions(path, Plane(z=7))


def test_sharpness_in_bands_is_that_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = np.random.default_rng(2).normal(1000, 50, (3, 90, 80)).clip(0).astype(np.uint16)
    stack[2] = stack[2] * 1.02
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    monkeypatch.setattr(regions, "BAND_PIXELS", 1000)
    opened = open_regions(tmp_path / "a.tif", Plane(z="sharpest"))
    whole = read_plane(tmp_path / "a.tif", Plane(z="sharpest"))
    np.testing.assert_array_equal(opened.read(slice(0, 90), slice(0, 80)), whole.pixels)
    one = regions.TiffRegions(str(tmp_path / "a.tif"), Plane(z=1), [1], (90, 80))
    assert one.sharpness() == pytest.approx(regions_sharpness(stack[1]), rel=1e-4)


def regions_sharpness(page: np.ndarray) -> float:
    from spheroseg_widgets.imaging.decoded import sharpness

    return sharpness(page)


@pytest.mark.parametrize("suffix", ["png", "bmp", "turned.tif", "white.tif", "planar.tif"])
def test_what_cannot_be_read_in_parts_is_decoded_once(tmp_path: Path, noise: np.ndarray, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    small = (noise // 256).astype(np.uint8)
    if suffix == "turned.tif":
        tifffile.imwrite(path, noise, extratags=[(274, "H", 1, 6, True)])
    elif suffix == "white.tif":
        tifffile.imwrite(path, noise.astype(np.float32), photometric="miniswhite")
    elif suffix == "planar.tif":
        tifffile.imwrite(path, np.stack([small, small // 2, small]), photometric="rgb", planarconfig="separate")
    else:
        Image.fromarray(small).save(path)
    whole = read_plane(path).pixels
    opened = open_regions(path, Plane())
    assert not opened.again
    np.testing.assert_array_equal(opened.read(slice(3, 50), slice(7, 90)), whole[3:50, 7:90])


def test_colours_come_as_their_mean_in_thirds(tmp_path: Path) -> None:
    colours = np.random.default_rng(3).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    colours[:32] = 7  # a part without colours
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", tile=(16, 16))
    opened = open_regions(tmp_path / "a.tif", Plane())
    made = open_pyramid(opened, 1, ENDS, "k", tmp_path)
    about = made.about
    np.testing.assert_allclose(about.offset + about.gain * made.whole(0), colours.mean(axis=-1), atol=1e-4)
    np.testing.assert_array_equal(made.whole(0), colours.sum(axis=-1))


def test_an_image_too_large_to_be_decoded_whole_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(np.zeros((400, 500), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(limits, "MAX_WHOLE_MB", 0.1)
    with pytest.raises(
        ImageError, match=r"a\.png: .*500 x 400 pixels of this PNG cannot be read in parts.*TIFF with tiles"
    ):
        open_regions(tmp_path / "a.png", Plane())


def test_a_truncated_tiff_is_an_error_and_no_black_corner(tmp_path: Path, noise: np.ndarray) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise, tile=(16, 16), compression="zlib")
    opened = open_regions(path, Plane())
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ImageError, match=r"a\.tif: "):
        opened.read(slice(0, 97), slice(0, 131))


@pytest.mark.parametrize("where", ["memory", "disk"])
@pytest.mark.parametrize("again", [True, False])
def test_every_level_is_the_mean_of_two_by_two_of_the_one_before(
    tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch, where: str, again: bool
) -> None:
    monkeypatch.setattr(pyramid, "BAND_PIXELS", 131 * 20)  # several bands
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0 if where == "disk" else 10**9)
    made = open_pyramid(Whole(noise, again=again), 3, ENDS, "k", tmp_path / "pyramids")
    wanted = noise.astype(np.float64)
    for level in range(4):
        np.testing.assert_array_equal(made.whole(level), np.rint(wanted).astype(np.uint16))
        assert made.shape(level) == wanted.shape
        wanted = halved(wanted)
    assert (made.about.low, made.about.high) == limits_of(noise, ENDS)


def test_floats_are_spread_over_sixteen_bits(tmp_path: Path) -> None:
    values = np.random.default_rng(4).normal(0, 1, (60, 70)).astype(np.float32)
    values[3, 4] = np.nan
    made = open_pyramid(Whole(values, again=True), 1, ENDS, "k", tmp_path)
    about = made.about
    shown = about.offset + about.gain * made.whole(0)
    values[3, 4] = np.nanmin(values)
    np.testing.assert_allclose(shown, values, atol=about.gain)
    assert (about.low, about.high) == pytest.approx(limits_of(values, ENDS), abs=0.05)


class Counting(Whole):
    """Counts how often it is read."""

    reads = 0

    def read(self, rows: slice, columns: slice) -> np.ndarray:
        Counting.reads += 1
        return super().read(rows, columns)


def test_a_pyramid_is_made_once_and_kept_until_there_is_too_much(
    tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)

    def opened(key: str) -> tuple[Pyramid, bool]:
        before = Counting.reads
        return open_pyramid(Counting(noise, again=True), 2, ENDS, key, tmp_path), Counting.reads > before

    first, made = opened("a")
    assert made
    assert not opened("a")[1]
    assert opened("a, changed")[1]
    monkeypatch.setattr(pyramid, "MOST_BYTES", 12_000)  # one has 97 x 131 / 4 + 97 x 131 / 16 numbers of two bytes
    assert opened("b")[1]
    assert len(list(tmp_path.iterdir())) == 1
    assert not opened("b")[1]
    np.testing.assert_array_equal(first.whole(2), opened("b")[0].whole(2))  # what is open stays readable
    (next(tmp_path.iterdir()) / "about.json").write_text("{", "utf-8")
    assert opened("b")[1], "what is damaged is made anew"


def test_who_gives_up_leaves_nothing_behind(tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    monkeypatch.setattr(pyramid, "BAND_PIXELS", 131 * 8)
    told: list[float] = []

    def check(done: float) -> None:
        told.append(done)
        if len(told) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_pyramid(Whole(noise, again=True), 2, ENDS, "k", tmp_path, check)
    assert list(tmp_path.iterdir()) == []
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] < 1


def test_where_the_cache_cannot_be_written_it_lies_elsewhere(
    tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="cache"):
        (tmp_path / "cache" / "pyramids").mkdir(parents=True)
    made = open_pyramid(Whole(noise, again=True), 1, ENDS, "k", tmp_path / "cache" / "pyramids")
    np.testing.assert_array_equal(made.whole(1), np.rint(halved(noise)))


def test_a_large_image_is_never_held_whole(tmp_path: Path) -> None:
    side = 12_000
    path = tmp_path / "large.tif"
    spot = np.full((512, 512), 40_000, np.uint16)

    empty = np.zeros_like(spot)

    def tiles() -> Any:
        for number in range(24 * 24):
            yield spot if number == 24 * 10 + 7 else empty

    tifffile.imwrite(path, tiles(), shape=(side, side), dtype=np.uint16, tile=(512, 512))
    tracemalloc.start()
    made = open_pyramid(open_regions(path, Plane()), 3, ENDS, "k", tmp_path / "pyramids")
    tile = made.part(0, slice(5119, 5633), slice(3583, 4097))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6, "the plane has 288 MB, and twice as many as floats"
    assert (tile[0, 0], tile[1, 1], tile[512, 512], tile[513, 513]) == (0, 40_000, 40_000, 0)
    coarse = made.whole(3)
    assert coarse.shape == (1500, 1500)
    assert np.unique(coarse).tolist() == [0, 40_000]
    assert np.argwhere(coarse)[[0, -1]].tolist() == [[640, 448], [703, 511]]
