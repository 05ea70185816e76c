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

from spheroseg_widgets.imaging.resize import working_size

from .predict import Predictor, scaled_image
from .settings import Settings
from .tiles import Stop

FIRST_SIDE = 384
"""Longest side of the first look, in working pixels."""
LEAST_DIAMETER = 28.0
"""A typical object is to have at least this diameter, in working pixels; training covers 10 to 300."""
LEAST_RADIUS = 2.5
"""Anything thinner, in working pixels, is a speck."""
LARGEST_SIDE = 2048
"""Most working pixels on a side of what is worked in one piece, and of what is looked at here."""
LARGEST_SCALE = 2.0
VIEW_SIDE = 1024
"""Side of the views of a large image in which tiny objects are sought, in working pixels."""
VIEWS = 2
"""Views of a large image, where it has most to show; and large images that are looked at so closely."""


def estimate_scale(
    predictor: Predictor, samples: Sequence[NDArray[Any]], settings: Settings, *, stop: Stop | None = None
) -> float:
    """Choose the working scale for images like these.

    Parameters
    ----------
    predictor : Predictor
        The run's model.
    samples : sequence of (h, w) arrays
        A few images of the group, original values.
    settings : Settings
        The run's; its scale is not used.
    stop : callable, optional
        Asked before each tile that is looked at whether to give up.

    Returns
    -------
    float
        Working pixels per image pixel: the longest side comes to 384, or to more where typical objects would be
        smaller than 28 working pixels. At most to 2,048 or twice the image; with a model that works by tiles, at most
        to the image's own size where that is larger.

    Raises
    ------
    StoppedError
        `stop` said so.
    """
    longest = max(max(sample.shape) for sample in samples)
    scale, most = _bounds(longest, by_tiles=predictor.by_tiles)
    for _ in range(2):  # a second look, as tiny objects are not seen well at the first
        seen_at, diameters = _look(predictor, samples, settings, scale, stop)
        if not diameters and longest > 2 * LARGEST_SIDE:
            seen_at, diameters = _come_nearer(predictor, samples[:VIEWS], settings, scale, most, stop)
        if not diameters or seen_at >= most:
            scale = seen_at
            break
        stepped = _stepped(seen_at * LEAST_DIAMETER / float(np.median(diameters)))
        if stepped <= scale:
            break
        scale = float(min(stepped, most))
    return round(scale, 6)


def scale_of_diameter(diameter: float, longest: int, *, by_tiles: bool) -> float:
    """Choose the working scale where the diameter is known, by the rule of `estimate_scale`, without a look.

    Parameters
    ----------
    diameter : float
        Of typical objects, in image pixels.
    longest : int
        Longest side of the group's images in pixels.
    by_tiles : bool
        Whether the model works by tiles.

    Returns
    -------
    float
        Working pixels per image pixel.
    """
    first, most = _bounds(longest, by_tiles=by_tiles)
    return round(min(max(first, _stepped(LEAST_DIAMETER / diameter)), most), 6)


def _bounds(longest: int, *, by_tiles: bool) -> tuple[float, float]:
    """Return the scale of the first look, and the largest one, for images of this longest side."""
    most = min(LARGEST_SCALE, LARGEST_SIDE / longest)
    if by_tiles:
        most = max(most, 1.0)
    return min(LARGEST_SCALE, FIRST_SIDE / longest), most


def _stepped(scale: float) -> float:
    """Round up to a quarter octave: a slightly different sample gives the same scale."""
    return float(2.0 ** (np.ceil(np.log2(scale) * 4) / 4))


def _come_nearer(
    predictor: Predictor,
    samples: Sequence[NDArray[Any]],
    settings: Settings,
    scale: float,
    most: float,
    stop: Stop | None,
) -> tuple[float, list[float]]:
    """Look at large images ever closer: the first look shows nothing of objects that tiles can resolve.

    Returns the scale at which there was something to see, and the diameters there; the scale at which it began
    where there never was.
    """
    nearer = scale
    while nearer < most:
        nearer = min(most, 2 * nearer)
        _, diameters = _look(predictor, samples, settings, nearer, stop)
        if diameters:
            return nearer, diameters
    return scale, []


def _look(
    predictor: Predictor, samples: Sequence[NDArray[Any]], settings: Settings, scale: float, stop: Stop | None
) -> tuple[float, list[float]]:
    chosen = settings.at_scale(scale)
    diameters = []
    for sample in samples:
        for view in _views(predictor, sample, chosen):
            diameters += _diameters(predictor, view, chosen, stop)
    return scale, diameters


def _views(predictor: Predictor, sample: NDArray[Any], settings: Settings) -> list[NDArray[np.float32]]:
    """Return a sample at working scale (h, w) float32; of a large one the views in which its grey varies most."""
    if max(working_size(sample.shape, settings.scale)) <= LARGEST_SIDE:
        return [predictor.working(sample, settings)]
    image = scaled_image(sample, settings)
    coarse = scaled_image(sample, settings.at_scale(FIRST_SIDE / max(sample.shape))).whole()
    sides = [min(VIEW_SIDE, length) for length in image.shape]
    share = [side / length for side, length in zip(sides, image.shape, strict=True)]
    cells = [
        (y, x, float(coarse[_span(y, share[0], coarse.shape[0]), _span(x, share[1], coarse.shape[1])].std()))
        for y in np.arange(0, 1 - share[0] + 1e-9, max(share[0], 1e-9))
        for x in np.arange(0, 1 - share[1] + 1e-9, max(share[1], 1e-9))
    ]
    best = sorted(cells, key=lambda cell: -cell[2])[:VIEWS]
    return [
        image.view(
            *(slice(int(at * n), int(at * n) + side) for at, n, side in zip(cell[:2], image.shape, sides, strict=True))
        )
        for cell in best
    ]


def _span(start: float, share: float, length: int) -> slice:
    first = int(start * length)
    return slice(first, max(first + 1, round((start + share) * length)))


def _diameters(
    predictor: Predictor, working: NDArray[np.float32], settings: Settings, stop: Stop | None
) -> list[float]:
    """Typical diameter of a view's objects in working pixels; nothing for an empty one.

    The area-weighted median of the largest circles that fit around each local maximum of the distance to the
    background: where touching objects run together at a coarse scale, each still has its own circle.
    """
    maps = predictor.maps(working, stop=stop)
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
