"""Whether what an image shows is darker or lighter than what lies around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .resize import resized, working_size

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 128
"""Longest side of the small copy that is looked at, in pixels: grain does not count."""
SURROUNDINGS = 1 / 8
"""Of the longest side: what is wider is uneven light, not detail."""
LEAST_SPREAD = 1e-6
"""An image that varies less has no detail."""
MOST = 2.0
"""A single image counts no more than this."""


def skewness(image: NDArray[np.float32]) -> float:
    """Return how much further an image goes into the light than into the dark, beside the surroundings of each place.

    The skewness of a small copy less its Gaussian blur. The negative has the same number with the other sign.

    Parameters
    ----------
    image : (h, w) float32
        Normalised to 0..1.

    Returns
    -------
    float
        Below 0 where details are darker than what is around them, above 0 where they are lighter; 0 for a constant
        image.
    """
    from scipy.stats import skew  # noqa: PLC0415 - takes a third of a second to import

    small = resized(image, working_size(image.shape, min(1.0, SIDE / max(image.shape))))
    detail = small - cv2.GaussianBlur(small, (0, 0), max(small.shape) * SURROUNDINGS)
    return float(skew(detail, axis=None)) if float(detail.std()) > LEAST_SPREAD else 0.0


def lighter(images: Sequence[NDArray[np.float32]]) -> bool:
    """Return whether details of a group of alike images are lighter than their surroundings: one answer for all."""
    return bool(images) and float(np.mean(np.clip([skewness(image) for image in images], -MOST, MOST))) > 0
