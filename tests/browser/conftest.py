"""A real Chromium, JupyterLab and Voila: each server with folders of its own, on a free port, ended with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

import spheroseg_widgets as sw
from spheroseg_widgets.dashboards.serve import SHARE
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

DEBIAN = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_S = 240
"""A busy machine is slow; what is waited for either comes or never does."""
expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium: Debian's where it is, else playwright's own. Without one the tests fail, they are not skipped."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=str(DEBIAN) if DEBIAN.exists() else None, args=list(QUIET)
            )
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
    """What a page asked for, and what went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
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
        contexts.append(context)
        page = context.new_page()
        return page, Watch(page)

    yield make
    for context in contexts:
        context.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_folders(home: Path) -> dict[str, str]:
    """Return an environment in which Jupyter keeps everything below `home`, and asks for no news."""
    places = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
    }  # fmt: skip
    environment = {**os.environ, **{name: str(home / folder) for name, folder in places.items()}}
    for folder in places.values():
        (home / folder).mkdir(parents=True, exist_ok=True)
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    return environment


def status_of(url: str) -> int:
    """Return the HTTP status of a page, redirections not followed; 0 while nothing answers."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: Any) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextmanager
def serving(command: list[str], environment: dict[str, str], folder: Path, url: str) -> Iterator[Path]:
    """Run a server in a process group of its own until the block ends; gives its log."""
    log = folder / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            until = time.monotonic() + PATIENCE_S
            while not status_of(url):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, f"{url} does not answer: {log.read_text()}"
                time.sleep(0.25)
            yield log
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


class Lab:
    """A JupyterLab that runs.

    Parameters
    ----------
    url : str
        Without a trailing slash.
    root : Path
        Folder of its notebooks.
    runtime : Path
        Where its kernels' connection files lie.
    """

    def __init__(self, url: str, root: Path, runtime: Path) -> None:
        self.url = url
        self.root = root
        self.runtime = runtime

    def address(self, notebook: str, workspace: str) -> str:
        """Return where a notebook opens in a workspace of its own: others' tabs would hide it."""
        return f"{self.url}/lab/workspaces/{workspace}/tree/{notebook}?reset"

    def kernel_file(self) -> Path:
        """Return the connection file of the newest kernel."""
        return max(self.runtime.glob("kernel-*.json"), key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on an empty folder, without a token, on this machine only."""
    tmp_path = tmp_path_factory.mktemp("lab")
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={root}", "--ServerApp.port_retries=0",
        f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.allow_root=True",
        "--LabApp.news_url=None", "--ServerApp.log_level=40",
    ]  # fmt: skip
    with serving(command, own_folders(home), tmp_path, f"http://127.0.0.1:{port}/api"):
        yield Lab(f"http://127.0.0.1:{port}", root, home / "runtime")


@pytest.fixture
def voila(tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Give a function that serves a notebook through Voila in our template and returns its address."""
    with ExitStack() as stack:

        def serve(notebook: Path) -> str:
            home = tmp_path / f"voila-{notebook.stem}"
            port = free_port()
            environment = own_folders(home)
            environment["JUPYTER_PATH"] = str(SHARE)
            command = [
                sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--Voila.port={port}", "--Voila.port_retries=0",
                "--Voila.ip=127.0.0.1", "--template=spheroseg", "--Voila.log_level=40", "--show_tracebacks=True",
            ]  # fmt: skip
            stack.enter_context(serving(command, environment, home, f"http://127.0.0.1:{port}/voila/static/voila.js"))
            return f"http://127.0.0.1:{port}/"

        yield serve
