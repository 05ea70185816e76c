"""The editor's picture: what the browser asks of it, plane by plane; tiles and single grey values are there to be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from spheroseg_widgets.imaging.planes import Plane

from .base import SpheroWidget
from .editor_pixels import Pictures, described, tile_of
from .editor_session import EditSession
from .rpc import Answer, Call, rpc_method

MOST_TILES = 8
"""Of one call: a tile of 16 bits takes half a megabyte."""


class Planes(SpheroWidget):
    """A widget that shows one image of a project, and the other planes of its file."""

    _looked_at: Callable[[dict[str, Any]], EditSession]

    @rpc_method("pixels")
    def _pixels(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        """Return a plane whole, a large one reduced; `levels` says how many finer ones there are in tiles.

        While a large one is read for the first time, events `reading` tell how far that is.
        `axes` counts the channels, z positions and pages beside each other; `own` is the plane that the image is.
        """
        pictures, plane = self._plane(params)

        def check(done: float) -> None:
            call.check()
            if done and not params.get("ahead"):
                self.push("reading", {"image_id": params["image_id"], "fraction": done})

        pyramid = pictures.get(plane, check)
        value = described(pyramid) | {"axes": pictures.axes(), "own": pictures.own.to_dict(), "plane": plane.to_dict()}
        return Answer(value, [_little(pyramid.whole(pyramid.last))])

    @rpc_method("tiles")
    def _tiles(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        """Return tiles (level, column, row), as many as one call may ask for, each in a buffer of its own."""
        pictures, plane = self._plane(params)
        pyramid = pictures.get(plane, lambda _done: call.check())
        buffers = []
        for level, column, row in params["tiles"][:MOST_TILES]:
            call.check()
            buffers.append(_little(tile_of(pyramid, int(level), int(column), int(row))))
        return Answer(None, buffers)

    @rpc_method("grey")
    def _grey(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> float:
        """Return the grey value of one pixel, from the full resolution."""
        pictures, plane = self._plane(params)
        pyramid = pictures.get(plane, lambda _done: call.check())
        x, y = int(params["x"]), int(params["y"])
        height, width = pyramid.shape(0)
        if not (0 <= x < width and 0 <= y < height):
            raise ValueError(f"an image of {width} x {height} pixels has no pixel {x}, {y}")
        number = pyramid.part(0, slice(y, y + 1), slice(x, x + 1))[0, 0]
        return pyramid.about.offset + pyramid.about.gain * float(number)

    def _plane(self, params: dict[str, Any]) -> tuple[Pictures, Plane]:
        pictures = self._looked_at(params).pictures
        given = params.get("plane")
        if given is None:
            return pictures, pictures.own
        z = given["z"]
        if not (z is None or isinstance(z, int) or z in {"sharpest", "max"}):
            raise ValueError(f"{z!r} is no z position: a number, sharpest or max")
        plane = Plane(pictures.own.series, int(given["t"]), int(given["channel"]), z)
        if min(plane.t, plane.channel, z if isinstance(z, int) else 0) < 0:
            raise ValueError(f"there is no plane {plane.t}, {plane.channel}, {z}: planes are counted from 0")
        return pictures, plane


def _little(numbers: Any) -> bytes:
    """Return numbers row by row, the lower byte first."""
    data: bytes = numbers.astype(numbers.dtype.newbyteorder("<"), copy=False).tobytes()
    return data
