"""The gallery in JupyterLab: what is selected is tagged, excluded, segmented and deleted, by mouse and keys, and back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring, until_told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.filterwarnings("ignore")]
NOTEBOOK = "act.ipynb"
NewPage = Callable[..., tuple[Page, Watch]]


def test_what_is_selected_is_acted_on_by_mouse_and_keys_and_taken_back(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    source = f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder)!r})\n"
    write_notebook(lab.root / NOTEBOOK, [f"{source}gallery = sw.Gallery(plate, height=300)\ngallery"])
    page, watch = new_page(width=1280)
    page.goto(lab.address(NOTEBOOK, "act"))
    run_all(page)
    gallery = bring(page, ".sw-gallery")
    expect(gallery.locator(".sw-cell:visible")).not_to_have_count(0)
    report = gallery.locator(".sw-act-words")

    # By keys: tag two, and take it back.
    gallery.locator(".sw-cell[data-position='0']").click()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("t")
    expect(gallery.get_by_role("combobox", name="Tag")).to_be_focused()  # the forms come after the first screen
    page.keyboard.type("control")
    page.keyboard.press("Enter")
    expect(report).to_have_text("2 images tagged control.")
    until_told(lab, "plate.tags().to_numpy().tolist()", [["control", 2]])
    page.keyboard.press("Control+z")
    expect(report).to_have_text("Taken back: 2 images tagged control.")
    until_told(lab, "plate.tags().to_numpy().tolist()", [])

    # By mouse: exclude one with a reason, and take it back.
    gallery.locator(".sw-cell[data-position='2']").click()
    gallery.get_by_role("button", name="Exclude", exact=True).click()
    gallery.get_by_role("button", name="Exclude 1 image").click()
    expect(gallery.get_by_role("alert").filter(has_text="Choose a reason")).to_be_visible()
    gallery.get_by_label("In your words").fill("out of the well")
    gallery.get_by_role("button", name="Exclude 1 image").click()
    expect(report).to_have_text("1 image excluded: out of the well.")
    until_told(lab, "plate.images()['excluded'].sum().item()", 1)
    gallery.get_by_role("button", name="Undo").click()
    expect(report).to_contain_text("Taken back")
    until_told(lab, "plate.images()['excluded'].sum().item()", 0)

    # Approve by its key: the focus went back to the images.
    page.keyboard.press("a")
    expect(report).to_have_text("1 image approved.")
    until_told(lab, "plate.images()['review'].tolist().count('approved')", 1)
    page.keyboard.press("Control+z")
    until_told(lab, "plate.images()['review'].tolist().count('approved')", 0)

    # Segment one again with another model; taken back, the outlines of before hold.
    before = ask(lab, "plate.images()['current_result_id'].tolist()")
    gallery.get_by_role("button", name="Segment", exact=True).click()
    gallery.get_by_role("combobox", name="Model").select_option("resunet-spheroid")
    gallery.get_by_role("button", name="Segment 1 image again").click()
    expect(report).to_have_text(re.compile(r"Run \d+ works on 1 image, model resunet-spheroid\."))
    until_told(lab, "plate.images()['model'].tolist().count('resunet-spheroid')", 1, 240)
    gallery.get_by_role("button", name="Undo").click()
    until_told(lab, "plate.images()['current_result_id'].tolist()", before)

    # Delete asks, and comes back.
    gallery.get_by_role("button", name="Delete", exact=True).click()
    page.keyboard.press("Escape")
    expect(gallery.locator(".sw-act-form")).to_have_count(0)
    gallery.get_by_role("button", name="Delete", exact=True).click()
    page.keyboard.press("Enter")
    expect(report).to_have_text("1 image deleted from the project.")
    until_told(lab, "len(plate.images())", 7)
    gallery.get_by_role("button", name="Undo").click()
    until_told(lab, "len(plate.images())", 8)
    assert len(list((folder.parent / "raw").iterdir())) == 8

    with page.expect_download() as download:
        gallery.locator(".sw-cell[data-position='1']").click()
        gallery.get_by_role("button", name="Export", exact=True).click()
        gallery.get_by_role("button", name="Export 1 image").click()
    assert download.value.suggested_filename.endswith(".zip")
    expect(report).to_contain_text("kept as")
    assert watch.errors == []
    assert watch.foreign() == []
