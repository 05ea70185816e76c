"""Comparisons opened from the gallery in JupyterLab, in its own place, by keys and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]


def test_what_is_selected_is_compared_in_the_gallerys_place(segmented: Path, lab: Lab, new_page: NewPage) -> None:
    source = f"import spheroseg_widgets as sw\nplate = sw.open_project({str(segmented)!r})\ngallery = sw.Gallery(plate)"
    write_notebook(lab.root / "comparing.ipynb", [f"{source}\ngallery"])
    page, watch = new_page(width=1280)
    page.goto(lab.address("comparing.ipynb", "comparing"))
    run_all(page)
    gallery = bring(page, ".sw-gallery")
    expect(gallery.locator(".sw-cell:visible")).to_have_count(8)

    gallery.locator(".sw-cell[data-position='0']").click()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("c")
    inside = gallery.locator(".sw-compare")
    expect(inside.locator(".sw-compare-pane")).to_have_count(2)
    expect(gallery.locator(".sw-cell:visible")).to_have_count(0)
    assert ask(lab, "len(gallery._comparisons)") == 1
    inside.locator(".sw-compare-panes").click()
    page.keyboard.press("c")  # is the comparison's own key in there: each its own contrast
    expect(inside.locator("[data-action=contrast]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(gallery.locator(".sw-cell[aria-selected=true]")).to_have_count(2)
    until_told(lab, "len(gallery._comparisons)", 0)

    page.keyboard.press("Escape")  # one step back further: nothing is selected
    gallery.locator(".sw-cell[data-position='3']").click()
    gallery.get_by_role("button", name="Through time").click()
    expect(inside.locator(".sw-compare-title")).to_contain_text("A02")
    assert ask(lab, "[shown.mode for shown in gallery._comparisons.values()]") == ["series"]
    gallery.get_by_role("button", name="Back to the images").click()
    expect(gallery.locator(".sw-cell:visible")).to_have_count(8)
    assert not watch.errors
