"""How sure a result is: the overlap with the truth to be expected if the probabilities are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAY_BE = 0.1
"""Probability from which a pixel outside of every object counts as perhaps missed."""


def expected_iou(foreground: NDArray[np.float32], mask: NDArray[np.bool_], least_area: float) -> float:
    """Return the expected intersection over union of an image's mask with what is there.

    With calibrated probabilities p the expected intersection is the sum of p over the mask, and the expected union the
    mask's area plus the sum of p over the pixels outside that may belong to a spheroid (a ratio of expectations in
    place of the expectation of a ratio: Nowozin, CVPR 2014).

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
