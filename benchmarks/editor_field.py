"""What `editor.py` measures on: an image of 10,000 outlines of 100 vertices, open in the editor in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from editor_page import AGE, DRAWN, HANDS, WIRE
from first_light import MARGIN, REST_S, Bench, opening, run_cell
from numpy.typing import NDArray
from playwright.sync_api import Page

import spheroseg_widgets as sw
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_draft

EDGE, APART, RADIUS, VERTICES = 100, 40, 14, 100
COUNT, SIDE = EDGE * EDGE, EDGE * APART
IN_VIEW = 200
BUSY_S = 600

PROBE = """
import json, time
from pathlib import Path
from spheroseg_widgets.widgets.rpc import Rpc

answer = Rpc._run

def timed(self, call, *rest):
    began = time.time()
    answer(self, call, *rest)
    with open("spans.jsonl", "a") as file:
        file.write(json.dumps([call.method, time.time() - began]) + "\\n")

Rpc._run = timed
"""
OPEN = """
if "editor" in globals():
    editor.close()
editor = sw.Editor(project, image="field")
editor
"""
BUSY = f"""
until = time.time() + {BUSY_S}
while not Path("enough").exists() and time.time() < until:
    sum(range(100_000))
"""


class Field(Bench):
    """The image of 10,000 outlines, in a project; pages that count what their websockets pass."""

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open an empty page whose websockets are counted."""
        with super().page() as page:
            page.add_init_script(WIRE)
            yield page

    @cached_property
    def rings(self) -> NDArray[np.float32]:
        """Outlines (count, vertices, 2), row by row over the image; the first vertex of each is its rightmost."""
        luck = np.random.default_rng(0)
        angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
        waves = np.array([2, 3, 5])[:, None]
        phases = luck.uniform(0, 2 * np.pi, (COUNT, 3, 1))
        away = RADIUS * (1 + (0.05 * np.sin(waves * angles + phases)).sum(axis=1))
        away[:, 0] = RADIUS * 1.16
        around = np.stack([away * np.cos(angles), away * np.sin(angles)], axis=-1)
        row, column = np.divmod(np.arange(COUNT), EDGE)
        places = (np.column_stack([column, row]) + 0.5) * APART
        return (places[:, None] + around).astype(np.float32)

    @cached_property
    def project(self) -> Path:
        """The project's folder."""
        raw = self.work / "raw"
        raw.mkdir()
        luck = np.random.default_rng(1)
        grey = luck.normal(20_000, 2500, (SIDE, SIDE))
        shade = np.hypot(*(np.mgrid[:APART, :APART] - APART / 2 + 0.5)) < RADIUS
        grey -= np.tile(6000.0 * shade, (EDGE, EDGE))
        tifffile.imwrite(raw / "field.tif", np.clip(grey, 0, 65_535).astype(np.uint16))
        project = sw.open_project(self.work / "field", create=True)
        project.add(raw, pixel_size_um=1.0)
        outlines = Outlines.from_rings([[ring] for ring in self.rings])
        image = int(project.image("field")["image_id"])
        about = pd.DataFrame({"confidence": np.random.default_rng(2).uniform(0.6, 0.99, COUNT)})
        open_draft(project, image, "benchmark").close(outlines, about)
        project.close()
        return project.folder


class Lab:
    """The editor in JupyterLab, opened by its cell, and what is done in it.

    Parameters
    ----------
    page : Page
    folder : Path
        Of its notebook.
    """

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        run_cell(page, 0, "true")

    def open(self) -> float:
        """Run the cell of the editor; return the seconds until its outlines are drawn."""
        self.page.evaluate(AGE)
        took = run_cell(self.page, 1, DRAWN.replace("COUNT", str(COUNT)))
        self.page.locator(".sw-editor:not([data-old])").scroll_into_view_if_needed()
        self.page.evaluate(HANDS)
        return took

    def stage(self) -> tuple[float, float, float, float]:
        """Return left, top, width and height of the stage, CSS px."""
        box = self.page.locator(".sw-editor:not([data-old]) .sw-editor-stage").bounding_box()
        assert box is not None
        return box["x"], box["y"], box["width"], box["height"]

    @property
    def fitted(self) -> float:
        """CSS pixels an image pixel while the whole image is in view."""
        *_, width, height = self.stage()
        return (min(width, height) - 2 * MARGIN) / SIDE

    @property
    def near(self) -> float:
        """CSS pixels an image pixel with 200 outlines in view."""
        *_, width, height = self.stage()
        return float(np.sqrt(width * height / (IN_VIEW * APART**2)))

    def show(self, scale: float) -> None:
        """Show the middle of the image at a scale."""
        self.page.evaluate("window.swZoom(%f)" % (scale / self.fitted))
        self.page.wait_for_timeout(REST_S * 1000)

    def at(self, point: NDArray[np.float32], scale: float) -> tuple[float, float]:
        """Return where a point of the image lies on the page."""
        left, top, width, height = self.stage()
        x, y = (point - SIDE / 2) * scale
        return float(left + width / 2 + x), float(top + height / 2 + y)

    def spans(self, method: str) -> list[float]:
        """Return the seconds that the kernel took for each call of a method, and forget them."""
        path = self.folder / "spans.jsonl"
        told = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        path.unlink(missing_ok=True)
        return [took for name, took in told if name == method]


@contextmanager
def editing(bench: Field, name: str) -> Iterator[Lab]:
    """Open a notebook with the editor's cells in a JupyterLab of its own."""
    with bench.notebook(name, [f"{opening(bench.project)}\n{PROBE}", OPEN, BUSY]) as page:
        yield Lab(page, bench.work / name / "root")


def start_busy(page: Page) -> None:
    """Run the cell that keeps the kernel busy until a file `enough` lies beside the notebook."""
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(2).click()
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=busy]")
