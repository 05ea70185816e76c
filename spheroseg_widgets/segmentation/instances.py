"""From the network's maps to separate objects."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed


def split_objects(
    foreground: NDArray[np.float32],
    distance: NDArray[np.float32] | None,
    *,
    threshold: float = 0.5,
    seed_level: float = 0.5,
    min_area: float = 40.0,
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
    min_area : float
        Objects with fewer pixels than this are left out.

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
    areas = np.bincount(labels.ravel())
    keep = areas >= min_area
    keep[0] = False
    numbers = np.zeros(len(areas), np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    return np.asarray(numbers[labels], np.int32)
