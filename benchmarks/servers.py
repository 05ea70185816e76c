"""Chromium and servers for what drives the running product: screenshots, benchmarks, and the tests in the browser."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import nbformat
from playwright.sync_api import Browser, Page, Playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

DEBIAN = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_S = 240
"""A busy machine is slow; what is waited for either comes or never does."""
FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
}  # fmt: skip


def start_chromium(playwright: Playwright) -> Browser:
    """Start Chromium without a window: Debian's where it is, else playwright's own."""
    return playwright.chromium.launch(executable_path=str(DEBIAN) if DEBIAN.exists() else None, args=list(QUIET))


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_folders(home: Path, scheme: str = "light") -> dict[str, str]:
    """Return an environment in which Jupyter keeps everything below `home`, in a theme, and asks for no news."""
    environment = {**os.environ, **{name: str(home / folder) for name, folder in FOLDERS.items()}}
    for folder in FOLDERS.values():
        (home / folder).mkdir(parents=True, exist_ok=True)
    settings = home / FOLDERS["JUPYTERLAB_SETTINGS_DIR"] / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    for name, value in {
        "themes": {"theme": f"JupyterLab {scheme.title()}"},
        "notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        (settings / f"{name}.jupyterlab-settings").write_text(json.dumps(value))
    return environment


def lab_command(root: Path, port: int) -> list[str]:
    """Return how JupyterLab is started on a folder: without a token, on this machine only."""
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={root}", "--ServerApp.port_retries=0",
        f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.allow_root=True",
        "--LabApp.news_url=None", "--ServerApp.log_level=30",
    ]  # fmt: skip


def lab_address(port: int, notebook: str, workspace: str) -> str:
    """Return where a notebook opens in a workspace of its own: the tabs of others would hide it."""
    return f"http://127.0.0.1:{port}/lab/workspaces/{workspace}/tree/{notebook}?reset"


def write_notebook(path: Path, sources: Sequence[str]) -> None:
    """Write a notebook of code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def run_all(page: Page) -> None:
    """Run all cells of the open notebook by the menu; again, if Lab was not ready and let the click or a cell go by.

    Raises
    ------
    RuntimeError
        After five tries some cell in sight has neither run nor is in line to.
    """
    ready = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
    page.wait_for_selector(ready)
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt")
    busy = page.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]")
    for _ in range(5):
        if _knows_no_kernel(page):
            page.reload()  # it would ask its server again after a minute
            page.wait_for_selector(ready)
        try:
            page.get_by_role("menuitem", name="Run", exact=True).click(timeout=20_000)
            page.locator("li[data-command='runmenu:run-all']").click(timeout=20_000)
        except PlaywrightTimeout:
            continue
        until = time.monotonic() + 20
        while time.monotonic() < until:
            said = " ".join(prompts.all_inner_texts())
            # Cells in line for a kernel that is still to come may be struck off it: one must run, and none be left out.
            if "[ ]" not in said and (re.search(r"\[\d+\]", said) or busy.count()):
                return
            page.wait_for_timeout(250)
    raise RuntimeError(f"the notebook's cells do not run: {prompts.all_inner_texts()}")


def _knows_no_kernel(page: Page) -> bool:
    """Choose Python where Lab asks for a kernel, its list having come late; return whether no list has come at all."""
    dialog = page.locator(".jp-Dialog")
    if not dialog.count():
        return False
    print("JupyterLab asks:", dialog.first.inner_text())
    known = dialog.locator("select option", has_text="Python 3")
    if not known.count():
        return True
    dialog.locator("select").first.select_option(value=known.first.get_attribute("value"))
    dialog.locator(".jp-mod-accept").first.click()
    return False


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def status_of(url: str) -> int:
    """Return the HTTP status of a page, redirections not followed; 0 while nothing answers."""
    try:
        with urllib.request.build_opener(_Stay).open(url, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@contextmanager
def serving(command: list[str], environment: dict[str, str], folder: Path, url: str) -> Iterator[Path]:
    """Run a server in a process group of its own until the block ends; gives its log.

    Raises
    ------
    RuntimeError
        It ended, or does not answer; the message is its log.
    """
    log = folder / "server.log"
    with log.open("w") as out:
        process = _started(command, environment, folder, out)
        try:
            until = time.monotonic() + PATIENCE_S
            while not status_of(url):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{url} does not answer: {log.read_text()}")
                time.sleep(0.25)
            yield log
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


def _started(command: list[str], environment: dict[str, str], folder: Path, out: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, env=environment, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
    )
