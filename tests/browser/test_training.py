"""A fine-tuning watched in JupyterLab: stopped and gone on with while a cell runs, reloaded, and the kernel killed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.training.model_folder import write_model

from .conftest import Lab, Watch
from .hands import bring, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
NOTEBOOK = "training.ipynb"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
SMALL = NetworkConfig(widths=(8, 16), bottleneck=16)


def step_of(monitor: Locator) -> int:
    """Read the step that the monitor shows."""
    text = monitor.locator(".sw-fact").first.inner_text()
    return int("".join(c for c in text.partition(" of ")[0] if c.isdigit()) or 0)


def wait_beyond(monitor: Locator, step: int) -> None:
    """Wait until the monitor shows a later step."""
    for _ in range(300):
        if step_of(monitor) > step:
            return
        monitor.page.wait_for_timeout(100)
    raise AssertionError(f"still at step {step_of(monitor)}")


def test_a_training_is_watched_stopped_and_gone_on_with(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    torch.manual_seed(4)
    write_model(tmp_path / "models" / "tiny", "tiny", "1", ResUNet(SMALL).state_dict(), SMALL, {})
    sources = [
        (
            f"import os, time\nos.environ['SPHEROSEG_MODELS'] = {str(tmp_path / 'models')!r}\n"
            f"os.environ['XDG_DATA_HOME'] = {str(tmp_path / 'home')!r}\n"
            f"import spheroseg_widgets as sw\nproject = sw.open_project({str(folder)!r})\n"
            "project.review(project.images()['image_id'].tolist(), 'approved')"
        ),
        (
            "tuning = project.finetune('ours', base='tiny', minutes=30, threads=1, synthetic=0.0, views=((32, 4),),\n"
            "                          validation_side=64)\ntuning"
        ),
        "time.sleep(30)",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    page, _ = new_page()
    page.goto(lab.address(NOTEBOOK, "training"))
    run_all(page)

    # While a cell keeps the kernel busy the curve goes on, and the buttons work.
    monitor = bring(page, ".sw-training")
    wait_beyond(monitor, 20)
    busy = page.locator(".jp-Notebook-ExecutionIndicator:not([data-status=idle])")
    expect(busy).to_have_count(1)
    drawn = monitor.locator("path.sw-training-line").first
    expect(drawn).to_be_visible()
    before = drawn.get_attribute("d")
    expect(drawn).not_to_have_attribute("d", before or "")
    monitor.get_by_role("button", name="Stop").click()
    expect(monitor.locator(".sw-line-state")).to_contain_text("Stopped")
    stopped_at = step_of(monitor)
    expect(busy).to_have_count(1)
    monitor.get_by_role("button", name="Continue").click()
    wait_beyond(monitor, stopped_at)
    page.wait_for_selector(IDLE)

    # The chart is read by keys that JupyterLab does not take for its own.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    chart = monitor.get_by_role("slider")
    chart.focus()
    page.keyboard.press("End")
    last = chart.get_attribute("aria-valuetext")
    page.keyboard.press("Home")
    assert chart.get_attribute("aria-valuetext") != last
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells

    # A reloaded page shows the same training, further on.
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)
    before = step_of(monitor)
    page.reload()
    page.wait_for_selector(IDLE)
    monitor = bring(page, ".sw-training")
    wait_beyond(monitor, before)

    # The kernel dies: the last state is said to be that, and nothing can be pressed.
    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(monitor.locator(".sw-line-state")).to_contain_text("Last known")
    expect(monitor.get_by_role("button", name="Stop")).to_be_disabled()
