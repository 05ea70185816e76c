"""What `gallery.py` does in a page: clocks, jumps and wheels, bytes of its websockets, tasks of its main thread."""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from first_light import AGE, IDLE, Bench
from playwright.sync_api import CDPSession, Page

WHEEL_PX, WHEEL_MS, WHEELS = 60, 50, 100
REST_MS = 2000

PROBE = """
import json, time
from pathlib import Path
from spheroseg_widgets.widgets.rpc import Rpc

spans, answer = [], Rpc._run

def timed(self, call, *rest):
    began = time.time()
    answer(self, call, *rest)
    spans.append([call.method, began, time.time()])

Rpc._run = timed
"""
TELL = "Path('spans.json').write_text(json.dumps(spans)); spans.clear()"
"""Notes when the kernel answered which call; and writes that down."""

# What of the page this file knows.
SCREEN = """
    const gallery = () => document.querySelector('.sw-gallery:not([data-old])');
    const screen = () => {
        const grid = gallery()?.querySelector('.sw-grid');
        if (!grid || !grid.clientHeight) return { whole: false, cells: [], blank: [] };
        const { top, bottom } = grid.getBoundingClientRect();
        const boxes = [...grid.querySelectorAll('.sw-cell')].map(cell => [cell, cell.getBoundingClientRect()])
            .filter(([, box]) => box.height > 0 && box.bottom > top + 1 && box.top < bottom - 1);
        const shows = cell => { const i = cell.querySelector('.sw-picture'); return !i.hidden && i.complete && i.naturalWidth > 0; };
        const cells = boxes.map(([cell]) => cell);
        const blank = cells.filter(cell => !shows(cell));
        const covered = Math.min(...boxes.map(([, box]) => box.top)) <= top + 20
            && Math.max(...boxes.map(([, box]) => box.bottom)) >= bottom - 20;
        return { whole: covered && blank.length === 0, cells, blank };
    };
    const frame = () => new Promise(requestAnimationFrame);
"""
CLOCK = """ready => {
    SCREEN
    const done = ready ? new Function('return ' + ready) : () => screen().whole;
    const marks = window.swMarks = {};
    const begin = event => { if (event.key === 'Enter') marks.began = performance.now(); };
    addEventListener('keydown', begin, { capture: true, once: false });
    const look = () => {
        if (marks.began === undefined) return requestAnimationFrame(look);
        if (marks.rendered === undefined && (ready || gallery())) marks.rendered = performance.now();
        if (marks.rendered === undefined || !done()) return requestAnimationFrame(look);
        removeEventListener('keydown', begin, { capture: true });
        marks.origin = performance.timeOrigin;
        marks.ready = performance.now();
    };
    requestAnimationFrame(look);
}""".replace("SCREEN", SCREEN)
JUMP = """async share => {
    SCREEN
    const grid = gallery().querySelector('.sw-grid');
    const began = performance.now();
    grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
    await frame();
    while (!screen().whole) await frame();
    return performance.now() - began;
}""".replace("SCREEN", SCREEN)
FIND = """async ([selector, value]) => {
    SCREEN
    const one = gallery().querySelector(selector);
    const shown = () => gallery().querySelector('.sw-shown').textContent
        + gallery().querySelector('.sw-grid').ariaRowCount + screen().cells[0]?.textContent;
    const before = shown(), began = performance.now();
    if (value === null) one.click();
    else {
        one.value = value;
        one.dispatchEvent(new Event(one.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
    }
    while (shown() === before) {
        await frame();
        if (performance.now() - began > 20000) throw new Error(`${selector} ${value} changed nothing`);
    }
    const answered = performance.now() - began;
    while (!screen().whole) await frame();
    return [answered, performance.now() - began];
}""".replace("SCREEN", SCREEN)
PAGES = """async images => {
    SCREEN
    const grid = gallery().querySelector('.sw-grid');
    let seen = 0;
    while (seen < images) {
        await frame();
        while (!screen().whole) await frame();
        seen += screen().cells.length;
        grid.scrollTop += grid.clientHeight;
    }
    return seen;
}""".replace("SCREEN", SCREEN)
WATCH = """() => {
    SCREEN
    const since = new Map();
    const told = window.swWatch = { wait: 0, blank: 0, on: true };
    let began = null;
    const look = now => {
        const { cells, blank } = screen();
        const waiting = new Set(blank.map(cell => cell.dataset.position));
        for (const position of [...since.keys()]) if (!waiting.has(position)) since.delete(position);
        for (const position of waiting) {
            if (!since.has(position)) since.set(position, now);
            told.wait = Math.max(told.wait, now - since.get(position));
        }
        began = cells.length === blank.length ? began ?? now : null;
        if (began !== null) told.blank = Math.max(told.blank, now - began);
        if (told.on) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}""".replace("SCREEN", SCREEN)
WATCHED = "() => { window.swWatch.on = false; return window.swWatch; }"
WHOLE = f"(() => {{ {SCREEN} return screen().whole; }})()"
ALL_ROWS = """images => {
    const grid = document.querySelector('.sw-gallery:not([data-old]) .sw-grid');
    return Number(grid?.ariaRowCount) * Number(grid?.ariaColCount) >= images;
}"""
COUNT = """() => {
    const gallery = document.querySelector('.sw-gallery:not([data-old])');
    return { cards: gallery.querySelectorAll('.sw-cell').length, nodes: gallery.querySelectorAll('*').length };
}"""
IN_SIGHT = """(() => {
    const box = document.querySelector('%s')?.getBoundingClientRect();
    const all = [...document.querySelectorAll('%s img')];
    const seen = all.filter(i => { const b = i.getBoundingClientRect(); return b.bottom > box.top && b.top < box.bottom; });
    return seen.length > 0 && seen.every(i => i.complete && i.naturalWidth > 0);
})()"""
LOADED = "[...document.querySelectorAll('%s img')].filter(i => i.complete && i.naturalWidth > 0).length"


KINDS = {
    "thumbnails": rb'"pending"', "rows": rb'"deflated"', "outlines": rb'"objects"',
    "static face": rb'"msg_type": ?"(execute_result|display_data)"', "browser half": rb'"_esm"',
}  # fmt: skip
"""What a message is, by what stands in its words."""


class Wire:
    """Bytes by kind that came over the page's websockets since they were last counted."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()

    def hear(self, event: dict[str, Any]) -> None:
        """Count a frame; binary ones come as base64."""
        data = str(event["response"]["payloadData"])
        whole = base64.b64decode(data) if event["response"]["opcode"] == 2 else data.encode()
        kind = next((name for name, pattern in KINDS.items() if re.search(pattern, whole[:20_000])), "other")
        self.received[kind] += len(whole)


@dataclass(slots=True)
class Marks:
    """When a cell was run, its gallery was in the page, and its first screen was whole: seconds since 1970."""

    began: float
    rendered: float
    ready: float
    received: Counter[str]
    spans: list[tuple[str, float, float]] = field(default_factory=list)

    def work(self) -> float:
        """Return the seconds in which the kernel answered calls between first render and first screen."""
        spans = sorted(
            (max(start, self.rendered), min(end, self.ready)) for name, start, end in self.spans if name != "cell"
        )
        total, until = 0.0, 0.0
        for start, end in spans:
            total += max(0.0, end - max(start, until))
            until = max(until, end)
        return total


class Notebook:
    """A notebook in JupyterLab whose cells are run by their keys."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.wire = Wire()
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.session.on("Network.webSocketFrameReceived", self.wire.hear)

    def run(self, number: int, ready: str | None = "true") -> Marks:
        """Run a cell until the page shows what is wanted; None is the gallery's first screen."""
        page = self.page
        if ready is None:
            page.evaluate(AGE)
        page.wait_for_selector(IDLE)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").nth(number).click()
        page.wait_for_timeout(REST_MS)
        page.evaluate(CLOCK, ready)
        self.wire.received = Counter()
        page.keyboard.press("Control+Enter")
        page.wait_for_function("window.swMarks.ready !== undefined")
        marks = page.evaluate("window.swMarks")
        at = {name: (marks["origin"] + marks[name]) / 1000 for name in ("began", "rendered", "ready")}
        received = Counter(self.wire.received)  # the rest of a large table comes later
        page.wait_for_selector(IDLE)
        return Marks(**at, received=received)

    def spans(self, tell: int) -> list[tuple[str, float, float]]:
        """Return what the kernel did since it was last asked, by the cell that tells."""
        path = self.folder / "spans.json"
        path.unlink(missing_ok=True)
        self.run(tell)
        until = time.monotonic() + 30
        while not path.exists() and time.monotonic() < until:
            self.page.wait_for_timeout(100)
        return [tuple(span) for span in json.loads(path.read_text())]


@contextmanager
def notebook(bench: Bench, name: str, sources: Sequence[str]) -> Iterator[Notebook]:
    """Open a notebook in a JupyterLab of its own."""
    with bench.notebook(name, sources) as page:
        yield Notebook(page, bench.work / name / "root")


class Tasks(NamedTuple):
    """The longest task of a page's main thread, ms: by the clock, and of the processor's time."""

    clock: float
    processor: float


def longest_task(page: Page, act: Callable[[], object], trace: Path) -> Tasks:
    """Return the longest tasks of the page's main thread while something is done."""
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, path=trace, categories=["toplevel"])
    try:
        act()
    finally:
        browser.stop_tracing()
    events = json.loads(trace.read_text())["traceEvents"]
    main = {
        (e["pid"], e["tid"]) for e in events if e["name"] == "thread_name" and e["args"]["name"] == "CrRendererMain"
    }
    tasks = [e for e in events if e["name"].endswith("RunTask") and "dur" in e and (e["pid"], e["tid"]) in main]
    assert tasks, "no task in the trace"
    return Tasks(max(e["dur"] for e in tasks) / 1000, max(e.get("tdur", 0) for e in tasks) / 1000)


def scroll(page: Page) -> None:
    """Turn the wheel over the gallery, notch by notch."""
    grid = page.locator(".sw-gallery:not([data-old]) .sw-grid")
    box, top = grid.bounding_box(), grid.evaluate("grid => grid.scrollTop")
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(WHEELS):
        page.mouse.wheel(0, WHEEL_PX)
        page.wait_for_timeout(WHEEL_MS)
    passed = grid.evaluate("grid => grid.scrollTop") - top
    assert passed > 0.9 * WHEELS * WHEEL_PX, f"the wheel moved the grid by {passed} px only"
