"""The gallery in JupyterLab: filters, list and views by mouse and keys, and what Python knows of them, across a reload."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "find.ipynb"
NewPage = Callable[..., tuple[Page, Watch]]


def test_what_the_page_filters_python_knows_and_a_reload_keeps(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    source = f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder)!r})\n"
    write_notebook(lab.root / NOTEBOOK, [f"{source}gallery = sw.Gallery(plate, show_filters=True)\ngallery"])
    page, watch = new_page(width=1280)
    page.goto(lab.address(NOTEBOOK, "find"))
    run_all(page)
    page.keyboard.press("Control+b")  # the file browser takes the room that the filters need
    gallery = bring(page, ".sw-gallery")
    expect(gallery.locator(".sw-cell:visible")).to_have_count(8)

    gallery.get_by_role("checkbox", name=re.compile("^A ?4$")).check()  # condition A, 4 images
    expect(gallery.locator(".sw-cell:visible")).to_have_count(4)
    gallery.get_by_role("slider", name="Time, from").press("ArrowRight")
    expect(gallery.locator(".sw-cell:visible")).to_have_count(2)
    expect(gallery.locator(".sw-asked-chip")).to_contain_text(["Condition: A", "Time: from 24 h"])
    until_told(lab, "gallery.shown['name'].tolist()", ["plate_A01_24h.tif", "plate_A02_24h.tif"])

    gallery.get_by_role("button", name="List").click()
    gallery.get_by_role("button", name="Name").click()
    gallery.get_by_role("button", name="Name").click()
    first = gallery.locator(".sw-entry[data-position='0']")
    expect(first).to_contain_text("A02")
    first.click()
    page.keyboard.press("Shift+ArrowDown")
    until_told(lab, "sorted(gallery.selected['well'])", ["A01", "A02"])

    gallery.get_by_role("button", name="Views").click()
    gallery.get_by_label("Name of this view").fill("late of A")
    page.keyboard.press("Enter")
    expect(gallery.locator(".sw-views > button")).to_have_text("View: late of A")
    view = {
        "facets": {"condition": ["A"]}, "ranges": {"time_h": [24, None]}, "sort": {"by": "name", "descending": True}, "mode": "list",
    }  # fmt: skip
    assert ask(lab, "plate.views()[['name', 'view']].to_dict('records')") == [{"name": "late of A", "view": view}]

    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)
    page.reload()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    gallery = bring(page, ".sw-gallery")
    expect(gallery.locator(".sw-entry:visible")).to_have_count(2)
    expect(gallery.locator(".sw-asked-chip")).to_have_count(2)
    gallery.get_by_role("button", name="Clear all filters").click()
    expect(gallery.locator(".sw-entry:visible")).to_have_count(8)
    until_told(lab, "gallery.view", {name: view[name] for name in ("sort", "mode")})

    assert ask(lab, "gallery.query('well == \"B02\" and time_h < 10')") is None
    expect(gallery.locator(".sw-entry:visible")).to_have_count(1)
    expect(gallery.locator(".sw-asked code")).to_have_text('well == "B02" and time_h < 10')
    gallery.get_by_role("button", name=re.compile("^Remove")).click()
    expect(gallery.locator(".sw-entry:visible")).to_have_count(8)
    until_told(lab, "len(gallery.shown)", 8)
    assert watch.errors == []
    assert watch.foreign() == []
