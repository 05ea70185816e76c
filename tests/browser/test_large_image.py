"""In JupyterLab: a large image is shown down to its single pixels, and other planes of a file by keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from editor_place import place_on_screen
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw

from .conftest import Lab, Watch
from .hands import bring

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "large.ipynb"
WIDTH, HEIGHT = 6000, 5200
MARK = (4321, 1234)
DARK, LIGHT, BRIGHT = 1000, 40_000, 60_000
CHANNELS, DEPTHS = 2, 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A large image, dark on the left and light on the right, with one bright pixel amid the dark; and a stack."""
    pixels = np.full((HEIGHT, WIDTH), DARK, np.uint16)
    pixels[:, WIDTH * 3 // 4 :] = LIGHT
    pixels[MARK[1], MARK[0]] = BRIGHT
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(512, 512), compression="zlib")
    greys = 100 * np.arange(DEPTHS * CHANNELS, dtype=np.uint16).reshape(DEPTHS, CHANNELS, 1, 1)
    stack = np.tile(greys, (1, 1, 120, 160))
    tifffile.imwrite(tmp_path / "b.tif", stack, imagej=True, metadata={"axes": "ZCYX"})
    project = sw.open_project(tmp_path / "project", create=True)
    project.add([tmp_path / "a.tif", tmp_path / "b.tif"])
    project.close()
    return project.folder


def grey_at(page: Page, x: float, y: float) -> int:
    """Return the grey on screen at a place of the page."""
    code = page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})
    return int(cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_GRAYSCALE)[0, 0])


def zoom_in(page: Page, editor: Locator, percent: int) -> None:
    """Turn the wheel until the image is shown so large."""
    zoom = editor.locator(".sw-editor-zoom")
    for _ in range(80):
        if float("".join(c for c in zoom.inner_text() if c.isdigit() or c == ".")) >= percent:
            return
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(60)
    raise AssertionError(f"the wheel went to {zoom.inner_text()} only")


def test_single_pixels_of_a_large_image_and_other_planes_of_a_file(
    folder: Path, lab: Lab, new_page: Callable[..., tuple[Page, Watch]]
) -> None:
    write_notebook(
        lab.root / NOTEBOOK,
        [f"import spheroseg_widgets as sw\nsw.Editor(sw.open_project({str(folder)!r}), image='a')"],
    )
    page, watch = new_page(width=1280, height=1000)
    page.goto(lab.address(NOTEBOOK, "large"))
    run_all(page)
    editor = bring(page, ".sw-editor")
    readout = editor.locator(".sw-editor-readout")
    expect(editor.locator(".sw-editor-count")).to_have_text("0 objects")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    at, scale = place_on_screen(editor, WIDTH, HEIGHT)
    assert scale < 0.25  # the copy that was sent whole is shown, of which a pixel is the mean of 16
    x, y = at(MARK)
    page.mouse.move(x, y)
    zoom_in(page, editor, 1600)
    # Where the pixel is now is told by the read-out; the pointer goes into its middle.
    for _ in range(12):
        told = readout.inner_text().split("at")[1].split("px")[0].replace("\u2009", "").replace(" ", "").split(",")
        away = MARK[0] - int(told[0]), MARK[1] - int(told[1])
        if away == (0, 0):
            break
        x, y = x + 16 * float(np.clip(away[0], -10, 10)), y + 16 * float(np.clip(away[1], -10, 10))
        page.mouse.move(x, y)
        page.wait_for_timeout(50)
    expect(readout).to_contain_text(f"{BRIGHT // 1000}\u2009000")
    expect(readout).not_to_contain_text("≈")
    here = [grey_at(page, x, y), *(grey_at(page, x + dx, y + dy) for dx, dy in ((-40, 0), (40, 0), (0, -40), (0, 40)))]
    assert here[0] > 240
    assert max(here[1:]) < 15

    # The next image is a stack: keys show another channel and position of it, and lead back.
    page.mouse.click(x, y)  # the keys are where one clicks
    page.keyboard.press(".")
    expect(editor.locator(".sw-editor-name")).to_have_text("b.tif")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    planes = editor.locator(".sw-editor-planes")
    expect(planes).to_be_visible()
    at, _ = place_on_screen(editor, 160, 120)
    page.mouse.move(*at((80, 60)))
    expect(readout).to_contain_text("0  at  80")
    page.keyboard.press("Shift+C")
    expect(readout).to_contain_text("100  at  80")
    expect(planes).to_contain_text("Not the outlines")
    page.keyboard.press("PageUp")  # from the sharpest position, which the image is, to the first
    page.keyboard.press("PageUp")
    expect(readout).to_contain_text("300  at  80")
    page.keyboard.press("Home")
    expect(readout).to_contain_text("0  at  80")
    expect(planes).not_to_contain_text("Not the outlines")
    assert watch.foreign() == []
    assert watch.errors == []
