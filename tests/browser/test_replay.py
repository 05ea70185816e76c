"""Two thousand random operations in JupyterLab, a kernel that dies in the middle of them, and undo of them all.

After the kernel's death, and at the end, the store holds what the page made; undone, it is exactly what there was.
"""

from __future__ import annotations

import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts

from .conftest import Lab, Watch
from .hands import ask, bring, drag_vertex, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(3000), pytest.mark.filterwarnings("ignore")]
STEPS = 2000
WIDTH, HEIGHT = 1000, 800
SEED = 20_240_501
NOTEBOOK = "replay.ipynb"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
MINUTES_MS = 300_000
COPIED = (
    "(lambda one: [list(one.classes), __import__('base64').b64encode(one.outlines.to_bytes()).decode()])"
    "(__import__('spheroseg_widgets.widgets.editor_clipboard', fromlist=['_']).Clipboard._copied)"
)
State = dict[str, tuple[str, tuple[bytes, ...]]]
"""By outline: its class and its rings, bit by bit."""


def field(folder: Path) -> sw.Project:
    """Make a project of one image of fifty outlines, some with a hole."""
    luck = np.random.default_rng(SEED)
    tifffile.imwrite(folder / "field.tif", luck.integers(100, 4000, (HEIGHT, WIDTH), dtype=np.uint16))
    project = sw.open_project(folder / "project", create=True)
    project.add(folder / "field.tif", pixel_size_um=1.0)
    objects = []
    for number in range(50):
        x, y = 60 + 98 * (number % 10), 80 + 155 * (number // 10)
        angles = np.linspace(0, 2 * np.pi, 20 + int(luck.integers(60)), endpoint=False)
        away = (30 + 20 * luck.random()) * (1 + 0.15 * np.sin(3 * angles + luck.random()))
        ring = np.column_stack([x + away * np.cos(angles), y + away * np.sin(angles)])
        hole = np.array([(x - 8, y - 8), (x - 8, y + 8), (x + 8, y + 8), (x + 8, y - 8)])
        objects.append([one.astype(np.float32) for one in ([ring] if number % 4 else [ring, hole])])
    outlines = Outlines.from_rings(objects)
    rows = measure_shape(outlines).assign(
        confidence=luck.uniform(0.3, 1, 50), touches_border=touches_border(outlines, HEIGHT, WIDTH),
        class_name=["spheroid", "core"] * 25,
    )  # fmt: skip
    project.save(1, outlines, rows, parent=None)
    return project


def stored(project: sw.Project) -> State:
    """Return the revision that holds with the operations of the open draft."""
    outlines, rows = project.outlines(1)
    state = {
        str(row["outline_id"]): (str(row["class_name"]), bits(outlines.rings(at)))
        for at, row in enumerate(rows.to_dict("records"))
    }
    for draft in open_drafts(project):
        for one in draft.operations():
            operation = one["operation"]
            state.pop(operation["outline_id"], None)
            if operation["kind"] == "put":
                rings = Outlines.from_bytes(b64decode(operation["geometry"])).rings(0)
                state[operation["outline_id"]] = (operation["class_name"], bits(rings))
    return state


def made(start: State, operations: Iterable[dict[str, Any]]) -> State:
    """Return what operations make of the start, as the page made them."""
    state = dict(start)
    for one in operations:
        state.pop(one["outline"], None)
        if one["kind"] == "put":
            rings = [np.array(ring, np.float32).reshape(-1, 2) for ring in one["rings"]]
            state[one["outline"]] = (one["className"], bits(rings))
    return state


def bits(rings: Iterable[np.ndarray]) -> tuple[bytes, ...]:
    return tuple(ring.tobytes() for ring in rings)


def shown(lab: Lab, page: Page) -> Counter[tuple[str, tuple[bytes, ...]]]:
    """Return what the page shows: all of it is selected and copied."""
    count = page.evaluate("(swReplay.copy(), swReplay.count())")
    end = time.monotonic() + 60
    while len((told := ask(lab, COPIED))[0]) != count:
        assert time.monotonic() < end, f"{len(told[0])} outlines were copied of {count}"
    outlines = Outlines.from_bytes(b64decode(told[1]))
    return Counter((name, bits(outlines.rings(at))) for at, name in enumerate(told[0]))


def open_editor(page: Page) -> Locator:
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-name")).to_contain_text("field")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    return editor


def settled(editor: Locator) -> None:
    expect(editor.locator(".sw-editor-storing")).to_have_attribute("data-state", "stored", timeout=MINUTES_MS)


def test_all_that_was_done_is_stored_over_a_killed_kernel_and_undone_exactly(
    lab: Lab, new_page: Callable[..., tuple[Page, Watch]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = field(tmp_path)
    outlines, rows = project.outlines(1)
    start = stored(project)
    source = f"""import spheroseg_widgets as sw
project = sw.open_project({str(project.folder)!r})
editor = sw.Editor(project, image=1, classes=["core"])
editor"""
    write_notebook(lab.root / NOTEBOOK, [source])
    page, watch = new_page()
    page.goto(lab.address(NOTEBOOK, "replay"))
    run_all(page)
    editor = open_editor(page)
    page.evaluate(Path(__file__).with_name("replay.js").read_text(), [WIDTH, HEIGHT, SEED])
    began = time.monotonic()
    drag_vertex(editor, outlines, WIDTH, HEIGHT, 20)  # and by a real mouse
    page.evaluate(f"swReplay.work({STEPS // 2 - 150})")
    settled(editor)

    # The kernel dies while the page goes on working.
    page.evaluate("void (window.swGoing = swReplay.work(100))")
    page.wait_for_timeout(400)
    at = page.evaluate("swReplay.steps()")
    kill_kernel(lab)
    page.evaluate("window.swGoing")
    died = page.evaluate("swReplay.steps()")
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(page.locator(".sw-banner").first).to_contain_text("kernel does not answer")
    page.evaluate("swReplay.work(49)")
    expect(editor.locator(".sw-editor-storing")).to_have_attribute("data-state", "not_stored")
    halfway = page.evaluate("swReplay.made()")
    count = page.evaluate("swReplay.count()")
    kept = len(
        {one["id"] for one in halfway} - {one["id"] for draft in open_drafts(project) for one in draft.operations()}
    )
    page.wait_for_selector(IDLE)
    run_all(page)
    editor = open_editor(page)
    left = editor.locator('[data-key="draft"]')
    left.get_by_role("button", name="Continue").click()
    expect(editor.locator(".sw-editor-storing")).to_contain_text(f"{len(halfway)} changes stored", timeout=60_000)
    assert page.evaluate("swReplay.count()") == count
    wanted = made(start, halfway)
    assert stored(project) == wanted
    assert shown(lab, page) == Counter(wanted.values())

    # It goes on, and all is stored that was made.
    page.evaluate(f"swReplay.work({STEPS} - swReplay.steps())")
    settled(editor)
    worked = time.monotonic() - began
    done = page.evaluate("swReplay.done")
    steps = page.evaluate("swReplay.steps()")
    everything = page.evaluate("swReplay.made()")
    wanted = made(start, everything)
    assert stored(project) == wanted
    assert shown(lab, page) == Counter(wanted.values())
    assert wanted != start

    # All of it undone is exactly what there was: in the page, in the draft, and saved.
    began = time.monotonic()
    undone = page.evaluate("swReplay.undo()")
    settled(editor)
    took = time.monotonic() - began
    assert shown(lab, page) == Counter(start.values())
    assert stored(project) == start
    editor.locator("button[data-action='edit.save']").click()
    expect(editor.locator(".sw-editor-storing")).to_contain_text("Saved as revision")
    after, saved = project.outlines(1)
    assert after.to_bytes() == outlines.to_bytes()
    assert open_drafts(project) == []
    for name in ("outline_id", "class_name", "confidence", "area_px2"):
        assert saved[name].astype(str).tolist() == rows[name].astype(str).tolist(), name
    assert watch.errors == []
    project.close()
    told = ", ".join(f"{name} {n}" for name, n in sorted(done.items(), key=lambda one: -one[1]))
    with capsys.disabled():
        print(
            f"\n{steps} steps of {len(everything)} operations in {worked:.0f} s ({told}); the kernel killed at step {at} of"
            f" {died}, {kept} operations kept in the browser; {undone} steps undone in {took:.0f} s"
        )
    assert len(done) > 20
