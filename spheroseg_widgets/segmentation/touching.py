"""Where objects of a label image touch."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def touching(labels: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs of pixels that are neighbours by an edge and belong to different objects.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels below 2**24, 0 is background.

    Returns
    -------
    (n,) intp, (n,) intp
        Indices into the flattened image: of the pixel with the lower label, and of the one with the higher.
    """
    width = labels.shape[1]
    flat = labels.ravel()
    # Few pixels lie at a border: one fast pass finds them, in place of several over all pairs of neighbours.
    numbers = labels.astype(np.float32)
    around = cv2.dilate(numbers, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    near = np.flatnonzero((around > numbers) & (labels > 0))
    column = near % width
    lower, higher = [], []
    for step, there in (
        (-width, near >= width),
        (width, near < flat.size - width),
        (-1, column > 0),
        (1, column < width - 1),
    ):
        one = near[there]
        beyond = flat[one + step] > flat[one]
        lower.append(one[beyond])
        higher.append(one[beyond] + step)
    return np.concatenate(lower), np.concatenate(higher)
