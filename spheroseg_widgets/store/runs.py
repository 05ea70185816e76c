"""Models, runs and jobs. Rows first, tasks second: the store is the truth about what is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from . import audit
from .images import chunks
from .job_state import CANCELLED, DONE, FAILED, FINAL, QUEUED, RUNNING, sources_of
from .progress import BROKEN, STARTED, record_event
from .tables import image, job, model, now, result, run, source

URGENT = 1
"""Priority of a job that somebody waits for; others have 0."""


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job taken to be run; `attempt` fences off late answers of earlier attempts."""

    job_id: int
    attempt: int
    image_id: int
    source_id: int
    uri: str
    series: int
    t: int
    z: str
    channel: int
    priority: int = 0


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


def prioritise(connection: sa.Connection, project_id: int, image_ids: Iterable[int]) -> int:
    """Let queued jobs of some images, in any of the project's runs, go before all others; returns how many."""
    own = sa.select(run.c.id).where(run.c.project_id == project_id)
    return sum(
        connection.execute(
            job.update()
            .where(job.c.run_id.in_(own), job.c.image_id.in_(part), job.c.status == QUEUED, job.c.priority < URGENT)
            .values(priority=URGENT)
        ).rowcount
        for part in chunks(list(image_ids))
    )


def claim_jobs(
    connection: sa.Connection,
    run_id: int,
    limit: int,
    worker: str,
    lease_seconds: float,
    *,
    least_priority: int = 0,
    most_together: int = 1,
    pixels_together: int = 0,
) -> list[list[ClaimedJob]]:
    """Take queued jobs of a run, the most urgent first: they turn running, with a new attempt and a lease.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        For writing.
    run_id : int
        The run.
    limit : int
        Most groups.
    worker : str
        Who takes them.
    lease_seconds : float
        How long they are kept from others without a heartbeat.
    least_priority : int
        Only jobs of this priority or a higher one.
    most_together, pixels_together : int
        Small images (a quarter of `pixels_together` or less) share a group: so many at most, and so many pixels
        together. By default each has its own.

    Returns
    -------
    list of list of ClaimedJob
        Groups, each to travel as one task.
    """
    waiting = connection.execute(
        sa.select(job.c.id, (image.c.width * image.c.height).label("pixels"), job.c.priority)
        .join(image, image.c.id == job.c.image_id)
        .where(job.c.run_id == run_id, job.c.status == QUEUED, job.c.priority >= least_priority)
        .order_by(job.c.priority.desc(), job.c.id)
        .limit(limit * most_together)
        .with_for_update(skip_locked=True, of=job)
    )
    groups: list[list[int]] = []
    room = 0
    for row in waiting.all():
        small = 4 * row.pixels <= pixels_together and row.priority < URGENT
        if not (groups and small and len(groups[-1]) < most_together and row.pixels <= room):
            if len(groups) == limit:
                break
            groups.append([])
            room = pixels_together if small else 0
        groups[-1].append(int(row.id))
        room -= int(row.pixels)
    ids = [one for group in groups for one in group]
    if not ids:
        return []
    moment = now()
    connection.execute(
        job.update()
        .where(job.c.id.in_(ids), job.c.status.in_(sources_of(RUNNING)))
        .values(
            status=RUNNING,
            attempt=job.c.attempt + 1,
            worker=worker,
            started_at=moment,
            heartbeat_at=moment,
            lease_until=moment + timedelta(seconds=lease_seconds),
            stage=None,
        )
    )
    rows = connection.execute(
        sa.select(
            job.c.id,
            job.c.attempt,
            image.c.id,
            source.c.id,
            source.c.uri,
            image.c.series,
            image.c.t,
            image.c.z,
            image.c.channel,
            job.c.priority,
        )
        .join(image, image.c.id == job.c.image_id)
        .join(source, source.c.id == image.c.source_id)
        .where(job.c.id.in_(ids))
    )
    claimed = {int(row[0]): ClaimedJob(*tuple(row)) for row in rows}
    return [[claimed[one] for one in group] for group in groups]


def count_queued(connection: sa.Connection, run_id: int, *, least_priority: int = 0, most: int = 1) -> int:
    """Count the jobs of a run that wait, up to `most`; asks without taking the store's one place for writers."""
    waiting = (
        sa.select(job.c.id)
        .where(job.c.run_id == run_id, job.c.status == QUEUED, job.c.priority >= least_priority)
        .limit(most)
        .subquery()
    )
    return int(connection.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0)


def running_of(connection: sa.Connection, run_id: int) -> dict[int, int]:
    """Return the jobs of a run that are running: attempt by job id."""
    rows = connection.execute(sa.select(job.c.id, job.c.attempt).where(job.c.run_id == run_id, job.c.status == RUNNING))
    return {int(job_id): int(attempt) for job_id, attempt in rows}


def finish_jobs(
    connection: sa.Connection, answers: Iterable[tuple[int, int, str, float, Mapping[str, float]]]
) -> set[int]:
    """Turn running jobs done, many at a time.

    Parameters
    ----------
    answers : iterable of (job_id, attempt, worker, seconds, timings)
        Of what was worked on.

    Returns
    -------
    set of int
        The jobs that are done now; the others were cancelled or taken by another attempt meanwhile.
    """
    by_job = {answer[0]: answer for answer in answers}
    done: set[int] = set()
    for part in chunks(list(by_job)):
        rows = connection.execute(
            sa.select(job.c.id, job.c.attempt).where(job.c.id.in_(part), job.c.status == RUNNING).with_for_update()
        )
        done |= {int(row.id) for row in rows if by_job[int(row.id)][1] == int(row.attempt)}
    if done:
        values = {
            name: sa.bindparam(f"new_{name}", type_=job.c[name].type) for name in ("worker", "seconds", "timings")
        }
        connection.execute(
            job.update()
            .where(job.c.id == sa.bindparam("of_job"))
            .values(status=DONE, finished_at=now(), lease_until=None, stage=None, reason=None, **values),
            [
                {"of_job": job_id, "new_worker": worker, "new_seconds": seconds, "new_timings": dict(timings)}
                for job_id, _, worker, seconds, timings in by_job.values()
                if job_id in done
            ],
        )
    return done


def fail_job(
    connection: sa.Connection,
    job_id: int,
    attempt: int,
    reason: str,
    traceback: str | None,
    worker: str | None = None,
) -> bool:
    """Turn a running job failed with its reason; False where it was cancelled or taken by another attempt."""
    who = {} if worker is None else {"worker": worker}
    return _end(connection, job_id, attempt, FAILED, reason=reason, traceback=traceback, **who)


def _end(connection: sa.Connection, job_id: int, attempt: int, status: str, **values: Any) -> bool:
    changed = connection.execute(
        job.update()
        .where(job.c.id == job_id, job.c.attempt == attempt, job.c.status == RUNNING)
        .values(status=status, finished_at=now(), lease_until=None, stage=None, **values)
    )
    return changed.rowcount == 1


def cancel_jobs(connection: sa.Connection, run_id: int) -> int:
    """Cancel what is queued or running of a run; returns how many. What is done stays done."""
    return connection.execute(
        job.update()
        .where(job.c.run_id == run_id, job.c.status.in_(sources_of(CANCELLED)))
        .values(status=CANCELLED, finished_at=now(), lease_until=None)
    ).rowcount


def requeue_job(connection: sa.Connection, job_id: int, attempt: int) -> bool:
    """Let a running job wait again, as its answer is lost; False where it was cancelled or taken by another attempt."""
    changed = connection.execute(
        job.update()
        .where(job.c.id == job_id, job.c.attempt == attempt, job.c.status == RUNNING)
        .values(status=QUEUED, lease_until=None)
    )
    return changed.rowcount == 1


def requeue_orphans(connection: sa.Connection, run_id: int) -> int:
    """Queue again every running job of a run, for who holds the project's lease and so knows that nobody works on them.

    Returns
    -------
    int
        How many. An answer that still comes for one is of an earlier attempt, and kept out.
    """
    return connection.execute(
        job.update().where(job.c.run_id == run_id, job.c.status == RUNNING).values(status=QUEUED, lease_until=None)
    ).rowcount


def reopen(connection: sa.Connection, run_id: int) -> int:
    """Let an interrupted run wait for a dispatcher again; returns how many of its jobs are open."""
    query = sa.select(sa.func.count()).select_from(job)
    count = connection.scalar(query.where(job.c.run_id == run_id, job.c.status.in_((QUEUED, RUNNING))))
    connection.execute(run.update().where(run.c.id == run_id).values(status=QUEUED, finished_at=None))
    return int(count or 0)


def retry_failed(connection: sa.Connection, run_id: int, image_ids: Iterable[int] | None = None) -> int:
    """Queue the failed jobs of a run, or of some of its images, again; returns how many. The run waits then.

    Images that were deleted meanwhile are left out.
    """
    there = sa.exists().where(image.c.id == job.c.image_id, image.c.deleted_at.is_(None))
    again = (
        job.update()
        .where(job.c.run_id == run_id, job.c.status == FAILED, there)
        .values(status=QUEUED, reason=None, traceback=None)
    )
    parts = (
        [again] if image_ids is None else [again.where(job.c.image_id.in_(some)) for some in chunks(list(image_ids))]
    )
    count = sum(connection.execute(part).rowcount for part in parts)
    if count:
        connection.execute(run.update().where(run.c.id == run_id).values(status=QUEUED, finished_at=None))
    return count


def heartbeat(connection: sa.Connection, claims: Iterable[tuple[int, int]], lease_seconds: float) -> set[int]:
    """Prolong the leases of running jobs.

    Parameters
    ----------
    claims : iterable of (job_id, attempt)
        What the caller works on.

    Returns
    -------
    set of int
        The jobs that are still its own; the others were cancelled, or are another attempt's by now.
    """
    moment = now()
    own = set()
    for job_id, attempt in claims:
        mine = (job.c.id == job_id, job.c.attempt == attempt, job.c.status == RUNNING)
        values = {"heartbeat_at": moment, "lease_until": moment + timedelta(seconds=lease_seconds)}
        if connection.execute(job.update().where(*mine).values(**values)).rowcount:
            own.add(job_id)
    return own


def set_stages(connection: sa.Connection, stages: Mapping[tuple[int, int], str]) -> None:
    """Write down which step running jobs are at: the step by job id and attempt."""
    for (job_id, attempt), stage in stages.items():
        connection.execute(
            job.update()
            .where(job.c.id == job_id, job.c.attempt == attempt, job.c.status == RUNNING)
            .values(stage=stage)
        )


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


def fix_scales(connection: sa.Connection, run_id: int, scales: Mapping[str, float]) -> None:
    """Write the working scales of a run's images down; they are chosen once and never changed.

    Raises
    ------
    ValueError
        The run has its scales.
    """
    parameters = run_parameters(connection, run_id)
    if parameters.get("scales") is not None:
        raise ValueError(f"the working scales of run {run_id} are fixed already")
    connection.execute(run.update().where(run.c.id == run_id).values(parameters={**parameters, "scales": dict(scales)}))


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


def ended_images(connection: sa.Connection, run_id: int) -> set[int]:
    """Return the images of a run that are done or failed."""
    query = sa.select(job.c.image_id).where(job.c.run_id == run_id, job.c.status.in_((DONE, FAILED)))
    return {int(i) for i in connection.scalars(query)}


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


def jobs_frame(connection: sa.Connection, run_id: int) -> pd.DataFrame:
    """Return one row a job of a run: image, status, attempt, worker, reason, traceback, times, timings."""
    query = (
        sa.select(job, image.c.name, image.c.stem, source.c.uri.label("path"))
        .join(image, image.c.id == job.c.image_id)
        .join(source, source.c.id == image.c.source_id)
        .where(job.c.run_id == run_id)
        .order_by(job.c.id)
    )
    return pd.read_sql(query, connection).rename(columns={"id": "job_id"})
