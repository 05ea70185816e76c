"""Comparisons in JupyterLab and Voila, by mouse and by keyboard."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.measure.shape import measure_shape

from .conftest import Lab, Watch
from .hands import ask, bring, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
NOTEBOOK = "compare.ipynb"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
HOURS = (0, 24)
CELLS = ("side = sw.Compare(project, images=[1, 3, 5])\nside", "swipe = sw.Compare(project, image=1)\nswipe",
         "series = sw.Compare.of_well(project, 'A1')\nseries")  # fmt: skip


@pytest.fixture
def corrected(segmented: Path, tmp_path: Path) -> Path:
    """Copy the segmented project; its first image has a correction that is a tenth wider than what the run made."""
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    project = sw.open_project(folder)
    outlines = project.outlines(1)[0]
    middle = outlines.rings(0)[0].mean(axis=0)
    wider = outlines.transformed(1.1, 1.1, *(-0.1 * middle))
    rows = measure_shape(wider).assign(class_name="spheroid")
    project.save(1, wider, rows, parent=int(project.image(1)["current_result_id"]))
    project.close()
    return folder


def sources(folder: Path) -> list[str]:
    return [f"import spheroseg_widgets as sw\nproject = sw.open_project({str(folder)!r})", *CELLS]


def selector_of(mode: str) -> str:
    return f".sw-compare .sw-content[data-mode={mode}]"


def drawn(page: Page, mode: str) -> Locator:
    """Wait until the first picture of a comparison of a kind is drawn."""
    page.wait_for_function(
        """(selector) => {
            const canvas = document.querySelector(`${selector} .sw-compare-stage canvas`);
            if (!canvas || !canvas.width) return false;
            const {data} = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1);
            return data[3] > 0;
        }""",
        arg=selector_of(mode),
    )
    return page.locator(selector_of(mode)).first


def spread(stage: Locator) -> float:
    """Return how far apart the coloured outlines lie in the middle row of a picture, as a share of its width."""
    return float(
        stage.locator("canvas").evaluate(
            """(canvas) => {
                const row = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1).data;
                const at = Array.from({length: canvas.width}, (_, x) => x).filter((x) => row[4 * x + 2] - row[4 * x] > 60);
                return at.length ? (at[at.length - 1] - at[0]) / canvas.width : 0;
            }"""
        )
    )


def until(page: Page, look: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(50)
    return seen


def middle(element: Locator) -> tuple[float, float]:
    element.scroll_into_view_if_needed()
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_comparisons_in_a_notebook(corrected: Path, lab: Lab, new_page: NewPage) -> None:
    write_notebook(lab.root / NOTEBOOK, sources(corrected))
    page, watch = new_page()
    page.goto(lab.address(NOTEBOOK, "compare"))
    run_all(page)
    page.wait_for_selector(IDLE)
    cells = page.locator(".jp-Notebook .jp-Cell").count()

    # Side by side: the wheel over one picture zooms all of them, a drag moves them, 0 shows them whole again.
    bring(page, selector_of("side"))
    side = drawn(page, "side")
    stages = side.locator(".sw-compare-stage")
    expect(stages).to_have_count(3)
    before = until(page, lambda: spread(stages.nth(2)))
    page.mouse.move(*middle(stages.nth(0)))
    page.wait_for_timeout(500)  # a wheel that follows upon scrolling is the page's
    page.mouse.wheel(0, -300)
    zoomed = until(page, lambda: (now := spread(stages.nth(2))) > 1.3 * before and now)
    bars = side.locator(".sw-scale-bar").all_inner_texts()
    assert len(set(bars)) == 1, bars
    page.mouse.click(*middle(stages.nth(0)))  # keys are those of what has the focus
    page.keyboard.press("0")
    until(page, lambda: spread(stages.nth(2)) < zoomed / 1.3)
    x, y = middle(stages.nth(0))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 4000, y, steps=4)  # released far outside
    page.mouse.up()
    until(page, lambda: spread(stages.nth(2)) == 0)
    page.keyboard.press("0")
    until(page, lambda: spread(stages.nth(2)) > 0)
    page.keyboard.press("o")
    until(page, lambda: spread(stages.nth(0)) == 0)
    until(page, lambda: ask(lab, "side.show_outlines") is False)
    page.keyboard.press("c")
    expect(side.locator("[data-action=contrast]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("o")

    # What is decided elsewhere in the notebook is seen here.
    expect(side.locator(".sw-compare-facts").nth(1)).to_contain_text("Measured")
    ask(lab, "project.review([3], 'approved')")
    expect(side.locator(".sw-compare-facts").nth(1)).to_contain_text("Approved")

    # The swipe: what was made by the run left of the divider, the correction right of it.
    bring(page, selector_of("swipe"))
    swipe = drawn(page, "swipe")
    [stage] = swipe.locator(".sw-compare-stage").all()
    divider = swipe.get_by_role("slider")
    x, y = middle(divider)
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], y, steps=5)
    page.mouse.up()
    expect(divider).to_have_attribute("aria-valuenow", "90")
    narrow = until(page, lambda: spread(stage))
    for _ in range(5):
        page.keyboard.press("PageDown")
    page.keyboard.press("Home")
    expect(divider).to_have_attribute("aria-valuenow", "0")
    wide = until(page, lambda: (now := spread(stage)) > narrow and now)
    assert wide / narrow == pytest.approx(1.1, abs=0.04)
    expect(swipe.locator(".sw-compare-difference")).to_contain_text("B is 21 % larger")
    results = ask(lab, "swipe.results")
    page.keyboard.press("x")
    expect(swipe.locator(".sw-compare-difference")).to_contain_text("B is 17.4 % smaller")
    until(page, lambda: ask(lab, "swipe.results") == results[::-1])
    swipe.locator("select").first.select_option(str(results[0]))
    expect(swipe.locator(".sw-compare-difference")).to_contain_text("The same area")

    # Through time: Space plays and stops, keys step, the strip and the curve lead anywhere, the kernel knows where.
    bring(page, selector_of("series"))
    series = drawn(page, "series")
    place = series.locator(".sw-compare-place")
    expect(place).to_have_text("1 of 2 · 0 h")
    strip = series.get_by_role("listbox")
    expect(strip.get_by_role("option")).to_have_count(2)
    series.locator(".sw-compare-panes").focus()
    page.keyboard.press("Space")
    expect(place).to_have_text("2 of 2 · 24 h")
    expect(place).to_have_text("1 of 2 · 0 h")
    page.keyboard.press("Space")
    expect(series.locator("[data-action=play]")).to_have_accessible_name("Play")
    strip.get_by_role("option").nth(1).click()
    expect(place).to_have_text("2 of 2 · 24 h")
    until(page, lambda: ask(lab, "series.image_id") == 2)
    strip.focus()
    page.keyboard.press("ArrowLeft")
    expect(place).to_have_text("1 of 2 · 0 h")
    curve = series.get_by_role("slider")
    curve.focus()
    page.keyboard.press("End")
    expect(curve).to_have_attribute("aria-valuetext", re.compile(r"^24 h, Measured, [\d\u2009]+ µm²$"))
    ask(lab, "setattr(series, 'image_id', 1)")
    expect(place).to_have_text("1 of 2 · 0 h")

    # None of these keys was one of JupyterLab's, and none went to another machine.
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert watch.foreign() == []
    assert watch.errors == []

    # A reloaded page shows the same; a kernel that dies is told.
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)
    page.reload()
    page.wait_for_selector(IDLE)
    bring(page, selector_of("series"))
    series = drawn(page, "series")
    expect(series.locator(".sw-compare-place")).to_have_text("1 of 2 · 0 h")
    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    banner = page.locator(".sw-compare:has([data-mode=series]) .sw-banner", has_text="The kernel does not answer")
    expect(banner).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_comparisons_through_voila_on_a_narrow_page(
    corrected: Path, voila: Callable[[Path], str], new_page: NewPage, tmp_path: Path, scheme: str
) -> None:
    notebook = tmp_path / "visit" / NOTEBOOK
    write_notebook(notebook, sources(corrected))
    page, watch = new_page(scheme=scheme, width=400, height=800)
    page.goto(voila(notebook))
    for mode in ("side", "swipe", "series"):
        drawn(page, mode)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("[data-mode=side] .sw-compare-stage")).to_have_count(3)
    divider = page.locator("[data-mode=swipe] [role=slider]")
    divider.focus()
    page.keyboard.press("ArrowLeft")
    expect(divider).to_have_attribute("aria-valuenow", "48")
    series = page.locator("[data-mode=series]")
    series.locator("[data-action=next]").click()
    expect(series.locator(".sw-compare-place")).to_have_text("2 of 2 · 24 h")
    assert watch.foreign() == []
    assert watch.errors == []
