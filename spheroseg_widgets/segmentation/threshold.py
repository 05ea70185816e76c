"""The classical method: flat-field correction and Otsu's threshold. A model that needs no weights.

It is also the baseline that every accuracy figure is printed beside.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu


def flat_field(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the slow changes of illumination out of an image.

    Parameters
    ----------
    image : (h, w) float32
        Normalised to 0..1.

    Returns
    -------
    (h, w) float32
        The image less a second-order surface fitted to the pixels near the median (the background of
        most images); about 0 in the background.
    """
    h, w = image.shape
    small = cv2.resize(image, (min(w, 96), min(h, 96)), interpolation=cv2.INTER_AREA)
    sh, sw = small.shape
    ys, xs = np.mgrid[:sh, :sw]
    x, y = xs.ravel() / sw - 0.5, ys.ravel() / sh - 0.5
    design = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    values = small.ravel()
    keep = np.ones(values.size, bool)
    fit = np.zeros(6)
    for _ in range(4):  # pixels far from the surface are specimen, not background
        fit, *_ = np.linalg.lstsq(design[keep], values[keep], rcond=None)
        residual = values - design @ fit
        spread = 1.4826 * np.median(np.abs(residual[keep] - np.median(residual[keep]))) + 1e-4
        keep = np.abs(residual - np.median(residual[keep])) < 2.5 * spread
        if keep.sum() < 50:
            break
    surface = (design @ fit).reshape(sh, sw).astype(np.float32)
    return image - cv2.resize(surface, (w, h), interpolation=cv2.INTER_CUBIC)


def threshold_mask(image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Segment by flat-field correction and Otsu's threshold.

    Parameters
    ----------
    image : (h, w) float32
        Normalised to 0..1.

    Returns
    -------
    (h, w) bool
        Foreground: the side of the threshold that holds less of the image's border; holes filled, specks
        removed.
    """
    flat = cv2.GaussianBlur(flat_field(image), (0, 0), max(1.0, min(image.shape) / 300))
    if float(flat.max() - flat.min()) < 1e-6:
        return np.zeros(image.shape, bool)
    bright = flat > threshold_otsu(flat)
    border = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    mask = ~bright if border.mean() > 0.5 else bright
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(ndimage.binary_fill_holes(opened), bool)
