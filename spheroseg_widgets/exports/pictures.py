"""Masks and instance labels as pictures of the displayed size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import tifffile

from spheroseg_widgets.outlines.rasterise import to_labels, to_mask

from .atomic import Job, write_atomically, write_bytes
from .bundle import ExportBundle, ExportImage

MOST_IN_16_BITS = 65_535


def write_masks(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write masks/<stem>.png: 8 bit, 0 and 255, holes kept; all zero for an image without objects."""
    for image in bundle.images():
        mask = to_mask(image.outlines, image.height, image.width)
        yield partial(write_bytes, out / "masks" / f"{image.stem}.png", _png(mask.astype(np.uint8) * 255))


def write_labels(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write labels/<stem>.png: 16-bit instances, the label is column `object`; above 65,535 a 32-bit TIFF."""
    for image in bundle.images():
        yield partial(_write_labels, image, out / "labels")


def _write_labels(image: ExportImage, folder: Path) -> Path:
    labels = to_labels(image.outlines, image.height, image.width)
    if "object" in image.objects:  # the same number as in the table, also where border objects are left out
        labels = np.concatenate([[0], image.objects["object"].to_numpy(np.int64)])[labels]
    if labels.max(initial=0) > MOST_IN_16_BITS:
        return write_atomically(
            folder / f"{image.stem}.tif",
            lambda file: tifffile.imwrite(file, labels.astype(np.uint32), compression="zlib"),
        )
    return write_bytes(folder / f"{image.stem}.png", _png(labels.astype(np.uint16)))


def _png(pixels: np.ndarray) -> bytes:
    _, code = cv2.imencode(".png", pixels)
    return code.tobytes()
