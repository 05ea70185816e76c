"""Commands that share a project: report, dashboard, and the notebook to begin with."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from spheroseg_widgets.errors import SpherosegError

QUICKSTART = "01_quickstart.ipynb"
ProjectFolder = Annotated[Path, typer.Argument(help="A project's folder.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(report)
    app.command()(dashboard)
    app.command()(lab)


def report(
    project: ProjectFolder,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file.")] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="By default the project's name.")] = None,
    size: Annotated[str, typer.Option(help="equivalent_diameter, area or volume_sphere.")] = "equivalent_diameter",
    notebook: Annotated[Path | None, typer.Option(help="A notebook of yours instead of the packaged one.")] = None,
) -> None:
    """Write a report: methods, pictures, tables and figures in one HTML file that opens offline.

    Example:

        spheroseg report results/project -o plate-7.html
    """
    from spheroseg_widgets.project.opening import open_project  # noqa: PLC0415 - other commands need none of it
    from spheroseg_widgets.reports.report import write_report  # noqa: PLC0415

    opened = open_project(project)
    path = write_report(opened, out, title=title, size=size, notebook=notebook)
    typer.echo(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


def dashboard(
    project: ProjectFolder,
    *,
    port: Annotated[int | None, typer.Option(help="By default 8866, or the next free one.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; the connection is plain HTTP.")] = "127.0.0.1",
    token: Annotated[bool, typer.Option(help="Ask visitors for a token, new at every start.")] = True,
    browser: Annotated[bool, typer.Option(help="Open the page here.")] = True,
    theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
    ready: Annotated[int, typer.Option(min=0, help="Kernels started ahead of visitors.")] = 1,
) -> None:
    """Serve a project as a page to look at: gallery, outlines, progress, figures.

    Example:

        spheroseg dashboard results/project --no-browser
    """
    if theme not in {"light", "dark"}:
        raise SpherosegError(f"no theme {theme!r}; there are light and dark")
    from spheroseg_widgets.dashboards.serve import serve_dashboard  # noqa: PLC0415

    def announce(address: str) -> None:
        typer.echo(f"Dashboard: {address}")
        if not token:
            typer.echo(f"Without a token: whoever reaches {host} sees the project.", err=True)
        typer.echo("Ctrl-C ends it.", err=True)

    serve_dashboard(
        project, port=port, host=host, token=None if token else "", open_browser=browser, theme=theme,
        kernels_ready=ready, announce=announce,
    )  # fmt: skip


def lab(
    folder: Annotated[Path, typer.Argument(help="Receives the quickstart notebook, unless it is there.")] = Path(),
    *,
    port: Annotated[int | None, typer.Option(help="By default JupyterLab's own.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page here.")] = True,
) -> None:
    """Open JupyterLab on the quickstart notebook.

    Example:

        spheroseg lab my-notebooks
    """
    from jupyterlab.labapp import LabApp  # noqa: PLC0415

    from spheroseg_widgets.reports.notebooks import packaged_notebook  # noqa: PLC0415

    target = folder / QUICKSTART
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packaged_notebook(QUICKSTART), target)
    options = [f"--ServerApp.root_dir={folder.resolve()}", f"--LabApp.default_url=/lab/tree/{QUICKSTART}"]
    options += [f"--ServerApp.port={port}"] if port is not None else []
    options += [] if browser else ["--no-browser"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container everybody is root; Jupyter would refuse to start. The token and this machine's address stay.
        options.append("--ServerApp.allow_root=True")
    sys.exit(LabApp.launch_instance(options))
