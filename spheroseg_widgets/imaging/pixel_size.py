"""The size of a pixel in micrometres, and how far to trust it.

Order of trust: given by the user; vendor XML or OME; ImageJ calibration; generic resolution tag. Print
densities are never a scale, and anything outside 0.05 to 20 um is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET  # only reads; entities are refused below

LEAST_UM, MOST_UM = 0.05, 20.0
PRINT_DENSITIES = (72, 96, 150, 200, 300, 600)
OPERA_INDEX = "Index.idx.xml"

_UNITS = {
    "um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometre": 1.0,
    "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25400.0, "in": 25400.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PixelSize:
    """A pixel size and where it came from.

    Parameters
    ----------
    um : float or None
        Micrometres a pixel; None is unknown.
    source : {"user", "vendor", "ome", "imagej", "resolution", "unknown"}
        Who said so.
    warnings : tuple of str
        Sources that disagree, sizes that were not believed.
    """

    um: float | None = None
    source: str = "unknown"
    warnings: tuple[str, ...] = ()


def choose(candidates: list[tuple[str, float]]) -> PixelSize:
    """Choose among (source, um) candidates given in order of trust, naming what was not believed."""
    warnings, usable = [], []
    for source, um in candidates:
        if LEAST_UM <= um <= MOST_UM:
            usable.append((source, um))
        else:
            warnings.append(
                f"{source} says {um:.4g} um a pixel, outside {LEAST_UM} to {MOST_UM} um: not believed"
            )
    if not usable:
        return PixelSize(None, "unknown", tuple(warnings))
    source, um = usable[0]
    warnings += [
        f"{other} says {value:.4g} um a pixel, {source} says {um:.4g}: {source} is used"
        for other, value in usable[1:]
        if abs(value / um - 1) > 0.01
    ]
    return PixelSize(um, source, tuple(warnings))


def from_resolution(pixels: float, unit: str) -> float | None:
    """Return um a pixel from a count of pixels per unit; None for print densities and nonsense."""
    factor = _UNITS.get(unit.strip().lower().replace("\\u00b5", "\u00b5"))
    if factor is None or not pixels > 0:
        return None
    um = factor / pixels
    dots_per_inch = 25400 / um
    if any(abs(dots_per_inch / density - 1) < 0.005 for density in PRINT_DENSITIES):
        return None
    return um


def tiff_candidates(tiff: Any) -> list[tuple[str, float]]:  # noqa: ANN401 - tifffile is untyped
    """Return the (source, um) candidates of an open ``tifffile.TiffFile``, in order of trust."""
    found: list[tuple[str, float]] = []
    if tiff.ome_metadata and (um := _ome(tiff.ome_metadata)) is not None:
        found.append(("ome", um))
    tags = tiff.pages[0].tags
    per_unit = _ratio(tags["XResolution"].value) if "XResolution" in tags else None
    imagej = tiff.imagej_metadata
    if imagej and per_unit:
        um = from_resolution(per_unit, str(imagej.get("unit", "")))
        if um is not None:
            found.append(("imagej", um))
    elif per_unit and "ResolutionUnit" in tags and int(tags["ResolutionUnit"].value) == 3:
        um = from_resolution(per_unit, "cm")
        if um is not None:
            found.append(("resolution", um))
    return found


def opera_candidate(path: Path) -> list[tuple[str, float]]:
    """Return what the Opera or Operetta index beside an image says, if there is one."""
    um = _opera_index(str(path.parent / OPERA_INDEX))
    return [] if um is None else [("vendor", um)]


@lru_cache(maxsize=256)
def _opera_index(path: str) -> float | None:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r"<ImageResolutionX[^>]*?(?:Unit=\"(\w+)\")?[^>]*>\s*([0-9.eE+-]+)\s*<", text)
    if match is None:
        return None
    return float(match[2]) * _UNITS.get((match[1] or "m").lower(), 1e6)


def _ome(xml: str) -> float | None:
    if "<!ENTITY" in xml:
        return None
    try:
        root = ET.fromstring(xml)  # noqa: S314 - entities are refused above
    except ET.ParseError:
        return None
    for element in root.iter():
        if element.tag.endswith("}Pixels") and "PhysicalSizeX" in element.attrib:
            factor = _UNITS.get(element.attrib.get("PhysicalSizeXUnit", "um").lower())
            x = float(element.attrib["PhysicalSizeX"])
            y = float(element.attrib.get("PhysicalSizeY", x))
            if factor is None or abs(y / x - 1) > 0.01:
                return None
            return x * factor
    return None


def _ratio(value: Any) -> float | None:  # noqa: ANN401 - a TIFF rational: a pair or a number
    try:
        pair = value if isinstance(value, tuple) else (value, 1)
        return float(pair[0]) / float(pair[1]) if pair[1] else None
    except (TypeError, ValueError):
        return None
