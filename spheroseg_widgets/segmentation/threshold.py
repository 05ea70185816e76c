"""The classical method: flat-field correction and a threshold. A model that needs no weights.

With its usual parameters it is also the baseline that every accuracy figure is printed beside; `fit_threshold.py` fits
them to annotated images.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu, threshold_sauvola


@dataclass(frozen=True, slots=True)
class ThresholdParameters:
    """What decides the classical method's masks.

    Parameters
    ----------
    method : {"otsu", "sauvola"}
        One level for the whole flat-field corrected image (Otsu 1979), or one for every pixel from the mean and
        spread around it (Sauvola and Pietikainen 2000).
    level : float
        Otsu: shift of the level towards the background, as a share of the way to the background's median.
    window : float
        Sauvola: side of the surroundings as a share of the image's shorter side.
    k : float
        Sauvola: how far the level lies below the mean.
    objects : {"auto", "dark", "bright"}
        Which side of the threshold the objects are on; auto takes the side that holds less of the image's border.
    """

    method: str = "otsu"
    level: float = 0.0
    window: float = 0.5
    k: float = 0.1
    objects: str = "auto"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able description, as stored in a model's description."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ThresholdParameters:
        """Build from what `to_dict` gave."""
        return cls(**values)


OTSU = ThresholdParameters()


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


def threshold_mask(image: NDArray[np.float32], parameters: ThresholdParameters = OTSU) -> NDArray[np.bool_]:
    """Segment by flat-field correction and a threshold.

    Parameters
    ----------
    image : (h, w) float32
        Normalised to 0..1.
    parameters : ThresholdParameters
        By default Otsu's level, objects on the side that holds less of the image's border.

    Returns
    -------
    (h, w) bool
        Foreground; holes filled, specks removed.
    """
    return mask_of(corrected(image), parameters)


def corrected(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the threshold is laid on: the image (h, w) flat-field corrected and smoothed a little."""
    return cv2.GaussianBlur(flat_field(image), (0, 0), max(1.0, min(image.shape) / 300))


def mask_of(flat: NDArray[np.float32], parameters: ThresholdParameters) -> NDArray[np.bool_]:
    """Lay the threshold on what `corrected` gave."""
    if float(flat.max() - flat.min()) < 1e-6:
        return np.zeros(flat.shape, bool)
    mask = _otsu(flat, parameters) if parameters.method == "otsu" else _sauvola(flat, parameters)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    return np.asarray(ndimage.binary_fill_holes(opened), bool)


def _otsu(flat: NDArray[np.float32], parameters: ThresholdParameters) -> NDArray[np.bool_]:
    level = float(threshold_otsu(flat))
    dark = _are_dark(flat < level, parameters)
    behind = flat[flat >= level] if dark else flat[flat < level]
    level += parameters.level * (float(np.median(behind)) - level)
    return flat < level if dark else flat > level


def _sauvola(flat: NDArray[np.float32], parameters: ThresholdParameters) -> NDArray[np.bool_]:
    # The formula is of grey values from 0; what is sought is dark.
    grey = (flat - flat.min()) / (flat.max() - flat.min())
    if not _are_dark(flat < float(threshold_otsu(flat)), parameters):
        grey = 1 - grey
    side = 2 * max(1, round(parameters.window * min(flat.shape) / 2)) + 1
    return np.asarray(grey < threshold_sauvola(grey, window_size=side, k=parameters.k, r=0.5), bool)


def _are_dark(dark: NDArray[np.bool_], parameters: ThresholdParameters) -> bool:
    if parameters.objects != "auto":
        return parameters.objects == "dark"
    border = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    return bool(border.mean() < 0.5)
