"""Image files as they come: depths, axes, orientation, and everything that is not what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.errors import ImageError, ShareUnavailableError
from spheroseg_widgets.imaging.listing import list_files, probe_many
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.imaging.read import Plane, planes, probe, read_plane


@pytest.fixture
def ramp() -> np.ndarray:
    return (np.arange(40 * 60).reshape(40, 60) % 4096).astype(np.uint16)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_a_16_bit_tiff_keeps_its_values(tmp_path: Path, ramp: np.ndarray, compression: str | None) -> None:
    tifffile.imwrite(tmp_path / "a.tif", ramp, compression=compression)
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").pixels, ramp)


def test_a_16_bit_png_keeps_its_values(tmp_path: Path, ramp: np.ndarray) -> None:
    Image.fromarray(ramp).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_plane(tmp_path / "a.png").pixels, ramp)


def test_grey_stored_as_colour_stays_exact(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(np.dstack([grey] * 3)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_plane(tmp_path / "a.png").pixels, grey)


def test_an_exif_rotated_jpeg_comes_upright(tmp_path: Path) -> None:
    picture = Image.new("L", (60, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "a.jpg", exif=exif)
    info = probe(tmp_path / "a.jpg")
    assert (info.width, info.height) == (40, 60)
    assert read_plane(tmp_path / "a.jpg").pixels.shape == (60, 40)


def test_a_time_series_gives_an_image_a_time_and_a_stack_its_sharpest_page(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stack = np.full((3, 4, 32, 32), 100, np.uint8)
    stack[:, 2] = rng.integers(0, 255, (3, 32, 32))
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    given = planes(probe(tmp_path / "a.tif"))
    assert [(p.t, p.z) for p in given] == [(0, "sharpest"), (1, "sharpest"), (2, "sharpest")]
    read = read_plane(tmp_path / "a.tif", given[1])
    assert read.z_index == 2
    np.testing.assert_array_equal(read.pixels, stack[1, 2])
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif", Plane(t=1, z=0)).pixels, stack[1, 0])


def test_plain_pages_are_images_of_their_own(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for value in range(3):
            writer.write(np.full((16, 20), value, np.uint8), contiguous=False)
    given = planes(probe(tmp_path / "a.tif"))
    assert [int(read_plane(tmp_path / "a.tif", p).pixels[0, 0]) for p in given] == [0, 1, 2]


def test_what_is_not_an_image_says_why(tmp_path: Path, ramp: np.ndarray) -> None:
    (tmp_path / "text.tif").write_text("well A1 was empty")
    (tmp_path / "nothing.png").touch()
    (tmp_path / "folder.tif").mkdir()
    tifffile.imwrite(tmp_path / "whole.tif", ramp)
    (tmp_path / "cut.tif").write_bytes((tmp_path / "whole.tif").read_bytes()[:2000])
    Image.fromarray(ramp.astype(np.uint8)).save(tmp_path / "whole.png")
    picture = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(picture[: len(picture) // 2])
    for name, reason in (
        ("text.tif", "no TIFF"), ("nothing.png", "0 bytes"), ("folder.tif", "a folder"), ("cut.tif", "truncated"),
        ("cut.png", "truncated"), ("absent.png", "does not exist"),
    ):  # fmt: skip
        with pytest.raises(ImageError, match=reason):
            read_plane(tmp_path / name)


def test_a_decompression_bomb_is_refused_from_its_header(tmp_path: Path, ramp: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", ramp)
    with pytest.raises(ImageError, match="over the limit"):
        probe(tmp_path / "a.tif", max_pixels=1000)


def test_content_wins_over_a_wrong_suffix(tmp_path: Path, ramp: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.png", ramp)
    info = probe(tmp_path / "a.png")
    assert info.format == "tiff"
    assert info.warnings


def test_12_bits_in_16_normalise_like_their_8_bit_copy(ramp: np.ndarray) -> None:
    eight = (ramp // 16).astype(np.uint8)
    assert np.abs(normalise(ramp) - normalise(eight)).max() < 2 / 255
    assert not normalise(np.full((8, 8), 7, np.uint8)).any()
    assert np.isfinite(normalise(np.array([[np.nan, 1.0], [2.0, 3.0]]))).all()


@pytest.mark.parametrize(
    ("resolution", "unit", "imagej", "expected"),
    [
        (0.5, "um", True, (2.0, "imagej")),
        (72, "inch", False, (None, "unknown")),
        (10000 / 1.3, "centimeter", False, (1.3, "resolution")),
    ],
)
def test_print_densities_are_no_scale(
    tmp_path: Path, resolution: float, unit: str, imagej: bool, expected: tuple[float | None, str]
) -> None:
    pixels = np.zeros((8, 8), np.uint8)
    if imagej:
        tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, resolution=(resolution,) * 2, metadata={"unit": unit})
    else:
        tifffile.imwrite(tmp_path / "a.tif", pixels, resolution=(resolution,) * 2, resolutionunit=unit)
    found = probe(tmp_path / "a.tif").pixel_size
    assert found.source == expected[1]
    assert found.um == pytest.approx(expected[0]) if expected[0] else found.um is None


def test_listing_names_what_it_skips_and_sorts_naturally(tmp_path: Path, ramp: np.ndarray) -> None:
    for name in ("A10.tif", "A2.tif", "b [1].tif", ".hidden.tif"):
        tifffile.imwrite(tmp_path / name, ramp)
    (tmp_path / "notes.txt").touch()
    assert [f.name for f in list_files([tmp_path]).files] == ["A2.tif", "A10.tif", "b [1].tif"]
    assert [f.name for f in list_files([tmp_path / "b [1].tif"]).files] == ["b [1].tif"]
    assert list_files([str(tmp_path / "*.jpg")]).skipped[0][1] == "no image file matches this pattern"
    with pytest.raises(ShareUnavailableError, match="missing"):
        list_files([tmp_path / "missing" / "a.tif"])


def test_probing_many_keeps_order_and_errors(tmp_path: Path, ramp: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", ramp)
    (tmp_path / "b.tif").touch()
    found = probe_many([tmp_path / "b.tif", tmp_path / "a.tif"])
    assert isinstance(found[0], ImageError)
    assert not isinstance(found[1], ImageError)
