"""Objects of one view pasted into another: more neighbours, and more places to be in, than were photographed."""

from __future__ import annotations

import cv2
import numpy as np

from .augment import Image, Labels
from .targets import UNKNOWN

SEAM = 3
"""Pixels beside an object that come with it: its rim of light is part of how it looks."""
MOST_COVERED = 0.2
"""Of a pasted object, or of what it covers: more of it would be no outline that anyone would have drawn."""


def paste_objects(
    image: Image, labels: Labels, source: Image, source_labels: Labels, rng: np.random.Generator
) -> tuple[Image, Labels]:
    """Paste objects of one view into another of the same size (after Ghiasi and others, Simple copy-paste, 2021).

    Each object of the source is taken or not by a coin's throw. One that the border cuts stays, and so does one that
    would cover too much of another, or lie where nothing is annotated; what is pasted lies above. Its seam fades over a few pixels, and
    it is made as much lighter or darker as the view is there.

    Parameters
    ----------
    image, source : (h, w) float32
        Normalised to 0..1.
    labels, source_labels : (h, w) int32
        Instance labels.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    image, labels : (h, w) float32, (h, w) int32
        New arrays where something was pasted.
    """
    here, there = np.maximum(labels, 0), np.maximum(source_labels, 0)
    sizes, covered = np.bincount(there.ravel()), np.bincount(here.ravel())
    cut = np.ones(labels.shape, np.uint8)
    cut[1:-1, 1:-1] = source_labels[1:-1, 1:-1] == UNKNOWN
    left = set(np.unique(there[cv2.dilate(cut, np.ones((3, 3), np.uint8)) > 0]).tolist()) | {0}
    taken = np.zeros(labels.shape, bool)
    for number in np.flatnonzero(sizes).tolist():
        if number in left or rng.random() < 0.5:
            continue
        inside = there == number
        below = np.bincount(here[inside], minlength=len(covered))[1:]
        most = max(below.sum() / sizes[number], (below / np.maximum(covered[1:], 1)).max(initial=0))
        if most <= MOST_COVERED and not (labels[inside] == UNKNOWN).any():
            taken |= inside
    if not taken.any():
        return image, labels
    size = 2 * SEAM + 1
    grown = cv2.dilate(taken.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    alpha = np.maximum(cv2.GaussianBlur(grown.astype(np.float32), (0, 0), SEAM / 2), taken)
    ring = (cv2.dilate(grown, np.ones((size, size), np.uint8)) > 0) & (source_labels == 0) & (labels == 0)
    shift = float((image[ring] - source[ring]).mean()) if ring.any() else 0.0
    mixed = np.clip(alpha * (source + shift) + (1 - alpha) * image, 0, 1).astype(np.float32)
    return mixed, np.where(taken, there + len(covered), labels).astype(np.int32)
