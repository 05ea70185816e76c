"""The same images otherwise stored: inverted, in 16 bits, half and double size. Their figures should not differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray

from spheroseg_widgets.imaging.resize import resized_labels
from spheroseg_widgets.segmentation.pairs import Pair, read_only_plane, read_truth

Change = Callable[[NDArray[Any]], NDArray[Any]]


def _inverted(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(int(pixels.min()) + int(pixels.max()) - pixels.astype(np.int64)).astype(pixels.dtype)


def _deep(pixels: NDArray[Any]) -> NDArray[Any]:
    """12 bits of depth in a 16-bit file, an offset below them: what many cameras write."""
    low, high = float(pixels.min()), float(pixels.max())
    return np.rint(200 + (pixels - low) / max(high - low, 1) * 3700).astype(np.uint16)


def _sized(factor: float) -> Change:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return lambda pixels: cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=way)


COPIES: dict[str, tuple[Change, float]] = {
    "inverted": (_inverted, 1.0), "16 bits": (_deep, 1.0), "half size": (_sized(0.5), 0.5), "double size": (_sized(2.0), 2.0),
}  # fmt: skip
"""By name: what is done to the pixels, and the factor of the size."""


def write_copies(pairs: Sequence[Pair], name: str, folder: Path) -> list[Pair]:
    """Write changed copies of images as TIFF, and their truths at the same size; returns the new pairs."""
    change, factor = COPIES[name]
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for pair in pairs:
        pixels = read_only_plane(pair.image)
        truth = read_truth(pair.truth, pixels.shape)
        changed = change(pixels)
        labels = truth if factor == 1 else resized_labels(truth, (changed.shape[0], changed.shape[1]))
        image, annotation = folder / f"{pair.name}.tif", folder / f"{pair.name}.labels.png"
        tifffile.imwrite(image, changed)
        annotation.write_bytes(imagecodecs.png_encode(labels.astype(np.uint16)))
        out.append(Pair(image, annotation))
    return out
