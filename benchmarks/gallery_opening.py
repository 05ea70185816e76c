"""Opening an image from the gallery in the editor beside it: a part of `gallery.py`."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

from figures import Metric, metric
from first_light import Bench, opening
from gallery_page import ALL_ROWS, PROBE, REST_MS, TELL, Notebook, notebook
from large_project import lay_files, make_large_project

import spheroseg_widgets as sw

OUTLINES = 10
TIMES = 5
OPEN_MS, NEXT_MS = 1500, 150
NEXT_KEY = "."
WORKBENCH = "sw.Workbench(project)"
CARD = ".sw-gallery .sw-cell[data-position='{}']"
SHOWN = """((name, count) => {
    const [told, number, wait] = ['name', 'count', 'wait'].map(part => document.querySelector(`.sw-editor .sw-editor-${part}`));
    return Boolean(wait?.hidden) && told.textContent === name && number.textContent.startsWith(`${count} `);
})"""
CLOCK = f"""([key, name, count]) => {{
    const shown = {SHOWN};
    const marks = window.swOpening = {{}};
    addEventListener('keydown', event => {{ if (event.key === key) marks.began ??= performance.now(); }}, {{ capture: true }});
    const look = () => {{
        if (marks.began === undefined || !shown(name, count)) return requestAnimationFrame(look);
        requestAnimationFrame(() => {{
            const gl = document.querySelector('.sw-editor-picture').getContext('webgl2');
            gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // comes when all before it is drawn
            marks.took = performance.now() - marks.began;
        }});
    }};
    requestAnimationFrame(look);
}}"""


def measure_opening(bench: Bench, sizes: tuple[int, ...], kept: Path | None) -> list[Metric]:
    """Measure what opening an image takes in projects of some sizes; `kept` is a project of the last of them."""
    out = []
    for images in sizes:
        folder = kept if kept and images == sizes[-1] else bench.work / f"opened-{images}"
        if not folder.exists():
            make_large_project(folder, images, OUTLINES)
        project = sw.open_project(folder)
        lay_files(project)
        table = project.images().head(50)
        project.close()
        whole = table["n_objects"] == OUTLINES
        names = table["name"].tolist()
        # Three apart: of an image, and of the next, the one after it is read ahead.
        places = [place for place in range(2, len(table) - 1, 3) if whole[place] and whole[place + 1]][: TIMES + 1]
        with notebook(bench, f"opening-{images}", [f"{opening(folder)}\n{PROBE}", WORKBENCH, TELL]) as book:
            book.run(0)
            book.run(1, f"({ALL_ROWS})({images}) && {SHOWN}({json.dumps(names[0])}, {OUTLINES})")
            book.page.wait_for_timeout(REST_MS)
            opened, following = [], []
            for place in places:
                book.page.locator(CARD.format(place)).click()
                opened.append(took(book, "Enter", names[place]))
                book.page.wait_for_timeout(REST_MS)  # the next one is read ahead
                following.append(took(book, NEXT_KEY, names[place + 1]))
                book.page.wait_for_timeout(REST_MS)
            answered: dict[str, list[float]] = {}
            for method, begin, end in book.spans(2):
                answered.setdefault(method, []).append(1000 * (end - begin))
        kernel = sum(median(answered[name]) for name in ("document", "pixels"))
        print(
            f"  {images:,} images: Enter {rounded(opened)}, next {rounded(following)}; kernel {kernel:.0f} ms",
            flush=True,
        )
        out += [
            metric(
                f"{images:,} images: Enter on a card to its outlines in the editor", median(opened[1:]), "ms", OPEN_MS
            ),
            metric(f"{images:,} images: the first opened by a page", opened[0], "ms", None),
            metric(f"{images:,} images: key to the next image, read ahead", median(following[1:]), "ms", NEXT_MS),
            metric(f"{images:,} images: the kernel's part of an image", kernel, "ms", None),
        ]
    return out


def took(book: Notebook, key: str, name: str) -> float:
    """Press a key where the focus is; return the milliseconds until an image is drawn with its outlines."""
    book.page.evaluate(CLOCK, [key, name, OUTLINES])
    book.page.keyboard.press(key)
    book.page.wait_for_function("window.swOpening.took !== undefined")
    return float(book.page.evaluate("window.swOpening.took"))


def rounded(values: list[float]) -> str:
    """Return milliseconds as a person reads them."""
    return " ".join(f"{value:.0f}" for value in values)
