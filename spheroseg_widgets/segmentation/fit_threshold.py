"""Fit the classical method to a few annotated images: the way to a model without weights and without training."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError, SpherosegError
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.imaging.resize import resized, working_size

from .pairs import Pair, read_only_plane, read_truth
from .registry import ModelInfo, find_model, new_model
from .scale import FIRST_SIDE
from .scores import iou
from .threshold import OTSU, ThresholdParameters, corrected, mask_of

LEVELS = (-0.3, -0.15, 0.0, 0.15, 0.3, 0.45, 0.6)
WINDOWS = (0.15, 0.3, 0.5, 0.8, 1.2)
FACTORS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
SIDES = ("auto", "dark", "bright")


def candidates() -> list[ThresholdParameters]:
    """Return all parameters that are tried; the usual ones first, so that they win a tie."""
    otsu = [ThresholdParameters("otsu", level=level, objects=side) for level, side in product(LEVELS, SIDES)]
    sauvola = [
        ThresholdParameters("sauvola", window=window, k=k, objects=side)
        for window, k, side in product(WINDOWS, FACTORS, SIDES)
    ]
    return [OTSU, *(one for one in otsu + sauvola if one != OTSU)]


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted parameters and what they are worth.

    Parameters
    ----------
    parameters : ThresholdParameters
        The best mean IoU over all images.
    iou, usual_iou : float
        Mean IoU of the best parameters and of the usual ones, on the images that were fitted to.
    unseen_iou : float
        Mean IoU of each image under parameters fitted to the others: what to expect of new images. Missing for a
        single image.
    images : int
    left_out : tuple of (str, str)
        Path and reason of pairs that could not be used.
    """

    parameters: ThresholdParameters
    iou: float
    usual_iou: float
    unseen_iou: float
    images: int
    left_out: tuple[tuple[str, str], ...]


def fit_threshold(pairs: Sequence[Pair], watch: Callable[[int, int], object] | None = None) -> Fit:
    """Try all candidates on annotated images, at the resolution of a first look, and keep the best.

    Parameters
    ----------
    pairs : sequence of Pair
        Images and masks or labels.
    watch : callable, optional
        Called with images done and images in all.

    Raises
    ------
    SpherosegError
        No pair can be used.
    """
    tried = candidates()
    scores, left_out = [], []
    for number, pair in enumerate(pairs, start=1):
        try:
            image, truth = _small(pair)
        except ImageError as error:
            left_out.append((error.path, error.reason))
        else:
            flat = corrected(image)
            scores.append([iou(mask_of(flat, one), truth) for one in tried])
        if watch:
            watch(number, len(pairs))
    if not scores:
        raise SpherosegError("no pair of image and annotation could be used")
    table = np.array(scores)
    means = table.mean(axis=0)
    best = int(means.argmax())
    others = (table.sum(axis=0) - table).argmax(axis=1)
    unseen = float(table[np.arange(len(table)), others].mean()) if len(table) > 1 else float("nan")
    return Fit(tried[best], float(means[best]), float(means[0]), unseen, len(table), tuple(left_out))


def save_fit(fit: Fit, name: str) -> ModelInfo:
    """Register fitted parameters as a model of the user.

    Raises
    ------
    ModelError
        The name is taken or cannot be a model's, or the folder cannot be written.
    """
    description = {
        "name": name, "version": "1", "kind": "threshold", "weights": None,
        "threshold": fit.parameters.to_dict(), "defaults": {},
        "training": {"images": fit.images, "iou": fit.iou, "unseen_iou": fit.unseen_iou, "usual_iou": fit.usual_iou},
    }  # fmt: skip
    with new_model(name) as folder:
        (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n")
    return find_model(name)


def _small(pair: Pair) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    pixels = read_only_plane(pair.image)
    truth = read_truth(pair.truth, pixels.shape) > 0
    size = working_size(pixels.shape, min(1.0, FIRST_SIDE / max(pixels.shape)))
    return resized(normalise(pixels), size), resized(truth.astype(np.float32), size) > 0.5
