"""A gallery of three images, results for them, and its rows as the browser reads them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.gallery import Gallery

SQUARE = Outlines.from_rings([[[(60, 60), (120, 60), (120, 120), (60, 120)]]])


@pytest.fixture
def project(three_images: Path, tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(three_images)
    yield opened
    opened.close()


@pytest.fixture
def gallery(project: Project) -> Iterator[Gallery]:
    shown = Gallery(project)
    yield shown
    shown.close()


def unpacked(value: dict[str, Any], buffer: bytes) -> pd.DataFrame:
    """Read an answer as the browser does."""
    data = zlib.decompress(buffer) if value["deflated"] else buffer
    table = {}
    for name, kind, offset, length, categories in value["columns"]:
        part = data[offset : offset + length]
        if kind == "text":
            table[name] = part.decode().split("\0") if value["rows"] else []
        else:
            assert offset % 4 == 0
            codes = np.frombuffer(part, "<" + kind)
            table[name] = codes if categories is None else [categories[code] for code in codes]
    return pd.DataFrame(table)


def save(project: Project, image_id: int, outlines: Outlines = SQUARE, **columns: Any) -> int:
    objects = pd.DataFrame(
        {"class_name": ["spheroid"] * len(outlines), "area_px2": [3600.0] * len(outlines), **columns}
    )
    current = project.images().set_index("image_id").loc[image_id, "current_result_id"]
    return project.save(image_id, outlines, objects, parent=None if pd.isna(current) else int(current))
