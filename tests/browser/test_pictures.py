"""How the widgets look in JupyterLab, light and dark, beside pictures of how they should look.

The pictures are small, and compared with a tolerance: letters differ from machine to machine, colours and places do not.
After a change that is meant, look at the new ones: ``SPHEROSEG_PICTURES=new pytest tests/browser/test_pictures.py`` makes
them, and fails.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import bring

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
PICTURES = Path(__file__).parent / "pictures"
NOTEBOOK = "pictures.ipynb"
WIDTH = 320
MEAN, FAR, SHARE = 5.0, 48, 0.04
"""Of 255: how far pixels may lie apart in the mean; and what is far, and how many pixels may be."""
CELLS = {
    "gallery": "sw.Gallery(plate, height=480)",
    "editor": "sw.Editor(plate, image='plate_B01_24h.tif')",
    "monitor": "sw.Monitor(plate)",
}


def test_widgets_look_as_they_should_in_both_themes(
    segmented: Path, lab: Lab, new_page: Callable[..., tuple[Page, Watch]], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    opening = f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder)!r})"
    write_notebook(lab.root / NOTEBOOK, [opening, *CELLS.values()])
    page, _ = new_page(width=1366, height=900)
    page.goto(lab.address(NOTEBOOK, "pictures"))
    run_all(page)
    page.keyboard.press("Control+b")
    seen: dict[str, NDArray[np.uint8]] = {}
    for scheme in ("light", "dark"):
        if scheme == "dark":
            change_theme(page, "JupyterLab Dark")
        for name in CELLS:
            seen[f"{name}-{scheme}"] = picture(shown(page, name))
    wrong = [
        f"{name}: {why}" for name, found in seen.items() if (why := unlike(found, wanted(name, found))) is not None
    ]
    change_theme(page, "JupyterLab Light")
    assert wrong == []

    # And it would be seen: another theme, or a part that is not there.
    for name in CELLS:
        assert unlike(seen[f"{name}-light"], seen[f"{name}-dark"]) is not None
    gallery = shown(page, "gallery")
    gallery.locator(".sw-toolbar").evaluate("one => { one.style.display = 'none' }")
    assert unlike(picture(gallery), seen["gallery-light"]) is not None


def change_theme(page: Page, name: str) -> None:
    """Choose a theme of JupyterLab, as a person does."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    for entry in ("Theme", name):  # one that opens a menu has no role
        page.locator(".lm-Menu-item", has_text=re.compile(rf"^\s*{entry}\s*$")).first.click()
    light = str(name.endswith("Light")).lower()
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")


def shown(page: Page, name: str) -> Locator:
    """Return a widget once nothing of it is on its way any more."""
    widget = bring(page, f".sw-{name}")
    if name == "gallery":
        expect(widget.locator(".sw-cell:visible img[src]")).to_have_count(8)
        page.wait_for_function(
            "[...document.querySelectorAll('.sw-cell:not([hidden]) img')].every(one => one.complete)"
        )
    elif name == "editor":
        expect(widget.locator(".sw-editor-count")).to_have_text("1 object")
        expect(widget.locator(".sw-editor-wait")).to_be_hidden()
    else:
        expect(widget).to_contain_text("Finished")
    page.mouse.move(2, 2)
    page.wait_for_timeout(1500)
    return widget


def picture(widget: Locator) -> NDArray[np.uint8]:
    """Take a picture of a widget, (h, w, 3), made small."""
    whole = cv2.imdecode(np.frombuffer(widget.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    height = round(whole.shape[0] * WIDTH / whole.shape[1])
    return cv2.resize(whole, (WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def wanted(name: str, found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Read how it should look; where pictures are to be made anew, nothing is like it."""
    path = PICTURES / f"{name}.png"
    if os.environ.get("SPHEROSEG_PICTURES") == "new":
        PICTURES.mkdir(exist_ok=True)
        cv2.imwrite(str(path), found)
        return np.zeros((1, 1, 3), np.uint8)
    read = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert read is not None, f"{path} is not there"
    return read.astype(np.uint8)


def unlike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> str | None:
    """Say how two pictures differ; None where they do not, or by less than letters may."""
    if one.shape[1] != other.shape[1] or abs(one.shape[0] - other.shape[0]) > 0.03 * other.shape[0]:
        return f"{one.shape[1]} x {one.shape[0]} in place of {other.shape[1]} x {other.shape[0]}"
    height = min(len(one), len(other))
    apart = np.abs(one[:height].astype(int) - other[:height]).max(axis=2)
    mean, share = float(apart.mean()), float((apart > FAR).mean())
    if mean <= MEAN and share <= SHARE:
        return None
    return f"pixels lie {mean:.1f} apart in the mean ({MEAN} allowed), {share:.1%} of them far ({SHARE:.0%})"
