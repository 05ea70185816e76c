"""Outlines as GeoJSON: one FeatureCollection an image, coordinates in pixels; QuPath reads it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
from shapely.geometry import mapping

from .atomic import Job, write_bytes
from .bundle import ExportBundle


def write_geojson(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write geojson/<stem>.geojson; x right, y down, pixel (i, j) covers [j, j + 1] x [i, i + 1]."""
    for image in bundle.images():
        features = []
        # By columns: pandas takes ten milliseconds for a dictionary of each of a few rows.
        columns = {str(name): image.objects[name].tolist() for name in image.objects.columns}
        for index in range(len(image.objects)):
            row = {name: values[index] for name, values in columns.items()}
            properties = {
                "objectType": "annotation",
                "classification": {"name": str(row.get("class", "spheroid"))},
                **{
                    k: (None if pd.isna(v) else v)
                    for k, v in row.items()
                    if isinstance(v, str | int | bool) or (isinstance(v, float) and not math.isinf(v))
                },
            }
            features.append(
                {
                    "type": "Feature",
                    "id": str(row.get("outline_id", index + 1)),
                    "geometry": mapping(image.outlines.shapely(index)),
                    "properties": properties,
                }
            )
        collection = {
            "type": "FeatureCollection",
            "image": Path(image.path).name,
            "width": image.width,
            "height": image.height,
            "coordinates": "pixels; x right, y down; pixel (row i, column j) covers [j, j + 1] x [i, i + 1]",
            "pixel_size_um": image.pixel_size_um,
            "features": features,
        }
        yield partial(write_bytes, out / "geojson" / f"{image.stem}.geojson", json.dumps(collection).encode())
