"""How sure a result is: the overlap with the truth to be expected if the probabilities are right."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MAY_BE = 0.1
"""Probability from which a pixel outside of every object counts as perhaps missed."""


def expected_ious(foreground: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Expected intersection over union of every object with what is there.

    With calibrated probabilities p the expected intersection is the sum of p over the object's pixels, and the
    expected union the object's area plus the sum of p over the pixels around it that belong to no object (a ratio of
    expectations in place of the expectation of a ratio: Nowozin, CVPR 2014). Pixels count as around the nearest
    object, as far away as its own equivalent radius.

    Parameters
    ----------
    foreground : (h, w) float32
        Probability of belonging to a spheroid, 0 to 1.
    labels : (h, w) int32
        Instance labels 1..n, 0 is background.

    Returns
    -------
    (n,) float32
        0 to 1.
    """
    count = int(labels.max(initial=0))
    if not count:
        return np.zeros(0, np.float32)
    areas = np.bincount(labels.ravel(), minlength=count + 1).astype(np.float64)
    inside = np.bincount(labels.ravel(), foreground.ravel(), minlength=count + 1)
    away, place = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    # OpenCV numbers the object pixels in its own way: the label of the nearest one through that number.
    owner = np.zeros(int(place.max()) + 1, np.int64)
    taken = labels > 0
    owner[place[taken]] = labels[taken]
    nearest = owner[place]
    radii = np.sqrt(areas / np.pi)
    near = ~taken & (away <= radii[nearest])
    outside = np.bincount(nearest[near], foreground[near], minlength=count + 1)
    return np.asarray((inside / np.maximum(areas + outside, 1e-9))[1:], np.float32)


def expected_iou(foreground: NDArray[np.float32], mask: NDArray[np.bool_], least_area: float) -> float:
    """Expected intersection over union of a whole image's mask with what is there; see `expected_ious`.

    Parameters
    ----------
    foreground : (h, w) float32
        Probability of belonging to a spheroid, 0 to 1.
    mask : (h, w) bool
        What was found.
    least_area : float
        Area of the smallest object that counts, in the map's pixels: of an image where nothing was found, what the
        expected foreground is compared with. Far from 0 beside it, something may be there.

    Returns
    -------
    float
        0 to 1; 1 where nothing was found and nothing is expected.
    """
    # Faint haze all over a large field adds up to much and means nothing: only what may well be foreground counts.
    missed = float(foreground[~mask & (foreground > MAY_BE)].sum())
    if not mask.any():
        return least_area / (least_area + missed)
    return float(foreground[mask].sum() / (mask.sum() + missed))
