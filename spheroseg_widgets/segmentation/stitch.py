"""Objects of maps too large for memory: told apart and outlined window by window, none of them cut by a window's edge.

Groups of objects that lie together (`clusters.py`) fit into a window as a rule: what comes out is then what the whole
maps would give. A crowd without gaps that is larger than a window is taken block by block, each block with much around
it; an object belongs to the block in which its peak lies, and so is the same one for every block that sees it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.outlines.outlines import Outlines

from .clusters import Clusters, find_clusters, grown, labelled
from .tiles import Stop, Tiling, check

PAD = 8
"""Working pixels around what is looked at: the reach of the smoothing and of an outline's neighbourhood."""

Split = Callable[[NDArray[np.float32], NDArray[np.float32] | None, int], NDArray[np.int32]]
"""Labels (h, w) of a foreground and a centre distance; the last argument says how many times they are reduced."""


class Outline(Protocol):
    """Outlines a view's labels."""

    def __call__(
        self,
        labels: NDArray[np.int32],
        foreground: NDArray[np.float32],
        distance: NDArray[np.float32] | None,
        top: int,
        left: int,
        reduced: int,
    ) -> tuple[Outlines, NDArray[np.float32], NDArray[np.int32]]:
        """Return the outlines in image pixels, the confidence and the label of each."""
        ...


@dataclass(frozen=True, slots=True)
class Box:
    """Working rows and columns, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    def padded(self, by: int, shape: tuple[int, int]) -> Box:
        """Return a box wider on every side, within an image."""
        return Box(
            max(0, self.top - by), max(0, self.left - by), min(shape[0], self.bottom + by), min(shape[1], self.right + by)
        )  # fmt: skip

    @property
    def size(self) -> int:
        """Number of pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    @property
    def at(self) -> tuple[slice, slice]:
        """Rows and columns as an index."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def outline_by_windows(
    maps: Any,
    threshold: float,
    split: Split,
    outline: Outline,
    tiling: Tiling,
    *,
    stop: Stop | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Outlines, NDArray[np.float32]]:
    """Outline the objects of maps that are too large for memory.

    Parameters
    ----------
    maps : array-like (c, h, w) uint8
        Foreground, and centre distance where the model has it; read by slices.
    threshold : float
        Foreground probability from which a pixel belongs to an object.
    split, outline : callable
        How objects of a view are told apart, and outlined.
    tiling : Tiling
        Side of the windows, reach of the blocks.
    stop : callable, optional
        Asked before each window.
    progress : callable, optional
        Told after each window how many are done, and of how many.

    Returns
    -------
    outlines : Outlines
        In image pixels, ordered by the place of their topmost vertex.
    confidence : (n,) float32

    Raises
    ------
    StoppedError
        `stop` said so.
    """
    shape = (int(maps.shape[1]), int(maps.shape[2]))
    above = np.arange(256, dtype=np.float32) / 255 > threshold

    def rows(first: int, last: int) -> NDArray[np.bool_]:
        return above[maps[0, first:last]]

    clusters = find_clusters(rows, shape, lambda: check(stop))
    regions, small = _regions(clusters, 4 * tiling.window**2)
    windows = _windows(clusters, small, tiling.window)
    steps = len(windows) + sum(1 for region in regions for _ in _cores(region, tiling.window))
    parts: list[tuple[Outlines, NDArray[np.float32]]] = []
    done = 0
    for members in windows:
        check(stop)
        parts.append(_window(maps, clusters, members, above, split, outline))
        done += 1
        if progress is not None:
            progress(done, steps)
    for region in regions:
        blocks = _Region(maps, region, split, outline, tiling)
        for core in _cores(region, tiling.window):
            check(stop)
            blocks.add(core)
            done += 1
            if progress is not None:
                progress(done, steps)
        parts += blocks.finish()
    outlines = Outlines.concat([part for part, _ in parts])
    confidence = np.concatenate([np.zeros(0, np.float32), *(sure for _, sure in parts)])
    box = outlines.bounds()
    order = np.lexsort((box[:, 0], box[:, 1]))
    return outlines.subset(order), confidence[order]


def _regions(clusters: Clusters, most: int) -> tuple[list[Box], NDArray[np.bool_]]:
    """Return the boxes that hold clusters too large for a window, and which clusters are in none of them.

    Whatever reaches into such a box is taken with it: within a box nothing belongs to anybody else.
    """
    boxes = clusters.boxes
    small = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) <= most
    regions = boxes[~small].tolist()
    settled = False
    while not settled:
        settled = True
        joined: list[list[int]] = []
        for region in regions:
            other = next((r for r in joined if _meet(np.array([r]), region)[0]), None)
            if other is None:
                joined.append(region)
            else:
                other[:] = _around([other, region])
                settled = False
        for region in joined:
            taken = small & _meet(boxes, region)
            if taken.any():
                small &= ~taken
                region[:] = _around([region, *boxes[taken].tolist()])
                settled = False
        regions = joined
    return [Box(*region) for region in regions], small


def _meet(boxes: NDArray[np.int64], other: list[int]) -> NDArray[np.bool_]:
    top, left, bottom, right = boxes.T
    return np.asarray((top < other[2]) & (other[0] < bottom) & (left < other[3]) & (other[1] < right))


def _around(boxes: list[list[int]]) -> list[int]:
    several = np.array(boxes)
    return [*several[:, :2].min(axis=0).tolist(), *several[:, 2:].max(axis=0).tolist()]


def _windows(clusters: Clusters, small: NDArray[np.bool_], side: int) -> list[NDArray[np.intp]]:
    """Group clusters that lie near one another: one window a group; one longer than a window stands alone."""
    boxes = clusters.boxes
    longest = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    alone = small & (longest > side)
    many = np.flatnonzero(small & ~alone)
    _, which = np.unique(boxes[many, :2] // side, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    groups = np.split(many[order], np.flatnonzero(np.diff(which.ravel()[order])) + 1)
    return [group for group in groups if len(group)] + [np.array([one]) for one in np.flatnonzero(alone)]


def _window(
    maps: Any,
    clusters: Clusters,
    members: NDArray[np.intp],
    above: NDArray[np.bool_],
    split: Split,
    outline: Outline,
) -> tuple[Outlines, NDArray[np.float32]]:
    """Outline some clusters; others that lie in between are left to their own window."""
    shape = (int(maps.shape[1]), int(maps.shape[2]))
    box = Box(*_around(clusters.boxes[members].tolist())).padded(PAD, shape)
    values = maps[0, *box.at]
    groups, count = labelled(grown(above[values]))
    ours = np.zeros(count + 1, bool)
    ours[groups[tuple((clusters.anchors[members] - [box.top, box.left]).T)]] = True
    foreground = _probability(values)
    distance = _probability(maps[1, *box.at]) if len(maps) > 1 else None
    labels = split(np.where(ours[groups], foreground, np.float32(0)), distance, 1)
    outlines, confidence, _ = outline(labels, foreground, distance, box.top, box.left, 1)
    return outlines, confidence


def _probability(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    return values.astype(np.float32) / np.float32(255)


def _cores(region: Box, side: int) -> Iterator[Box]:
    for top in range(region.top, region.bottom, side):
        for left in range(region.left, region.right, side):
            yield Box(top, left, min(top + side, region.bottom), min(left + side, region.right))


class _Region:
    """A crowd too large for one window, block by block."""

    def __init__(self, maps: Any, region: Box, split: Split, outline: Outline, tiling: Tiling) -> None:
        self.maps = maps
        self.shape = (int(maps.shape[1]), int(maps.shape[2]))
        self.region = region
        self.split = split
        self.outline = outline
        self.tiling = tiling
        self.found: list[tuple[Outlines, NDArray[np.float32], NDArray[np.intp]]] = []
        self.cut: list[NDArray[np.intp]] = []

    def add(self, core: Box) -> None:
        """Take the objects whose peak lies in this block, except for those that reach out of what is seen."""
        view = core.padded(self.tiling.reach, self.shape)
        around = self.region.padded(PAD, self.shape)
        view = Box(
            max(view.top, around.top), max(view.left, around.left),
            min(view.bottom, around.bottom), min(view.right, around.right),
        )  # fmt: skip
        foreground = _probability(self.maps[0, *view.at])
        distance = _probability(self.maps[1, *view.at]) if len(self.maps) > 1 else None
        labels = self.split(foreground, distance, 1)
        peaks = _peaks(labels, distance) + np.array([view.top, view.left])
        inside = np.all((peaks >= [core.top, core.left]) & (peaks < [core.bottom, core.right]), axis=1)
        cut = np.zeros(len(peaks) + 1, bool)
        edges = (view.top > 0, view.left > 0, view.bottom < self.shape[0], view.right < self.shape[1])
        lines = (labels[0], labels[:, 0], labels[-1], labels[:, -1])
        for line in (line for line, inner in zip(lines, edges, strict=True) if inner):
            cut[line] = True
        self.cut.append(peaks[inside & cut[1:]])
        own = np.concatenate([[False], inside & ~cut[1:]])
        if not own.any():
            return
        # Neighbours take part in an outline; whoever lies further away does not.
        near = np.zeros(len(own), bool)
        near[labels[cv2.dilate(own[labels].astype(np.uint8), np.ones((2 * PAD + 1,) * 2, np.uint8)) > 0]] = True
        outlines, confidence, numbers = self.outline(
            np.where(near[labels], labels, 0).astype(np.int32), foreground, distance, view.top, view.left, 1
        )
        kept = np.flatnonzero(own[numbers])
        self.found.append((outlines.subset(kept), confidence[kept], peaks[numbers[kept] - 1]))

    def finish(self) -> list[tuple[Outlines, NDArray[np.float32]]]:
        """Return the objects of all blocks; those too large for a block from maps reduced until they fit."""
        cut = np.concatenate([np.zeros((0, 2), np.intp), *self.cut])
        if not len(cut):
            return [(outlines, confidence) for outlines, confidence, _ in self.found]
        box = self.region.padded(PAD, self.shape)
        by = int(np.ceil(np.sqrt(box.size / (4 * self.tiling.window**2))))
        foreground = _reduced(self.maps, 0, box, by)
        distance = _reduced(self.maps, 1, box, by) if len(self.maps) > 1 else None
        labels = self.split(foreground, distance, by)
        large = np.zeros(int(labels.max(initial=0)) + 1, bool)
        large[_at(labels, cut, box, by)] = True
        large[0] = False
        outlines, confidence, numbers = self.outline(labels, foreground, distance, box.top, box.left, by)
        chosen = np.flatnonzero(large[numbers])
        parts = [(outlines.subset(chosen), confidence[chosen])]
        for some, sure, peaks in self.found:
            rest = np.flatnonzero(~large[_at(labels, peaks, box, by)])
            parts.append((some.subset(rest), sure[rest]))
        return parts


def _at(labels: NDArray[np.int32], places: NDArray[np.intp], box: Box, by: int) -> NDArray[np.int32]:
    row, column = ((places - [box.top, box.left]) // by).T
    return labels[row, column]


def _reduced(maps: Any, plane: int, box: Box, by: int) -> NDArray[np.float32]:
    """Return a map (h, w) float32 as the means of squares of `by` pixels."""
    parts = []
    for top in range(box.top, box.bottom, 64 * by):
        values = maps[plane, top : min(top + 64 * by, box.bottom), box.left : box.right]
        height, width = values.shape
        full = np.pad(values, ((0, -height % by), (0, -width % by)), mode="edge").astype(np.float32)
        parts.append(full.reshape(full.shape[0] // by, by, full.shape[1] // by, by).mean(axis=(1, 3)) / 255)
    return np.concatenate(parts)


def _peaks(labels: NDArray[np.int32], distance: NDArray[np.float32] | None) -> NDArray[np.intp]:
    """Return where each object's centre distance is largest, (n, 2) row and column; the first such pixel."""
    count = int(labels.max(initial=0))
    if not count:
        return np.zeros((0, 2), np.intp)
    taken = labels > 0
    if distance is not None:
        highest = np.concatenate([[np.inf], ndimage.maximum(distance, labels, np.arange(1, count + 1))])
        taken &= distance >= highest.astype(np.float32)[labels]
    places = np.flatnonzero(taken)[::-1]
    first = np.zeros(count + 1, np.intp)
    first[labels.ravel()[places]] = places  # the last one written stays
    return np.stack(np.unravel_index(first[1:], labels.shape), axis=1)
