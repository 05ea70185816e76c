"""Outlines as ImageJ ROIs: a zip an image, sub-pixel polygons; holes as ROIs of their own, named so."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from roifile import ImagejRoi

from .atomic import Job, write_bytes
from .bundle import ExportBundle


def write_imagej(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write imagej/<stem>.zip, to be dropped on ImageJ's ROI Manager; no file for an image without objects."""
    for image in bundle.images():
        if not len(image.outlines):
            continue
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            numbers = image.objects["object"] if "object" in image.objects else range(1, len(image.outlines) + 1)
            for index, number in enumerate(numbers):
                for part, ring in enumerate(image.outlines.rings(index)):
                    name = f"{number:04d}" + (f"-hole{part}" if part else "")
                    roi = ImagejRoi.frompoints(ring, name=name)
                    archive.writestr(f"{name}.roi", roi.tobytes())
        yield partial(write_bytes, out / "imagej" / f"{image.stem}.zip", buffer.getvalue())
