"""From the network's maps to separate objects."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import RAG, merge_hierarchical
from skimage.segmentation import watershed

from .touching import touching

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
    mask = foreground > threshold
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    if count == 1:
        return np.zeros(mask.shape, np.int32)
    inside = np.flatnonzero(mask)
    if distance is not None:
        labels = _apart(labels, count, inside, mask, cv2.GaussianBlur(distance, (0, 0), 1.0), seed_level, seam_level)
    of_inside = labels.ravel()[inside]
    areas = np.bincount(of_inside)
    sums = np.bincount(of_inside, foreground.ravel()[inside])
    keep = (areas >= min_area) & (sums >= min_confidence * areas)
    keep[0] = False
    numbers = np.zeros(len(areas), np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    found = np.zeros(mask.shape, np.int32)
    found.ravel()[inside] = numbers[of_inside]
    return found


def _apart(
    components: NDArray[np.int32],
    count: int,
    inside: NDArray[np.intp],
    mask: NDArray[np.bool_],
    smooth: NDArray[np.float32],
    seed_level: float,
    seam_level: float,
) -> NDArray[np.int32]:
    """Divide the components (numbers 1 to below `count`) that have several cores; the others are one object each."""
    core_count, cores = cv2.connectedComponents(((smooth > seed_level) & mask).astype(np.uint8), connectivity=4)
    of_inside = components.ravel()[inside]
    owner = np.zeros(core_count, np.int32)
    owner[cores.ravel()[inside]] = of_inside
    several = np.flatnonzero(np.bincount(owner[1:], minlength=count) > 1)
    labels, last = components.copy(), count
    boxes = ndimage.find_objects(components) if len(several) else []
    for number in several.tolist():
        box = boxes[number - 1]
        own = components[box] == number
        numbers = np.zeros(core_count, np.int32)  # closing up, and of the cores of this component only
        of_own = np.flatnonzero(owner[1:] == number) + 1
        numbers[of_own] = np.arange(1, len(of_own) + 1)
        pieces = merge_pieces(_flooded(numbers[cores[box]], smooth[box], own), smooth[box], seam_level)
        labels[box][own] = pieces[own] + (last - 1)
        last += int(pieces.max())
    return labels


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
