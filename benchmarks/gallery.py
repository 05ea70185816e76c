"""The gallery on 100,000 images: how soon pictures are there, how smoothly they pass, and what it takes.

Drives JupyterLab in a Chromium without a window, and prints and writes `results/gallery.json`; ``--only PART`` measures a
part anew and keeps the figures of the others. Figures are medians of five where nothing else is said.

making
    Processor time of the three thumbnails of an image on one core, beyond what the library needs to decode the file
    (TIFF, not compressed): of 8 and 16 bits, grey and colour, 1 to 4 megapixels; the least favourable size counts.
large
    A project of rows alone (`large_project.py`); the thumbnails of all its images lie in the cache, a few hundred
    different ones. From the key that runs ``sw.Gallery(project)`` until the gallery is in the page ("first render"), and
    from there until all cards in sight have their pictures ("first screen"); the kernel's work is the time in which it
    answered calls in between; what the page fetches after that (`gallery_later.js`) is told apart. Jumps: from setting the scroll position until all cards in sight have their pictures.
    Slow scrolling: 60 px every 50 ms by the wheel; a card waits from coming into sight until its picture is there; the
    screen is blank while no card in sight has one. Tasks of the page's main thread are from Chromium's trace. Memory is
    what the page's process has for itself (USS) after garbage collection, JupyterLab in it included and told apart.
finding
    A word typed into the search, the chip of a state, a sorting, a grouping and each taken back, in projects of 5,000 and
    100,000 images: from the event until the grid has changed, and until all cards in sight have their pictures.
opening
    In ``sw.Workbench(project)``, projects of 5,000 and 100,000 images whose files are there (`gallery_opening.py`): from
    Enter on a card until its image and its outlines are drawn in the editor, nothing read ahead; from the key for the next
    image, read ahead, until that is drawn; and what the kernel answered in between.
others
    The same 500 pictures in the gallery, in a grid of ``ipywidgets.Image``, and as ``<img>`` of files in one HTML
    output: seconds from the key to the first screen and to the last picture, bytes from the kernel, nodes of the
    document. Ratios are theirs over the gallery's.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import tifffile
from figures import Metric, keep, machine, metric, tell
from first_light import Bench, opening
from gallery_opening import measure_opening
from gallery_page import (
    ALL_ROWS,
    COUNT,
    FIND,
    IN_SIGHT,
    JUMP,
    LOADED,
    PAGES,
    PROBE,
    REST_MS,
    TELL,
    WATCH,
    WATCHED,
    WHOLE,
    Marks,
    Tasks,
    longest_task,
    notebook,
    scroll,
)
from large_project import make_large_project
from playwright.sync_api import sync_playwright
from servers import start_chromium
from voila_memory import memory

import spheroseg_widgets as sw
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.widgets.base import STATIC
from spheroseg_widgets.widgets.thumbnails import Picture, Thumbnails, make_thumbnails

RESULTS = Path(__file__).parent / "results" / "gallery.json"
IMAGES, MEDIUM, FEW, PICTURES, OUTLINES = 100_000, 5000, 500, 240, 10
LATER_BYTES = sum(part.stat().st_size for part in STATIC.glob("gallery_later.*"))
TIMES = 5
JUMPS = 15
THROUGH = 5000
SIDES = ((1000, 1000), (1040, 1392), (1039, 1391), (2048, 2048))
KEPT = Path(os.environ["SPHEROSEG_LARGE_PROJECT"]) if "SPHEROSEG_LARGE_PROJECT" in os.environ else None

GALLERY = """
if "gallery" in globals():
    gallery.close()
began = time.time()
gallery = sw.Gallery(project)
spans.append(["cell", began, time.time()])
gallery
"""
STYLE = "grid-template-columns: repeat(7, 168px); height: 560px; overflow: auto"
IMAGE_GRID = """
import ipywidgets
from pathlib import Path
if "grid" in globals():
    for child in grid.children:
        child.close()
files = sorted(Path("pictures").glob("*.jpg"))
images = [ipywidgets.Image(value=file.read_bytes(), format="jpeg", width=168) for file in files]
layout = ipywidgets.Layout(grid_template_columns="repeat(7, 168px)", height="560px", overflow="auto")
grid = ipywidgets.GridBox(images, layout=layout)
grid
"""
HTML_GRID = f"""
from IPython.display import HTML
from pathlib import Path
files = sorted(Path("pictures").glob("*.jpg"))
tags = "".join(f'<img src="WHERE/{{file.name}}" width="168">' for file in files)
HTML('<div class="plain-grid" style="display: grid; {STYLE}">' + tags + "</div>")
"""
FINDING = {
    "search": (".sw-search", "B0", ""),
    "state": (".sw-chip[data-state=approved]", None, None),
    "sort": (".sw-pair select", "area_um2", ""),
    "group": (".sw-arrange > .sw-labelled select", "well_row", ""),
}
"""What is asked for: where, and the values that ask and take it back; None is a click."""
OTHERS = {
    "ipywidgets.Image": (IMAGE_GRID, ".widget-gridbox"),
    "HTML": (HTML_GRID.replace("WHERE", "pictures"), ".plain-grid"),
}


# The project


def pictures(count: int) -> list[dict[int, bytes]]:
    """Return thumbnails of different images, of as many bytes as those of real ones: 12 KB in the middle size."""
    luck = np.random.default_rng(0)
    out = []
    for number in range(count):
        spheroid = Spheroid(352, 260, 60 + number % 120, shape_seed=number, depth=0.6)
        scene = render(SceneSpec(520, 704, (spheroid,), noise=0.06), luck)
        out.append(make_thumbnails(scene.pixels, sizes=(256,)))
    return out


def make_project(folder: Path, images: int) -> Path:
    """Make a project of rows whose thumbnails are cached; what is there is used again."""
    if not folder.exists():
        make_large_project(folder, images, OUTLINES)
    project = sw.open_project(folder)
    if not (folder / "cache" / "thumbnails-256.sqlite").exists():
        made = pictures(min(PICTURES, images))
        table = project.images()
        rows = zip(table["path"], table["sha256"], strict=True)
        named = [
            (Picture(str(path), Plane(), str(sha256)), made[n % len(made)]) for n, (path, sha256) in enumerate(rows)
        ]
        thumbnails = Thumbnails(folder / "cache")
        for first in range(0, images, 5000):
            thumbnails.keep(named[first : first + 5000])
        thumbnails.close()
    project.close()
    return folder


# Measuring in the page


# The parts


def measure_making(bench: Bench) -> list[Metric]:
    """Measure processor time a megapixel beyond decoding."""
    cv2.setNumThreads(1)
    luck = np.random.default_rng(0)
    worst: dict[str, float] = {}
    for height, width in SIDES:
        scene = render(SceneSpec(height, width, (Spheroid(width / 2, height / 2, height / 5, depth=0.6),)), luck).pixels
        deep = scene.astype(np.uint16) << 4 if scene.dtype == np.uint8 else scene
        flat = scene if scene.dtype == np.uint8 else (scene >> 8).astype(np.uint8)
        for name, grey in (("uint8", flat), ("uint16", deep)):
            colour = np.stack([grey, grey // 2, grey // 3], axis=-1)
            for kind, pixels in ((f"{name}, grey", grey), (f"{name}, colour", colour)):
                path = bench.work / f"{height}-{width}-{kind}.tif"
                tifffile.imwrite(path, pixels)
                beyond = seconds(partial(thumbnails_of, path)) - seconds(partial(tifffile.imread, path))
                figure = 1000 * beyond / (height * width / 1e6)
                print(f"  {height} x {width}, {kind}: {figure:.2f} ms a megapixel")
                worst[kind] = max(worst.get(kind, 0.0), figure)
    return [metric(f"three thumbnails beyond decoding, {kind}", value, "ms/MP", 4) for kind, value in worst.items()]


def thumbnails_of(path: Path) -> dict[int, bytes]:
    """Do what the gallery does with a file."""
    return make_thumbnails(read_plane(path).pixels)


def seconds(work: Callable[[], object]) -> float:
    """Return the median processor time of this thread."""
    took = []
    for _ in range(2 * TIMES + 1):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return median(took)


def measure_large(bench: Bench) -> list[Metric]:
    """Measure the gallery of 100,000 images."""
    began = time.perf_counter()
    folder = make_project(KEPT or bench.work / "large", IMAGES)
    print(f"  the project was there after {time.perf_counter() - began:.0f} s", flush=True)
    trace = bench.work / "trace.json"
    with notebook(bench, "large-notebook", [f"{opening(folder)}\n{PROBE}", GALLERY, TELL]) as book:
        page = book.page
        book.run(0)
        runs, whole = [], []
        for number in range(TIMES + 1):
            runs.append(book.run(1, None))
            page.wait_for_function(ALL_ROWS, arg=IMAGES)
            whole.append(time.time() - runs[-1].began)
            table = book.wire.received["rows"] / 1e6
            runs[-1].spans = book.spans(2)
            print(f"  {described(runs[-1])}{' (first in its kernel)' if number == 0 else ''}", flush=True)
        first, *again = runs
        received = [sum(one.received.values()) / 1e6 for one in again]
        out = [
            metric("first render to first screen", 1000 * median(one.ready - one.rendered for one in again), "ms", 600),
            metric("kernel's work in it", 1000 * median(one.work() for one in again), "ms", 150),
            metric("key to first render", 1000 * median(one.rendered - one.began for one in again), "ms", None),
            metric("key to first screen, first in its kernel", 1000 * (first.ready - first.began), "ms", None),
            metric("key to all rows", median(whole[1:]), "s", None),
            metric("kernel to browser, first screen", median(received), "MB", 1),
            metric("kernel to browser, later part, once a page", LATER_BYTES / 1e6, "MB", None),
            metric("kernel to browser, all rows", table, "MB", None),
        ]
        counted = page.evaluate(COUNT)
        jumps = [float(page.evaluate(JUMP, share)) for share in np.random.default_rng(1).uniform(0.02, 0.98, JUMPS)]
        waits, blanks, tasks = [], [], []
        for number in range(TIMES):
            page.evaluate(JUMP, 0.1 + 0.15 * number)
            page.wait_for_timeout(REST_MS)
            page.evaluate(WATCH)
            tasks.append(longest_task(page, lambda: scroll(page), trace))
            told = page.evaluate(WATCHED)
            waits.append(told["wait"])
            blanks.append(told["blank"])
        jumping = longest_task(page, lambda: [page.evaluate(JUMP, share) for share in (0.2, 0.9, 0.5)], trace)
        page.set_viewport_size({"width": 2560, "height": 1440})
        slider = page.locator(".sw-gallery:not([data-old]) input[type=range]")
        slider.fill(slider.get_attribute("min") or "96")
        page.wait_for_timeout(REST_MS)
        most = page.evaluate(COUNT)
    before, after = memory(
        bench, "large-voila", f"{opening(folder)}\nsw.Gallery(project)", f"{WHOLE} && ({ALL_ROWS})({IMAGES})",
        walk=f"({PAGES})({THROUGH})",
    )  # fmt: skip
    return [
        *out,
        metric("jump to any place, its pictures", median(jumps), "ms", 200),
        metric("jump to any place, the slowest", max(jumps), "ms", None),
        metric("slow scrolling, a card waits at most", median(waits), "ms", None),
        metric("slow scrolling, blank screen at most", median(blanks), "ms", 100),
        *in_words("slow scrolling, longest task", Tasks(*(median(pair) for pair in zip(*tasks, strict=True))), 50),
        *in_words("jumping, longest task", jumping, None),
        metric("memory of the page after 5,000 images", after[0], "MB", 300),
        metric("memory of the page, with decoded pictures kept for a while", after[1], "MB", None),
        metric("memory of the page at the first screen", before[0], "MB", None),
        metric("cards in the document", counted["cards"], "", 400),
        metric("nodes in the document", counted["nodes"], "", 4000),
        metric("cards in the document, smallest cards on 2,560 px", most["cards"], "", 400),
        metric("nodes in the document, smallest cards on 2,560 px", most["nodes"], "", 4000),
    ]


def in_words(name: str, tasks: Tasks, target: float | None) -> list[Metric]:
    """Return the longest tasks as figures: by the clock, in which others of this machine have their turns, and without."""
    return [
        metric(name, tasks.clock, "ms", target),
        metric(f"{name}, of the processor's time", tasks.processor, "ms", target),
    ]


def described(marks: Marks) -> str:
    """Return one run in words."""
    work: Counter[str] = Counter()
    for name, start, end in marks.spans:
        work[name] += round(1000 * (end - start))
    return (
        f"key to render {1000 * (marks.rendered - marks.began):.0f} ms, to first screen {1000 * (marks.ready - marks.began):.0f};"
        f" kernel, ms: {dict(work)}; KB: { {name: round(size / 1000) for name, size in marks.received.most_common(5)} }"
    )


def measure_finding(bench: Bench) -> list[Metric]:
    """Measure how soon what is asked for is shown."""
    out = []
    for images, target in ((MEDIUM, 100), (IMAGES, 100)):
        folder = make_project(KEPT if KEPT and images == IMAGES else bench.work / f"found-{images}", images)
        with notebook(bench, f"finding-{images}", [f"{opening(folder)}\n{PROBE}", GALLERY]) as book:
            book.run(0)
            marks = book.run(1, None)
            book.page.wait_for_function(ALL_ROWS, arg=images)
            book.page.wait_for_timeout(REST_MS)
            first = 1000 * (marks.ready - marks.began)
            out.append(metric(f"{images:,} images: key to first screen, first in its kernel", first, "ms", None))
            for name, (selector, asked, back) in FINDING.items():
                took = []
                for _ in range(TIMES):
                    for value in (asked, back):
                        took.append(book.page.evaluate(FIND, [selector, value]))
                        book.page.wait_for_timeout(REST_MS / 4)
                answered, whole = (median(times) for times in zip(*took, strict=True))
                out.append(metric(f"{images:,} images: {name}, until the grid has changed", answered, "ms", target))
                out.append(metric(f"{images:,} images: {name}, until its pictures are there", whole, "ms", None))
    return out


def measure_others(bench: Bench) -> list[Metric]:
    """Measure the same 500 pictures in three kinds of grid."""
    folder = make_project(bench.work / "few", FEW)
    root = bench.work / "others" / "root"
    (root / "pictures").mkdir(parents=True)
    made = pictures(PICTURES)
    for number in range(FEW):
        (root / "pictures" / f"{number:03d}.jpg").write_bytes(made[number % PICTURES][256])
    cells = [f"{opening(folder)}\n{PROBE}", GALLERY, *(source for source, _ in OTHERS.values())]
    figures: dict[str, dict[str, float]] = {}
    for number, kind in enumerate(("gallery", *OTHERS), start=1):
        source, box = (GALLERY, ".sw-gallery:not([data-old])") if kind == "gallery" else OTHERS[kind]
        all_loaded = "true" if kind == "gallery" else f"{LOADED % box} >= {FEW}"
        with notebook(bench, "others", cells) as book:
            book.run(0)
            runs, last = [], []
            for _ in range(TIMES):
                runs.append(book.run(number, None if kind == "gallery" else IN_SIGHT % (box, box)))
                book.page.wait_for_function(all_loaded)
                last.append(time.time() - runs[-1].began)
                book.page.wait_for_timeout(REST_MS)
            nodes = book.page.evaluate(f"document.querySelectorAll('{box}, {box} *').length")
        figures[kind] = {
            "s to first screen": median(one.ready - one.began for one in runs),
            "MB from the kernel": median(sum(one.received.values()) for one in runs) / 1e6,
            "nodes": float(nodes),
        }
        if kind == "gallery":
            held = memory(bench, "few-voila", f"{opening(folder)}\nsw.Gallery(project)", WHOLE)
        else:
            figures[kind]["s to last picture"] = median(last)
            source = source.replace('"pictures/', '"voila/files/pictures/')
            held = memory(bench, f"{number}-voila", source, all_loaded, shown=root / "pictures")
        figures[kind]["MB of memory"] = held[0][0]
        print(f"  {kind}: " + ", ".join(f"{value:.3g} {name}" for name, value in figures[kind].items()), flush=True)
    ours = figures["gallery"]
    out = [
        metric(f"500 images, {kind}: {name}", value, "", None)
        for kind, some in figures.items()
        for name, value in some.items()
    ]
    ratios = [
        metric(f"500 images, {kind} over gallery: {name}", figures[kind][name] / max(ours[name], 1e-3), "x", None)
        for kind in OTHERS
        for name in ours
    ]
    return out + [{**one, "better": "higher"} for one in ratios]


PARTS: dict[str, Callable[[Bench], list[Metric]]] = {
    "making": measure_making, "large": measure_large, "finding": measure_finding,
    "opening": partial(measure_opening, sizes=(MEDIUM, IMAGES), kept=KEPT), "others": measure_others,
}  # fmt: skip


def main() -> None:
    """Measure, print the table, put the figures among those of the other parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    wanted = parser.parse_args().only
    print(machine())
    for part in wanted:
        with tempfile.TemporaryDirectory(prefix="gallery-") as name, sync_playwright() as playwright:
            browser = start_chromium(playwright)
            metrics = PARTS[part](Bench(browser, Path(name)))
            browser.close()
        tell(part, metrics)
        keep(RESULTS, metrics)


if __name__ == "__main__":
    main()
