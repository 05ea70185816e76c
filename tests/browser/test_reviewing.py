"""Review and plate mode in JupyterLab: flagged images judged by one key each, wells selected in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "review.ipynb"
NewPage = Callable[..., tuple[Page, Watch]]
PLANTED = """
import pandas as pd
import spheroseg_widgets as sw
from spheroseg_widgets.outlines.outlines import Outlines
plate = sw.open_project({folder!r})
square = Outlines.from_rings([[[(0, 60), (60, 60), (60, 120), (0, 120)]]])
objects = pd.DataFrame({{"class_name": ["spheroid"], "area_px2": [3600.0], "touches_border": [True]}})
images = plate.images().set_index("name")
for name in ("plate_A01_0h.tif", "plate_B02_24h.tif"):
    row = images.loc[name]
    plate.save(int(row["image_id"]), square, objects, parent=int(row["current_result_id"]))
    plate.review([int(row["image_id"])], "unreviewed")
gallery = sw.Gallery(plate)
gallery
"""
JUDGED = "[plate.image('plate_A01_0h.tif')['review'], bool(plate.image('plate_B02_24h.tif')['excluded'])]"


def test_flagged_images_are_judged_by_keys_and_wells_selected_in_place(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    write_notebook(lab.root / NOTEBOOK, [PLANTED.format(folder=str(folder))])
    page, watch = new_page(width=1280)
    page.goto(lab.address(NOTEBOOK, "review"))
    run_all(page)
    gallery = bring(page, ".sw-gallery")
    planted = ask(lab, "plate.review_queue()['name'].tolist()")
    assert {"plate_A01_0h.tif", "plate_B02_24h.tif"} <= set(planted)
    start = gallery.get_by_role("button", name=f"Review {len(planted)} flagged")
    start.click()

    review = gallery.locator(".sw-review")
    for nth, name in enumerate(planted):
        expect(review.locator(".sw-review-name")).to_have_text(name)
        expect(review.locator(".sw-review-outlined img")).to_be_visible()
        if name == "plate_A01_0h.tif":
            page.keyboard.press("a")
        elif name == "plate_B02_24h.tif":
            page.keyboard.press("x")
            page.keyboard.press("1")
            review.get_by_role("button", name="Exclude", exact=True).click()
        else:
            page.keyboard.press("s")
        expect(review).to_contain_text("shown" if nth == len(planted) - 1 else f"{nth + 2} of {len(planted)}")
    until_told(lab, JUDGED, ["approved", True])

    page.keyboard.press("Backspace")  # the last decision is taken back, and its image shown again
    expect(review.locator(".sw-review-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(gallery.locator(".sw-cell:visible")).to_have_count(8)
    expect(start.or_(gallery.get_by_role("button", name="Review"))).to_be_focused()

    gallery.get_by_role("button", name="Plate", exact=True).click()
    well = gallery.get_by_role("gridcell", name="A02")
    well.click()
    until_told(lab, "gallery.selected['well'].tolist()", ["A02"])
    gallery.get_by_label("Select all times").check()
    until_told(lab, "gallery.selected['time_h'].tolist()", [0.0, 24.0])
    gallery.get_by_role("button", name="Grid", exact=True).click()
    expect(gallery.locator(".sw-cell[aria-selected=true]")).to_have_count(2)
    assert not watch.errors
