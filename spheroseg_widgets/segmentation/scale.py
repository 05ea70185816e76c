"""The working scale: chosen once for a group of alike images, never image by image.

A scale that followed each image would create growth that is not there: the same spheroid would be outlined
at another resolution as soon as its neighbours change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import peak_local_max

from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.imaging.resize import resized, working_size

from .predict import Predictor
from .settings import Settings

FIRST_SIDE = 384
"""Longest side of the first look, in working pixels."""
LEAST_DIAMETER = 28.0
"""A typical object is to have at least this diameter, in working pixels; training covers 10 to 300."""
LEAST_RADIUS = 2.5
"""Anything thinner, in working pixels, is a speck."""
LARGEST_SIDE = 2048
LARGEST_SCALE = 2.0


def estimate_scale(predictor: Predictor, samples: Sequence[NDArray[Any]], settings: Settings) -> float:
    """Choose the working scale for images like these.

    Parameters
    ----------
    predictor : Predictor
        The run's model.
    samples : sequence of (h, w) arrays
        A few images of the group, original values.
    settings : Settings
        The run's; its scale is not used.

    Returns
    -------
    float
        Working pixels per image pixel: the longest side comes to 384 (never enlarged), or to more, up to
        2,048 or twice the image, where typical objects would be smaller than 28 working pixels.
    """
    longest = max(max(sample.shape) for sample in samples)
    scale = min(1.0, FIRST_SIDE / longest)
    most = min(LARGEST_SCALE, LARGEST_SIDE / longest)
    for _ in range(2):  # a second look, as tiny objects are not seen well at the first
        diameters = [d for sample in samples for d in _diameters(predictor, sample, settings.at_scale(scale))]
        if not diameters or scale >= most:
            break
        wanted = scale * LEAST_DIAMETER / float(np.median(diameters))
        # Steps of a quarter octave: a slightly different sample gives the same scale.
        stepped = 2.0 ** (np.ceil(np.log2(wanted) * 4) / 4)
        if stepped <= scale:
            break
        scale = float(min(stepped, most))
    return round(scale, 6)


def _diameters(predictor: Predictor, sample: NDArray[Any], settings: Settings) -> list[float]:
    """Typical diameter of one sample's objects in working pixels; nothing for an empty one.

    The area-weighted median of the largest circles that fit around each local maximum of the distance to the
    background: where touching objects run together at a coarse scale, each still has its own circle.
    """
    image = normalise(sample, Percentiles(settings.low, settings.high))
    working = resized(image, working_size(image.shape, settings.scale))
    maps = predictor.maps(working)
    mask = maps[0] > 255 * settings.threshold if len(maps) else predictor.mask(working)
    # Outside the image counts as inside: what the border cuts is not smaller for that.
    inside = np.pad(mask.astype(np.uint8), 1, mode="edge")
    inner = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    peaks = peak_local_max(inner, min_distance=3, threshold_abs=LEAST_RADIUS, exclude_border=False)
    if not len(peaks):
        return []
    radii = np.sort(inner[tuple(peaks.T)])
    share = np.cumsum(radii**2)
    return [2 * float(radii[np.searchsorted(share, share[-1] / 2)])]
