"""A real Chromium, JupyterLab and Voila: each server with folders of its own, on a free port, ended with the test."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import urlopen

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright
from servers import PATIENCE_S, free_port, lab_address, lab_command, own_folders, serving, start_chromium

import spheroseg_widgets as sw
from spheroseg_widgets.dashboards.serve import SHARE
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

# A kernel that starts beside others takes its time on a small machine; what is wrong stays wrong for longer.
expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium: Debian's where it is, else playwright's own. Without one the tests fail, they are not skipped."""
    with sync_playwright() as playwright:
        try:
            browser = start_chromium(playwright)
        except Error as error:
            pytest.fail(
                f"Chromium does not start; `make browser` installs it. {error.message.splitlines()[0]}", pytrace=False
            )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project of four wells at two times, segmented by the classical method; gives its folder."""
    folder = tmp_path_factory.mktemp("segmented")
    (folder / "raw").mkdir()
    for number, well in enumerate(("A01", "A02", "B01", "B02")):
        for hours in (0, 24):
            spheroid = Spheroid(128, 96, 30 + 4 * number + hours / 4, shape_seed=number, depth=0.6)
            scene = render(SceneSpec(192, 256, (spheroid,), debris=0), np.random.default_rng(number))
            path = folder / "raw" / f"plate_{well}_{hours}h.tif"
            tifffile.imwrite(path, scene.pixels, imagej=True, resolution=(0.5, 0.5), metadata={"unit": "um"})
    project = sw.open_project(folder / "plate 7", create=True)
    project.add(folder / "raw")
    project.set_map([{"well": well, "condition": well[0]} for well in ("A01", "A02", "B01", "B02")])
    project.segment(model="threshold", workers=1).wait()
    project.close()
    return project.folder


class Watch:
    """What a page asked for, what it said, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.said: list[str] = []
        began = time.monotonic()

        def hear(message: ConsoleMessage) -> None:
            self.said.append(f"{time.monotonic() - began:.1f} s {message.type}: {message.text[:400]}")

        page.on("console", hear)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def foreign(self) -> list[str]:
        """Return the requests to other machines."""
        local = {"127.0.0.1", "localhost", "::1", None}
        return [url for url in self.requests if urlparse(url).hostname not in local]


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., tuple[Page, Watch]]]:
    """Give a function that opens an empty page of its own context, watched."""
    contexts = []

    def make(*, scheme: str = "light", width: int = 1440, height: int = 1000) -> tuple[Page, Watch]:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(PATIENCE_S * 1000)
        page = context.new_page()
        watch = Watch(page)
        contexts.append((context, watch))
        return page, watch

    yield make
    for context, watch in contexts:
        print(*watch.said, *watch.errors, sep="\n")  # shown when the test fails
        context.close()


class Lab:
    """A JupyterLab that runs.

    Parameters
    ----------
    port : int
    root : Path
        Folder of its notebooks.
    runtime : Path
        Where its kernels' connection files lie.
    """

    def __init__(self, port: int, root: Path, runtime: Path) -> None:
        self.port = port
        self.root = root
        self.runtime = runtime

    def address(self, notebook: str, workspace: str) -> str:
        """Return where a notebook opens in a workspace of its own: others' tabs would hide it."""
        return lab_address(self.port, notebook, workspace)

    def kernel_id(self, notebook: str) -> str:
        """Return the id of a notebook's kernel."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/sessions", timeout=PATIENCE_S) as answer:
            return str(next(one["kernel"]["id"] for one in json.load(answer) if one["path"] == notebook))

    def kernel_file(self, notebook: str | None = None) -> Path:
        """Return the connection file of a notebook's kernel, else of the newest one."""
        if notebook is not None:
            return self.runtime / f"kernel-{self.kernel_id(notebook)}.json"
        return max(self.runtime.glob("kernel-*.json"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on an empty folder, without a token, on this machine only."""
    tmp_path = tmp_path_factory.mktemp("lab")
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    port = free_port()
    with serving(lab_command(root, port), own_folders(home), tmp_path, f"http://127.0.0.1:{port}/api"):
        yield Lab(port, root, home / "runtime")


@pytest.fixture
def voila(tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Give a function that serves a notebook through Voila in our template and returns its address."""
    logs = []
    with ExitStack() as stack:

        def serve(notebook: Path) -> str:
            home = tmp_path / f"voila-{notebook.stem}"
            port = free_port()
            environment = own_folders(home)
            environment["JUPYTER_PATH"] = str(SHARE)
            command = [
                sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--Voila.port={port}", "--Voila.port_retries=0",
                "--Voila.ip=127.0.0.1", "--template=spheroseg", "--Voila.log_level=30", "--show_tracebacks=True",
            ]  # fmt: skip
            ready = f"http://127.0.0.1:{port}/voila/static/voila.js"
            logs.append(stack.enter_context(serving(command, environment, home, ready)))
            return f"http://127.0.0.1:{port}/"

        yield serve
    for log in logs:
        print(log.read_text()[-8000:])  # shown when the test fails
