"""From the network's maps to separate objects."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import merge_hierarchical, rag_boundary
from skimage.segmentation import watershed


def split_objects(
    foreground: NDArray[np.float32],
    distance: NDArray[np.float32] | None,
    *,
    threshold: float = 0.5,
    seed_level: float = 0.4,
    seam_level: float = 0.5,
    min_area: float = 40.0,
    min_confidence: float = 0.75,
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
        Two neighbours are one object when the centre distance along their common border is, on average, more
        than this share of the lower one's peak: between two objects it falls to nearly 0.
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
    components, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return np.zeros(mask.shape, np.int32)
    if distance is None:
        labels = components.astype(np.int32)
    else:
        smooth = cv2.GaussianBlur(distance, (0, 0), 1.0)
        cores, core_count = ndimage.label((smooth > seed_level) & mask)
        # A component without any core is still an object: its seed is the component itself.
        cored = np.unique(components[cores > 0])
        bare = ~np.isin(components, cored) & mask
        seeds = cores + np.where(bare, components + core_count, 0)
        labels = watershed(-smooth, seeds.astype(np.int32), mask=mask).astype(np.int32)
        labels = merge_pieces(labels, smooth, seam_level)
    areas = np.bincount(labels.ravel())
    sums = np.bincount(labels.ravel(), foreground.ravel())
    keep = (areas >= min_area) & (sums >= min_confidence * areas)
    keep[0] = False
    numbers = np.zeros(len(areas), np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    return np.asarray(numbers[labels], np.int32)


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
    graph = rag_boundary(labels, distance.astype(np.float64))
    if 0 in graph:
        graph.remove_node(0)
    if not graph.number_of_edges():
        return labels
    peaks = ndimage.maximum(distance, labels, np.arange(labels.max() + 1))
    for node in graph:
        graph.nodes[node]["peak"] = float(peaks[node])

    def depth(seam: float, one: int, other: int) -> float:
        """How far the border lies below the lower peak, as a share of it."""
        return 1 - seam / max(min(graph.nodes[one]["peak"], graph.nodes[other]["peak"]), 1e-6)

    for one, other, edge in graph.edges(data=True):
        edge["seam"] = edge["weight"]
        edge["weight"] = depth(edge["seam"], one, other)

    def join(_graph: Any, gone: int, kept: int) -> None:
        graph.nodes[kept]["peak"] = max(graph.nodes[kept]["peak"], graph.nodes[gone]["peak"])

    def reweigh(_graph: Any, gone: int, kept: int, neighbour: int) -> dict[str, float]:
        seams = [graph[node][neighbour] for node in (gone, kept) if graph.has_edge(node, neighbour)]
        count = sum(edge["count"] for edge in seams)
        seam = sum(edge["seam"] * edge["count"] for edge in seams) / count
        return {"seam": seam, "count": count, "weight": depth(seam, kept, neighbour)}

    merged = merge_hierarchical(
        labels, graph, 1 - seam_level, rag_copy=False, in_place_merge=True, merge_func=join, weight_func=reweigh
    )
    return np.asarray(np.where(labels > 0, merged + 1, 0), np.int32)
