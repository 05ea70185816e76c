"""From maps at working resolution to outlines in image pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.outlines.contour import contour_labels
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.simplify import simplify

from .instances import split_objects
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What segmenting one image gave.

    Parameters
    ----------
    outlines : Outlines
        In image pixels.
    confidence : (n,) float32
        Mean foreground probability inside each object, 0 to 1; 1 for the classical method.
    touches_border : (n,) bool
        Objects cut by the image's edge.
    maps : (c, h, w) uint8
        Probability maps at working resolution; empty for the classical method.
    seconds : dict
        Time by stage: normalise, network, outlines.
    """

    outlines: Outlines
    confidence: NDArray[np.float32]
    touches_border: NDArray[np.bool_]
    maps: NDArray[np.uint8]
    seconds: dict[str, float] = field(default_factory=dict)


def outline_maps(maps: NDArray[np.uint8], shape: tuple[int, ...], settings: Settings) -> Segmentation:
    """Turn stored probability maps into outlines: also how a threshold is moved without the network.

    Parameters
    ----------
    maps : (c, h, w) uint8
        Foreground, and centre distance where the model has it, at working resolution.
    shape : tuple of int
        Height and width of the image.
    settings : Settings
        The run's.
    """
    foreground = maps[0].astype(np.float32) / 255
    distance = maps[1].astype(np.float32) / 255 if len(maps) > 1 else None
    scale_y, scale_x = maps.shape[1] / shape[0], maps.shape[2] / shape[1]
    labels = split_objects(
        foreground,
        distance,
        threshold=settings.threshold,
        seed_level=settings.seed_level,
        seam_level=settings.seam_level,
        min_area=settings.min_area_px2 * scale_x * scale_y,
        min_confidence=settings.min_confidence,
    )
    return _outlined(labels, foreground, maps, shape, settings)


def outline_mask(mask: NDArray[np.bool_], shape: tuple[int, ...], settings: Settings) -> Segmentation:
    """Outline what the classical method found: a mask (h, w) at working resolution."""
    area = settings.min_area_px2 * mask.size / (shape[0] * shape[1])
    labels = split_objects(mask.astype(np.float32), None, min_area=area)
    return _outlined(labels, None, np.zeros((0, *mask.shape), np.uint8), shape, settings)


def _outlined(
    labels: NDArray[np.int32],
    foreground: NDArray[np.float32] | None,
    maps: NDArray[np.uint8],
    shape: tuple[int, ...],
    settings: Settings,
) -> Segmentation:
    height, width = shape[:2]
    outlines, numbers = contour_labels(labels, foreground, level=settings.threshold)
    outlines = outlines.transformed(width / labels.shape[1], height / labels.shape[0], 0.0, 0.0)
    outlines = simplify(outlines, settings.tolerance_px)
    if foreground is None:
        confidence = np.ones(len(outlines), np.float32)
    else:
        means: Any = ndimage.mean(foreground, labels, np.asarray(numbers)) if len(outlines) else []
        confidence = np.asarray(means, np.float32)
    return Segmentation(outlines, confidence, touches_border(outlines, height, width), maps)
