"""From the network's maps to separate objects."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import RAG, merge_hierarchical
from skimage.segmentation import watershed

from spheroseg_widgets.outlines.boxes import Box, area_of, boxes_of

from .centre_distance import smoothed
from .touching import touching

LARGE, LARGE_PER_CORE = 20_000, 4_000
"""Pixels from which a component is divided at half its size, a quarter of the work, and those for each of its cores:
clumps of what has few pixels anyway are divided at the whole size."""
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def split_objects(
    foreground: NDArray[np.float32],
    distance: NDArray[np.float32] | None,
    *,
    threshold: float = 0.5,
    seed_level: float = 0.4,
    seam_level: float = 0.6,
    min_area: float = 40.0,
    min_confidence: float = 0.7,
) -> NDArray[np.int32]:
    """Label the objects of one image.

    Parameters
    ----------
    foreground : (h, w) float32
        Probability of belonging to a spheroid.
    distance : (h, w) float32 or None
        Predicted centre distance, 0 at an object's edge to 1 at its centre (see `targets.py`). None labels
        connected components.
    threshold : float
        Foreground probability from which a pixel belongs to an object.
    seed_level : float
        A connected region whose centre distance exceeds this is one object's core.
    seam_level : float
        Two neighbours are one object when the centre distance somewhere on their common border reaches this share
        of the lower one's peak: between two objects it falls to nearly 0 all along.
    min_area : float
        Objects with fewer pixels than this are left out.
    min_confidence : float
        So are objects whose mean foreground probability is lower: the network hesitates over debris and haze.

    Returns
    -------
    (h, w) int32
        Instance labels 1..n, 0 is background.
    """
    mask = (foreground > threshold).astype(np.uint8)
    components = np.asarray(cv2.connectedComponents(mask, connectivity=8)[1], np.int32)
    # Most of an image is background: each component is looked at in its own box.
    whole: list[tuple[Box, NDArray[np.bool_]]] = []
    divided: list[tuple[Box, NDArray[np.int32]]] = []
    for number, box in enumerate(boxes_of(components), start=1):
        if box is None or area_of(box) < min_area:
            continue
        own = components[box] == number
        if np.count_nonzero(own) < min_area:
            continue
        pieces = None if distance is None else _apart(own, distance, box, seed_level, seam_level)
        if pieces is not None:
            divided.append((box, pieces))
        elif cv2.mean(foreground[box], mask=own.view(np.uint8))[0] >= min_confidence:
            whole.append((box, own))
    found = np.zeros(mask.shape, np.int32)
    for number, (box, own) in enumerate(whole, start=1):
        np.copyto(found[box], number, where=own)
    last = len(whole)
    for box, pieces in divided:
        inside = pieces > 0
        of_inside = pieces[inside]
        sizes = np.bincount(of_inside)
        sums = np.bincount(of_inside, foreground[box][inside])
        keep = (sizes >= min_area) & (sums >= min_confidence * sizes)
        keep[0] = False
        numbers = np.zeros(len(sizes), np.int32)
        numbers[keep] = np.arange(last + 1, last + 1 + int(keep.sum()))
        last += int(keep.sum())
        found[box] += numbers[pieces]
    return found


def _apart(
    own: NDArray[np.bool_], distance: NDArray[np.float32], box: Box, seed_level: float, seam_level: float
) -> NDArray[np.int32] | None:
    """Divide a component, which lies in a box of the image, by its cores: numbers 1..n in the box; None where it is one."""
    smooth = smoothed(distance, box)
    core_count, cores = cv2.connectedComponents(((smooth > seed_level) & own).astype(np.uint8), connectivity=4)
    if core_count < 3:
        return None
    if own.sum() <= max(LARGE, LARGE_PER_CORE * (core_count - 1)):
        pieces = merge_pieces(_flooded(cores, smooth, own), smooth, seam_level)
        return pieces if pieces.max() > 1 else None
    rough = np.asarray(np.mean(_quarters(smooth), axis=0, dtype=np.float32))
    seeds, part = np.maximum.reduce(_quarters(cores)), np.logical_or.reduce(_quarters(own))
    pieces = merge_pieces(_flooded(seeds, rough, part), rough, seam_level)
    if pieces.max() < 2:
        return None
    return _refined(pieces.repeat(2, axis=0).repeat(2, axis=1)[: own.shape[0], : own.shape[1]] * own, smooth, own)


def _quarters(plane: NDArray[Any]) -> list[NDArray[Any]]:
    """Return every second pixel of every second row, in the four ways to begin; an odd last one counts twice."""
    height, width = plane.shape
    even = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    return [even[top::2, left::2] for top in (0, 1) for left in (0, 1)]


def _refined(pieces: NDArray[np.int32], distance: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Let pieces that were divided at half the size meet where they would have met at the whole."""
    one, other = touching(pieces)
    seam = np.zeros(pieces.shape, np.uint8)
    seam.ravel()[one] = seam.ravel()[other] = 1
    seeds = np.where(cv2.dilate(seam, np.ones((3, 3), np.uint8)) > 0, 0, pieces)
    if np.any(np.bincount(seeds.ravel(), minlength=pieces.max() + 1)[1:] == 0):  # one is all seam
        return pieces
    return _flooded(seeds, distance, mask)


def _flooded(seeds: NDArray[np.int32], distance: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Let seeds grow over a mask, down the distance.

    A watershed puts every pixel of a seed in line. Those that have nothing but their own seed around them reach no other
    pixel: without them it is the same, in a third of the time.
    """
    inner = cv2.erode((seeds > 0).astype(np.uint8), CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=1) > 0
    flooded = watershed(-distance, np.where(inner, 0, seeds), mask=mask & ~inner)
    return np.asarray(np.where(inner, seeds, flooded), np.int32)


def merge_pieces(labels: NDArray[np.int32], distance: NDArray[np.float32], seam_level: float) -> NDArray[np.int32]:
    """Join the pieces of one object: neighbours without a valley between them, the clearest case first.

    Parameters
    ----------
    labels : (h, w) int32
        Pieces 1..n, 0 is background.
    distance : (h, w) float32
        Centre distance, see `split_objects`.
    seam_level : float
        See `split_objects`.

    Returns
    -------
    (h, w) int32
        Labels of at most n objects.
    """
    if labels.max(initial=0) < 2:
        return labels
    # Not ndimage.maximum, which sorts all pixels: thirty times slower.
    inside = np.flatnonzero(labels > 0)
    of_inside = labels.ravel()[inside]
    peaks = np.zeros(int(of_inside.max()) + 1, np.float32)
    np.maximum.at(peaks, of_inside, distance.ravel()[inside])
    graph = RAG()
    for number in np.flatnonzero(np.bincount(of_inside)).tolist():
        graph.add_node(number, labels=[number], peak=float(peaks[number]))

    def depth(height: float, one: int, other: int) -> float:
        """How far the pass between two lies below the lower peak, as a share of it."""
        return 1 - height / max(min(graph.nodes[one]["peak"], graph.nodes[other]["peak"]), 1e-6)

    for one, other, height in _passes(labels, distance):
        graph.add_edge(one, other, height=height, weight=depth(height, one, other))

    def join(_graph: Any, gone: int, kept: int) -> None:
        graph.nodes[kept]["peak"] = max(graph.nodes[kept]["peak"], graph.nodes[gone]["peak"])

    def reweigh(_graph: Any, gone: int, kept: int, neighbour: int) -> dict[str, float]:
        height = max(graph[node][neighbour]["height"] for node in (gone, kept) if graph.has_edge(node, neighbour))
        return {"height": height, "weight": depth(height, kept, neighbour)}

    merged = merge_hierarchical(
        labels, graph, 1 - seam_level, rag_copy=False, in_place_merge=True, merge_func=join, weight_func=reweigh
    )
    return np.asarray(np.where(labels > 0, merged + 1, 0), np.int32)


def _passes(labels: NDArray[np.int32], distance: NDArray[np.float32]) -> list[tuple[int, int, float]]:
    """Return (label, label, height) of all neighbours: the largest distance at which their pixels touch."""
    one, other = touching(labels)
    pairs = np.stack([labels.ravel()[one], labels.ravel()[other]], axis=1)
    heights = np.minimum(distance.ravel()[one], distance.ravel()[other])
    found, which = np.unique(pairs, axis=0, return_inverse=True)
    if not len(found):
        return []
    highest = ndimage.maximum(heights, which.ravel(), np.arange(len(found)))
    return [(int(low), int(high), float(height)) for (low, high), height in zip(found, highest, strict=True)]
