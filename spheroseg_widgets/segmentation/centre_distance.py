"""The network's second map, how far inside its object a pixel lies, as it is looked at: smoothed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.outlines.boxes import Box, padded

SIGMA, REACH = 1.0, 4
"""Pixels: of the Gaussian, and how far it looks."""


def smoothed(distance: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    """Return what lies in a box of a centre distance (h, w) that is smoothed with a Gaussian."""
    around = padded(box, REACH)
    top, left = box[0].start - around[0].start, box[1].start - around[1].start
    height, width = box[0].stop - box[0].start, box[1].stop - box[1].start
    smooth = cv2.GaussianBlur(distance[around], (0, 0), SIGMA)
    return np.asarray(smooth[top : top + height, left : left + width], np.float32)
