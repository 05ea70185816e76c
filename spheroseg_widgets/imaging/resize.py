"""Images at another scale, or wider."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

MOST_SOURCE = 16_000_000
"""Pixels of an image that are averaged at a time: as floats they take four bytes each."""


def working_size(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return (height, width) of an image at working scale, at least 1 x 1."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resize to (height, width): by area when shrinking, linearly when growing."""
    if image.shape == size:
        return image
    shrinking = size[0] < image.shape[0]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def resized_labels(labels: NDArray[np.int32], size: tuple[int, int]) -> NDArray[np.int32]:
    """Resize instance labels (h, w) below 65,536 to (height, width), each pixel the label at its middle."""
    # Plain INTER_NEAREST takes the label at the pixel's corner: outlines move by half a pixel against the image.
    # OpenCV resizes no int32.
    found = cv2.resize(labels.astype(np.uint16), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    return found.astype(np.int32)


def padded(image: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Mirror an image (h, w) at its lower and right edge until both sides are multiples of `stride`."""
    height, width = image.shape
    return cv2.copyMakeBorder(image, 0, -height % stride, 0, -width % stride, cv2.BORDER_REFLECT)


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
    padded = pixels.astype(np.float32, copy=False)
    if height % factor or width % factor:
        padded = cv2.copyMakeBorder(padded, 0, -height % factor, 0, -width % factor, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA))
