"""The size of a pixel in micrometres, and how far to trust it.

Order of trust: given by the user; vendor XML or OME; ImageJ calibration; generic resolution tag. Print
densities are never a scale, and anything outside 0.05 to 20 um is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from .remote import text_of

if TYPE_CHECKING:
    from .url import Place

LEAST_UM, MOST_UM = 0.05, 20.0
ANISOTROPY = 0.01
"""Pixels count as square up to this difference of their sides."""
Candidate = tuple[str, float, float]
"""Source, and micrometres a pixel along x and y."""
PRINT_DENSITIES = (72, 96, 150, 200, 300, 600)
OPERA_INDEX = "Index.idx.xml"

_UNITS = {
    "um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "micron": 1.0, "microns": 1.0,
    "micrometer": 1.0, "micrometre": 1.0,
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


def choose(candidates: list[Candidate]) -> PixelSize:
    """Choose among candidates given in order of trust, naming what was not believed."""
    warnings: list[str] = []
    usable: list[tuple[str, float]] = []
    for source, um, high in candidates:
        if um > 0 and not abs(high / um - 1) <= ANISOTROPY:
            warnings.append(f"{source} says pixels of {um:.4g} x {high:.4g} um: not square, not believed")
        elif LEAST_UM <= um <= MOST_UM:
            usable.append((source, um))
        else:
            warnings.append(f"{source} says {um:.4g} um a pixel, outside {LEAST_UM} to {MOST_UM} um: not believed")
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


def tiff_candidates(tiff: Any) -> list[Candidate]:
    """Return the (source, um, um) candidates of an open ``tifffile.TiffFile``, in order of trust."""
    found: list[Candidate] = []
    if tiff.ome_metadata and (sides := _ome(tiff.ome_metadata)) is not None:
        found.append(("ome", *sides))
    tags = tiff.pages[0].tags
    x = _ratio(tags["XResolution"].value) if "XResolution" in tags else None
    y = _ratio(tags["YResolution"].value) if "YResolution" in tags else x
    imagej = tiff.imagej_metadata or {}
    centimetres = "ResolutionUnit" in tags and tags["ResolutionUnit"].value == 3
    source, unit = (
        ("imagej", str(imagej["unit"])) if imagej.get("unit") else ("resolution", "cm" if centimetres else "")
    )
    if x and y and (um := from_resolution(x, unit)) is not None and (high := from_resolution(y, unit)) is not None:
        found.append((source, um, high))
    return found


def opera_candidate(path: Place) -> list[Candidate]:
    """Return what the Opera or Operetta index beside an image says, if there is one."""
    um = _opera_index(str(path.parent / OPERA_INDEX))
    return [] if um is None else [("vendor", um, um)]


@lru_cache(maxsize=256)
def _opera_index(path: str) -> float | None:
    text = text_of(path)
    if text is None:
        return None
    match = re.search(r"<ImageResolutionX\b([^>]*)>\s*([0-9.eE+-]+)\s*<", text)
    if match is None:
        return None
    unit = re.search(r"Unit=\"([^\"]+)\"", match[1])
    factor = _UNITS.get(unit[1].lower() if unit else "m")
    try:
        return None if factor is None else float(match[2]) * factor
    except ValueError:
        return None


def _ome(xml: str) -> tuple[float, float] | None:
    if "<!ENTITY" in xml:
        return None
    try:
        root = ET.fromstring(xml)  # noqa: S314 - entities are refused above
    except ET.ParseError:
        return None
    for element in root.iter():
        if element.tag.rpartition("}")[2] == "Pixels" and "PhysicalSizeX" in element.attrib:
            x = _ome_length(element.attrib, "X")
            y = _ome_length(element.attrib, "Y") if "PhysicalSizeY" in element.attrib else x
            return None if x is None or y is None else (x, y)
    return None


def _ome_length(attributes: dict[str, str], axis: str) -> float | None:
    factor = _UNITS.get(attributes.get(f"PhysicalSize{axis}Unit", "um").lower())
    try:
        return None if factor is None else float(attributes[f"PhysicalSize{axis}"]) * factor
    except ValueError:
        return None


def _ratio(value: Any) -> float | None:
    try:
        pair = value if isinstance(value, tuple) else (value, 1)
        return float(pair[0]) / float(pair[1]) if pair[1] else None
    except (TypeError, ValueError):
        return None
