"""The image as the editor shows it: one plane of 8 or 16 bits, and how its numbers become grey values again."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.imaging.normalise import Percentiles, limits_of
from spheroseg_widgets.imaging.read import Plane, read_plane

MOST_PIXELS = 4_000_000
"""Larger planes are shown at a whole fraction of their size."""

MOST_SOURCE = 16_000_000
"""Pixels of an image that are averaged at a time: as floats they take four bytes each."""

LIMITS = Percentiles(0.1, 99.9)
"""What is shown black and white at first."""


@dataclass(frozen=True, slots=True)
class ShownPlane:
    """A plane ready to be sent.

    Parameters
    ----------
    numbers : (h, w) uint8 or uint16
        Row by row.
    downsample : int
        Image pixels a number, along each axis.
    offset, gain : float
        A grey value is offset + gain x number.
    low, high : float
        Grey values shown black and white at first.
    """

    numbers: NDArray[np.uint8] | NDArray[np.uint16]
    downsample: int
    offset: float
    gain: float
    low: float
    high: float

    def info(self) -> dict[str, Any]:
        """Return what the browser needs beside the numbers."""
        height, width = self.numbers.shape
        return {
            "width": width, "height": height, "dtype": str(self.numbers.dtype), "downsample": self.downsample,
            "offset": self.offset, "gain": self.gain, "low": self.low, "high": self.high,
        }  # fmt: skip


def read_original(row: Mapping[Hashable, Any]) -> NDArray[Any]:
    """Read the original grey values of an image.

    Parameters
    ----------
    row : mapping
        Of `Project.images()`: path, series, page, channel, z.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    plane = Plane.of(row["series"], row["page"], row["channel"], row["z"])
    return read_plane(str(row["path"]), plane).pixels


def shown_plane(pixels: NDArray[Any], most_pixels: int = MOST_PIXELS) -> ShownPlane:
    """Make the plane that is sent: integers of up to 16 bits as they are, others spread over 16 bits.

    Parameters
    ----------
    pixels : (h, w) any numeric dtype
        Original values; NaN is shown as the least value.
    most_pixels : int
        A larger plane is reduced by averaging, by the least whole factor that fits.
    """
    low, high = limits_of(pixels, LIMITS)
    factor = max(1, int(np.ceil(np.sqrt(pixels.size / most_pixels))))
    small = reduced(pixels, factor)
    if pixels.dtype in (np.uint8, np.uint16):
        return ShownPlane(np.ascontiguousarray(np.rint(small), pixels.dtype), factor, 0.0, 1.0, low, high)
    finite = small[np.isfinite(small)]
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    gain = (most - least) / 65535 or 1.0
    filled = np.nan_to_num(small.astype(np.float64), nan=least, posinf=most, neginf=least)
    return ShownPlane(np.rint((filled - least) / gain).astype(np.uint16), factor, least, gain, low, high)


def reduced(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return an image averaged over blocks of `factor` by `factor` pixels.

    Parameters
    ----------
    pixels : (h, w) any numeric dtype
        Original values.
    factor : int
        1 gives them as they are.

    Returns
    -------
    (ceil(h / factor), ceil(w / factor)) float32
        The last row and column repeat the image's edge where it ends within a block.
    """
    if factor == 1:
        return pixels
    rows = max(1, MOST_SOURCE // (pixels.shape[1] * factor)) * factor
    return np.vstack([_averaged(pixels[top : top + rows], factor) for top in range(0, len(pixels), rows)])


def _averaged(pixels: NDArray[Any], factor: int) -> NDArray[Any]:
    height, width = pixels.shape
    # Padded to whole blocks, so that a shown pixel is exactly `factor` image pixels wide.
    padded = cv2.copyMakeBorder(
        pixels.astype(np.float32), 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE
    )
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA))
