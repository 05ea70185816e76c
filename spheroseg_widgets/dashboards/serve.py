"""Serve a project's dashboard: the packaged notebook through Voila, on this machine, behind a token.

What protects it: every page, kernel and websocket asks for the token (Voila's identity provider), which is drawn
anew at every start; visitors' code is not run (Voila lets only widget messages through to a kernel); no file is
served but the page's own. What does not: the connection is plain HTTP, so the default is this machine only, and
everybody with the token sees the same. For several people behind a login, run the notebook inside a JupyterHub
server, where Voila is an extension and the Hub decides who may enter.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import plotly
from voila.app import Voila

from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.reports.notebooks import packaged_notebook

NOTEBOOK = "dashboards/review.ipynb"
TEMPLATE = "spheroseg"
SHARE = Path(__file__).resolve().parent / "share" / "jupyter"
PROJECT_VARIABLE = "SPHEROSEG_PROJECT"
PLOTLY_VARIABLE = "SPHEROSEG_PLOTLY"
PORT = 8866
TRIED_PORTS = 50
IDLE_SECONDS = 3600
FILL_DELAY_S = 8


class DashboardServer(Voila):  # type: ignore[misc]  # voila has no types
    """Voila that says where it is only once it listens, and opens a browser without the token on a command line."""

    announce: Callable[[str], object] = print
    with_browser = False

    def setup_template_dirs(self) -> None:
        """Serve plotly.js as a file beside Voila's own: a browser keeps it, so the second visit reads it at once."""
        super().setup_template_dirs()
        self.static_paths.append(str(Path(plotly.__file__).parent / "package_data"))

    @property
    def plotly_address(self) -> str:
        """Where pages find plotly.js; of another version, another address."""
        return f"{self.base_url}voila/static/plotly.min.js?v={plotly.__version__}"

    def launch_browser(self) -> None:
        """Name the address, and open it if that was asked for."""
        query = f"?token={self.token}" if self.token else ""
        address = f"http://{self.ip}:{self.port}{self.base_url}{query}"
        self.announce(address)
        if not self.with_browser:
            return
        # A file only its owner can read: what stands on a browser's command line, every user of the machine can see.
        handle, name = tempfile.mkstemp(suffix=".html", dir=self.connection_dir)
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(address)}"><a href="{escape(address)}">Open the dashboard</a>'
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        webbrowser.open(Path(name).as_uri())


def serve_dashboard(
    project: str | Path,
    *,
    port: int | None = None,
    host: str = "127.0.0.1",
    token: str | None = None,
    open_browser: bool = True,
    theme: str = "light",
    kernels_ready: int = 1,
    notebook: str | Path | None = None,
    announce: Callable[[str], object] = print,
) -> None:
    """Serve the dashboard of a project until interrupted.

    Parameters
    ----------
    project : str or Path
        The project's folder; it must be one already.
    port : int, optional
        By default 8866, or the next free one.
    host : str
        Address to listen on; only this machine by default.
    token : str, optional
        By default a new random one; "" serves without any protection.
    open_browser : bool
        Open the page here.
    theme : {"light", "dark"}
        Of the page.
    kernels_ready : int
        Kernels started ahead, so that a visitor does not wait for one; 0 starts each when its visitor comes.
    notebook : str or Path, optional
        A notebook of one's own instead of the packaged one; it finds the project in `SPHEROSEG_PROJECT`.
    announce : callable
        Called once with the address, token included, when the server listens.

    Raises
    ------
    SpherosegError
        No project there, or the port is taken.
    """
    opened = open_project(project)
    folder = opened.folder
    opened.close()
    page = (Path(notebook) if notebook is not None else packaged_notebook(NOTEBOOK)).resolve()
    os.environ[PROJECT_VARIABLE] = str(folder)
    # The template is found whether or not the installation copied it to where Jupyter looks.
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(SHARE), os.environ.get("JUPYTER_PATH")]))
    server = DashboardServer.instance()
    server.announce, server.with_browser = announce, open_browser
    server.initialize([str(page), *_options(page, free_port(host, port), host, theme, kernels_ready)])
    server.voila_configuration.file_allowlist = []  # nothing beside the notebook is served
    if notebook is None:  # the packaged page draws its figures itself, without 5 MB more
        server.voila_configuration.extension_denylist = ["jupyterlab-plotly"]
    os.environ[PLOTLY_VARIABLE] = server.plotly_address
    server.token = secrets.token_urlsafe(24) if token is None else token
    server.start()


def free_port(host: str, wanted: int | None) -> int:
    """Return the port that was asked for, or the first free one from 8866 on.

    Raises
    ------
    SpherosegError
        The one that was asked for is taken, or no port is free.
    """
    for port in [wanted] if wanted is not None else range(PORT, PORT + TRIED_PORTS):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if wanted is not None:
                    raise SpherosegError(
                        f"port {port} of {host} cannot be used ({error.strerror}); name another with --port"
                    ) from error
                continue
            return port
    raise SpherosegError(
        f"none of the ports {PORT} to {PORT + TRIED_PORTS - 1} of {host} is free; name one with --port"
    )


def _options(page: Path, port: int, host: str, theme: str, kernels_ready: int) -> list[str]:
    values: dict[str, Any] = {
        "Voila.ip": host, "Voila.port": port, "Voila.port_retries": 0, "Voila.open_browser": True,
        "Voila.root_dir": page.parent, "Voila.log_level": 40,
        "VoilaConfiguration.template": TEMPLATE, "VoilaConfiguration.theme": theme,
        "VoilaConfiguration.allow_template_override": "NO", "VoilaConfiguration.show_tracebacks": False,
        "VoilaConfiguration.preheat_kernel": kernels_ready > 0, "VoilaConfiguration.default_pool_size": kernels_ready,
        # The next kernel is not started while the visitor's page still needs the processor.
        "VoilaKernelManager.fill_delay": FILL_DELAY_S,
        "AsyncMappingKernelManager.cull_idle_timeout": IDLE_SECONDS, "AsyncMappingKernelManager.cull_interval": 60,
        "AsyncMappingKernelManager.default_kernel_name": "python3",
    }  # fmt: skip
    if sys.platform != "win32":
        # Sockets that only this user can open, instead of ports of the machine.
        values["KernelManager.transport"] = "ipc"
    return [f"--{name}={value}" for name, value in values.items()]
