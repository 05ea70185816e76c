"""The quickstart in JupyterLab, as a person uses it: run all, look, drag a vertex, save, and find it in the numbers."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from servers import free_port, own_folders, run_all, serving, status_of

import spheroseg_widgets as sw
from spheroseg_widgets.reports.notebooks import packaged_notebook
from spheroseg_widgets.reports.template import LAYOUT

from .conftest import Lab, Watch
from .hands import ask, bring, drag_vertex

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "01_quickstart.ipynb"
RUN_S = 900
PULL = 40  # how far the vertex is dragged, CSS px


@pytest.fixture(scope="module")
def opened(lab: Lab, chromium: Any) -> Any:
    """The quickstart, run from top to bottom by the menu; gives the page and what it asked for."""
    shutil.copyfile(packaged_notebook(NOTEBOOK), lab.root / NOTEBOOK)
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(240_000)
    page = context.new_page()
    watch = Watch(page)
    page.goto(lab.address(NOTEBOOK, "quickstart"))
    run_all(page)
    until = time.monotonic() + RUN_S
    while not (lab.root / "quickstart" / "report.html").exists():
        assert time.monotonic() < until, page.locator(".jp-OutputArea-error, [data-mime-type*=error]").all_inner_texts()
        assert not page.locator("[data-mime-type='application/vnd.jupyter.error']").count(), page.content()[-4000:]
        page.wait_for_timeout(1000)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    yield page, watch
    context.close()


def test_the_command_opens_lab_on_the_quickstart_behind_a_token(tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable, "-m", "spheroseg_widgets.cli", "lab", str(tmp_path / "work"), "--no-browser", "--port", str(port),
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    with serving(command, own_folders(tmp_path / "home"), tmp_path, f"{address}/login") as log:
        assert (tmp_path / "work" / NOTEBOOK).exists()
        assert status_of(f"{address}/api/contents") == 403
        told = re.search(rf"{address}/lab/tree/{NOTEBOOK}\?token=\w+", log.read_text())
        assert told is not None, log.read_text()
        assert status_of(told.group()) == 200


def test_every_cell_ran_and_the_run_is_over(opened: tuple[Page, Watch], lab: Lab) -> None:
    assert ask(lab, "[run.progress().done, run.progress().failed, bool(run.progress().finished)]") == [16, 0, True]
    monitor = bring(opened[0], ".sw-monitor")
    expect(monitor).to_contain_text("16 of 16 images", timeout=240_000)


def test_thumbnails_come_and_a_click_selects(opened: tuple[Page, Watch], lab: Lab) -> None:
    page, _ = opened
    bring(page, ".sw-gallery")
    first = page.locator(".sw-gallery .sw-cell").first
    expect(first).to_be_visible()
    page.wait_for_function("document.querySelector('.sw-gallery .sw-picture').naturalWidth > 0")
    first.click()
    until = time.monotonic() + 60
    while ask(lab, "gallery.selected_ids") != [1]:
        assert time.monotonic() < until
    assert ask(lab, "gallery.selected['name'].tolist()") == ask(lab, "plate.images()['name'].tolist()[:1]")


def test_a_dragged_vertex_is_found_in_the_dataframe_and_in_the_database(opened: tuple[Page, Watch], lab: Lab) -> None:
    page, _ = opened
    project = sw.open_project(lab.root / "quickstart" / "project")
    second = project.images().iloc[1]
    image_id = int(second["image_id"])
    outlines = project.outlines(image_id)[0]
    before = float(project.measurements().query("image_id == @image_id")["area_um2"].iloc[0])
    bring(page, ".sw-gallery")
    page.locator(".sw-gallery .sw-cell").nth(1).dblclick()
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-name")).to_contain_text(Path(second["name"]).stem)
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    pulled = drag_vertex(editor, outlines, second["width"], second["height"], PULL)
    expect(editor.locator(".sw-editor-storing")).to_contain_text("1 change stored")
    editor.locator("button[data-action='edit.save']").click()
    expect(editor.locator(".sw-editor-storing")).to_contain_text("Saved as revision")
    inside = float(ask(lab, f"plate.measurements().query('image_id == {image_id}')['area_um2'].iloc[0]"))
    assert inside > before * 1.001
    after = project.measurements().query("image_id == @image_id").iloc[0]
    assert after["area_um2"] == pytest.approx(inside)
    assert after["result_source"] == "edit"
    moved = project.outlines(image_id)[0].rings(0)[0]
    assert moved[:, 0].max() == pytest.approx(outlines.rings(0)[0][:, 0].max() + pulled, abs=2)
    assert ask(lab, f"plate.images().set_index('image_id').loc[{image_id}, 'review']") == "corrected"
    project.close()


def test_a_figure_out_of_sight_keeps_its_height_when_the_notebook_gets_wider(opened: tuple[Page, Watch]) -> None:
    page, _ = opened
    bring(page, ".js-plotly-plot .main-svg")
    bring(page, ".sw-monitor")
    page.keyboard.press("Control+B")  # the side bar goes
    page.wait_for_timeout(1000)
    figure = bring(page, ".js-plotly-plot .main-svg")
    assert figure.bounding_box()["height"] == LAYOUT["height"]
    page.keyboard.press("Control+B")


def test_nothing_was_asked_of_another_machine(opened: tuple[Page, Watch]) -> None:
    _, watch = opened
    assert watch.foreign() == []
    assert watch.errors == []
