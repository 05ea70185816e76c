"""A kernel that is restarted from elsewhere: the page that runs its cells again is answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "restart.ipynb"
RESTART = """(kernel) => fetch(`/api/kernels/${kernel}/restart`, {
  method: "POST", headers: { "X-XSRFToken": /_xsrf=([^;]+)/.exec(document.cookie)[1] },
})"""


def test_widgets_answer_after_a_restart_from_elsewhere(
    segmented: Path, lab: Lab, new_page: Callable[..., tuple[Page, Watch]]
) -> None:
    source = f"""import spheroseg_widgets as sw
project = sw.open_project({str(segmented)!r})
editor = sw.Editor(project, image=1, read_only=True)
editor"""
    write_notebook(lab.root / NOTEBOOK, [source])
    page, watch = new_page()
    page.goto(lab.address(NOTEBOOK, "restart"))
    run_all(page)
    name = bring(page, ".sw-editor").locator(".sw-editor-name")
    expect(name).to_contain_text("plate_A01_0h")
    other, _ = new_page()
    other.goto(lab.address(NOTEBOOK, "another"))
    other.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    other.evaluate(RESTART, lab.kernel_id(NOTEBOOK))
    assert ask(lab, "1", NOTEBOOK) == 1  # by which the page hears that it is idle
    expect(page.locator(".sw-banner").first).to_contain_text("kernel does not answer")
    page.evaluate("document.querySelectorAll('.sw-editor').forEach((one) => one.remove())")
    run_all(page)
    expect(bring(page, ".sw-editor").locator(".sw-editor-name")).to_contain_text("plate_A01_0h", timeout=30_000)
    assert watch.errors == []
