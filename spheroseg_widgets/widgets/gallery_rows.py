"""The gallery's table as columns: what changed since a version, packed into one binary buffer."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]

NUMBERS = {
    "id": "i4", "time_h": "f4", "n_objects": "i4", "excluded": "u1", "width": "i4", "height": "i4",
    "area": "f4", "calibrated": "u1", "result": "i4", "least_confidence": "f4", "edited": "u1", "touches_border": "u1",
    "site": "i4",
}  # fmt: skip
"""Columns of numbers. n_objects is -1 and result 0 where there is no result, site -1 where none is known; time_h, area and confidence are NaN."""
CATEGORIES = ("plate", "well", "status", "outcome", "review", "source", "condition", "model")
"""Columns of few different words: codes and a list; "" is nothing."""
SEVERAL = ("tags", "flags")
"""Columns of some words a row: as one word each, joined by `BETWEEN`."""
BETWEEN = "\x1f"
TEXTS = ("name", "reason")
"""Columns of many different words: one text, separated by NUL."""
DEFLATE_FROM = 64 * 1024
MOST_U2 = 2**16


def columns_of(images: pd.DataFrame) -> dict[str, Array]:
    """Return the columns the browser shows, of the project's table of images.

    `area` is the area of all outlines in um^2 where the pixel size is known (`calibrated`), else in px^2. Images need
    no column `flags` (a tuple of str, None where none is known): without it none is flagged.
    """
    pixel = images["pixel_size_um"].to_numpy(np.float64)
    calibrated = np.isfinite(pixel)
    area = images["total_area_px2"].to_numpy(np.float64)
    numbers = {
        "id": images["image_id"].to_numpy(np.int32),
        "time_h": images["time_h"].to_numpy(np.float32),
        "n_objects": images["n_objects"].fillna(-1).to_numpy(np.int32),
        "excluded": images["excluded"].to_numpy(np.uint8),
        "width": images["width"].to_numpy(np.int32),
        "height": images["height"].to_numpy(np.int32),
        "area": (area * np.where(calibrated, pixel, 1.0) ** 2).astype(np.float32),
        "calibrated": calibrated.astype(np.uint8),
        "result": images["current_result_id"].fillna(0).to_numpy(np.int32),
        "least_confidence": images["least_confidence"].to_numpy(np.float32),
        "edited": images["edited"].to_numpy(np.uint8),
        "touches_border": images["touches_border"].to_numpy(np.uint8),
        "site": images["site"].fillna(-1).to_numpy(np.int32),
    }
    words = {name: "result_source" if name == "source" else name for name in (*CATEGORIES, *TEXTS)}
    texts = {name: _words(images[column]) for name, column in words.items()}
    several = {
        name: _words(images[name], lambda words: BETWEEN.join(map(_cleaned, words))) if name in images
        else np.full(len(images), "", object)
        for name in SEVERAL
    }  # fmt: skip
    return {**numbers, **texts, **several}


def _cleaned(word: object) -> str:
    """Return a word without the characters that separate words on the way."""
    return str(word).replace("\0", " ").replace(BETWEEN, " ")


def _words(column: pd.Series, write: Callable[[Any], str] = _cleaned) -> Array:
    codes, kinds = pd.factorize(column)  # each different word is written once; nothing known is code -1
    return np.array([*map(write, kinds), ""], object)[codes]


@dataclass(frozen=True, slots=True)
class Packed:
    """An answer: `value` describes what lies where in `buffer`."""

    value: dict[str, Any]
    buffer: bytes


class RowTable:
    """The rows by version, so that the browser asks for what changed and nothing else."""

    def __init__(self) -> None:
        self.version = 0
        self.columns: dict[str, Array] = {}
        self._structure = 0
        self._changed_at: NDArray[np.int64] = np.zeros(0, np.int64)
        self._place: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._changed_at)

    def update(self, columns: dict[str, Array]) -> bool:
        """Take over the present table; returns whether anything changed."""
        old = self.columns
        if old and np.array_equal(old["id"], columns["id"]):
            changed = np.zeros(len(self), bool)
            for name, values in columns.items():
                differs = values != old[name]
                if values.dtype.kind == "f":
                    differs &= ~(np.isnan(values) & np.isnan(old[name]))
                changed |= differs.astype(bool)
            if not changed.any():
                return False
            self.version += 1
            self._changed_at[changed] = self.version
        else:
            self.version += 1
            self._structure = self.version
            self._changed_at = np.full(len(columns["id"]), self.version, np.int64)
            self._place = {int(image_id): place for place, image_id in enumerate(columns["id"])}
        self.columns = columns
        return True

    def place(self, image_id: int) -> int | None:
        """Return an image's row, or None when it is not in the project."""
        return self._place.get(image_id)

    def pack(self, since: int) -> Packed:
        """Pack the rows that changed after a version; all of them when rows came or went.

        Parameters
        ----------
        since : int
            What the browser has; 0 is nothing.

        Returns
        -------
        Packed
            `value` holds version, count (rows in all), whole (False: only changed rows, with their places in
            column `at`), rows (in this answer), deflated, and the columns as [name, kind, offset, bytes,
            categories or None].
        """
        whole = since < self._structure or since > self.version
        at = np.arange(len(self)) if whole else np.flatnonzero(self._changed_at > since)
        parts: list[bytes] = []
        described: list[list[Any]] = []
        offset = 0

        def add(name: str, kind: str, data: bytes, categories: list[str] | None = None) -> None:
            nonlocal offset
            described.append([name, kind, offset, len(data), categories])
            padding = -len(data) % 8  # typed arrays start on a multiple of their element's size
            parts.append(data + b"\0" * padding)
            offset += len(data) + padding

        if not whole:
            add("at", "i4", at.astype("<i4").tobytes())
        for name, kind in NUMBERS.items():
            add(name, kind, self._of(name, at).astype("<" + kind).tobytes())
        for name in (*CATEGORIES, *SEVERAL):
            codes, categories = pd.factorize(self._of(name, at))
            kind = "u2" if len(categories) <= MOST_U2 else "u4"
            add(name, kind, codes.astype("<" + kind).tobytes(), [str(word) for word in categories])
        for name in TEXTS:
            add(name, "text", "\0".join(self._of(name, at)).encode("utf-8", "replace"))
        buffer = b"".join(parts)
        deflated = len(buffer) >= DEFLATE_FROM
        value = {
            "version": self.version, "count": len(self), "whole": whole, "rows": len(at),
            "deflated": deflated, "columns": described,
        }  # fmt: skip
        return Packed(value, zlib.compress(buffer, 1) if deflated else buffer)

    def _of(self, name: str, at: NDArray[np.intp]) -> Array:
        return self.columns[name][at] if self.columns else np.zeros(0, object)
