"""Images at another scale."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def working_size(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return (height, width) of an image at working scale, at least 1 x 1."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resize to (height, width): by area when shrinking, linearly when growing."""
    if image.shape == size:
        return image
    shrinking = size[0] < image.shape[0]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
