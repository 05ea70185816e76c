"""Which objects of a large map lie together: found a band of rows at a time, joined over the bands' borders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

BAND = 512
"""Rows that are labelled at a time."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Groups of foreground pixels that lie at least three pixels from every other group.

    So near one another, two objects decide each other's outline; further away they have nothing to do with each other.

    Parameters
    ----------
    boxes : (n, 4) int64
        Top, left, bottom, right, one pixel wider than the foreground on every side, the image's edges aside.
    anchors : (n, 2) int64
        Row and column of the first pixel of each group's grown mask (see `grown`).
    """

    boxes: NDArray[np.int64]
    anchors: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.boxes)


def grown(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a mask one pixel wider: what then touches was less than three pixels apart."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))


def labelled(mask: NDArray[np.uint8]) -> tuple[NDArray[np.int32], int]:
    """Label 8-connected groups 1..n; returns the labels (h, w) and n."""
    count, labels = cv2.connectedComponents(mask, connectivity=8, ltype=cv2.CV_32S)
    return labels, count - 1


def find_clusters(
    rows: Callable[[int, int], NDArray[np.bool_]], shape: tuple[int, int], check: Callable[[], None], band: int = BAND
) -> Clusters:
    """Find the groups of a foreground that is too large for memory.

    Parameters
    ----------
    rows : callable
        Gives the foreground (b - a, w) bool of rows a to b.
    shape : (int, int)
        Height and width.
    check : callable
        Called before each band; may raise.
    band : int
        Rows that are labelled at a time.
    """
    height, width = shape
    boxes: list[NDArray[np.int64]] = []
    anchors: list[NDArray[np.int64]] = []
    pairs: list[NDArray[np.int64]] = []
    total, before = 0, np.zeros(width, np.int64)
    for first in range(0, height, band):
        check()
        # One row is shared with the band above: where it is labelled twice, the two labels are one group. One more
        # on each side is what growing needs.
        top, bottom = max(0, first - 1), min(height, first + band)
        start, end = max(0, top - 1), min(height, bottom + 1)
        mask = grown(rows(start, end))[top - start : bottom - start]
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
        x, y, w, h = stats[1:, :4].astype(np.int64).T
        boxes.append(np.stack([y + top, x, y + top + h, x + w], axis=1))
        filled = np.flatnonzero(labels)[::-1]
        firsts = np.zeros(count, np.int64)
        firsts[labels.ravel()[filled]] = filled  # the last one written stays: the first in the band
        anchors.append(np.stack([firsts[1:] // width + top, firsts[1:] % width], axis=1))
        upper = _numbers(labels[0], total)
        both = (before > 0) & (upper > 0) & (first > 0)
        pairs.append(np.unique(np.stack([before[both], upper[both]], axis=1), axis=0))
        before = _numbers(labels[-1], total)
        total += count - 1
    return _joined(np.concatenate(boxes), np.concatenate(anchors), np.concatenate(pairs) - 1)


def _numbers(row: NDArray[np.int32], total: int) -> NDArray[np.int64]:
    return np.where(row > 0, row.astype(np.int64) + total, 0)


def _joined(boxes: NDArray[np.int64], anchors: NDArray[np.int64], pairs: NDArray[Any]) -> Clusters:
    """Join the parts of each group, ordered by their first pixel."""
    if not len(boxes):
        return Clusters(boxes.reshape(0, 4), anchors.reshape(0, 2))
    links = sparse.coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(boxes),) * 2)
    count, group = connected_components(links, directed=False)
    whole = np.concatenate([np.full((count, 2), np.iinfo(np.int64).max), np.zeros((count, 2), np.int64)], axis=1)
    np.minimum.at(whole[:, :2], group, boxes[:, :2])
    np.maximum.at(whole[:, 2:], group, boxes[:, 2:])
    order = np.lexsort((anchors[:, 1], anchors[:, 0]))[::-1]
    firsts = np.zeros((count, 2), np.int64)
    firsts[group[order]] = anchors[order]
    by_place = np.lexsort((firsts[:, 1], firsts[:, 0]))
    return Clusters(whole[by_place], firsts[by_place])
