"""From maps at working resolution to outlines in image pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.outlines.boxes import boxes_of
from spheroseg_widgets.outlines.contour import contour_labels
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.operations import smooth
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.outlines.simplify import simplify

from .confidence import expected_iou, object_confidence
from .disk_maps import DiskMaps
from .instances import split_objects
from .settings import Settings
from .stitch import outline_by_windows
from .tiles import Stop, Tiling

SCORE_SIDE = 1024
"""Pixels on the longer side that are enough for the score of a large image."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What segmenting one image gave.

    Parameters
    ----------
    outlines : Outlines
        In image pixels.
    confidence : (n,) float32
        How sure each object is, 0 to 1 (see `confidence.py`); 1 for the classical method.
    touches_border : (n,) bool
        Objects cut by the image's edge.
    maps : (c, h, w) uint8
        Probability maps at working resolution; empty for the classical method. Those of a large image lie on disk,
        in a folder that goes with this object: their slices are arrays.
    score : float
        How sure the whole image's result is: the expected IoU (see `confidence.py`); 1 for the classical method.
    seconds : dict
        Time by stage: normalise, network, outlines; of a large image the network's includes normalising.
    """

    outlines: Outlines
    confidence: NDArray[np.float32]
    touches_border: NDArray[np.bool_]
    maps: NDArray[np.uint8] | DiskMaps
    score: float = 1.0
    seconds: dict[str, float] = field(default_factory=dict)


def outline_maps(
    maps: NDArray[np.uint8] | DiskMaps,
    shape: tuple[int, ...],
    settings: Settings,
    *,
    tiling: Tiling | None = None,
    stop: Stop | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Segmentation:
    """Turn stored probability maps into outlines: also how a threshold is moved without the network.

    Parameters
    ----------
    maps : (c, h, w) uint8
        Foreground, and centre distance where the model has it, at working resolution. An array, or what gives arrays
        by slices: large ones are read a window at a time.
    shape : tuple of int
        Height and width of the image.
    settings : Settings
        The run's.
    tiling : Tiling, optional
        What is large, and how it is taken apart.
    stop : callable, optional
        Asked before each window of large maps.
    progress : callable, optional
        Told after each window of large maps how many are done, and of how many.

    Raises
    ------
    StoppedError
        `stop` said so.
    """
    tiling = tiling or Tiling()
    working = (int(maps.shape[1]), int(maps.shape[2]))
    if working[0] * working[1] <= tiling.one_piece:
        whole = np.asarray(maps[:], np.uint8)
        foreground, *others = (np.divide(plane, 255, dtype=np.float32) for plane in whole)
        distance = others[0] if others else None
        labels = _split(foreground, distance, working, shape, settings)
        found = _segmentation(*_outlined(labels, foreground, distance, working, shape, settings)[:2], maps, shape)
        return replace(found, score=expected_iou(foreground, labels > 0, _least_area(working, shape, settings)))

    def split(foreground: NDArray[np.float32], distance: NDArray[np.float32] | None, by: int) -> NDArray[np.int32]:
        return _split(foreground, distance, (working[0] / by, working[1] / by), shape, settings)

    def outline(
        labels: NDArray[np.int32],
        foreground: NDArray[np.float32],
        distance: NDArray[np.float32] | None,
        top: int,
        left: int,
        reduced: int,
    ) -> tuple[Outlines, NDArray[np.float32], NDArray[np.int32]]:
        return _outlined(labels, foreground, distance, working, shape, settings, (top, left), reduced)

    outlined = outline_by_windows(maps, settings.threshold, split, outline, tiling, stop=stop, progress=progress)
    found = _segmentation(*outlined, maps, shape)
    return replace(found, score=_score_of_large(maps, found.outlines, shape, settings))


def outline_mask(mask: NDArray[np.bool_], shape: tuple[int, ...], settings: Settings) -> Segmentation:
    """Outline what the classical method found: a mask (h, w) at working resolution."""
    labels = split_objects(mask.astype(np.float32), None, min_area=_least_area(mask.shape, shape, settings))
    outlines, confidence, _ = _outlined(labels, None, None, mask.shape, shape, settings)
    return _segmentation(outlines, confidence, np.zeros((0, *mask.shape), np.uint8), shape)


def _least_area(working: tuple[float, ...], shape: tuple[int, ...], settings: Settings) -> float:
    """Return the area of the smallest object that counts, in working pixels."""
    return settings.least_area_px2 * (working[0] / shape[0]) * (working[1] / shape[1])


def _score_of_large(
    maps: NDArray[np.uint8] | DiskMaps, outlines: Outlines, shape: tuple[int, ...], settings: Settings
) -> float:
    """Return the expected IoU by every so many-th pixel of maps that are too large for one piece."""
    step = -(-max(maps.shape[1:]) // SCORE_SIDE)
    band = step * (1 + SCORE_SIDE // step)  # as many rows as a chunk has or so: each is unpacked once or twice
    rows = [maps[0, top : top + band, :][::step, ::step] for top in range(0, int(maps.shape[1]), band)]
    foreground = np.vstack(rows).astype(np.float32) / np.float32(255)
    height, width = int(foreground.shape[0]), int(foreground.shape[1])
    mask = to_labels(outlines.transformed(width / shape[1], height / shape[0], 0.0, 0.0), height, width) > 0
    return expected_iou(foreground, mask, _least_area((height, width), shape, settings))


def _split(
    foreground: NDArray[np.float32],
    distance: NDArray[np.float32] | None,
    working: tuple[float, ...],
    shape: tuple[int, ...],
    settings: Settings,
) -> NDArray[np.int32]:
    return split_objects(
        foreground,
        distance,
        threshold=settings.threshold,
        seed_level=settings.seed_level,
        seam_level=settings.seam_level,
        min_area=_least_area(working, shape, settings),
        min_confidence=settings.min_confidence,
    )


def _outlined(
    labels: NDArray[np.int32],
    foreground: NDArray[np.float32] | None,
    distance: NDArray[np.float32] | None,
    working: tuple[int, ...],
    shape: tuple[int, ...],
    settings: Settings,
    origin: tuple[int, int] = (0, 0),
    reduced: int = 1,
) -> tuple[Outlines, NDArray[np.float32], NDArray[np.int32]]:
    """Outline the labels of the whole or of a view; outlines in image pixels, confidence and label of each."""
    boxes = boxes_of(labels)
    outlines, numbers = contour_labels(labels, foreground, settings.threshold, boxes)
    down, across = shape[0] / working[0], shape[1] / working[1]
    outlines = outlines.transformed(reduced * across, reduced * down, origin[1] * across, origin[0] * down)
    if reduced > 1:  # the last square of pixels may reach beyond the image
        within = np.clip(outlines.xy, 0, np.asarray(shape[1::-1], np.float32))
        outlines = replace(outlines, xy=within)
    outlines = simplify(smooth(outlines, settings.smoothing_px), settings.tolerance_px)
    if foreground is None:
        confidence = np.ones(len(outlines), np.float32)
    else:
        confidence = object_confidence(labels, foreground, distance, boxes)[numbers]
    return outlines, confidence, numbers


def _segmentation(
    outlines: Outlines, confidence: NDArray[np.float32], maps: NDArray[np.uint8] | DiskMaps, shape: tuple[int, ...]
) -> Segmentation:
    return Segmentation(outlines, confidence, touches_border(outlines, shape[0], shape[1]), maps)
