"""What a person waits for: seconds until something is on screen, frames of a drag, sizes, requests to other machines.

Drives JupyterLab and the dashboard in a Chromium without a window, and prints and writes `results/first_light.json`;
``--only PART`` measures a part anew and keeps the figures of the others.

lab
    From starting ``spheroseg lab`` (what `make lab` does) on a notebook until the first thumbnail is on screen. The
    project, the demo plate, is segmented beforehand, so no run is part of it; no thumbnail is cached. The notebook is
    run by the menu as soon as its kernel is idle.
gallery
    From the key that runs a cell ``sw.Gallery(project)`` over 1,000 small images until all cards in sight have their
    pictures. Thumbnails are cached by a gallery before; the median of several. The first 60 images have outlines.
editor
    From the key that runs ``editor.image_id = ...`` until an image with 100 outlines is drawn (the median of several),
    and milliseconds between two frames of the browser (`requestAnimationFrame`) while a vertex of it is dragged with
    the mouse, pressing included and release not, beside those of the same page at rest. WebGL is drawn here by software
    (SwiftShader) on the processor, and frames come at most every 16.7 ms.
bundles
    Sizes of the widgets' browser halves.
dashboard
    From asking for the page of ``spheroseg dashboard`` until its first thumbnail and a figure are visible: cold, the
    first visitor of a server without ready kernels and without cached thumbnails; warm, with a kernel that was started
    ahead, imported everything and waits, and with cached thumbnails.
report
    Seconds of ``spheroseg report`` on the demo plate, and the size of what it writes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from statistics import median
from urllib.parse import urlparse

import numpy as np
import psutil
import tifffile
from figures import Metric, keep, metric, tell
from playwright.sync_api import Browser, Page, sync_playwright
from servers import (
    PATIENCE_S,
    free_port,
    lab_address,
    lab_command,
    own_folders,
    run_all,
    serving,
    start_chromium,
    write_notebook,
)

import spheroseg_widgets as sw
from spheroseg_widgets.commands import QUICKSTART
from spheroseg_widgets.demo.plate import make_demo_plate
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.widgets.base import STATIC

RESULTS = Path(__file__).parent / "results" / "first_light.json"
CLI = [sys.executable, "-m", "spheroseg_widgets.cli"]
LOCAL = {"127.0.0.1", "localhost", "::1", None}
IMAGES, OUTLINED, OUTLINES = 1000, 60, 100
TIMES = 3
MOVES = 120
MARGIN = 16  # between the fitted image and the editor's edge, CSS px
REST_S = 3.0
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
THUMBNAIL = "[...document.querySelectorAll('.sw-gallery .sw-picture')].some(i => i.naturalWidth > 0)"
FIGURE = "[...document.querySelectorAll('.js-plotly-plot .main-svg .trace')].some(i => i.getBoundingClientRect().width)"
WHOLE_GALLERY = f"""(() => {{
    const grid = document.querySelector('.sw-gallery:not([data-old]) .sw-grid');
    if (!grid || Number(grid.ariaRowCount) * Number(grid.ariaColCount) < {IMAGES}) return false;
    const {{ top, bottom }} = grid.getBoundingClientRect();
    const cells = [...grid.querySelectorAll('.sw-cell')].map(cell => [cell, cell.getBoundingClientRect()]);
    const seen = cells.filter(([, box]) => box.bottom > top && box.top < bottom);
    return seen.length > 0 && seen.every(([cell]) => cell.querySelector('.sw-picture').naturalWidth > 0);
}})()"""
AGE = "() => document.querySelectorAll('.sw-gallery').forEach(gallery => { gallery.dataset.old = ''; })"
CLOCK = """() => {
    const ready = () => %s;
    window.swBegan = window.swTook = null;
    const begin = event => { if (event.key === 'Enter') window.swBegan = performance.now(); };
    addEventListener('keydown', begin, { capture: true });
    const look = () => {
        if (window.swBegan === null || !ready()) return requestAnimationFrame(look);
        window.swTook = (performance.now() - window.swBegan) / 1000;
        removeEventListener('keydown', begin, { capture: true });
    };
    requestAnimationFrame(look);
}"""
FRAMES = """() => {
    window.swFrames = [];
    const note = now => { window.swFrames?.push(now); if (window.swFrames) requestAnimationFrame(note); };
    requestAnimationFrame(note);
}"""
FRAMES_END = "() => { const frames = window.swFrames; window.swFrames = null; return frames; }"


class Bench:
    """What the parts share: the browser, a folder, the segmented plate, and the requests that left this machine."""

    def __init__(self, browser: Browser, work: Path) -> None:
        self.browser = browser
        self.work = work
        self.foreign: list[str] = []

    @cached_property
    def plate(self) -> Path:
        """The demo plate's project, segmented by the classical method."""
        plate = make_demo_plate(self.work / "plate")
        project = sw.open_project(self.work / "demo plate", create=True)
        project.add(plate.images)
        project.set_map(plate.plate_map)
        project.segment(model="threshold", workers=1).wait()
        project.close()
        return project.folder

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open an empty page of its own context, and hear what it asks other machines for."""
        context = self.browser.new_context(viewport={"width": 1440, "height": 1200})
        context.set_default_timeout(PATIENCE_S * 1000)
        context.on("request", lambda request: self._hear(request.url))
        page = context.new_page()
        page.on("websocket", lambda socket: self._hear(socket.url))
        yield page
        context.close()

    def _hear(self, url: str) -> None:
        if urlparse(url).hostname not in LOCAL:
            self.foreign.append(url)

    @contextmanager
    def notebook(self, name: str, sources: Sequence[str]) -> Iterator[Page]:
        """Open a notebook in a JupyterLab of its own, none of its cells run yet."""
        home, root, port = self.work / name, self.work / name / "root", free_port()
        write_notebook(root / "cells.ipynb", sources)
        with (
            serving(lab_command(root, port), own_folders(home), home, f"http://127.0.0.1:{port}/api"),
            self.page() as page,
        ):
            page.goto(lab_address(port, "cells.ipynb", name))
            page.wait_for_selector(IDLE)
            page.keyboard.press("Control+b")  # the file browser takes room
            yield page


def opening(project: Path) -> str:
    """Return how a notebook opens a project."""
    return f"import spheroseg_widgets as sw\n\nproject = sw.open_project({str(project)!r})"


def run_cell(page: Page, number: int, ready: str) -> float:
    """Run a cell by its key; return the seconds from the key until the page shows what was wanted."""
    page.wait_for_selector(IDLE)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
    page.wait_for_timeout(REST_S * 1000)
    page.evaluate(CLOCK % ready)
    page.keyboard.press("Control+Enter")
    page.wait_for_function("window.swTook !== null")
    return float(page.evaluate("window.swTook"))


def measure_lab(bench: Bench) -> list[Metric]:
    """Measure from the command to the first thumbnail."""
    home, root, port = bench.work / "lab", bench.work / "lab" / "root", free_port()
    write_notebook(root / QUICKSTART, [f"{opening(bench.plate)}\nsw.Gallery(project)"])
    rmtree(bench.plate / "cache", ignore_errors=True)
    environment = own_folders(home)
    config = {"ServerApp": {"allow_root": True, "ip": "127.0.0.1"}, "IdentityProvider": {"token": ""}}
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    command = [*CLI, "lab", str(root), "--no-browser", "--port", str(port)]
    with bench.page() as page:
        began = time.perf_counter()
        with serving(command, environment, home, f"http://127.0.0.1:{port}/api"):
            served = time.perf_counter()
            page.goto(lab_address(port, QUICKSTART, "lab"))
            page.wait_for_selector(IDLE)
            idle = time.perf_counter()
            run_all(page)
            page.wait_for_function(THUMBNAIL)
            thumbnail = time.perf_counter()
    return [
        metric("JupyterLab, first thumbnail", thumbnail - began, "s", 20),
        metric("JupyterLab, until its server answers", served - began, "s", None),
        metric("JupyterLab, from there until the notebook's kernel is idle", idle - served, "s", None),
        metric("JupyterLab, from running the notebook to a thumbnail", thumbnail - idle, "s", None),
    ]


def measure_gallery(bench: Bench) -> list[Metric]:
    """Measure a gallery of 1,000 images whose thumbnails are cached."""
    raw = bench.work / "thousand"
    raw.mkdir()
    scene = render(SceneSpec(192, 256, (Spheroid(128, 96, 40, depth=0.6),)), np.random.default_rng(0))
    for number in range(IMAGES):
        well = f"{'ABCDEFGH'[number // 12 % 8]}{number % 12 + 1:02d}"
        tifffile.imwrite(raw / f"plate_{well}_{number // 96 * 6}h.tif", np.roll(scene.pixels, number % 50, axis=1))
    project = sw.open_project(bench.work / "1000 images", create=True)
    added = project.add(raw, pixel_size_um=1.0)
    project.segment(model="threshold", workers=1, images=project.images()["image_id"].head(OUTLINED).tolist()).wait()
    project.close()
    assert len(added.image_ids) == IMAGES, added
    with bench.notebook("gallery", [f"{opening(project.folder)}\nsw.Gallery(project)"]) as page:
        first = run_cell(page, 0, WHOLE_GALLERY)
        took = []
        for _ in range(TIMES):
            page.evaluate(AGE)
            took.append(run_cell(page, 0, WHOLE_GALLERY))
    return [
        metric("gallery of 1,000 images, cached thumbnails", median(took), "s", 1),
        metric("gallery of 1,000 images, first in its kernel, nothing cached", first, "s", None),
    ]


def measure_editor(bench: Bench) -> list[Metric]:
    """Measure how an image with 100 outlines opens, and how a vertex of it is dragged."""
    raw = bench.work / "dense"
    raw.mkdir()
    places = [(60.0 + 98 * x, 60.0 + 98 * y) for y in range(10) for x in range(10)]
    dense = [Spheroid(x, y, 30, roughness=0.4, shape_seed=seed, depth=0.6) for seed, (x, y) in enumerate(places)]
    for name, spheroids in {"plain": [Spheroid(500, 500, 200, depth=0.6)], "dense": dense}.items():
        pixels = render(SceneSpec(1000, 1000, spheroids), np.random.default_rng(1)).pixels
        tifffile.imwrite(raw / f"{name}.tif", pixels)
    project = sw.open_project(bench.work / "100 outlines", create=True)
    project.add(raw, pixel_size_um=1.0)
    project.segment(model="threshold", workers=1).wait()
    outlines = project.outlines(int(project.image("dense")["image_id"]))[0]
    assert len(outlines) == OUTLINES, f"{len(outlines)} outlines"
    ids = [int(project.image(name)["image_id"]) for name in ("dense", "plain")]
    project.close()
    first = f"{opening(project.folder)}\neditor = sw.Editor(project, image='plain')\neditor"
    with bench.notebook("editor", [first, f"editor.image_id = {sum(ids)} - editor.image_id"]) as page:
        run_cell(page, 0, shown("plain", ""))
        took = []
        for number in range(TIMES):
            took.append(run_cell(page, 1, shown("dense", str(OUTLINES))))
            if number < TIMES - 1:
                run_cell(page, 1, shown("plain", ""))
        page.wait_for_timeout(REST_S * 1000)
        rest = frames(page, 0, 0, 0)
        stage = page.locator(".sw-editor .sw-editor-stage")
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        assert box is not None
        scale = min(box["width"], box["height"]) - 2 * MARGIN
        corner = np.array([box["x"] + (box["width"] - scale) / 2, box["y"] + (box["height"] - scale) / 2])
        ring = corner + outlines.rings(0)[0] * scale / 1000
        page.mouse.click(*ring.mean(axis=0))
        page.wait_for_function("document.querySelector('.sw-editor .sw-editor-object').textContent")
        x, y = ring[ring[:, 0].argmax()]
        page.mouse.move(x, y)
        page.mouse.down()
        drag = frames(page, float(x), float(y), MOVES)
        page.mouse.up()
        page.wait_for_function(
            "document.querySelector('.sw-editor .sw-editor-storing').textContent.includes('1 change')"
        )
        kind = page.evaluate("document.querySelector('.sw-editor-picture').getContext('webgl2') ? 'WebGL' : 'canvas'")
    return [
        metric("editor, image with 100 outlines", median(took), "s", 1),
        metric(f"vertex drag, 95 % of the frames ({kind}, software)", float(np.percentile(drag, 95)), "ms", 16.7),
        metric("vertex drag, worst frame", max(drag), "ms", None),
        metric("same page at rest, 95 % of the frames", float(np.percentile(rest, 95)), "ms", None),
    ]


def shown(name: str, count: str) -> str:
    """Return the condition that the editor shows an image, drawn with so many outlines."""
    text = "document.querySelector('.sw-editor .sw-editor-{}')?.textContent.includes('{}')"
    wait = "document.querySelector('.sw-editor .sw-editor-wait')?.hidden"
    return f"{text.format('name', name)} && {text.format('count', count)} && {wait}"


def frames(page: Page, x: float, y: float, moves: int) -> list[float]:
    """Return the milliseconds between frames while the mouse goes so many steps about a point; none: two seconds."""
    page.evaluate(FRAMES)
    for step in range(moves):
        page.mouse.move(x + 12 * np.sin(step / 8), y + 6 * np.sin(step / 5))
    if not moves:
        page.wait_for_timeout(2000)
    return [float(value) for value in np.diff(page.evaluate(FRAMES_END))]


def measure_bundles(_: Bench) -> list[Metric]:
    """Measure the widgets' browser halves."""
    return [metric(path.name, path.stat().st_size / 1000, "KB", 200) for path in sorted(STATIC.glob("*.js"))]


def measure_dashboard(bench: Bench) -> list[Metric]:
    """Measure the dashboard's page, cold and warm."""
    rmtree(bench.plate / "cache", ignore_errors=True)
    return [
        metric(f"dashboard, {name}", visit_dashboard(bench, ready), "s", target)
        for name, ready, target in (("cold", 0, 15), ("warm", 1, 3))
    ]


def visit_dashboard(bench: Bench, ready: int) -> float:
    """Return the seconds from asking for the page until a thumbnail and a figure are visible."""
    home, port = bench.work / f"dashboard-{ready}", free_port()
    command = [*CLI, "dashboard", str(bench.plate), "--no-browser", "--port", str(port), "--ready", str(ready)]
    with (
        serving(command, own_folders(home), home, f"http://127.0.0.1:{port}/voila/static/voila.js") as log,
        bench.page() as page,
    ):
        address = re.search(r"http://\S+token=\S+", log.read_text())
        assert address is not None, log.read_text()
        if ready:
            wait_for_kernel()
        began = time.perf_counter()
        page.goto(address.group(), wait_until="commit")
        page.wait_for_function(f"{THUMBNAIL} && {FIGURE}")
        return time.perf_counter() - began


def wait_for_kernel() -> None:
    """Wait until a kernel below this process has done its first work and then rested for some seconds."""
    until, spent, quiet = time.monotonic() + PATIENCE_S, 0.0, 0.0
    while time.monotonic() < until and (spent < 1 or quiet < REST_S):
        time.sleep(0.5)
        kernels = [one for one in psutil.Process().children(recursive=True) if "ipykernel_launcher" in one.cmdline()]
        now = sum(one.cpu_times().user for one in kernels)
        quiet = quiet + 0.5 if now - spent < 0.03 else 0.0
        spent = now
    if spent < 1 or quiet < REST_S:
        raise RuntimeError("the kernel that was started ahead does not come to rest")


def measure_report(bench: Bench) -> list[Metric]:
    """Measure seconds and megabytes of a report."""
    path = bench.work / "report.html"
    environment = own_folders(bench.work / "report")
    began = time.perf_counter()
    subprocess.run([*CLI, "report", str(bench.plate), "-o", str(path)], check=True, env=environment)
    took = time.perf_counter() - began
    return [metric("report", took, "s", 60), metric("report, size", path.stat().st_size / 1e6, "MB", 25)]


PARTS = {
    "lab": measure_lab, "gallery": measure_gallery, "editor": measure_editor, "bundles": measure_bundles,
    "dashboard": measure_dashboard, "report": measure_report,
}  # fmt: skip
DRIVEN = {"lab", "gallery", "editor", "dashboard"}


def main() -> None:
    """Measure, print the table, put the figures among those of the other parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    print(
        f"{platform.machine()}, {os.cpu_count()} cores; load is the mean number of processes that wanted one in the last minute"
    )
    for part in parser.parse_args().only:
        with tempfile.TemporaryDirectory(prefix="first-light-") as name, sync_playwright() as playwright:
            browser = start_chromium(playwright)
            bench = Bench(browser, Path(name))
            metrics = PARTS[part](bench)
            browser.close()
        if part in DRIVEN:
            metrics.append(metric(f"external requests, {part}", len(bench.foreign), "", 0))
            for url in bench.foreign:
                print(url)
        tell(part, metrics)
        keep(RESULTS, metrics)


if __name__ == "__main__":
    main()
