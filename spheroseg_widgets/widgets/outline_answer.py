"""The outlines of several results in one answer, as the browser draws them (`frontend/shared/drawings.ts`)."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from spheroseg_widgets.segmentation.confidence import LOW_CONFIDENCE
from spheroseg_widgets.store.pages import OutlinePage

from .rpc import Answer

TOUCHES_BORDER, LOW = 1, 2
"""Bits of an outline's marks."""


class ClassCodes:
    """Numbers of the classes, in the order in which they were met: their colours hold as long as the widget does."""

    def __init__(self) -> None:
        self._names = ["spheroid"]
        self._lock = threading.Lock()

    def code(self, name: str) -> int:
        """Return the number of a class, at most 255."""
        with self._lock:
            if name not in self._names:
                self._names.append(name)
            return min(255, self._names.index(name))

    @property
    def names(self) -> list[str]:
        """The classes by number."""
        with self._lock:
            return list(self._names)


def outlines_answer(pages: Mapping[int, OutlinePage], codes: ClassCodes) -> Answer:
    """Pack the outlines of results.

    Returns
    -------
    Answer
        `value` holds results, lengths (bytes of each blob), objects (number in each) and classes (names); the buffers
        are the blobs, and a byte an object for its class and for its marks.
    """
    blobs = [page.blob for page in pages.values()]
    classes = b"".join(bytes(codes.code(name) for name in page.classes) for page in pages.values())
    value = {
        "results": list(pages),
        "lengths": [len(blob) for blob in blobs],
        "objects": [len(page.classes) for page in pages.values()],
        "classes": codes.names,
    }
    return Answer(value, [b"".join(blobs), classes, b"".join(map(_marks, pages.values()))])


def _marks(page: OutlinePage) -> bytes:
    return bytes(
        TOUCHES_BORDER * touches | LOW * (confidence is not None and confidence < LOW_CONFIDENCE)
        for touches, confidence in zip(page.touches_border, page.confidence, strict=True)
    )
