"""The outlines of one image as flat arrays: the form in which they are stored, sent and drawn."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely.geometry import Polygon

MAGIC = b"SWO1"


def signed_area(ring: NDArray[np.floating]) -> float:
    """Shoelace area of an open ring (n, 2), positive when x turns towards y."""
    x, y = (ring.astype(np.float64) - ring[0]).T  # far from the origin the products would cancel
    return float(0.5 * (x[:-1] @ y[1:] - x[1:] @ y[:-1]))  # the closing edge starts or ends at the origin


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Outlines of the objects of one image.

    Coordinates are pixels of the displayed image, x to the right and y down; pixel (row i, column j) covers
    [j, j + 1] x [i, i + 1], so that an image spans [0, width] x [0, height].

    Parameters
    ----------
    xy : (n_vertices, 2) float32
        Vertices of all rings. Rings are open: the first vertex is not repeated.
    ring_offsets : (n_rings + 1,) uint32
        Where each ring starts in `xy`.
    polygon_offsets : (n_objects + 1,) uint32
        Where each object starts among the rings; its first ring is the outer one (positive shoelace area),
        the others are holes (negative). An island in a hole is an object of its own.
    """

    xy: NDArray[np.float32]
    ring_offsets: NDArray[np.uint32]
    polygon_offsets: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.polygon_offsets) - 1

    @classmethod
    def empty(cls) -> Outlines:
        """Return no outlines."""
        return cls(np.zeros((0, 2), np.float32), np.zeros(1, np.uint32), np.zeros(1, np.uint32))

    @classmethod
    def from_rings(cls, objects: Sequence[Sequence[ArrayLike]]) -> Outlines:
        """Build from objects given as [outer, hole, hole...], rings (n, 2); turned the right way round."""
        rings: list[NDArray[np.float32]] = []
        counts = [0]
        for rings_of_one in objects:
            for index, points in enumerate(rings_of_one):
                ring = np.asarray(points, np.float64)
                if (signed_area(ring) > 0) != (index == 0):
                    ring = ring[::-1]
                rings.append(ring.astype(np.float32))
            counts.append(len(rings))
        if not rings:
            return cls.empty()
        offsets = np.concatenate([[0], np.cumsum([len(ring) for ring in rings])])
        return cls(np.concatenate(rings), offsets.astype(np.uint32), np.asarray(counts, np.uint32))

    @classmethod
    def from_shapely(cls, polygons: Iterable[Polygon]) -> Outlines:
        """Build from shapely polygons, one an object."""
        return cls.from_rings(
            [
                [np.asarray(ring.coords)[:-1, :2] for ring in (polygon.exterior, *polygon.interiors)]
                for polygon in polygons
            ]
        )

    def rings(self, index: int) -> list[NDArray[np.float32]]:
        """Return the rings (n, 2) of an object, the outer one first."""
        first, last = int(self.polygon_offsets[index]), int(self.polygon_offsets[index + 1])
        return [self.xy[int(self.ring_offsets[r]) : int(self.ring_offsets[r + 1])] for r in range(first, last)]

    def shapely(self, index: int) -> Polygon:
        """Return an object as a shapely polygon with its holes."""
        outer, *holes = (ring.astype(np.float64) for ring in self.rings(index))
        return Polygon(outer, holes)

    def subset(self, indices: Iterable[int]) -> Outlines:
        """Return some of the objects, in the order asked for."""
        return Outlines.from_rings([self.rings(int(i)) for i in indices])

    @staticmethod
    def concat(parts: Sequence[Outlines]) -> Outlines:
        """Put several sets of outlines after one another."""
        return Outlines.from_rings([part.rings(i) for part in parts for i in range(len(part))])

    def transformed(self, scale_x: float, scale_y: float, dx: float, dy: float) -> Outlines:
        """Return the outlines scaled, then shifted; both scales must be positive."""
        xy = self.xy.astype(np.float64) * [scale_x, scale_y] + [dx, dy]
        return Outlines(xy.astype(np.float32), self.ring_offsets, self.polygon_offsets)

    def bounds(self) -> NDArray[np.float64]:
        """Return (n, 4) bounding boxes: least x, least y, largest x, largest y."""
        if not len(self):
            return np.zeros((0, 4))
        starts, outer = self.ring_offsets[:-1], self.polygon_offsets[:-1]
        least = np.minimum.reduceat(self.xy, starts)[outer]
        return np.hstack([least, np.maximum.reduceat(self.xy, starts)[outer]]).astype(np.float64)

    def to_bytes(self) -> bytes:
        """Pack into one blob: magic, three counts, the two offset arrays, the vertices; little-endian."""
        head = struct.pack("<4sIII", MAGIC, len(self), len(self.ring_offsets) - 1, len(self.xy))
        parts = (
            self.polygon_offsets.astype("<u4"),
            self.ring_offsets.astype("<u4"),
            self.xy.astype("<f4"),
        )
        return head + b"".join(part.tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, blob: bytes) -> Outlines:
        """Unpack what `to_bytes` gave.

        Raises
        ------
        ValueError
            The blob is damaged or of another version.
        """
        if len(blob) < 16 or blob[:4] != MAGIC:
            raise ValueError("not a blob of outlines")
        objects, rings, vertices = struct.unpack("<III", blob[4:16])
        if len(blob) != 16 + 4 * (objects + 1) + 4 * (rings + 1) + 8 * vertices:
            raise ValueError("the blob of outlines is truncated")
        at = 16
        polygon_offsets = np.frombuffer(blob, "<u4", objects + 1, at)
        at += 4 * (objects + 1)
        ring_offsets = np.frombuffer(blob, "<u4", rings + 1, at)
        at += 4 * (rings + 1)
        xy = np.frombuffer(blob, "<f4", 2 * vertices, at).reshape(-1, 2)
        return cls(xy, ring_offsets, polygon_offsets)
