"""The quickstart in JupyterLab, as a person uses it: run all, look, drag a vertex, save, and find it in the numbers."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Locator, Page, expect
from servers import free_port, own_folders, run_all, serving, status_of

import spheroseg_widgets as sw
from spheroseg_widgets.reports.notebooks import packaged_notebook

from .conftest import Lab, Watch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "01_quickstart.ipynb"
RUN_S = 900
MARGIN = 16  # between the fitted image and the editor's edge, CSS px
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


def bring(page: Page, selector: str) -> Locator:
    """Scroll the notebook until something of it is there: Lab takes cells that are out of sight off the page."""
    outer = page.locator(".jp-WindowedPanel-outer").first
    for top in range(0, 40_000, 300):
        outer.evaluate("(element, top) => { element.scrollTop = top; }", top)
        page.wait_for_timeout(100)
        if page.locator(selector).count():
            break
    found = page.locator(selector).first
    found.scroll_into_view_if_needed()
    return found


def ask(lab: Lab, code: str) -> Any:
    """Evaluate an expression in the notebook's kernel."""
    client = BlockingKernelClient(connection_file=str(lab.kernel_file()))
    client.load_connection_file()
    client.start_channels()
    try:
        said: list[str] = []
        reply = client.execute_interactive(
            f"import json; print('answer:' + json.dumps({code}))", timeout=240,
            output_hook=lambda message: said.append(message["content"].get("text", "")), store_history=False,
        )  # fmt: skip
        assert reply["content"]["status"] == "ok", reply["content"]
        return json.loads("".join(said).partition("answer:")[2])
    finally:
        client.stop_channels()


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
    stage = editor.locator(".sw-editor-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    room = (box["width"] - 2 * MARGIN, box["height"] - 2 * MARGIN)
    scale = min(room[0] / second["width"], room[1] / second["height"])
    corner = (
        box["x"] + (box["width"] - second["width"] * scale) / 2,
        box["y"] + (box["height"] - second["height"] * scale) / 2,
    )
    ring = outlines.rings(0)[0]
    centre = ring.mean(axis=0)
    vertex = ring[ring[:, 0].argmax()]

    def on_screen(point: Any) -> tuple[float, float]:
        return corner[0] + point[0] * scale, corner[1] + point[1] * scale

    page.mouse.click(*on_screen(centre))
    expect(editor.locator(".sw-editor-object")).not_to_be_empty()
    x, y = on_screen(vertex)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + PULL / 2, y, steps=4)
    page.mouse.move(x + PULL, y, steps=4)
    page.mouse.up()
    expect(editor.locator(".sw-editor-storing")).to_contain_text("1 change stored")
    editor.locator("button[data-action='edit.save']").click()
    expect(editor.locator(".sw-editor-storing")).to_contain_text("Saved as revision")
    inside = float(ask(lab, f"plate.measurements().query('image_id == {image_id}')['area_um2'].iloc[0]"))
    assert inside > before * 1.001
    after = project.measurements().query("image_id == @image_id").iloc[0]
    assert after["area_um2"] == pytest.approx(inside)
    assert after["result_source"] == "edit"
    moved = project.outlines(image_id)[0].rings(0)[0]
    assert moved[:, 0].max() == pytest.approx(vertex[0] + PULL / scale, abs=2 / scale)
    assert ask(lab, f"plate.images().set_index('image_id').loc[{image_id}, 'review']") == "corrected"
    project.close()


def test_nothing_was_asked_of_another_machine(opened: tuple[Page, Watch]) -> None:
    _, watch = opened
    assert watch.foreign() == []
    assert watch.errors == []
