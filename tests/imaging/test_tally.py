"""What is known of all of a plane that is never held whole: its percentiles, and its grey values as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging import normalise, pictures, pyramid, regions
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.pyramid import Pyramid, open_pyramid
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.imaging.regions import open_regions

HEIGHT, WIDTH = 97, 131
KINDS = ("8 bits", "16 bits", "floats", "colours", "grey in colours", "deep grey in colours", "png", "png in colours")


def written(folder: Path, kind: str) -> Path:
    """Write an image of a kind; of colours only the lowest rows have any."""
    noise = np.random.default_rng(0).integers(0, 60_000, (HEIGHT, WIDTH), dtype=np.uint16)
    small = (noise // 256).astype(np.uint8)
    colours = np.stack([small] * 3, axis=-1)
    if not kind.startswith("grey"):
        colours[-5:, :, 1] //= 2
    path = folder / f"a.{'png' if kind.startswith('png') else 'tif'}"
    if kind == "png":
        Image.fromarray(noise).save(path)
    elif kind == "png in colours":
        Image.fromarray(colours).save(path)
    elif kind == "floats":
        floats = noise.astype(np.float32) / 7
        floats[3:9, 4:60] = np.nan
        tifffile.imwrite(path, floats, tile=(16, 32))
    elif kind == "deep grey in colours":
        tifffile.imwrite(path, np.stack([noise] * 3, axis=-1), photometric="rgb", tile=(16, 16))
    elif kind.endswith("colours"):
        tifffile.imwrite(path, colours, photometric="rgb", tile=(16, 16), compression="zlib")
    else:
        tifffile.imwrite(path, noise if kind == "16 bits" else small, rowsperstrip=9, compression="zlib")
    return path


def opened(path: Path, folder: Path) -> Pyramid:
    return open_pyramid(open_regions(path, Plane()), 2, Percentiles(1, 99), str(path), folder)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["memory", "disk"])
def test_percentiles_and_grey_values_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, where: str
) -> None:
    monkeypatch.setattr(normalise, "MOST_SAMPLES", 1000)
    monkeypatch.setattr(pyramid, "BAND_PIXELS", WIDTH * 7)  # several bands
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0 if where == "disk" else 10**9)
    path = written(tmp_path, kind)
    whole = read_plane(path).pixels
    for made in (opened(path, tmp_path / "kept"), opened(path, tmp_path / "kept")):  # made, and found again
        for percentiles in (Percentiles(), Percentiles(2, 75)):
            assert made.limits(percentiles) == limits_of(whole, percentiles)
        np.testing.assert_array_equal(made.original.read(slice(5, 95), slice(7, 130)), whole[5:95, 7:130])
        np.testing.assert_array_equal(made.grey(0, slice(5, 95), slice(7, 130)), whole[5:95, 7:130])
        coarse = made.grey(1, slice(0, 40), slice(0, 60))
        wanted = whole[:80, :120].astype(np.float64).reshape(40, 2, 60, 2).mean(axis=(1, 3))
        seen = np.isfinite(wanted)  # what is no number is shown as the least
        np.testing.assert_allclose(coarse[seen], wanted[seen], atol=1.01)


@pytest.mark.parametrize("kind", ["png", "png in colours"])
def test_what_can_only_be_decoded_whole_is_decoded_once_and_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    path = written(tmp_path, kind)
    whole = read_plane(path).pixels
    decoded: list[Path] = []

    def counted(file: Path, plane: Plane) -> object:
        decoded.append(file)
        return read_plane(file, plane)

    monkeypatch.setattr(regions, "read_plane", counted)
    first = opened(path, tmp_path / "kept")
    assert len(decoded) == 1
    assert isinstance(first.original, regions.Mapped), "it lies in a file, not in memory"
    again = opened(path, tmp_path / "kept")
    np.testing.assert_array_equal(again.whole(0), first.whole(0))
    np.testing.assert_array_equal(again.original.read(slice(0, HEIGHT), slice(0, WIDTH)), whole)
    assert again.limits(Percentiles()) == limits_of(whole, Percentiles())
    assert len(decoded) == 1


def test_copies_of_an_earlier_version_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    path = written(tmp_path, "png")
    opened(path, tmp_path / "kept")
    [place] = (tmp_path / "kept").iterdir()
    for name in (pyramid.TALLY, pyramid.ORIGINAL):
        (place / name).unlink()
        np.testing.assert_array_equal(opened(path, tmp_path / "kept").whole(0), read_plane(path).pixels)
        assert (place / name).exists()


def test_what_cannot_be_decoded_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    path = written(tmp_path, "png")
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(ImageError, match=r"a\.png: cannot be decoded"):
        opened(path, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "1", "P"])
def test_a_picture_is_copied_band_by_band_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    noise = np.random.default_rng(2).integers(0, 60_000, (HEIGHT, WIDTH), dtype=np.uint16)
    small = Image.fromarray((noise // 256).astype(np.uint8))
    image = Image.fromarray(noise) if mode == "I;16" else small.convert(mode)
    image.save(tmp_path / "a.png")
    whole = read_plane(tmp_path / "a.png").pixels
    monkeypatch.setattr(pictures, "BAND_PIXELS", WIDTH * 10)
    banded = read_plane(tmp_path / "a.png").pixels
    assert banded.dtype == whole.dtype
    np.testing.assert_array_equal(banded, whole)
