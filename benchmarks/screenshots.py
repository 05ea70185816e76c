"""Pictures of the running product for README and docs: JupyterLab, dashboard, report; light and dark.

Starts real servers on free ports, each with folders of its own, opens them in Chromium, and writes small JPEGs:
``python benchmarks/screenshots.py --project demo-output/project``. Without a project it segments four wells of the
demo plate first.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from servers import free_port, lab_address, lab_command, own_folders, run_all, serving, start_chromium, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.demo.plate import make_demo_plate

ROOT = Path(__file__).resolve().parent.parent
SCHEMES = ("light", "dark")
WAIT_MS = 600_000
SETTLE_MS = 2500
MOST_BYTES = 300_000
KINDS = ("lab", "adding", "dashboard", "report")
CELLS = {
    "gallery": "sw.Gallery(plate, height=520)",
    "editor": "sw.Editor(plate, image=int(plate.images()['image_id'].iloc[2]))",
    "monitor": "sw.Monitor(plate)",
    "compare": "sw.Compare.of_well(plate, plate.images()['well'].iloc[0])",
}


def main() -> None:
    """Read the arguments and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, help="a segmented project; by default four wells of the demo plate")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", nargs="*", choices=KINDS, default=KINDS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="spheroseg-pictures-") as name, sync_playwright() as playwright:
        work = Path(name)
        project = arguments.project.resolve() if arguments.project else small_project(work)
        browser = start_chromium(playwright)
        for scheme in SCHEMES:
            if "report" in arguments.only:
                picture_report(browser, project, work, arguments.out, scheme)
            if "dashboard" in arguments.only:
                picture_dashboard(browser, project, work, arguments.out, scheme)
            if "lab" in arguments.only:
                picture_lab(browser, project, work, arguments.out, scheme)
            if "adding" in arguments.only:
                picture_adding(browser, project, work, arguments.out, scheme)
        browser.close()


def small_project(work: Path) -> Path:
    """Segment four wells of the demo plate; return the project's folder."""
    plate = make_demo_plate(work / "plate")
    project = sw.open_project(work / "demo plate", create=True)
    project.add([path for well in ("A4", "A6", "C1", "C3") for path in sorted(plate.images.glob(f"*_{well}_*.tif"))])
    project.set_map(plate.plate_map)
    project.segment().wait()
    project.close()
    return project.folder


def picture_report(browser: Browser, project: Path, work: Path, out: Path, scheme: str) -> None:
    """Take the first screen of the report, and its figures."""
    path = work / "report.html"
    if not path.exists():
        opened = sw.open_project(project)
        opened.report(path)
        opened.close()
    page = new_page(browser, scheme, 1160, 720)
    page.goto(path.as_uri())
    page.wait_for_selector(".js-plotly-plot .main-svg .trace")
    page.wait_for_timeout(SETTLE_MS)
    save(page.screenshot(), out / f"report-{scheme}.jpg")
    page.get_by_role("heading", name="Growth by condition").scroll_into_view_if_needed()
    page.evaluate(
        "window.scrollTo(0, document.querySelectorAll('h2')[1].getBoundingClientRect().top + window.scrollY - 24)"
    )
    page.wait_for_timeout(SETTLE_MS)
    save(page.screenshot(), out / f"report-figures-{scheme}.jpg")
    page.context.close()


def picture_dashboard(browser: Browser, project: Path, work: Path, out: Path, scheme: str) -> None:
    """Take the first screen of the dashboard."""
    port = free_port()
    command = [
        sys.executable, "-m", "spheroseg_widgets.cli", "dashboard", str(project), "--no-browser", "--port", str(port),
        "--theme", scheme, "--ready", "0",
    ]  # fmt: skip
    home = work / f"dashboard-{scheme}"
    with serving(command, own_folders(home), home, f"http://127.0.0.1:{port}/voila/static/voila.js") as log:
        found = re.search(r"http://\S+token=\S+", log.read_text())
        assert found is not None, log.read_text()
        page = new_page(browser, scheme, 1440, 1100)
        page.goto(found.group(), timeout=WAIT_MS)
        page.wait_for_selector(".sw-gallery .sw-cell")
        page.wait_for_selector(".js-plotly-plot .main-svg .trace", state="attached")
        page.wait_for_function(
            "[...document.querySelectorAll('.sw-gallery .sw-picture')].some(i => i.naturalWidth > 0)"
        )
        page.wait_for_timeout(2 * SETTLE_MS)
        save(page.screenshot(), out / f"dashboard-{scheme}.jpg")
        page.context.close()


def picture_lab(browser: Browser, project: Path, work: Path, out: Path, scheme: str) -> None:
    """Take each widget in JupyterLab, and the notebook they stand in."""
    home = work / f"lab-{scheme}"
    root = home / "root"
    sources = [f"import spheroseg_widgets as sw\n\nplate = sw.open_project({str(project)!r})", *CELLS.values()]
    write_notebook(root / "plate.ipynb", sources)
    port = free_port()
    with serving(lab_command(root, port), own_folders(home, scheme), home, f"http://127.0.0.1:{port}/api"):
        page = new_page(browser, scheme, 1240, 1000)
        page.goto(lab_address(port, "plate.ipynb", "pictures"), timeout=WAIT_MS)
        run_all(page)
        page.keyboard.press("Control+b")  # the file browser takes room; before, Lab forgot which notebook to run
        page.wait_for_selector(".sw-monitor")
        page.wait_for_function(
            "[...document.querySelectorAll('.sw-gallery .sw-picture')].some(i => i.naturalWidth > 0)"
        )
        page.wait_for_timeout(2 * SETTLE_MS)
        for name in CELLS:
            found = page.locator(f".sw-{name}").first
            found.scroll_into_view_if_needed()
            page.wait_for_timeout(SETTLE_MS)
            save(found.screenshot(), out / f"{name}-{scheme}.jpg")
        page.context.close()


def picture_adding(browser: Browser, project: Path, work: Path, out: Path, scheme: str) -> None:
    """Take files that are looked at before they are added, with their plate map."""
    opened = sw.open_project(project)
    images, table = opened.images(), work / "plate map.csv"
    opened.map()[["well", "condition", "compound", "concentration", "unit"]].to_csv(table, index=False)
    opened.close()
    home = work / f"adding-{scheme}"
    root = home / "root"
    opening = "import spheroseg_widgets as sw\n\nplate = sw.open_project('plate-8', create=True)\nsw.AddImages(plate)"
    write_notebook(root / "adding.ipynb", [opening])
    port = free_port()
    with serving(lab_command(root, port), own_folders(home, scheme), home, f"http://127.0.0.1:{port}/api"):
        page = new_page(browser, scheme, 1240, 1000)
        page.goto(lab_address(port, "adding.ipynb", "adding"), timeout=WAIT_MS)
        run_all(page)
        page.keyboard.press("Control+b")
        panel = page.locator(".sw-root.sw-add")
        panel.locator(".sw-add-zone:enabled").wait_for()
        panel.locator("input[type=file]").first.set_input_files([*images["path"].iloc[1:11], table])
        panel.locator(".sw-button-main[aria-disabled=false]").wait_for()
        page.wait_for_timeout(SETTLE_MS)
        save(panel.screenshot(), out / f"adding-{scheme}.jpg")
        page.context.close()


def new_page(browser: Browser, scheme: str, width: int, height: int) -> Page:
    """Open an empty page of its own context."""
    chosen = "dark" if scheme == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=chosen)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MS)
    return context.new_page()


def save(shot: bytes, path: Path) -> None:
    """Write a picture as JPEG, in the best quality that is small enough."""
    whole = Image.open(io.BytesIO(shot)).convert("RGB")
    for quality in (92, 88, 84, 78, 70):
        whole.save(path, quality=quality, subsampling=0, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    print(f"{path}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
