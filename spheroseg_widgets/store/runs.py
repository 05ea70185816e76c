"""Models and runs; what becomes of a run's images is in `jobs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from . import audit
from .images import chunks
from .job_state import CANCELLED, DONE, FAILED, FINAL, QUEUED, RUNNING, sources_of
from .progress import BROKEN, STARTED, record_event
from .tables import image, job, model, now, result, run


def ensure_model(connection: sa.Connection, name: str, version: str, sha256: str, card: str | None) -> int:
    """Return the id of a model as it is identified by its weights, made if need be."""
    same = (model.c.name == name, model.c.version == version, model.c.sha256 == sha256)
    found = connection.scalar(sa.select(model.c.id).where(*same))
    if found is not None:
        return int(found)
    values = {"name": name, "version": version, "sha256": sha256, "card": card}
    made = connection.execute(model.insert().values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def create_run(
    connection: sa.Connection,
    project_id: int,
    model_id: int,
    parameters: Mapping[str, Any],
    image_ids: Sequence[int],
    author: str,
    *,
    verb: str = "segment",
) -> int:
    """Store a run and its queued jobs, one an image; returns the run's id. `verb` is what the audit calls it."""
    made = connection.execute(
        run.insert().values(project_id=project_id, model_id=model_id, parameters=dict(parameters), author=author)
    ).inserted_primary_key
    assert made is not None
    run_id = int(made[0])
    for part in chunks(list(image_ids)):
        connection.execute(job.insert(), [{"run_id": run_id, "image_id": i, "queued_at": now()} for i in part])
    audit.record(connection, project_id, author, verb, "run", run_id, images=len(image_ids))
    return run_id


def reopen(connection: sa.Connection, run_id: int) -> int:
    """Let an interrupted run wait for a dispatcher again; returns how many of its jobs are open."""
    query = sa.select(sa.func.count()).select_from(job)
    count = connection.scalar(query.where(job.c.run_id == run_id, job.c.status.in_((QUEUED, RUNNING))))
    connection.execute(run.update().where(run.c.id == run_id).values(status=QUEUED, finished_at=None))
    return int(count or 0)


def take_up(connection: sa.Connection, project_id: int, run_id: int) -> int:
    """Say that a dispatcher works on a run from now on; returns how many jobs wait."""
    waiting = int(
        connection.scalar(
            sa.select(sa.func.count()).select_from(job).where(job.c.run_id == run_id, job.c.status == QUEUED)
        )
        or 0
    )
    if waiting:
        connection.execute(run.update().where(run.c.id == run_id).values(status=RUNNING, finished_at=None))
        record_event(connection, project_id, run_id, STARTED)
    return waiting


def fail_run(connection: sa.Connection, project_id: int, run_id: int, reason: str, traceback: str) -> list[int]:
    """End a run that cannot go on: what is open of it fails with the run's reason; returns the images."""
    open_jobs = (job.c.run_id == run_id, job.c.status.in_(sources_of(FAILED)))
    images = [int(i) for i in connection.scalars(sa.select(job.c.image_id).where(*open_jobs))]
    connection.execute(
        job.update().where(*open_jobs).values(status=FAILED, reason=reason, finished_at=now(), lease_until=None)
    )
    connection.execute(run.update().where(run.c.id == run_id).values(status=FAILED, finished_at=now()))
    record_event(connection, project_id, run_id, BROKEN, reason=reason, traceback=traceback)
    return images


def run_parameters(connection: sa.Connection, run_id: int) -> dict[str, Any]:
    """Return what was fixed for a run."""
    return dict(connection.execute(sa.select(run.c.parameters).where(run.c.id == run_id)).scalar_one())


def fix_per_plate(
    connection: sa.Connection, run_id: int, scales: Mapping[str, float], inverted: Mapping[str, bool]
) -> dict[str, Any]:
    """Write the working scale of a run's images down, and which are inverted; chosen once and never changed.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        For writing.
    run_id : int
        The run.
    scales : mapping
        By image_id as text, of every image.
    inverted : mapping
        True by image_id as text; the others are not in it.

    Returns
    -------
    dict
        The run's parameters.

    Raises
    ------
    ValueError
        The run has its scales.
    """
    parameters = run_parameters(connection, run_id)
    if parameters.get("scales") is not None:
        raise ValueError(f"the working scales of run {run_id} are fixed already")
    parameters |= {"scales": dict(scales), "inverted": dict(inverted)}
    connection.execute(run.update().where(run.c.id == run_id).values(parameters=parameters))
    return parameters


def has_ended(connection: sa.Connection, run_id: int) -> bool:
    """Whether nothing more will come of a run."""
    return connection.scalar(sa.select(run.c.status).where(run.c.id == run_id)) in FINAL


def results_of_run(connection: sa.Connection, project_id: int, run_id: int) -> dict[int, int]:
    """Return the newest result a run made of each image, deleted images left out: result id by image id."""
    query = (
        sa.select(result.c.image_id, sa.func.max(result.c.id))
        .join(image, image.c.id == result.c.image_id)
        .where(result.c.run_id == run_id, image.c.project_id == project_id, image.c.deleted_at.is_(None))
        .group_by(result.c.image_id)
        .order_by(result.c.image_id)
    )
    return {int(image_id): int(result_id) for image_id, result_id in connection.execute(query)}


def run_ids(connection: sa.Connection, project_id: int) -> list[int]:
    """Return the runs of a project, oldest first."""
    return [
        int(i) for i in connection.scalars(sa.select(run.c.id).where(run.c.project_id == project_id).order_by(run.c.id))
    ]


def close_run(connection: sa.Connection, run_id: int) -> str:
    """Set a run's status from its jobs: done, cancelled, or still running; returns it.

    What was cancelled because its image was deleted leaves a run done.
    """
    query = (
        sa.select(job.c.status, sa.func.count())
        .join(image, image.c.id == job.c.image_id)
        .where(job.c.run_id == run_id, (job.c.status != CANCELLED) | image.c.deleted_at.is_(None))
        .group_by(job.c.status)
    )
    counts = {str(status): int(count) for status, count in connection.execute(query)}
    open_jobs = sum(n for status, n in counts.items() if status not in FINAL)
    status = RUNNING if open_jobs else (CANCELLED if counts.get(CANCELLED) else DONE)
    ended = None if open_jobs else sa.func.coalesce(run.c.finished_at, now())
    connection.execute(run.update().where(run.c.id == run_id).values(status=status, finished_at=ended))
    return status


def runs_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return one row a run, oldest first: run_id, status, model, author, times, parameters."""
    query = (
        sa.select(
            run.c.id.label("run_id"), run.c.status, model.c.name.label("model"), model.c.sha256.label("model_sha256"),
            run.c.author, run.c.created_at, run.c.finished_at, run.c.parameters,
        )
        .join(model, model.c.id == run.c.model_id)
        .where(run.c.project_id == project_id)
        .order_by(run.c.id)
    )  # fmt: skip
    return pd.read_sql(query, connection)
