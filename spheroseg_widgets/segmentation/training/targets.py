"""What the network learns from an instance label image: foreground and centre distance."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def inner_distance(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Distance of every pixel to the edge of its own object, in pixels; 0 in the background.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels, 0 is background.

    Returns
    -------
    (h, w) float32
        An object cut by the image border has no edge there: the distance grows towards the border.
    """
    edge = np.zeros(labels.shape, bool)
    differs = labels[:, 1:] != labels[:, :-1]
    edge[:, 1:] |= differs
    edge[:, :-1] |= differs
    differs = labels[1:] != labels[:-1]
    edge[1:] |= differs
    edge[:-1] |= differs
    inside = ((labels > 0) & ~edge).astype(np.uint8)
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
        Instance labels, 0 is background.

    Returns
    -------
    (2, h, w) float32
        Foreground (0 or 1), and the distance to the object's own edge over the largest such distance in
        that object (0 to 1): every object, whatever its size, rises to 1 once, so a large irregular
        spheroid is not taken for several.
    """
    distance = inner_distance(labels)
    count = int(labels.max(initial=0))
    if count:
        largest = np.asarray(ndimage.maximum(distance, labels, np.arange(count + 1)), np.float32)
        largest[0] = 1.0
        distance = (distance / np.maximum(largest, 1e-3)[labels]).astype(np.float32)
    return np.stack([(labels > 0).astype(np.float32), distance.astype(np.float32)])
