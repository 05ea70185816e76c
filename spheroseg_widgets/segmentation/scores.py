"""Scores of a segmentation against an annotation: of masks, of their edges, of objects."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from skimage.segmentation import find_boundaries

AP_THRESHOLDS = tuple(np.round(np.arange(0.5, 0.96, 0.05), 2).tolist())
"""From 0.5 to 0.95, as the average precision of COCO is taken over."""
BOUNDARY_TOLERANCE = 0.0075
"""Share of the image's diagonal by which an edge may be off (Csurka et al., BMVC 2013)."""


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks (h, w); 1 when both are empty."""
    union = np.logical_or(mask, truth).sum()
    return 1.0 if union == 0 else float(np.logical_and(mask, truth).sum() / union)


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Twice the intersection over the sum of the areas of two masks (h, w); 1 when both are empty."""
    total = int(mask.sum()) + int(truth.sum())
    return 1.0 if total == 0 else float(2 * np.logical_and(mask, truth).sum() / total)


def boundary_f1(mask: NDArray[np.bool_], truth: NDArray[np.bool_], tolerance_px: float | None = None) -> float:
    """F1 of the edges: precision and recall of edge pixels that lie near the other mask's edge.

    Parameters
    ----------
    mask, truth : (h, w) bool
    tolerance_px : float, optional
        How near; by default `BOUNDARY_TOLERANCE` of the diagonal, rounded up to a pixel.

    Returns
    -------
    float
        0 to 1; 1 when neither has an edge, 0 when only one has.
    """
    if tolerance_px is None:
        tolerance_px = float(np.ceil(BOUNDARY_TOLERANCE * np.hypot(*mask.shape)))
    edges = [find_boundaries(one, mode="inner", background=0) for one in (mask, truth)]
    if not edges[0].any() or not edges[1].any():
        return float(not edges[0].any() and not edges[1].any())
    near = [cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5) <= tolerance_px for edge in edges]
    precision, recall = float(near[1][edges[0]].mean()), float(near[0][edges[1]].mean())
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def iou_matrix(labels: NDArray[np.int32], truth: NDArray[np.int32]) -> NDArray[np.float64]:
    """Intersection over union of every object with every annotated one.

    Parameters
    ----------
    labels, truth : (h, w) int32
        Instance labels 0..n and 0..m.

    Returns
    -------
    (n, m) float64
    """
    n, m = int(labels.max(initial=0)), int(truth.max(initial=0))
    joint = np.bincount(labels.ravel().astype(np.int64) * (m + 1) + truth.ravel(), minlength=(n + 1) * (m + 1))
    overlap = joint.reshape(n + 1, m + 1)
    areas, truth_areas = overlap.sum(axis=1)[1:, None], overlap.sum(axis=0)[None, 1:]
    shared = overlap[1:, 1:].astype(np.float64)
    return np.asarray(shared / np.maximum(areas + truth_areas - shared, 1))


@dataclass(frozen=True, slots=True)
class Counts:
    """Objects that were matched, that are spurious, and that were missed; counts of several images add up."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
        )

    @property
    def precision(self) -> float:
        """Share of what was found that is there; 1 when nothing was found."""
        found = self.true_positive + self.false_positive
        return self.true_positive / found if found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 1 when nothing is there."""
        there = self.true_positive + self.false_negative
        return self.true_positive / there if there else 1.0

    @property
    def f1(self) -> float:
        """Return 2 TP / (2 TP + FP + FN); 1 when there was nothing and nothing was found."""
        total = 2 * self.true_positive + self.false_positive + self.false_negative
        return 2 * self.true_positive / total if total else 1.0

    @property
    def average_precision(self) -> float:
        """Return TP / (TP + FP + FN), as StarDist and Cellpose call it; 1 when there was nothing to find or miss."""
        total = self.true_positive + self.false_positive + self.false_negative
        return self.true_positive / total if total else 1.0


def instance_counts(labels: NDArray[np.int32], truth: NDArray[np.int32], threshold: float = 0.5) -> Counts:
    """Match objects one to one, as many as can be, at an intersection over union of at least `threshold`.

    Parameters
    ----------
    labels, truth : (h, w) int32
        Instance labels 0..n and 0..m.
    threshold : float
        0 to 1.
    """
    return counts_at(iou_matrix(labels, truth), threshold)


def counts_at(ious: NDArray[np.float64], threshold: float) -> Counts:
    """Count as `instance_counts` does, from what `iou_matrix` gave."""
    reached = ious >= threshold
    rows, columns = linear_sum_assignment(reached, maximize=True)
    matched = int(reached[rows, columns].sum())
    return Counts(matched, ious.shape[0] - matched, ious.shape[1] - matched)
