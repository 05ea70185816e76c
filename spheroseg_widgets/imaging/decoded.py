"""What is done to decoded samples and header texts, whatever the format: turned upright, grey, in ISO time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from .signature import SUFFIXES

if TYPE_CHECKING:
    from numpy.typing import NDArray


GREYED = 1 << 17
"""Pixels made grey at a time: what lies in between is small and used again, for fresh memory costs more than sums."""


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn (h, w) pixels as the EXIF orientation 1..8 asks."""
    if orientation >= 5:
        pixels = pixels.T
        orientation = {5: 1, 6: 2, 7: 3, 8: 4}[orientation]
    flips = {1: pixels, 2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1]}
    return np.ascontiguousarray(flips[orientation])


def grey(data: NDArray[Any]) -> NDArray[Any]:
    """Average the colours with equal weight, alpha left out: a stain's colour must not decide its weight."""
    samples = data.shape[-1]
    if samples in {1, 2}:
        return data[..., 0]
    colours = data[..., :3]
    if data.dtype in (np.uint8, np.uint16):
        return _integer_grey(colours)
    if _colourless(colours):
        return np.ascontiguousarray(colours[..., 0])
    grey: NDArray[np.float32] = colours.mean(axis=-1, dtype=np.float32)
    return grey


def _integer_grey(colours: NDArray[Any]) -> NDArray[Any]:
    """Do the same with integers, whose sums are exact: part by part, in a tenth of the time."""
    rows = max(1, GREYED // max(1, colours.shape[1]))
    parts = [slice(first, first + rows) for first in range(0, len(colours), rows)]
    if all(_colourless(colours[part]) for part in parts):
        return np.ascontiguousarray(colours[..., 0])
    grey = np.empty(colours.shape[:2], np.float32)
    depth = cv2.CV_16U if colours.dtype == np.uint8 else cv2.CV_32F
    for part in parts:
        red, green, blue = cv2.split(colours[part])
        total = cv2.add(cv2.add(red, green, dtype=depth), blue, dtype=depth)
        np.divide(total, np.float32(3), out=grey[part], dtype=np.float32)
    return grey


def _colourless(colours: NDArray[Any]) -> bool:
    red = colours[..., 0]
    return np.array_equal(red, colours[..., 1]) and np.array_equal(red, colours[..., 2])


def sharpness(pixels: NDArray[Any]) -> float:
    """Variance of the Laplacian over the squared mean: which page of a stack is in focus."""
    grey = pixels.astype(np.float32)
    mean = float(grey.mean()) or 1.0
    return float(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.0), cv2.CV_32F).var()) / mean**2


def misnamed(name: str, kind: str) -> tuple[str, ...]:
    """Warn of a file whose suffix promises another format."""
    promised = SUFFIXES.get(Path(name).suffix.lower())
    return (f"is named like a {promised.upper()} but is a {kind.upper()}",) if promised not in {kind, None} else ()


def iso_time(stamp: str) -> str | None:
    """Return a time of EXIF or TIFF as ISO text; None where it is none."""
    for pattern in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d %H:%M:%S"):
        try:
            return datetime.strptime(stamp.strip()[:19], pattern).isoformat()
        except ValueError:
            continue
    return None
