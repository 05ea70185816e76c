"""Images added in a browser: dropped, chosen as a folder, by path; interrupted by a reload and by a dead kernel."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw

from .conftest import Lab, Watch
from .hands import ask, bring, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
DROP = """
(element, files) => {
  const transfer = new DataTransfer();
  for (const [name, modified, text] of files) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { lastModified: modified }));
  }
  for (const name of ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}
"""
SLOWLY = """
import time
from spheroseg_widgets.project.uploads import Uploads
written, write = [], Uploads.write
def slowly(self, key, offset, data, expected):
    time.sleep(0.3)
    written.append(offset)
    return write(self, key, offset, data, expected)
Uploads.write = slowly
"""


def drop(panel: Locator, files: list[Path]) -> None:
    """Drop files as a pointer does: as a browser's own files, with their names and times."""
    told = [
        [path.name, int(path.stat().st_mtime * 1000), base64.b64encode(path.read_bytes()).decode()] for path in files
    ]
    panel.locator(".sw-add-zone").evaluate(DROP, told)


def add(panel: Locator) -> None:
    main = panel.locator(".sw-button-main")
    expect(main).to_have_attribute("aria-disabled", "false")
    main.click()


def opened(page: Page) -> Locator:
    panel = bring(page, ".sw-root.sw-add")
    expect(panel.locator(".sw-add-zone")).to_be_enabled()
    return panel


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Some small images, one that is none, a folder of two days, a plate map, and one large image."""
    raw = tmp_path / "raw"
    rng = np.random.default_rng(3)
    for name in ("p_A1_0h.tif", "p_A1_24h.tif", "p_A2_0h.tif", "days/day 1/B1.tif", "days/day 2/B1.tif"):
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(raw / name, rng.integers(0, 255, (64, 80), np.uint8))
    (raw / "days" / "notes.docx").write_text("passed over")
    (raw / "broken.tif").write_text("no image")
    (raw / "map.csv").write_text("well;condition\nA1;control\nA2;drug\n")
    tifffile.imwrite(raw / "large_C1_0h.tif", rng.integers(0, 255, (3000, 4000), np.uint8))
    return raw


def test_images_are_dropped_chosen_and_found_in_the_project(lab: Lab, new_page: NewPage, plate: Path) -> None:
    write_notebook(
        lab.root / "adding.ipynb",
        ["import spheroseg_widgets as sw\nplate = sw.open_project('adding', create=True)", "sw.AddImages(plate)"],
    )
    page, watch = new_page()
    page.goto(lab.address("adding.ipynb", "adding"))
    run_all(page)
    panel = opened(page)
    expect(panel.get_by_role("button", name="Try the demo plate")).to_be_visible()

    # Dropped: looked at first, with a table that came along; what is no image is told and does not stop the rest.
    drop(panel, [*sorted(plate.glob("p_*.tif")), plate / "broken.tif", plate / "map.csv"])
    expect(panel.locator(".sw-add-headline").last).to_contain_text(re.compile("3 images · 2 wells . 2 times"))
    expect(panel.locator(".sw-add-sheet")).to_contain_text("2 wells: well, condition")
    expect(panel).to_contain_text("One image is missing: A02 at 24 h")
    add(panel)
    done = panel.locator(".sw-add-done")
    expect(done).to_contain_text("3 images added · 2 wells described")
    expect(done).to_contain_text("broken.tif cannot be used")
    assert ask(lab, "plate.images()[['name', 'well', 'time_h']].values.tolist()") == [
        ["p_A1_0h.tif", "A01", 0.0], ["p_A1_24h.tif", "A01", 24.0], ["p_A2_0h.tif", "A02", 0.0],
    ]  # fmt: skip
    assert ask(lab, "plate.map()['condition'].tolist()") == ["control", "drug"]
    stored = lab.root / "adding" / "uploads" / "p_A1_0h.tif"
    assert stored.read_bytes() == (plate / "p_A1_0h.tif").read_bytes()

    # The same again adds nothing.
    drop(panel, [plate / "p_A1_0h.tif"])
    expect(panel).to_contain_text("None of these files would add an image.")
    panel.get_by_role("button", name="Clear").click()

    # A folder, chosen: its folders say plate and day, and stay.
    panel.locator("input[type=file][webkitdirectory]").set_input_files(plate / "days")
    expect(panel.locator("tbody tr")).to_have_count(2)
    add(panel)
    expect(done).to_contain_text("2 images added")
    assert ask(lab, "plate.images().query('well == \"B01\"')['time_h'].tolist()") == [24.0, 48.0]

    # A path that the kernel reads, typed and entered; a pattern, by keys that JupyterLab does not take for its own.
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    panel.get_by_label("A folder that the kernel reads").fill(str(plate / "large*.tif"))
    page.keyboard.press("Enter")
    expect(panel.locator("tbody tr")).to_have_count(1)
    panel.get_by_label("Names are read").select_option("pattern")
    pattern = panel.get_by_label("Pattern of the names")
    pattern.fill("")
    page.keyboard.type("{plate}_{well}_{day}h")
    expect(panel.locator("tbody tr")).to_contain_text("C01")
    add(panel)
    expect(done).to_contain_text("1 image added")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert ask(lab, "plate.images().iloc[-1]['path']") == str(plate / "large_C1_0h.tif")
    assert watch.foreign() == []
    assert watch.errors == []


def test_an_upload_goes_on_after_a_reload_and_after_the_kernel_died(lab: Lab, new_page: NewPage, plate: Path) -> None:
    write_notebook(
        lab.root / "resume.ipynb",
        [
            f"import spheroseg_widgets as sw\n{SLOWLY}\nplate = sw.open_project('resume', create=True)",
            "sw.AddImages(plate)",
        ],
    )
    page, _ = new_page()
    page.goto(lab.address("resume.ipynb", "resume"))
    run_all(page)
    panel = opened(page)
    large = [plate / "large_C1_0h.tif"]
    drop(panel, large)
    add(panel)
    expect(panel).to_contain_text("% sent")
    page.wait_for_timeout(1_500)
    page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
    expect(page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)

    # A reloaded page has lost the files: it names what arrived in part, and goes on when they are dropped again.
    page.reload()
    page.wait_for_selector(IDLE)
    panel = opened(page)
    expect(panel).to_contain_text("One file arrived only in part: large_C1_0h.tif")
    before = ask(lab, "sorted(set(written))")
    assert before[0] == 0
    assert len(before) > 1
    drop(panel, large)
    expect(panel.locator("tbody tr")).to_contain_text("are there")
    add(panel)
    page.wait_for_timeout(1_000)

    # The kernel dies: the page says so. After the cells ran again, dropping the file goes on once more.
    kill_kernel(lab)
    page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(panel).to_contain_text("what has arrived is kept")
    part = next((lab.root / "resume" / "uploads").glob("*.part"))
    there = part.stat().st_size
    assert there > max(before)
    run_all(page)
    page.wait_for_selector(IDLE)
    panel = opened(page)
    drop(panel, large)
    expect(panel.locator("tbody tr")).to_contain_text("are there")
    add(panel)
    expect(panel.locator(".sw-add-done")).to_contain_text("1 image added")
    assert min(ask(lab, "written")) == there
    stored = lab.root / "resume" / "uploads" / "large_C1_0h.tif"
    assert stored.read_bytes() == large[0].read_bytes()
    assert ask(lab, "plate.images()['well'].tolist()") == ["C01"]


def test_images_are_dropped_on_a_page_of_voila(
    voila: Callable[[Path], str], new_page: NewPage, tmp_path: Path, plate: Path
) -> None:
    folder = tmp_path / "visit"
    opening = f"import spheroseg_widgets as sw\nplate = sw.open_project({str(folder / 'plate')!r}, create=True)"
    write_notebook(folder / "add.ipynb", [opening, "sw.AddImages(plate, from_paths=False)"])
    page, watch = new_page(width=420)
    page.goto(voila(folder / "add.ipynb"), timeout=240_000)
    panel = page.locator(".sw-root.sw-add")
    expect(panel.locator(".sw-add-zone")).to_be_enabled(timeout=240_000)
    expect(panel.get_by_label("A folder that the kernel reads")).to_be_hidden()
    drop(panel, sorted(plate.glob("p_*.tif")))
    add(panel)
    expect(panel.locator(".sw-add-done")).to_contain_text("3 images added")
    project = sw.open_project(folder / "plate")
    assert project.images()["well"].tolist() == ["A01", "A01", "A02"]
    project.close()
    assert panel.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert watch.foreign() == []
    assert watch.errors == []
