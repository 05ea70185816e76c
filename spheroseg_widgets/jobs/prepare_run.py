"""What a run needs before its first task: what is chosen once a plate, and what every worker has to pass."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from spheroseg_widgets.imaging.reach import one_a_folder, unseen
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.store import jobs, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import images_frame

from .per_plate import choose_per_plate
from .prepare_worker import PrepareWorker


def fixed_parameters(database: Database, project_id: int, run_id: int, stop: threading.Event) -> dict[str, Any] | None:
    """Return a run's parameters, what is chosen once a plate chosen and stored where it is not yet.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id, run_id : int
        The run.
    stop : threading.Event
        Gives up when it is set.

    Returns
    -------
    dict or None
        None when it gave up.
    """
    with database.read() as connection:
        parameters = runs.run_parameters(connection, run_id)
        if parameters["scales"] is not None:
            return parameters
        table = images_frame(connection, project_id)
        wanted = jobs.jobs_frame(connection, run_id)["image_id"]
    table = table[table["image_id"].isin(wanted)]
    settings = Settings.from_dict(parameters["settings"])
    model = find_model(
        parameters["model"], sha256=parameters["model_sha256"], folder=parameters.get("model_folder", "")
    )  # fmt: skip
    chosen = choose_per_plate(model, table, settings, scale=parameters.get("scale"), stop=stop.is_set)
    if chosen is None:
        return None
    with database.write() as connection:
        return runs.fix_per_plate(connection, run_id, chosen.scales, chosen.inverted)


def worker_preparation(database: Database, run_id: int, parameters: Mapping[str, Any], name: str) -> PrepareWorker:
    """Return what every worker of a run has to pass.

    Parameters
    ----------
    database : Database
        The project's store.
    run_id : int
        The run.
    parameters : mapping
        Of the run.
    name : str
        Of the run on the cluster.
    """
    with database.read() as connection:
        samples = one_a_folder(jobs.jobs_frame(connection, run_id)["path"])
    gone = unseen(samples.values())
    return PrepareWorker(
        packages={package: version(package) for package in ("spheroseg_widgets", *parameters.get("packages", {}))},
        samples=tuple(path for folder, path in sorted(samples.items()) if folder not in gone),
        model=parameters["model"] if parameters.get("maps") is None else "",  # from stored maps no worker needs it
        sha256=parameters["model_sha256"],
        folder=parameters.get("model_folder", ""),
        settings=Settings.from_dict(parameters["settings"]),
        threads=int(parameters.get("threads", 1)),
        name=name,
    )
