"""Large images in overlapping tiles, faded into each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

TILE = 1024
OVERLAP = 128


def tiled(
    forward: Callable[[NDArray[np.float32]], NDArray[np.float32]], image: NDArray[np.float32], planes: int
) -> NDArray[np.float32]:
    """Cover an image by overlapping tiles.

    Parameters
    ----------
    forward : callable
        Gives the maps (planes, h, w) of an image (h, w).
    image : (h, w) float32
        At least one tile on one side.
    planes : int
        Number of maps.

    Returns
    -------
    (planes, h, w) float32
    """
    height, width = image.shape
    total = np.zeros((planes, height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    for top in _starts(height):
        for left in _starts(width):
            view = image[top : top + TILE, left : left + TILE]
            ramp = np.minimum.outer(_ramp(view.shape[0]), _ramp(view.shape[1]))
            total[:, top : top + TILE, left : left + TILE] += forward(view) * ramp
            weight[top : top + TILE, left : left + TILE] += ramp
    return total / weight


def _starts(length: int) -> list[int]:
    if length <= TILE:
        return [0]
    count = int(np.ceil((length - OVERLAP) / (TILE - OVERLAP)))
    return [round(i * (length - TILE) / (count - 1)) for i in range(count)]


def _ramp(length: int) -> NDArray[np.float32]:
    edge = np.minimum(np.arange(length) + 1, length - np.arange(length))
    return np.minimum(edge / OVERLAP, 1).astype(np.float32)
