"""Through Voila: the quickstart, and the dashboard behind its token."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from servers import free_port, own_folders, serving, status_of

from spheroseg_widgets.reports.notebooks import packaged_notebook

from .conftest import Watch

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
RUN_MS = 900_000


def test_the_quickstart_shows_its_widgets_and_asks_nothing_of_another_machine(
    voila: Callable[[Path], str], new_page: NewPage, tmp_path: Path
) -> None:
    (tmp_path / "visit").mkdir()
    notebook = Path(shutil.copy(packaged_notebook("01_quickstart.ipynb"), tmp_path / "visit"))
    page, watch = new_page()
    page.goto(voila(notebook), timeout=RUN_MS)
    for name in ("monitor", "gallery", "editor"):
        expect(page.locator(f".sw-{name}").first).to_be_visible(timeout=RUN_MS)
    page.wait_for_function("document.querySelector('.sw-gallery .sw-picture').naturalWidth > 0")
    expect(page.locator(".sw-editor .sw-editor-wait").first).to_be_hidden()
    expect(page.locator(".jp-InputArea-editor")).to_have_count(0)
    assert "Traceback" not in page.content()
    assert watch.foreign() == []


@pytest.mark.parametrize("ready", [0, 1])
def test_the_dashboard_opens_with_its_token_and_a_click_opens_an_image(
    segmented: Path, new_page: NewPage, tmp_path: Path, ready: int
) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    command = [
        sys.executable, "-m", "spheroseg_widgets.cli", "dashboard", str(segmented), "--no-browser", "--port", str(port),
        "--ready", str(ready),
    ]  # fmt: skip
    with serving(command, own_folders(tmp_path / "home"), tmp_path, f"{base}voila/static/voila.js") as log:
        for path in ("", "voila/render/review.ipynb", "api/kernels/11111111-1111-1111-1111-111111111111"):
            assert status_of(base + path) in {302, 403, 404}, path
        assert status_of(f"{base}?token=wrong") == 302
        assert status_of(f"{base}voila/files/review.ipynb") == 403
        address = re.search(r"http://\S+token=\S+", log.read_text())
        assert address is not None, log.read_text()
        page, watch = new_page()
        with page.expect_response(re.compile(r"/voila/static/plotly\.min\.js\?v=")) as library:
            answer = page.goto(address.group(), timeout=RUN_MS)
            expect(page.locator(".sw-gallery .sw-cell").first).to_be_visible(timeout=RUN_MS)
        assert answer is not None
        assert len(answer.body()) < 500_000, "plotly.js is a file that the browser keeps, not part of every page"
        assert "max-age" in library.value.headers["cache-control"]
        page.wait_for_function("document.querySelector('.sw-gallery .sw-picture').naturalWidth > 0")
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        expect(page.locator(".sw-monitor")).to_contain_text("8 of 8 images")
        editor = page.locator(".sw-editor")
        expect(editor.locator(".sw-editor-name")).to_contain_text("plate_A01_0h")
        page.locator(".sw-gallery .sw-cell").nth(2).click()
        expect(editor.locator(".sw-editor-name")).to_contain_text("plate_A02_0h")
        expect(editor.locator("button[data-action='edit.save']")).to_be_hidden()
        expect(editor.locator("button[data-action='review.approve']")).to_be_hidden()
        gallery = page.locator(".sw-gallery")
        expect(gallery.get_by_role("button", name="Export", exact=True)).to_be_visible()  # of the one that is selected
        for verb in (re.compile("^Add images"), re.compile("^Review"), "Approve", "Exclude", "Delete", "Segment"):
            expect(gallery.get_by_role("button", name=verb).filter(visible=True)).to_have_count(0)
        assert watch.foreign() == []
        assert watch.errors == []


def test_a_page_that_missed_a_widget_reloads_once(segmented: Path, new_page: NewPage, tmp_path: Path) -> None:
    port = free_port()
    command = [
        sys.executable, "-m", "spheroseg_widgets.cli", "dashboard", str(segmented), "--no-browser", "--port", str(port),
        "--ready", "0",
    ]  # fmt: skip
    miss = (
        "document.querySelector('.sw-gallery').closest('.jp-OutputArea-output').insertAdjacentHTML("
        "'afterend', '<div class=jupyter-widgets>Error displaying widget: model not found</div>')"
    )
    base = f"http://127.0.0.1:{port}/"
    with serving(command, own_folders(tmp_path / "home"), tmp_path, f"{base}voila/static/voila.js") as log:
        address = re.search(r"http://\S+token=\S+", log.read_text())
        assert address is not None, log.read_text()
        page, _ = new_page()
        page.goto(address.group(), timeout=RUN_MS)
        expect(page.locator(".sw-gallery .sw-cell").first).to_be_visible(timeout=RUN_MS)
        with page.expect_navigation(timeout=RUN_MS):
            page.evaluate(miss)
        expect(page.locator(".sw-gallery .sw-cell").first).to_be_visible(timeout=RUN_MS)
        page.evaluate(miss)
        page.wait_for_timeout(3000)
        expect(page.get_by_text("model not found")).to_have_count(1)


def test_a_taken_port_is_one_clear_line(segmented: Path, tmp_path: Path) -> None:
    import socket
    import subprocess

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "spheroseg_widgets.cli",
            "dashboard",
            str(segmented),
            "--port",
            port,
            "--no-browser",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=own_folders(tmp_path))
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
