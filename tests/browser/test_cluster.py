"""The cluster monitor in JupyterLab: it follows a detached dispatcher's workers while a cell runs, and changes their number."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

from spheroseg_widgets.jobs.service import IDLE_VARIABLE, PRESENCE

from .conftest import Lab, Watch
from .hands import bring, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
NOTEBOOK = "cluster.ipynb"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
BUSY = ".jp-Notebook-ExecutionIndicator:not([data-status=idle])"


@pytest.fixture
def folder(segmented: Path, tmp_path: Path) -> Iterator[Path]:
    """A project of the test's own, whose dispatcher ends with the test."""
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    yield folder
    end_dispatcher(folder)


def end_dispatcher(folder: Path) -> None:
    """Ask the detached dispatcher of a project to end, and wait until it has."""
    presence = folder / "cache" / PRESENCE
    with suppress(OSError, ValueError):
        os.kill(int(presence.read_text()), signal.SIGTERM)
    until = time.monotonic() + 60
    while presence.exists():
        assert time.monotonic() < until, "the dispatcher does not end"
        time.sleep(0.1)


def wait_for_change(cell: Locator) -> None:
    """Wait until an element says something else."""
    before = cell.inner_text()
    for _ in range(150):
        if cell.inner_text() != before:
            return
        cell.page.wait_for_timeout(100)
    raise AssertionError(f"still {before!r}")


def test_workers_are_watched_added_and_removed(folder: Path, lab: Lab, new_page: NewPage) -> None:
    sources = [
        (
            f"import os, time\nos.environ['{IDLE_VARIABLE}'] = '300'  # the cluster outlives its run\n"
            f"import spheroseg_widgets as sw\nproject = sw.open_project({str(folder)!r})"
        ),
        "sw.ClusterMonitor(project)",
        (
            "begun = project.folder / 'begun'\nif not begun.exists():\n    begun.touch()\n    time.sleep(5)\n"
            "    project.segment(model='threshold', workers=1)\n    time.sleep(40)"
        ),
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    page, watch = new_page()
    page.goto(lab.address(NOTEBOOK, "cluster"))
    run_all(page)
    monitor = bring(page, ".sw-cluster")
    expect(monitor).to_contain_text("No cluster is open")

    # The run's dispatcher opens one, in a process of its own; all that follows happens while the cell still runs.
    facts = monitor.locator(".sw-line-facts")
    expect(facts).to_contain_text("1 worker")
    wait_for_change(monitor.locator("tbody tr").first)
    monitor.get_by_role("button", name="Add a worker").click()
    expect(facts).to_contain_text("2 workers")
    expect(monitor.locator("tbody tr")).to_have_count(2)
    expect(monitor.locator(".sw-cluster-model").first).to_contain_text("threshold")
    expect(page.locator(BUSY)).to_have_count(1)
    page.wait_for_selector(IDLE)

    # Dask's own dashboard opens from here, through the proxy of the same server: its panels come by its live connection.
    with page.context.expect_page() as opening:
        monitor.get_by_role("link", name="Dask dashboard").click()
    dashboard = opening.value
    expect(dashboard.get_by_text("Data Transfer")).to_be_visible()
    assert urlsplit(dashboard.url).netloc == urlsplit(page.url).netloc
    dashboard.close()

    # A reloaded page shows the same cluster, live.
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)
    page.reload()
    page.wait_for_selector(IDLE)
    monitor = bring(page, ".sw-cluster")
    expect(monitor.locator("tbody tr")).to_have_count(2)
    wait_for_change(monitor.locator("tbody tr").first)

    # By the keyboard, which JupyterLab does not take for its own.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    remove = monitor.get_by_role("button", name="Remove a worker")
    remove.focus()
    page.keyboard.press("Enter")
    expect(monitor.locator("tbody tr")).to_have_count(1)
    expect(remove).to_be_focused()
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells

    # The kernel dies, the cluster does not: what is shown is said to be old, and nothing can be pressed.
    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(monitor.locator(".sw-line-state")).to_contain_text("Last known")
    expect(monitor.get_by_role("button", name="Add a worker")).to_have_attribute("aria-disabled", "true")

    # The next kernel shows it again, until the dispatcher ends and its workers with it.
    run_all(page)
    monitor = bring(page, ".sw-cluster")
    expect(monitor.locator(".sw-line-facts")).to_contain_text("1 worker")
    end_dispatcher(folder)
    expect(monitor).to_contain_text("No cluster is open")
    assert watch.foreign() == []
    assert watch.errors == []
