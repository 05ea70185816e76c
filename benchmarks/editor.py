"""The editor on an image of 10,000 outlines of 100 vertices: how soon they are there, how they move, and what an edit takes.

Drives JupyterLab in a Chromium without a window, where WebGL is drawn by software (SwiftShader) on the processor, and
prints and writes `results/editor.json`; ``--only PART`` measures a part anew and keeps the figures of the others. Figures
are medians of five.

opening
    From the key that runs a cell ``sw.Editor(project, image=...)`` until all outlines are drawn, the drawing itself waited
    for. Of the document: the message that brings it, and the time from asking for it until it is in the page.
frames
    Milliseconds between two frames of the browser in each of which the view changes, outlines and the image of 16 million
    pixels of 16 bits in it: 200 outlines in view, by panning and by zooming; and all of them. The same for other ways to
    show the same outlines on a stage of the same size in the same browser: elements of SVG in CVAT's way, a canvas drawn
    anew at every change, and ipycanvas told by Python. Ratios are theirs over the editor's.
levels
    The same while zooming out from all of them to a quarter of their size, to four times it, and back: outlines are
    reduced for scales that are come to for the first time.
hand
    A vertex dragged by the mouse: from the move of the mouse until its frame is on screen, by Chromium's trace; also
    while a cell runs in the kernel. A move of the pointer with and without outlines to find under it: their difference is
    the hit test. An edit: from letting the vertex go until it is said to be stored, the kernel's part of it, and the
    bytes that the browser sent.
memory
    What the page's process has for itself after garbage collection, in Voila; the JavaScript heap; and the process that
    draws, which holds what a graphics card would.
bundle
    The browser half, minified.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from editor_field import BUSY, COUNT, SIDE, Field, Lab, editing, start_busy
from editor_page import DRAWN, STORED, WIPE, frames, messages, pull, until_seen
from editor_peers import FITTED, IPYCANVAS, PAGES, held, write_page
from figures import Metric, keep, machine, metric, tell
from first_light import IDLE, REST_S, Bench, opening, run_cell
from playwright.sync_api import Page, sync_playwright
from servers import start_chromium
from voila_memory import memory

from spheroseg_widgets.widgets.base import STATIC

RESULTS = Path(__file__).parent / "results" / "editor.json"
TIMES = 5
NEAR_FRAMES, FULL_FRAMES, LEVEL_FRAMES, MOVES, POINTS = 60, 4, 45, 60, 2000
PULL = 8  # how far a vertex is dragged, CSS px
PATIENCE_MS = 5000

PEER_DRAWN = """(() => {
    const found = document.querySelector('.sw-peer');
    const canvas = found?.tagName === 'CANVAS' ? found : found?.querySelector('canvas');
    if (!canvas?.width) return 0;
    const [red, green] = canvas.getContext('2d').getImageData(2, 2, 1, 1).data;
    return red > 200 && green < 60 ? 1 : green > 200 && red < 60 ? 2 : 0;
})()"""
PEER_CLOCK = f"""() => {{
    const picture = () => {PEER_DRAWN};
    const before = picture();
    window.swFrame = null;
    addEventListener('mousedown', event => {{
        const look = () => {{
            if (picture() === before) return requestAnimationFrame(look);
            window.swFrame = performance.now() - event.timeStamp;
        }};
        requestAnimationFrame(look);
    }}, {{ capture: true, once: true }});
}}"""


def measure_opening(bench: Field) -> list[Metric]:
    """Measure how an image is opened, and how its document comes."""
    with editing(bench, "opening") as lab:
        first = lab.open()
        opened, asked, kernel, document, everything = [], [], [], [], []
        for _ in range(TIMES):
            lab.spans("document")
            lab.page.evaluate(WIPE)
            opened.append(lab.open())
            [call], [answer] = messages(lab.page, "document")
            asked.append(answer["at"] - call["at"])
            document.append(answer["bytes"] / 1e6)
            wire = lab.page.evaluate("window.swWire")
            everything.append(sum(one["bytes"] for one in wire if not one["sent"]) / 1e6)
            kernel.append(1000 * lab.spans("document")[0])
        kind = lab.page.evaluate(
            "document.querySelector('.sw-editor-picture').getContext('webgl2') ? 'WebGL2' : 'canvas'"
        )
        print(f"  drawn by {kind}")
    return [
        metric("open: from the key until all outlines are drawn", median(opened), "s", 1.5),
        metric("open: the same, first in its kernel", first, "s", None),
        metric("document from kernel to browser", median(document), "MB", 12),
        metric("document from kernel to browser, asked to received", median(asked), "ms", 400),
        metric("document from kernel to browser, of it the kernel", median(kernel), "ms", None),
        metric("kernel to browser, all messages of opening", median(everything), "MB", None),
    ]


def repeated(measure: Callable[[], float]) -> float:
    """Return the median of five."""
    return median(measure() for _ in range(TIMES))


def median_frame(page: Page, step: str) -> float:
    """Return the median of the milliseconds between frames that show all outlines."""
    return median(frames(page, step, FULL_FRAMES))


def p95(page: Page, step: str, count: int) -> float:
    """Return the 95th percentile of the milliseconds between frames."""
    return float(np.percentile(frames(page, step, count), 95))


def measure_frames(bench: Field) -> list[Metric]:
    """Measure frames of the editor, and of others."""
    with editing(bench, "frames") as lab:
        lab.open()
        page = lab.page
        page.wait_for_timeout(2 * REST_S * 1000)  # all fills are made
        full = {"editor": repeated(partial(median_frame, page, "swTurn"))}
        page.evaluate("window.swHold()")
        pans = {"editor": repeated(partial(median_frame, page, "swPan"))}
        page.evaluate("window.swRelease()")
        near = lab.near
        lab.show(near)
        rest = repeated(lambda: p95(page, "", NEAR_FRAMES))
        zooming = repeated(lambda: p95(page, "swTurn", NEAR_FRAMES))
        page.evaluate("window.swHold()")
        panning = repeated(lambda: p95(page, "swPan", NEAR_FRAMES))
        page.evaluate("window.swRelease()")
        *_, width, height = lab.stage()
    stage = (round(width), round(height))
    print(f"  stage {stage[0]} x {stage[1]}: editor {full['editor']:.1f} ms a frame with all in view", flush=True)
    out = [
        metric("pan, 200 outlines in view, frame, p95", panning, "ms", 50),
        metric("zoom, 200 outlines in view, frame, p95", zooming, "ms", 50),
        metric("the same page at rest, frame, p95", rest, "ms", None),
        metric("all in view, frame while zooming", full["editor"], "ms", 250),
        metric("all in view, frame while panning", pans["editor"], "ms", 250),
    ]
    for name in PAGES:
        address = write_page(bench.work / f"{name}.html", name, bench.rings, SIDE, stage, near)
        with bench.page() as page:
            page.goto(address)
            page.wait_for_function("window.swOpened")
            opened = page.evaluate("window.swOpened")
            full[name] = repeated(partial(median_frame, page, "swTurn"))
            pans[name] = repeated(partial(median_frame, page, "swPan"))
            page.evaluate("window.swNear()")
            page.wait_for_timeout(REST_S * 1000)
            seen = [took for _ in range(TIMES) if (took := dragged(bench, page, *page.evaluate("swVertex()")))]
        print(f"  {name}: {full[name]:.0f} ms a frame while zooming, {pans[name]:.0f} while panning", flush=True)
        out.append(metric(f"{name}: on screen, outlines in the page already", opened, "ms", None))
        if seen:
            out.append(metric(f"{name}: vertex drag, pointer to pixel, 200 in view, p95", median(seen), "ms", None))
        else:
            print(f"  {name}: of a dragged vertex no move came on screen", flush=True)
    full["ipycanvas"] = pans["ipycanvas"] = measure_ipycanvas(bench, stage)
    wanted = {"SVG": 10, "Canvas2D": 4}
    for name in (*PAGES, "ipycanvas"):
        out += [
            metric(f"{name}: all in view, frame while zooming", full[name], "ms", None),
            metric(f"{name}: all in view, frame while panning", pans[name], "ms", None),
            metric(
                f"{name} over editor: frame while zooming", full[name] / full["editor"], "x", wanted.get(name), "higher"
            ),
            metric(f"{name} over editor: frame while panning", pans[name] / pans["editor"], "x", None, "higher"),
        ]
    return out


def measure_levels(bench: Field) -> list[Metric]:
    """Measure the longest frame of a zoom that comes to levels of detail for the first time, and of the same again."""
    with editing(bench, "levels") as lab:
        lab.open()
        lab.page.wait_for_timeout(2 * REST_S * 1000)
        ways: dict[str, list[float]] = {"first": [], "again": []}
        for name in ways:
            for step, count in (
                ("swFarther", LEVEL_FRAMES),
                ("swCloser", 2 * LEVEL_FRAMES),
                ("swFarther", LEVEL_FRAMES),
            ):
                ways[name] += frames(lab.page, step, count)
                lab.page.wait_for_timeout(REST_S * 1000)
    return [
        metric(f"zoom through levels of detail, {name}, {which} frame", value, "ms", None)
        for name, took in ways.items()
        for which, value in (("longest", max(took)), ("median", median(took)))
    ]


def measure_ipycanvas(bench: Field, stage: tuple[int, int]) -> float:
    """Return the milliseconds from a press of the mouse until Python has drawn all outlines anew; says what it cannot."""
    rings = bench.work / "rings.npy"
    np.save(rings, bench.rings)
    values = {
        "RINGS": repr(str(rings)),
        "STAGE_WIDTH": stage[0],
        "STAGE_HEIGHT": stage[1],
        "SCALE": FITTED * min(stage) / SIDE,
    }
    setup = f"import time\nfrom pathlib import Path\n{IPYCANVAS}"
    for name, value in values.items():
        setup = setup.replace(name, str(value))
    show = f"from IPython.display import display\ndisplay(canvas)\npaint({values['SCALE']}, 0)"
    with bench.notebook("ipycanvas", [setup, show, BUSY]) as page:
        run_cell(page, 0, "true")
        opened = run_cell(page, 1, f"{PEER_DRAWN} > 0")
        page.wait_for_selector(IDLE)
        page.locator(".sw-peer").first.scroll_into_view_if_needed()

        def pressed() -> float:
            page.evaluate(PEER_CLOCK)
            page.locator(".sw-peer").first.click()
            page.wait_for_function("window.swFrame !== null")
            return float(page.evaluate("window.swFrame"))

        took = repeated(pressed)
        start_busy(page)
        page.evaluate(PEER_CLOCK)
        page.locator(".sw-peer").first.click()
        page.wait_for_timeout(PATIENCE_MS)
        answers = page.evaluate("window.swFrame") is not None
        (bench.work / "ipycanvas" / "root" / "enough").touch()
    print(
        f"  ipycanvas: {opened:.1f} s until drawn; {'draws' if answers else 'draws nothing'} while a cell runs",
        flush=True,
    )
    return took


def dragged(bench: Bench, page: Page, x: float, y: float) -> float:
    """Drag a vertex; return the 95th percentile of the milliseconds until its moves were on screen; 0 if none was."""
    page.mouse.move(x, y)
    page.mouse.down()
    took = until_seen(page, lambda: pull(page, x, y, MOVES), bench.work / "trace.json")
    page.mouse.move(x, y)
    page.mouse.up()
    return float(np.percentile(took, 95)) if took else 0.0


def measure_hand(bench: Field) -> list[Metric]:
    """Measure what a hand does: pointing, dragging a vertex, letting it go."""
    with editing(bench, "hand") as lab:
        lab.open()
        page = lab.page
        page.locator(".sw-editor:not([data-old]) .sw-editor-stage").focus()
        found = [float(page.evaluate("n => window.swMoves(n)", POINTS)) for _ in range(TIMES)]
        page.keyboard.press("o")
        plain = [float(page.evaluate("n => window.swMoves(n)", POINTS)) for _ in range(TIMES)]
        page.keyboard.press("o")
        lab.show(lab.near)
        ring = bench.rings[held(COUNT)]
        page.mouse.click(*lab.at(ring.mean(axis=0), lab.near))
        page.wait_for_function("document.querySelector('.sw-editor:not([data-old]) .sw-editor-object').textContent")
        x, y = lab.at(ring[0], lab.near)
        quiet = [dragged(bench, page, x, y) for _ in range(TIMES)]
        commits, kernel, sent = edits(lab, x, y)
        start_busy(page)
        page.locator(".sw-editor:not([data-old])").scroll_into_view_if_needed()
        x, y = lab.at(ring[0], lab.near)
        occupied = [dragged(bench, page, x, y) for _ in range(TIMES)]
        busy, busy_kernel, _ = edits(lab, x, y)
        (lab.folder / "enough").touch()
        page.wait_for_selector(IDLE)
    assert min(quiet) > 0, "no move of the mouse in the trace"
    assert min(occupied) > 0, "no move of the mouse in the trace while a cell runs"
    return [
        metric("vertex drag, pointer to pixel, p95", median(quiet), "ms", 50),
        metric("vertex drag, pointer to pixel, p95, while a cell runs", median(occupied), "ms", 50),
        metric("hit test", median(found) - median(plain), "ms", 0.1),
        metric("a move of the pointer, hit test and readings in it", median(found), "ms", None),
        metric("edit: pointer up to stored", median(commits), "ms", 150),
        metric("edit: the kernel's part", median(kernel), "ms", 20),
        metric("edit: pointer up to stored, while a cell runs", median(busy), "ms", None),
        metric("edit: the kernel's part, while a cell runs", median(busy_kernel), "ms", None),
        metric("edit: bytes from browser to kernel", median(sent), "B", 4096),
    ]


def edits(lab: Lab, x: float, y: float) -> tuple[list[float], list[float], list[float]]:
    """Drag a vertex to and fro; return of each edit the milliseconds until stored, those of the kernel, and bytes sent."""
    page = lab.page
    commits, sent = [], []
    lab.spans("operations")
    for number in range(TIMES + 1):
        start, end = (x, x + PULL) if number % 2 == 0 else (x + PULL, x)
        page.mouse.move(start, y)
        page.mouse.down()
        page.mouse.move(end, y, steps=4)
        page.evaluate(STORED)
        page.evaluate(WIPE)
        page.mouse.up()
        page.wait_for_function("window.swStored !== null")
        commits.append(float(page.evaluate("window.swStored")))
        calls, _ = messages(page, "operations")
        sent.append(float(sum(one["bytes"] for one in calls)))
        page.wait_for_timeout(500)
    # The first edit takes the lease and begins the draft.
    return commits[1:], [1000 * took for took in lab.spans("operations")[1:]], sent[1:]


def measure_memory(bench: Field) -> list[Metric]:
    """Measure the memory of a page that shows nothing but the editor."""
    source = f"{opening(bench.project)}\nsw.Editor(project, image='field')"
    rest = "new Promise(done => setTimeout(done, 8000))"
    _, taken = memory(bench, "memory", source, DRAWN.replace("COUNT", str(COUNT)), walk=rest)
    return [
        metric("memory of the page", taken.own, "MB", 350),
        metric("memory of the page, JavaScript heap", taken.heap, "MB", None),
        metric("memory of the process that draws, what a graphics card would hold in it", taken.drawing, "MB", None),
    ]


def measure_bundle(_: Field) -> list[Metric]:
    """Measure the browser half."""
    first, later = ((STATIC / name).stat().st_size / 1024 for name in ("editor.js", "editor_later.js"))
    return [
        metric("bundle, minified", first, "KiB", 200),
        metric("bundle, minified, with what comes after the picture, once a page", first + later, "KiB", None),
    ]


PARTS = {
    "opening": measure_opening, "frames": measure_frames, "levels": measure_levels, "hand": measure_hand, "memory": measure_memory,
    "bundle": measure_bundle,
}  # fmt: skip


def main() -> None:
    """Measure, print the table, put the figures among those of the other parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    wanted = parser.parse_args().only
    print(machine())
    with tempfile.TemporaryDirectory(prefix="editor-") as name, sync_playwright() as playwright:
        browser = start_chromium(playwright)
        bench = Field(browser, Path(name))
        began = time.perf_counter()
        print(f"  {COUNT} outlines in {bench.project}, made in {time.perf_counter() - began:.0f} s", flush=True)
        for part in wanted:
            metrics = PARTS[part](bench)
            tell(part, metrics)
            keep(RESULTS, metrics)
        browser.close()


if __name__ == "__main__":
    main()
