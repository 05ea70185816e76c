from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from spheroseg_widgets.imaging.pixel_size import PixelSize, choose
from spheroseg_widgets.imaging.read import probe

PIXELS = np.zeros((8, 10), np.uint8)


def ome(path: Path, **attributes: object) -> Path:
    tifffile.imwrite(path, PIXELS, ome=True, metadata={"axes": "YX", **attributes})
    return path


@pytest.mark.parametrize(
    ("size", "unit", "um"),
    [(0.993, "µm", 0.993), (993, "nm", 0.993), (0.00124, "mm", 1.24), (0.000124, "cm", 1.24)],
)
def test_ome_sizes_in_every_unit(tmp_path: Path, size: float, unit: str, um: float) -> None:
    path = ome(
        tmp_path / "a.ome.tif", PhysicalSizeX=size, PhysicalSizeXUnit=unit, PhysicalSizeY=size, PhysicalSizeYUnit=unit
    )
    found = probe(path).pixel_size
    assert found.source == "ome"
    assert found.um == pytest.approx(um)


@pytest.mark.parametrize(
    ("per_unit", "unit", "um"),
    [
        (2, "um", 0.5),
        (2, "micron", 0.5),
        (2, "\\u00B5m", 0.5),
        (0.002, "nm", 0.5),
        (2000, "mm", 0.5),
        (25400, "inch", 1.0),
        (20000, "cm", 0.5),
    ],
)
def test_imagej_calibration_in_every_unit(tmp_path: Path, per_unit: float, unit: str, um: float) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, imagej=True, resolution=(per_unit, per_unit), metadata={"unit": unit})
    found = probe(tmp_path / "a.tif").pixel_size
    assert found.source == "imagej"
    assert found.um == pytest.approx(um, rel=1e-4)


@pytest.mark.parametrize("density", [72, 96, 150, 200, 300, 600])
def test_print_densities_are_never_a_scale(tmp_path: Path, density: int) -> None:
    for suffix in ("jpg", "png", "bmp", "tif"):
        Image.fromarray(PIXELS).save(tmp_path / f"a.{suffix}", dpi=(density, density))
        assert probe(tmp_path / f"a.{suffix}").pixel_size.um is None
    tifffile.imwrite(tmp_path / "b.tif", PIXELS, resolution=(density / 2.54,) * 2, resolutionunit="CENTIMETER")
    assert probe(tmp_path / "b.tif").pixel_size.um is None
    tifffile.imwrite(tmp_path / "c.tif", PIXELS, imagej=True, resolution=(density, density), metadata={"unit": "inch"})
    assert probe(tmp_path / "c.tif").pixel_size.um is None


def test_a_resolution_in_inches_without_imagej_or_ome_does_not_count(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, resolution=(25400, 25400), resolutionunit="INCH")
    assert probe(tmp_path / "a.tif").pixel_size == PixelSize()


@pytest.mark.parametrize("um", [352.8, 0.049, 20.1])
def test_sizes_outside_the_possible_are_unknown_and_named(tmp_path: Path, um: float) -> None:
    found = probe(ome(tmp_path / "a.ome.tif", PhysicalSizeX=um, PhysicalSizeY=um)).pixel_size
    assert (found.um, found.source) == (None, "unknown")
    assert "not believed" in found.warnings[0]


@pytest.mark.parametrize("value", ["nan", "abc", "0", "-1", "inf", "1e999"])
def test_nonsense_in_the_metadata_does_not_stop_the_image(tmp_path: Path, value: str) -> None:
    path = ome(tmp_path / "a.ome.tif", PhysicalSizeX=1.25, PhysicalSizeY=1.25)
    content = path.read_bytes()
    assert content.count(b'"1.25"') == 2
    path.write_bytes(
        content.replace(b'"1.25"', f'"{value}"'.ljust(6)[:6].encode() if len(value) < 5 else f'"{value[:4]}"'.encode())
    )
    assert probe(path).pixel_size.um is None


def test_pixels_that_are_not_square_are_unknown_and_named(tmp_path: Path) -> None:
    found = probe(ome(tmp_path / "a.ome.tif", PhysicalSizeX=1.0, PhysicalSizeY=1.02)).pixel_size
    assert found.um is None
    assert "not square" in found.warnings[0]
    assert probe(ome(tmp_path / "b.ome.tif", PhysicalSizeX=1.0, PhysicalSizeY=1.005)).pixel_size.um == 1.0
    tifffile.imwrite(tmp_path / "c.tif", PIXELS, imagej=True, resolution=(2, 4), metadata={"unit": "um"})
    assert probe(tmp_path / "c.tif").pixel_size.um is None


def test_the_most_trusted_source_wins_and_disagreement_is_a_warning() -> None:
    found = choose([("vendor", 1.24, 1.24), ("ome", 1.24, 1.24), ("resolution", 6.45, 6.45)])
    assert (found.um, found.source) == (1.24, "vendor")
    assert found.warnings == ("resolution says 6.45 um a pixel, vendor says 1.24: vendor is used",)


@pytest.mark.parametrize(("value", "unit"), [("9.93E-07", 'Unit="m"'), ("0.993", 'Unit="um"'), ("9.93E-07", "")])
def test_operas_index_beside_the_file_is_the_vendors_word(tmp_path: Path, value: str, unit: str) -> None:
    tifffile.imwrite(
        tmp_path / "r01c01f01p01-ch1sk1fk1fl1.tiff", PIXELS, resolution=(10000 / 6.45,) * 2, resolutionunit="CENTIMETER"
    )
    (tmp_path / "Index.idx.xml").write_text(f"<Maps><ImageResolutionX {unit}>{value}</ImageResolutionX></Maps>")
    found = probe(tmp_path / "r01c01f01p01-ch1sk1fk1fl1.tiff").pixel_size
    assert found.source == "vendor"
    assert found.um == pytest.approx(0.993)
    assert "6.45" in found.warnings[0]


def test_an_xml_bomb_is_not_expanded(tmp_path: Path) -> None:
    (tmp_path / "Index.idx.xml").write_text(
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x><ImageResolutionX>&a;</ImageResolutionX></x>'
    )
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    assert probe(tmp_path / "a.png").pixel_size.um is None
