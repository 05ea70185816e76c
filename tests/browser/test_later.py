"""What comes after the first picture of editor and gallery: once a page, in JupyterLab and in Voila, and there when the kernel is gone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import bring, kill_kernel, place_on_screen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
NOTEBOOK = "later.ipynb"
WIDTH, HEIGHT = 256, 192
X, Y = 128, 96  # the middle of the spheroid
HERE = "(globalThis[Symbol.for('spheroseg-widgets.later')]?.size ?? 0) > 0"
COUNTED = """(words) => {
  globalThis.evaluated = 0;
  const { createObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    blob.text().then((text) => (globalThis.evaluated += text.includes(words) ? 1 : 0));
    return createObjectURL.call(URL, blob);
  };
}"""
"""Counts the scripts that hold some words."""
OF_EDITOR, OF_GALLERY = "Unable to complete output ring", "sw-plate-clock"


def copied(segmented: Path, folder: Path) -> Path:
    return Path(shutil.copytree(segmented.parent, folder)) / segmented.name


def merge(page: Page, editor: Locator) -> None:
    """Draw a rectangle over the side of the spheroid and make one outline of both."""
    at, _ = place_on_screen(editor, WIDTH, HEIGHT)
    page.mouse.click(*at((20, 20)))
    page.keyboard.press("r")
    page.mouse.move(*at((X, Y - 8)))
    page.mouse.down()
    page.mouse.move(*at((X + 60, Y + 8)), steps=5)
    page.mouse.up()
    expect(editor.locator(".sw-editor-count")).to_have_text("2 objects")
    page.keyboard.press("v")
    page.keyboard.down("Shift")
    page.mouse.click(*at((X - 15, Y)))
    page.keyboard.up("Shift")
    page.keyboard.press("m")
    expect(editor.locator(".sw-editor-count")).to_have_text("1 object")


def test_in_jupyterlab_it_is_fetched_once_for_two_editors_and_outlives_the_kernel(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    folder = copied(segmented, tmp_path / "copy")
    sources = [
        f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder)!r})",
        "sw.Editor(plate, image=1)",
        "sw.Editor(plate, image=2)",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    page, watch = new_page(height=1900)  # both editors are on the page
    page.add_init_script(f"({COUNTED})({OF_EDITOR!r})")
    page.goto(lab.address(NOTEBOOK, "later"))
    run_all(page)
    editor = bring(page, ".sw-editor")
    expect(page.locator(".sw-editor")).to_have_count(2)
    for one in page.locator(".sw-editor").all():
        expect(one.locator(".sw-editor-count")).to_have_text("1 object")
    page.wait_for_function(HERE)
    page.wait_for_timeout(1000)
    assert page.evaluate("globalThis.evaluated") == 1

    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(page.locator(".sw-banner").first).to_contain_text("kernel does not answer")
    editor.scroll_into_view_if_needed()
    merge(page, editor)
    expect(editor.locator(".sw-editor-storing")).to_contain_text("not stored")
    expect(editor.locator(".sw-banner[data-key='later']")).to_have_count(0)
    assert watch.errors == []


def test_in_voila_it_comes_as_well(
    segmented: Path, voila: Callable[[Path], str], new_page: NewPage, tmp_path: Path
) -> None:
    folder = copied(segmented, tmp_path / "copy")
    (tmp_path / "visit").mkdir()
    notebook = tmp_path / "visit" / NOTEBOOK
    write_notebook(notebook, [f"import spheroseg_widgets as sw\nsw.Editor(sw.open_project({str(folder)!r}), image=1)"])
    page, watch = new_page()
    page.goto(voila(notebook))
    editor = page.locator(".sw-editor").first
    expect(editor.locator(".sw-editor-count")).to_have_text("1 object")
    page.wait_for_function(HERE)
    editor.scroll_into_view_if_needed()
    merge(page, editor)
    expect(editor.locator(".sw-editor-storing")).to_contain_text("stored")
    assert watch.foreign() == []
    assert watch.errors == []


def test_two_galleries_fetch_theirs_once_and_have_it_when_the_kernel_is_gone(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    folder = copied(segmented, tmp_path / "copy")
    sources = [
        f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder)!r})",
        "sw.Gallery(plate, height=300)",
        "sw.Workbench(plate, height=300)",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    page, watch = new_page(height=2600)  # both galleries are on the page
    page.add_init_script(f"({COUNTED})({OF_GALLERY!r})")
    page.goto(lab.address(NOTEBOOK, "later-gallery"))
    run_all(page)
    first = bring(page, ".sw-gallery")
    expect(page.locator(".sw-gallery")).to_have_count(2)
    for gallery in page.locator(".sw-gallery").all():
        expect(gallery.locator(".sw-cell img[src]")).not_to_have_count(0)
    page.wait_for_function("globalThis.evaluated === 1")
    page.wait_for_timeout(3000)  # longer than a page may be busy before it is fetched
    assert page.evaluate("globalThis.evaluated") == 1

    for gallery in page.locator(".sw-gallery").all():
        gallery.locator(".sw-mode[data-mode=plate]").click()
        expect(gallery.get_by_role("gridcell", name="A01").first).to_be_visible()
        wells = gallery.locator(".sw-plate-scroll")
        assert (
            wells.evaluate("element => getComputedStyle(element).overflowX") == "auto"
        )  # its style sheet came with it

    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(page.locator(".sw-banner").first).to_contain_text("kernel does not answer")
    first.locator(".sw-mode[data-mode=grid]").click()
    first.locator(".sw-cell").first.click()
    first.get_by_role("button", name="Delete", exact=True).click()
    expect(first.get_by_role("button", name="Delete 1 image from the project")).to_be_visible()
    assert watch.errors == []


def test_in_voila_a_gallery_shows_its_plate_first_and_reviews(
    segmented: Path, voila: Callable[[Path], str], new_page: NewPage, tmp_path: Path
) -> None:
    folder = copied(segmented, tmp_path / "copy")
    (tmp_path / "visit").mkdir()
    notebook = tmp_path / "visit" / NOTEBOOK
    source = f"import spheroseg_widgets as sw\nsw.Gallery(sw.open_project({str(folder)!r}), view={{'mode': 'plate'}})"
    write_notebook(notebook, [source])
    page, watch = new_page()
    page.goto(voila(notebook))
    gallery = page.locator(".sw-gallery").first
    expect(gallery.get_by_role("gridcell", name="A01").first).to_be_visible()
    gallery.get_by_role("button", name="Review").first.click()
    expect(gallery.locator(".sw-review")).to_be_visible()
    assert watch.foreign() == []
    assert watch.errors == []
