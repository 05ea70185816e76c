"""Rows to begin with: a project with images, as adding files would make them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import experiment, images, results


def image_row(source_id: int, name: str, **more: Any) -> dict[str, Any]:
    """Return the columns of an image that every image has."""
    return {
        "source_id": source_id, "series": 0, "t": 0, "z": "", "channel": 0, "site": 1, "name": name, "stem": name,
        "width": 99, "height": 99, **more,
    }  # fmt: skip


def add_files(c: sa.Connection, project: int, names: list[str]) -> list[int]:
    """Add files of these names and an image each; returns the images."""
    sources = images.add_sources(c, project, [{"uri": f"/{name}"} for name in names], "me")
    return images.add_images(c, project, [image_row(sources[f"/{name}"], name) for name in names], "me")[0]


def project_of(c: sa.Connection, count: int, name: str = "p") -> tuple[int, list[int]]:
    """Make a project with so many images; returns it and them."""
    project = experiment.ensure_project(c, name, "me")
    return project, add_files(c, project, [f"{number}.tif" for number in range(count)])


def square(side: float) -> Outlines:
    """Return one square."""
    return Outlines.from_rings([[np.array([[0, 0], [side, 0], [side, side], [0, side]], dtype=np.float32)]])


def objects(side: float) -> pd.DataFrame:
    """Return the row of one square."""
    return pd.DataFrame({"area_px2": [side * side], "confidence": [0.9], "circularity": [0.8]})


def model_result(c: sa.Connection, image_id: int, side: float, **options: bool) -> tuple[int, bool]:
    """Store a square that a model drew; returns the revision and whether it holds."""
    made = results.add_revision(c, image_id, square(side), objects(side), source="model", author="net")
    return made, results.point_current(c, image_id, made, author="net", **options)
