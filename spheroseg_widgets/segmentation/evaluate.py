"""Scores of a segmentation against an annotation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def iou(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks (h, w); 1 when both are empty."""
    union = np.logical_or(mask, truth).sum()
    return 1.0 if union == 0 else float(np.logical_and(mask, truth).sum() / union)


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


def instance_scores(
    labels: NDArray[np.int32], truth: NDArray[np.int32], threshold: float = 0.5
) -> tuple[int, int, int]:
    """Count matched, spurious and missed objects.

    A match is an intersection over union above `threshold` (at 0.5 and more a match is unique).

    Returns
    -------
    true_positive, false_positive, false_negative : int
    """
    matched = int((iou_matrix(labels, truth) > threshold).any(axis=1).sum())
    return matched, int(labels.max(initial=0)) - matched, int(truth.max(initial=0)) - matched


def f1(true_positive: int, false_positive: int, false_negative: int) -> float:
    """Return F1 = 2 TP / (2 TP + FP + FN); 1 when there was nothing and nothing was found."""
    total = 2 * true_positive + false_positive + false_negative
    return 1.0 if total == 0 else 2 * true_positive / total
