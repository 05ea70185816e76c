"""In JupyterLab: a missed spheroid is outlined by a click and Enter; a threshold is moved, seen, and applied."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from editor_place import place_on_screen
from playwright.sync_api import Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

from .conftest import Lab, Watch
from .hands import ask, bring

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
WIDTH, HEIGHT, X, Y, RADIUS = 256, 192, 128, 96, 36
WAIT_S = 60
NOTEBOOK = "assisting.ipynb"


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """A well at two times, of which the first is segmented by the network."""
    for hours in (0, 24):
        scene = render(
            SceneSpec(HEIGHT, WIDTH, (Spheroid(X, Y, RADIUS, depth=0.7),), debris=0), np.random.default_rng(hours)
        )
        tifffile.imwrite(tmp_path / f"plate_A01_{hours}h.tif", scene.pixels)
    project = sw.open_project(tmp_path / "plate", create=True)
    project.add(tmp_path.glob("*.tif"), pixel_size_um=2.0)
    project.segment(images=[1], workers=1, detached=False).wait()
    project.close()
    return project.folder


def until(lab: Lab, code: str, wanted: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + WAIT_S
    while not wanted(found := ask(lab, code)):
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return found


def test_a_missed_spheroid_is_outlined_and_a_threshold_applied(
    plate: Path, lab: Lab, new_page: Callable[..., tuple[Page, Watch]]
) -> None:
    sources = [
        f"import spheroseg_widgets as sw\nproject = sw.open_project({str(plate)!r})",
        "editor = sw.Editor(project, image=2)\neditor",
        "preview = sw.ThresholdPreview(project, 1)\npreview",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    page, watch = new_page(width=1280, height=1000)
    page.goto(lab.address(NOTEBOOK, "assisting"))
    run_all(page)
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    expect(editor.locator(".sw-editor-count")).to_have_text("0 objects")
    at, _ = place_on_screen(editor, WIDTH, HEIGHT)
    page.mouse.click(*at((5, 5)))
    page.keyboard.press("w")
    page.mouse.click(*at((X, Y)))
    expect(editor.locator(".sw-editor-words")).to_contain_text("Threshold", timeout=WAIT_S * 1000)
    page.mouse.wheel(0, -100)
    page.mouse.wheel(0, 100)
    page.keyboard.press("Enter")
    expect(editor.locator(".sw-editor-count")).to_have_text("1 object")
    [area] = until(lab, "editor.outlines['area_px2'].tolist()", lambda found: len(found) == 1)
    assert area == pytest.approx(np.pi * RADIUS**2, rel=0.05)
    page.keyboard.press("Control+z")
    until(lab, "editor.outlines['area_px2'].tolist()", lambda found: not found)
    page.keyboard.press("y")  # the first image has it
    until(lab, "editor.outlines['area_px2'].tolist()", lambda found: len(found) == 1)

    handle = bring(page, ".widget-slider .noUi-handle")
    words = page.locator("[role=status]", has_text="in all").or_(page.locator("[role=status]", has_text="1 object,"))
    before = words.first.inner_text()
    handle.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    until(lab, "preview.settings['threshold']", lambda found: found < 0.45)
    expect(words.first).not_to_have_text(before)
    page.get_by_role("button", name="Apply to").click()
    until(lab, "preview.applied is not None and len(project.runs()) == 2", bool)
    until(lab, "project.images()['threshold'].tolist()[0]", lambda found: found < 0.45)
    bring(page, ".sw-monitor")
    assert watch.errors == []
    assert watch.foreign() == []


def test_a_page_that_opens_later_is_painted_as_well(
    plate: Path, tmp_path: Path, voila: Callable[[Path], str], new_page: Callable[..., tuple[Page, Watch]]
) -> None:
    notebook = tmp_path / "preview.ipynb"
    source = f"import spheroseg_widgets as sw\nsw.ThresholdPreview(sw.open_project({str(plate)!r}), 1)"
    write_notebook(notebook, [source])
    page, watch = new_page()
    page.goto(voila(notebook))
    expect(page.locator("[role=status]", has_text="1 object,")).to_be_visible()
    painted = "() => document.querySelector('canvas').getContext('2d').getImageData(100, 100, 1, 1).data[3] === 255"
    page.wait_for_function(painted, timeout=WAIT_S * 1000)
    assert watch.errors == []
