"""What the network learns from an instance label image: foreground and centre distance."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1
"""Label of pixels about which an annotation says nothing."""


def inner_distance(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Distance of every pixel to the edge of its own object, in pixels; 0 in the background.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels, 0 is background, `UNKNOWN` what nobody has annotated.

    Returns
    -------
    (h, w) float32
        An object cut by the image border, or by what is unknown, has no edge there: the distance grows towards it.
    """
    edge = np.zeros(labels.shape, bool)
    for one, other in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        here, there = labels[one], labels[other]
        differs = (here != there) & (here != UNKNOWN) & (there != UNKNOWN)
        edge[one] |= differs
        edge[other] |= differs
    inside = ((labels != 0) & ~edge).astype(np.uint8)
    if inside.all():
        return np.full(labels.shape, float(max(labels.shape)), np.float32)
    distance = cv2.distanceTransform(inside, cv2.DIST_L2, 3).astype(np.float32)
    distance[labels > 0] += 0.5
    return distance


def training_targets(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Make the two target planes of a label image.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels, 0 is background, `UNKNOWN` what nobody has annotated.

    Returns
    -------
    (2, h, w) float32
        Both missing (NaN) where the labels are unknown; elsewhere foreground (0 or 1), and the distance to the object's own edge over the largest such distance in
        that object (0 to 1): every object, whatever its size, rises to 1 once, so a large irregular
        spheroid is not taken for several.
    """
    distance = inner_distance(labels)
    objects = np.maximum(labels, 0)
    largest = np.zeros(int(objects.max(initial=0)) + 1, np.float32)
    np.maximum.at(largest, objects.ravel(), distance.ravel())
    largest[0] = 1.0
    distance = np.where(labels > 0, distance / np.maximum(largest, 1e-3)[objects], 0)
    targets = np.stack([labels > 0, distance]).astype(np.float32)
    targets[:, labels == UNKNOWN] = np.nan
    return targets
