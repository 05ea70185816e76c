"""What comes between in JupyterLab: a busy kernel, a second tab, a reload, a kernel that dies. No change is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw

from .conftest import Lab, Watch
from .hands import bring, drag_vertex, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
NOTEBOOK = "interruptions.ipynb"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
WIDTH, HEIGHT = 256, 192


def open_editor(page: Page) -> Locator:
    """Bring the notebook's editor onto the screen, its image there."""
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-name")).to_contain_text("plate_A01_0h")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    return editor


def test_no_change_is_lost(segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    project = sw.open_project(folder)
    outlines = project.outlines(1)[0]
    enough = tmp_path / "enough"
    sources = [
        f"import time\nfrom pathlib import Path\nimport spheroseg_widgets as sw\nproject = sw.open_project({str(folder)!r})",
        "editor = sw.Editor(project, image=1)\neditor",
        f"while not Path({str(enough)!r}).exists():\n    time.sleep(0.1)",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    page, watch = new_page()
    page.goto(lab.address(NOTEBOOK, "first"))
    run_all(page)

    # A cell keeps the kernel busy: the change is stored all the same.
    editor = open_editor(page)
    busy = page.locator(".jp-Notebook-ExecutionIndicator:not([data-status=idle])")
    expect(busy).to_have_count(1)
    drag_vertex(editor, outlines, WIDTH, HEIGHT, 30)
    expect(editor.locator(".sw-editor-storing")).to_contain_text("1 change stored")
    expect(busy).to_have_count(1)
    enough.touch()
    page.wait_for_selector(IDLE)

    # A second tab shows the same, and what is done in it shows in the first.
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)
    other = page.context.new_page()
    other.goto(lab.address(NOTEBOOK, "second"))
    second = open_editor(other)
    expect(second.locator(".sw-editor-storing")).to_contain_text("1 change stored")
    drag_vertex(second, outlines, WIDTH, HEIGHT, 30, "left")
    for one in (second, editor):
        expect(one.locator(".sw-editor-storing")).to_contain_text("2 changes stored")
    other.close()

    # After a reload it is all there.
    page.reload()
    page.wait_for_selector(IDLE)
    editor = open_editor(page)
    expect(editor.locator(".sw-editor-storing")).to_contain_text("2 changes stored")

    # The kernel dies: it is said, a change made meanwhile is kept, and all of them are there after a new start.
    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(page.locator(".sw-banner").first).to_contain_text("kernel does not answer")
    drag_vertex(editor, outlines, WIDTH, HEIGHT, 50, "bottom")
    expect(editor.locator(".sw-editor-storing")).to_contain_text("1 change not stored")
    page.wait_for_selector(IDLE)
    run_all(page)
    editor = open_editor(page)
    left = editor.locator('[data-key="draft"]')
    expect(left).to_contain_text("2 changes of yours")
    left.get_by_role("button", name="Continue").click()
    expect(editor.locator(".sw-editor-storing")).to_contain_text("3 changes stored")
    editor.locator("button[data-action='edit.save']").click()
    expect(editor.locator(".sw-editor-storing")).to_contain_text("Saved as revision")
    moved = project.outlines(1)[0].rings(0)[0]
    assert moved[:, 0].max() > outlines.rings(0)[0][:, 0].max() + 5
    assert watch.errors == []
    project.close()
