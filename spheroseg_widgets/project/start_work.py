"""Having the queued jobs of a run worked on: the first time, or again."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from spheroseg_widgets.errors import ShareUnavailableError
from spheroseg_widgets.imaging.reach import one_a_folder, unseen
from spheroseg_widgets.jobs import background
from spheroseg_widgets.jobs.cluster import ClusterWish
from spheroseg_widgets.jobs.service import start_service
from spheroseg_widgets.store import requests

from .base import ProjectBase
from .hooks import hook


def start_work(project: ProjectBase, run_id: int, wish: ClusterWish, *, detached: bool | None = None) -> bool:
    """Have a run's queued jobs worked on: by a dispatcher of its own, or in a thread of this process.

    Parameters
    ----------
    project : ProjectBase
        Whose run it is.
    run_id : int
        Stored, with queued jobs.
    wish : ClusterWish
        The cluster it asks for.
    detached : bool, optional
        Whether it is to go on when this process ends; by default where the process is a notebook's kernel. A cluster
        object that only this process can reach keeps it here.

    Returns
    -------
    bool
        Whether a dispatcher of its own works on it.
    """
    if detached is None:
        by_default = hook("runs_detached")
        detached = by_default is not None and bool(by_default())
    detached = detached and not wish.here
    with project.database.write() as connection:
        requests.request_run(
            connection, project.id, run_id, cluster=wish.to_dict(), detached=detached, taken=not detached
        )  # fmt: skip
    if detached:
        start_service(project.folder, project.store)
    else:
        changes = project.changes
        background.start(
            project.database, project.id, run_id, lambda image_ids: changes.tell("results", image_ids)
        )  # fmt: skip
    return detached


def check_reachable(paths: Sequence[str] | pd.Series) -> None:
    """Say once that a share is gone, instead of failing every image."""
    folders = one_a_folder(paths)
    gone = unseen(folders.values())
    if gone and len(gone) == len(folders):
        first = min(gone)
        raise ShareUnavailableError(
            f"{first}: the folder of the images is not reachable ({gone[first]}). Connect the drive or share and try again, or "
            "point the project to its new place with project.relink(old, new). Nothing was changed."
        )
