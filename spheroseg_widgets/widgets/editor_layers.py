"""What can lie between an image and its outlines in the editor: its probability map, and another revision's outlines."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.revisions import history
from spheroseg_widgets.segmentation.map_codec import PackedMaps
from spheroseg_widgets.store.pages import outline_pages

from .editor_session import EditSession
from .rpc import Answer, Call, rpc_method

MOST_HEAT = 2_000_000
"""Pixels of a map that is sent: a larger one is thinned to the least whole step that fits."""


class Layers:
    """A widget that shows one image of a project, and what lies under its outlines (`frontend/editor/reading/`)."""

    project: Project
    lock: threading.RLock

    def _session_of(self, params: dict[str, Any]) -> EditSession:
        raise NotImplementedError

    @rpc_method("layer_heat")
    def _layer_heat(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        """Return the foreground's probability times 255, row by row, and the run that made it.

        `covers` is how far the rows and columns reach, in widths and heights of the image: 1, or a little more.
        """
        with self.lock:
            image_id = self._session_of(params).image_id
        kept = self.project.probability_maps(image_id)
        call.check()
        maps = kept.in_parts()
        plane, step = thinned(maps)
        height, width = plane.shape
        covers = [width * step / maps.shape[2], height * step / maps.shape[1]]
        value = {"width": width, "height": height, "covers": covers, "run": kept.run_id}
        return Answer(value, [plane.tobytes()])

    @rpc_method("layer_outlines")
    def _layer_outlines(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        """Return the outlines of one of the image's revisions."""
        with self.lock:
            image_id = self._session_of(params).image_id
        wanted = int(params["revision"])
        if wanted not in set(history(self.project, image_id)["id"]):
            raise StoreError(f"revision {wanted}: the open image has none of this id")
        with self.project.database.read() as connection:
            return Answer({"revision": wanted}, [outline_pages(connection, [wanted])[wanted].blob])


def thinned(maps: PackedMaps, most_pixels: int = MOST_HEAT) -> tuple[NDArray[np.uint8], int]:
    """Return the foreground of probability maps, small enough to be sent.

    Parameters
    ----------
    maps : PackedMaps
        The foreground first; they are unpacked a few rows at a time.
    most_pixels : int
        Of what is returned.

    Returns
    -------
    plane : (ceil(h / step), ceil(w / step)) uint8
        Every `step`-th row and column.
    step : int
    """
    _, height, width = maps.shape
    step = max(1, int(np.ceil(np.sqrt(height * width / most_pixels))))
    parts = [
        maps.read(slice(top, min(height, top + maps.chunk)), slice(0, width))[0, -top % step :: step, ::step]
        for top in range(0, height, maps.chunk)  # each chunk is unpacked once
    ]
    return np.ascontiguousarray(np.vstack(parts)), step
