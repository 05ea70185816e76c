"""The command `dispatch`: a project's dispatcher as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(dispatch)


def dispatch(
    project: Annotated[Path, typer.Argument(help="A project's folder.", show_default=False)],
    *,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of a local cluster, whatever the runs asked for.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to use, whatever the runs asked for.")
    ] = None,
    idle: Annotated[float, typer.Option(min=0.0, help="Seconds to wait for further runs when none is left.")] = 0.0,
    store: Annotated[
        str | None,
        typer.Option(
            help="URL or file of the store, where it is another than the project says. No password here: everybody on this "
            "machine sees a command line; keep it in ~/.pgpass or PGPASSWORD."
        ),
    ] = None,
) -> None:
    """Work on a project's runs until none is left.

    Notebooks start this by themselves. Start it yourself where a process that a notebook starts would be ended with it: as
    a batch job, or as a service. Ctrl-C or SIGTERM ends it; what is left waits for the next one.

    Example:

        spheroseg dispatch plate-7 --cluster tcp://10.0.0.5:8786 --idle 3600
    """
    from spheroseg_widgets.jobs.cluster import ClusterWish  # noqa: PLC0415 - other commands need none of it
    from spheroseg_widgets.jobs.dispatcher import Dispatcher  # noqa: PLC0415
    from spheroseg_widgets.jobs.logs import log_to_stderr  # noqa: PLC0415
    from spheroseg_widgets.jobs.service import serve  # noqa: PLC0415
    from spheroseg_widgets.project.opening import open_project  # noqa: PLC0415

    log_to_stderr(at_terminal=True)
    opened = open_project(project, store=store)
    wish = None if workers is None and cluster is None else ClusterWish.of(workers, cluster)
    dispatcher = Dispatcher(opened.database, opened.id, detached=True, wish=wish)
    try:
        serve(dispatcher, opened.folder, idle)
    finally:
        opened.close()
