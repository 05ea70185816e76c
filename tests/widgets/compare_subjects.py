"""What the tests of the comparison compare: two wells at four times, revisions of an image; and a page that asks for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.store import results, runs
from spheroseg_widgets.store.tables import image, now
from spheroseg_widgets.widgets import compare_pixels
from spheroseg_widgets.widgets.compare import Compare

from .page import Page

SQUARE = np.array([(20, 20), (60, 20), (60, 60), (20, 60)], np.float32)
HOURS = (0, 8, 16, 24)


class Browser(Page):
    """Calls a comparison as its browser half does."""

    def document(self) -> dict[str, Any]:
        return self.call("document")

    def tile(self, image: int, level: int = 0, column: int = 0, row: int = 0, *, shared: bool = True) -> np.ndarray:
        value, buffers = self.ask("tiles", image=image, level=level, tiles=[[column, row]], shared=shared)
        assert value["failed"] is None
        assert value["lengths"] == [len(buffers[0])]
        decoded = cv2.imdecode(np.frombuffer(buffers[0], np.uint8), cv2.IMREAD_UNCHANGED)
        assert decoded is not None
        return decoded.astype(float)

    def events(self) -> int:
        return sum(content.get("name") == "changed" for content, _ in self.messages)


def scene(hours: float, shape: tuple[int, int] = (128, 192)) -> np.ndarray:
    """A dark disc that grows, on a slope of 12 bits that brightens with time."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    inside = np.hypot(y - shape[0] / 2, x - shape[1] / 2) < 20 + hours / 4
    return np.where(inside, 200, 800 + 2 * x + 20 * hours).astype(np.uint16)


@pytest.fixture
def project(tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Wells A01 and A02 at four times, 192 x 128 px, 2 um a pixel: image_id 1 to 4, and 5 to 8."""
    (tmp_path / "raw").mkdir()
    for well in ("A01", "A02"):
        for hours in HOURS:
            tifffile.imwrite(tmp_path / "raw" / f"plate_{well}_{hours:02}h.tif", scene(hours))
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(tmp_path / "raw", pixel_size_um=2.0)
    yield opened
    opened.close()


def side(project: Project, *images: int) -> tuple[Compare, Browser]:
    shown = Compare(project, images=list(images or (1, 2)))
    return shown, Browser(shown)


def save(project: Project, image_id: int, size: float = 1.0) -> int:
    outlines = Outlines.from_rings([[SQUARE * size]])
    current = project.images().set_index("image_id").loc[image_id, "current_result_id"]
    rows = measure_shape(outlines).assign(class_name="spheroid", touches_border=False)
    return project.save(image_id, outlines, rows, parent=None if pd.isna(current) else int(current))


def segmented(project: Project, model: str, image_id: int, size: float = 1.0) -> tuple[Run, int]:
    """Store what a run of a model would make of an image, and let it hold where it may."""
    outlines = Outlines.from_rings([[SQUARE * size]])
    with project.database.write() as connection:
        known = runs.ensure_model(connection, model, "3", "00", None)
        run = runs.create_run(connection, project.id, known, {}, [image_id], "me")
        rows = measure_shape(outlines).assign(class_name="spheroid", touches_border=False, confidence=0.4)
        made = results.add_revision(connection, image_id, outlines, rows, source="model", author="me", run_id=run)
        results.point_current(connection, image_id, made, author="me")
    project.changes.tell("results", [image_id])
    return Run(project, run), made


def delete(project: Project, *image_ids: int, back: bool = False) -> None:
    with project.database.write() as connection:
        gone = image.update().where(image.c.id.in_(image_ids)).values(deleted_at=None if back else now())
        connection.execute(gone)
    project.changes.tell("restore" if back else "delete", image_ids)


def counting(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int] = (128, 192)) -> list[int]:
    """Have files read slowly; gives the ids of the images that were."""
    reads: list[int] = []

    def read(row: Any) -> np.ndarray:
        reads.append(row["image_id"])
        time.sleep(0.1)
        return scene(row["time_h"], shape)

    monkeypatch.setattr(compare_pixels, "read_original", read)
    return reads
