"""Outlines as COCO annotations: run-length masks, so that holes stay holes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from spheroseg_widgets.outlines.rasterise import object_pixels

from .atomic import Job, write_bytes
from .bundle import ExportBundle


def write_coco(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write annotations.coco.json for all images."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    classes: dict[str, int] = {"spheroid": 1}
    for number, image in enumerate(bundle.images(), start=1):
        images.append(
            {
                "id": number,
                "file_name": Path(image.path).name,
                "stem": image.stem,  # unique, where the same file name lies in two folders
                "width": image.width,
                "height": image.height,
            }
        )
        kinds = image.objects["class"] if "class" in image.objects else ["spheroid"] * len(image.outlines)
        for index, kind in enumerate(kinds):
            mask, top, left = object_pixels(image.outlines, index, image.height, image.width)
            full = np.zeros((image.height, image.width), np.uint8, order="F")
            full[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
            code = coco_mask.encode(full)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": classes.setdefault(str(kind), len(classes) + 1),
                    "segmentation": {"size": code["size"], "counts": code["counts"].decode("ascii")},
                    "area": float(coco_mask.area(code)),
                    "bbox": [float(v) for v in coco_mask.toBbox(code)],
                    "iscrowd": 0,
                }
            )
    categories = [{"id": number, "name": name} for name, number in classes.items()]
    content = {"images": images, "annotations": annotations, "categories": categories}
    yield partial(write_bytes, out / "annotations.coco.json", json.dumps(content).encode())
