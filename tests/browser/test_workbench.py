"""The workbench in JupyterLab and Voila: gallery, editor and monitor as one, wide and narrow, across a kernel's restart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring, kill_kernel, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "bench.ipynb"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
NewPage = Callable[..., tuple[Page, Watch]]


def source(segmented: Path, tmp_path: Path) -> str:
    """Copy the project, and give the cell that shows it."""
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    return (
        f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder)!r})\nbench = sw.Workbench(plate)\nbench"
    )


def card(page: Locator, well: str, hours: int) -> Locator:
    return page.locator(f".sw-cell[aria-label*='plate_{well}_{hours}h']")


def test_what_is_picked_is_opened_and_a_restart_is_survived(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    write_notebook(lab.root / NOTEBOOK, [source(segmented, tmp_path)])
    page, watch = new_page(width=1440)
    page.goto(lab.address(NOTEBOOK, "bench"))
    run_all(page)
    page.keyboard.press("Control+b")
    bench = bring(page, ".sw-workbench")
    expect(bench.locator(".sw-cell:visible")).to_have_count(8)
    card(bench, "B01", 24).dblclick()
    expect(bench.locator(".sw-editor-name")).to_contain_text("plate_B01_24h")
    expect(bench.locator(".sw-editor-wait")).to_be_hidden()
    assert ask(lab, "plate.image(bench.editor.image_id)['name']") == "plate_B01_24h.tif"

    # What is saved in the editor shows on the card.
    bench.locator(".sw-editor-picture").first.click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(bench.locator(".sw-editor-storing")).to_contain_text("Saved as revision")
    expect(card(bench, "B01", 24)).to_have_attribute("data-state", "corrected")

    # The kernel dies: every part says so, and after a new start all is as it was stored.
    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(bench.locator(".sw-banner:visible").first).to_contain_text("kernel")
    page.wait_for_selector(IDLE)
    run_all(page)
    bench = bring(page, ".sw-workbench")
    expect(card(bench, "B01", 24)).to_have_attribute("data-state", "corrected")
    assert watch.errors == []


def test_a_review_that_is_opened_in_the_editor_goes_on_there_and_after_a_reload(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    write_notebook(lab.root / "handed.ipynb", [source(segmented, tmp_path)])
    page, watch = new_page(width=1440)
    page.goto(lab.address("handed.ipynb", "handed"))
    run_all(page)
    page.keyboard.press("Control+b")
    bench = bring(page, ".sw-workbench")
    for hours in (0, 24):
        card(bench, "B01", hours).click(modifiers=["Control"] if hours else [])
    bench.get_by_role("button", name="Review", exact=True).click()
    review = bench.locator(".sw-review")
    expect(review.locator(".sw-review-outlined img")).to_be_visible()
    first = review.locator(".sw-review-name").inner_text()
    page.keyboard.press("Enter")
    name, place = (bench.locator(f".sw-editor-{part}") for part in ("name", "place"))
    expect(name).to_have_text(first)
    expect(place).to_have_text("1 / 2")

    # The keys came with the image; Esc gives them back to the review.
    stage = bench.locator(".sw-editor-stage")
    expect(stage).to_be_focused()
    page.keyboard.press("Escape")
    expect(review).to_be_focused()
    page.keyboard.press("Enter")
    expect(stage).to_be_focused()

    # What is said in the editor is said in the review, too, and both show the next.
    page.keyboard.press("a")
    expect(name).not_to_have_text(first)
    second = name.inner_text()
    expect(place).to_have_text("2 / 2")
    expect(review.locator(".sw-review-name")).to_have_text(second)
    until_told(lab, f"plate.image({first!r})['review']", "approved")

    # The page is loaded again: the editor still goes through the same two, and knows which was judged.
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)
    page.reload()
    page.wait_for_selector(IDLE)
    bench = bring(page, ".sw-workbench")
    name, place = (bench.locator(f".sw-editor-{part}") for part in ("name", "place"))
    expect(name).to_have_text(second)
    expect(place).to_have_text("2 / 2")
    bench.locator(".sw-editor-stage").focus()
    page.keyboard.press("n")
    expect(bench.locator(".sw-editor-said")).to_contain_text("Nothing is left")
    until_told(lab, f"plate.image({second!r})['outcome']", "absent")
    assert watch.errors == []


def test_a_narrow_page_of_voila_has_tabs(
    segmented: Path, voila: Callable[[Path], str], new_page: NewPage, tmp_path: Path
) -> None:
    notebook = tmp_path / NOTEBOOK
    write_notebook(notebook, [source(segmented, tmp_path)])
    page, watch = new_page(width=400, scheme="dark")
    page.goto(voila(notebook), timeout=120_000)
    bench = page.locator(".sw-workbench")
    expect(bench.locator(".sw-cell:visible").first).to_be_visible(timeout=60_000)
    expect(bench.locator(".sw-editor:visible")).to_have_count(0)
    card(bench, "A02", 0).dblclick()
    expect(bench.locator(".sw-editor-name")).to_contain_text("plate_A02_0h")
    expect(bench.locator(".sw-gallery:visible")).to_have_count(0)
    expect(bench.locator(".sw-editor-stage")).to_be_focused()
    page.keyboard.press("Escape")
    expect(card(bench, "A02", 0)).to_be_visible()
    expect(bench.locator(".sw-grid")).to_be_focused()
    bench.get_by_role("tab", name="Editor").click()
    expect(bench.locator(".sw-gallery:visible")).to_have_count(0)
    bench.get_by_role("tab", name="Images").click()
    expect(card(bench, "A02", 0)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400  # nothing sticks out
    assert watch.errors == []
