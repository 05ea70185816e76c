"""How far a run is, read from its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .job_state import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from .leases import in_utc
from .tables import event, image, job, now, run

STARTED, BROKEN = "run_started", "run_failed"
"""Kinds of event: a dispatcher took the run up; the run itself broke, with its reason."""
ENDED = (DONE, FAILED, CANCELLED)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is.

    Parameters
    ----------
    run_id : int
    status : {"queued", "running", "done", "failed", "cancelled"}
        Of the run. A run is "done" when every image was worked through, also where some of them failed; it is
        "failed" when it could not go on at all.
    stage : {"waiting", "preparing", "segmenting", "ended", "interrupted"}
        "preparing": the workers start and the working scale is chosen. "interrupted": its process is gone.
    total, queued, running, done, failed, cancelled : int
        Images.
    seconds : float
        Since it was last taken up, until its end or now.
    images_per_second, seconds_left : float or None
        None until the first image is done.
    finished : bool
        Nothing more will come.
    reason : str or None
        Why the run failed.
    """

    run_id: int
    status: str
    stage: str
    total: int
    queued: int
    running: int
    done: int
    failed: int
    cancelled: int
    seconds: float
    images_per_second: float | None
    seconds_left: float | None
    finished: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RunningImage:
    """An image in a worker's hands.

    Parameters
    ----------
    image_id : int
    name : str
    stage : {"waiting", "reading", "segmenting", "measuring"}
        "waiting": handed out, and nothing told yet; small images that travel together stay so.
    fraction : float or None
        Of the stage, where it is long enough to be told.
    seconds : float
        Since it was handed out.
    """

    image_id: int
    name: str
    stage: str
    fraction: float | None
    seconds: float


def running_images(connection: sa.Connection, run_id: int, most: int) -> list[RunningImage]:
    """Return images that are being worked on, those first of which most is known."""
    query = (
        sa.select(job.c.image_id, image.c.name, job.c.stage, job.c.started_at)
        .join(image, image.c.id == job.c.image_id)
        .where(job.c.run_id == run_id, job.c.status == RUNNING)
        .order_by(job.c.stage.is_(None), job.c.started_at, job.c.id)
        .limit(most)
    )
    moment = now()
    found = []
    for row in connection.execute(query):
        stage, _, steps = (row.stage or "waiting").partition(" ")
        done, _, total = steps.partition("/")
        seconds = max(0.0, (moment - in_utc(row.started_at)).total_seconds())
        fraction = int(done) / int(total) if total else None
        found.append(RunningImage(int(row.image_id), str(row.name), stage, fraction, seconds))
    return found


def run_progress(connection: sa.Connection, run_id: int) -> RunProgress:
    """Count a run's jobs and time them."""
    row = connection.execute(
        sa.select(run.c.project_id, run.c.status, run.c.created_at, run.c.finished_at).where(run.c.id == run_id)
    ).one()
    rows = connection.execute(
        sa.select(job.c.status, sa.func.count()).where(job.c.run_id == run_id).group_by(job.c.status)
    )
    counts = {str(status): int(count) for status, count in rows}
    taken_up = _last(connection, row.project_id, run_id, STARTED)
    began = in_utc(taken_up.created_at if taken_up is not None else row.created_at)
    finished = row.status in ENDED
    end = in_utc(row.finished_at) if finished and row.finished_at is not None else now()
    worked, first, last = connection.execute(
        sa.select(sa.func.count(), sa.func.min(job.c.started_at), sa.func.max(job.c.finished_at)).where(
            job.c.run_id == run_id, job.c.started_at >= began, job.c.status.in_((DONE, FAILED))
        )
    ).one()
    rate = None
    if worked:
        taken = ((end if not finished else in_utc(last)) - in_utc(first)).total_seconds()
        rate = worked / max(taken, 1e-3)
    open_jobs = counts.get(QUEUED, 0) + counts.get(RUNNING, 0)
    if finished:
        stage = "ended"
    elif row.status == QUEUED:
        stage = "waiting"
    else:
        stage = "segmenting" if worked or counts.get(RUNNING) else "preparing"
    broken = _last(connection, row.project_id, run_id, BROKEN) if row.status == FAILED else None
    return RunProgress(
        run_id=run_id,
        status=str(row.status),
        stage=stage,
        total=sum(counts.values()),
        queued=counts.get(QUEUED, 0),
        running=counts.get(RUNNING, 0),
        done=counts.get(DONE, 0),
        failed=counts.get(FAILED, 0),
        cancelled=counts.get(CANCELLED, 0),
        seconds=max(0.0, (end - began).total_seconds()),
        images_per_second=rate,
        seconds_left=open_jobs / rate if rate and not finished else None,
        finished=finished,
        reason=None if broken is None else str(broken.detail.get("reason", "")),
    )


def record_event(connection: sa.Connection, project_id: int, run_id: int, kind: str, **detail: str) -> None:
    """Write down what happened to a run."""
    connection.execute(
        event.insert().values(project_id=project_id, run_id=run_id, kind=kind, detail=detail, created_at=now())
    )


def _last(connection: sa.Connection, project_id: int, run_id: int, kind: str) -> Any:
    return connection.execute(
        sa.select(event.c.created_at, event.c.detail)
        .where(event.c.project_id == project_id, event.c.run_id == run_id, event.c.kind == kind)
        .order_by(event.c.id.desc())
        .limit(1)
    ).first()
