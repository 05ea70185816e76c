"""Formats, depths and colours as instruments and programs write them."""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.read import Plane, planes, probe, read_plane

RNG = np.random.default_rng(7)
DEEP = RNG.integers(0, 65536, (48, 80), np.uint16)
FLAT = RNG.integers(0, 256, (48, 80), np.uint8)
COLOUR = RNG.integers(0, 256, (48, 80, 3), np.uint8)


@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "packbits", "zstd"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_tiff_values_are_exact(
    tmp_path: Path, compression: str | None, tile: tuple[int, int] | None, byteorder: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP, compression=compression, tile=tile, byteorder=byteorder)
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").pixels, DEEP)


def test_floats_keep_their_values_with_nan(tmp_path: Path) -> None:
    values = DEEP.astype(np.float32) / 7
    values[3, 4] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", values)
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").pixels, values)


def test_a_jpeg_in_a_tiff(tmp_path: Path) -> None:
    smooth = cv2.GaussianBlur(FLAT, (0, 0), 4)
    tifffile.imwrite(tmp_path / "a.tif", smooth, compression="jpeg", compressionargs={"level": 95})
    assert np.abs(read_plane(tmp_path / "a.tif").pixels.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("extra", [False, True])
def test_colour_tiffs_average_with_alpha_left_out(tmp_path: Path, planar: str, *, extra: bool) -> None:
    data = np.dstack([COLOUR, np.full((48, 80), 9, np.uint8)]) if extra else COLOUR
    stored = np.moveaxis(data, -1, 0) if planar == "separate" else data
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, extrasamples=["unassalpha"] * extra
    )
    np.testing.assert_allclose(read_plane(tmp_path / "a.tif").pixels, COLOUR.mean(axis=-1), atol=1e-3)
    info = probe(tmp_path / "a.tif")
    assert (info.width, info.height, len(planes(info))) == (80, 48, 1)


def test_min_is_white_is_inverted_and_one_bit_is_black_and_white(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FLAT, photometric="miniswhite")
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").pixels, 255 - FLAT)
    for photometric, lit in (("minisblack", FLAT > 99), ("miniswhite", FLAT <= 99)):
        tifffile.imwrite(tmp_path / "b.tif", FLAT > 99, photometric=photometric)
        np.testing.assert_array_equal(read_plane(tmp_path / "b.tif").pixels, lit * 255)


def test_palettes_give_their_colours(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint16)[::-1] * 257
    tifffile.imwrite(tmp_path / "a.tif", FLAT, photometric="palette", colormap=np.array([ramp] * 3))
    np.testing.assert_allclose(read_plane(tmp_path / "a.tif").pixels, (255.0 - FLAT) * 257)
    picture = Image.fromarray(FLAT, mode=None).convert("P")
    picture.putpalette([v for i in range(256) for v in (255 - i, 255 - i, 255 - i)])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_plane(tmp_path / "a.png").pixels, 255 - FLAT)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_8_bit_pngs(tmp_path: Path, mode: str) -> None:
    Image.fromarray(FLAT).convert(mode).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_plane(tmp_path / "a.png").pixels, FLAT)


@pytest.mark.parametrize("samples", [3, 4])
def test_16_bit_colour_pngs_keep_16_bits(tmp_path: Path, samples: int) -> None:
    data = RNG.integers(0, 65536, (48, 80, samples), np.uint16)
    assert cv2.imwrite(str(tmp_path / "a.png"), data)
    info = probe(tmp_path / "a.png")
    assert info.dtype == "uint16"
    np.testing.assert_allclose(read_plane(tmp_path / "a.png").pixels, data[..., :3].mean(axis=-1), rtol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_colour_pngs_come_upright(tmp_path: Path, orientation: int) -> None:
    deep = np.repeat(DEEP[..., None], 3, axis=2)
    assert cv2.imwrite(str(tmp_path / "plain.png"), deep)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(FLAT).save(tmp_path / "flat.png", exif=exif)
    # The chunk eXIf of the one goes behind the header of the other: Pillow writes no 16-bit colour.
    flat, plain = ((tmp_path / name).read_bytes() for name in ("flat.png", "plain.png"))
    at = flat.index(b"eXIf") - 4
    chunk = flat[at : at + 12 + int.from_bytes(flat[at : at + 4], "big")]
    (tmp_path / "turned.png").write_bytes(plain[:33] + chunk + plain[33:])
    tifffile.imwrite(tmp_path / "a.tif", DEEP, extratags=[(274, "H", 1, orientation, True)])
    expected = read_plane(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(read_plane(tmp_path / "turned.png").pixels, expected)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("left", [0.5, 0.99])
def test_truncated_16_bit_pngs_are_refused(tmp_path: Path, samples: int, left: float) -> None:
    assert cv2.imwrite(str(tmp_path / "a.png"), RNG.integers(0, 65536, (48, 80, samples), np.uint16))
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: int(len(content) * left)])
    with pytest.raises(ImageError, match="damaged or truncated"):
        read_plane(tmp_path / "a.png")


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
def test_bmps(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(FLAT).convert(mode)
    picture.save(tmp_path / "a.bmp")
    np.testing.assert_array_equal(read_plane(tmp_path / "a.bmp").pixels, np.asarray(picture.convert("L")))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpegs_grey_colour_and_cmyk(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(20, 230, 80).astype(np.uint8), (48, 1))
    Image.fromarray(ramp).convert("RGB").convert(mode).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read_plane(tmp_path / "a.jpg").pixels.astype(float) - ramp).max() < 6


def test_a_cmyk_tiff_is_light_not_ink(tmp_path: Path) -> None:
    ink = np.zeros((48, 80, 4), np.uint8)
    ink[..., 3] = FLAT
    tifffile.imwrite(tmp_path / "a.tif", ink, photometric="separated", planarconfig="contig")
    np.testing.assert_allclose(read_plane(tmp_path / "a.tif").pixels, 255.0 - FLAT, atol=1e-3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright_alike(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    flat = Image.fromarray(FLAT)
    flat.save(tmp_path / "a.png", exif=exif)
    tifffile.imwrite(tmp_path / "a.tif", FLAT, extratags=[(274, "H", 1, orientation, True)])
    upright = read_plane(tmp_path / "a.png").pixels
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif").pixels, upright)
    for name in ("a.png", "a.tif"):
        info = probe(tmp_path / name)
        assert (info.height, info.width) == upright.shape
    assert upright.shape == ((80, 48) if orientation >= 5 else (48, 80))
    if orientation == 6:  # displayed turned by 90 degrees clockwise
        np.testing.assert_array_equal(upright, np.rot90(FLAT, -1))


def hyperstack() -> np.ndarray:
    return RNG.integers(0, 65536, (2, 3, 2, 16, 20), np.uint16)  # T Z C Y X


@pytest.mark.parametrize("kind", ["imagej", "ome", "ome-lzw"])
def test_hyperstacks_give_time_z_and_channel(tmp_path: Path, kind: str) -> None:
    data = hyperstack()
    path = tmp_path / ("a.ome.tif" if kind != "imagej" else "a.tif")
    extra = {"compression": "lzw"} if kind == "ome-lzw" else {}
    tifffile.imwrite(path, data, imagej=kind == "imagej", ome=kind != "imagej", metadata={"axes": "TZCYX"}, **extra)
    info = probe(path)
    given = planes(info, channel=1, modality="fluorescence")
    assert [(p.t, p.channel, p.z) for p in given] == [(0, 1, "max"), (1, 1, "max")]
    np.testing.assert_array_equal(read_plane(path, given[1]).pixels, data[1, :, 1].max(axis=0))
    for t in range(2):
        for z in range(3):
            got = read_plane(path, planes(info, channel=0, z=z)[t])
            np.testing.assert_array_equal(got.pixels, data[t, z, 0])
            assert got.z_index == z
    with pytest.raises(ImageError, match="no channel 2"):
        planes(info, channel=2)
    with pytest.raises(ImageError, match="no z 3"):
        planes(info, z=3)


def test_big_endian_imagej_as_imagej_itself_writes(tmp_path: Path) -> None:
    data = hyperstack()[:, :, 0]
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, byteorder=">", metadata={"axes": "TZYX"})
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif", Plane(t=1, z=2)).pixels, data[1, 2])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_stack_without_axes_gives_an_image_a_page_and_a_cut_one_names_its_fault(
    tmp_path: Path, compression: str | None
) -> None:
    data = RNG.integers(0, 65536, (5, 48, 80), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", data, compression=compression)
    given = planes(probe(tmp_path / "a.tif"))
    assert len(given) == 5
    for page, plane in zip(data, given, strict=True):
        np.testing.assert_array_equal(read_plane(tmp_path / "a.tif", plane).pixels, page)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: len(content) * 7 // 10])
    with pytest.raises(ImageError, match="truncated"):
        read_plane(tmp_path / "a.tif", given[4])


def test_pages_of_one_file_may_differ_in_size(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(DEEP, contiguous=False)
        writer.write(FLAT, contiguous=False)
        writer.write(FLAT[:4, :4], contiguous=False)  # a thumbnail
    given = planes(probe(tmp_path / "a.tif"))
    assert len(given) == 2
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif", given[0]).pixels, DEEP)
    np.testing.assert_array_equal(read_plane(tmp_path / "a.tif", given[1]).pixels, FLAT)


def test_a_plane_is_json(tmp_path: Path) -> None:
    plane = Plane(series=1, t=2, channel=3, z="max")
    assert Plane(**plane.to_dict()) == plane


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg", ".bmp"])
def test_files_cut_anywhere_end_in_an_image_error(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(whole, FLAT, compression="lzw")
    else:
        Image.fromarray(FLAT).save(whole)
    content = whole.read_bytes()
    read_plane(whole)
    cut = tmp_path / f"cut{suffix}"
    for part in (1, 7, 30, len(content) // 3, len(content) // 2, len(content) * 9 // 10):
        cut.write_bytes(content[:part])
        with pytest.raises(ImageError, match="cut"):
            read_plane(cut)


def test_garbage_after_a_right_signature_is_an_image_error(tmp_path: Path) -> None:
    for name, magic in (
        ("a.tif", b"II*\0"),
        ("a.png", b"\x89PNG\r\n\x1a\n"),
        ("a.jpg", b"\xff\xd8\xff"),
        ("a.bmp", b"BM"),
    ):
        for seed in range(5):
            (tmp_path / name).write_bytes(magic + np.random.default_rng(seed).bytes(500))
            with pytest.raises(ImageError):
                read_plane(tmp_path / name)


def test_a_bomb_of_each_format_is_refused_without_decoding(tmp_path: Path) -> None:
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(bytes(content[12:29])).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(content)
    tifffile.imwrite(tmp_path / "a.tif", shape=(60_000, 60_000), dtype=np.uint8, compression="deflate", rowsperstrip=60_000,
                     data=iter([b"x"]))  # fmt: skip
    Image.new("L", (20, 20)).save(tmp_path / "a.bmp")
    content = bytearray((tmp_path / "a.bmp").read_bytes())
    content[18:26] = (60_000).to_bytes(4, "little") * 2
    (tmp_path / "a.bmp").write_bytes(content)
    for name in ("a.png", "a.tif", "a.bmp"):
        for function in (probe, read_plane):
            with pytest.raises(ImageError, match=r"60000 x 60000 pixels \(3600 Mpx\), over the limit of 1000 Mpx"):
                function(tmp_path / name)


def test_pillows_own_limit_does_not_stop_below_ours(tmp_path: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(tmp_path / "a.png")  # 200 Mpx; Pillow warns above 89, refuses above 179
    info = probe(tmp_path / "a.png")
    assert (info.width, info.height) == (20_000, 10_000)


def test_originals_are_never_changed(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", DEEP)
    before = (tmp_path / "a.tif").read_bytes(), (tmp_path / "a.tif").stat().st_mtime_ns
    probe(tmp_path / "a.tif")
    read_plane(tmp_path / "a.tif").pixels[:] = 0
    assert ((tmp_path / "a.tif").read_bytes(), (tmp_path / "a.tif").stat().st_mtime_ns) == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]
