"""Jobs, one an image of a run: claimed, ended, queued again. Rows first, tasks second: the store is the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from .images import chunks
from .job_state import CANCELLED, DONE, FAILED, QUEUED, RUNNING, sources_of
from .tables import image, job, now, run, source

URGENT = 1
"""Priority of a job that somebody waits for; others have 0."""

# What a dispatcher asks many times a second: made once, for making such a statement takes longer than its answer.
_QUEUED = (
    job.c.run_id == sa.bindparam("of_run"),
    job.c.status == QUEUED,
    job.c.priority >= sa.bindparam("least_priority"),
)
_COUNT_QUEUED = sa.select(sa.func.count()).select_from(
    sa.select(job.c.id).where(*_QUEUED).limit(sa.bindparam("most")).subquery()
)
_FIRST_QUEUED = (
    sa.select(job.c.id, (image.c.width * image.c.height).label("pixels"), job.c.priority)
    .join(image, image.c.id == job.c.image_id)
    .where(*_QUEUED)
    .order_by(job.c.priority.desc(), job.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True, of=job)
)
_THESE = job.c.id.in_(sa.bindparam("ids", expanding=True))
_CLAIM = (
    job.update()
    .where(_THESE, job.c.status.in_(sources_of(RUNNING)))
    .values(
        status=RUNNING,
        attempt=job.c.attempt + 1,
        worker=sa.bindparam("by", type_=job.c.worker.type),
        started_at=sa.bindparam("moment", type_=job.c.started_at.type),
        heartbeat_at=sa.bindparam("moment", type_=job.c.heartbeat_at.type),
        lease_until=sa.bindparam("until", type_=job.c.lease_until.type),
        stage=None,
    )
)
_CLAIMED = (
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
    .where(_THESE)
)
_RUNNING_OF = sa.select(job.c.id, job.c.attempt).where(
    job.c.run_id == sa.bindparam("of_run"), job.c.status == RUNNING
)  # fmt: skip


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
        _FIRST_QUEUED, {"of_run": run_id, "least_priority": least_priority, "most": limit * most_together}
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
    until = moment + timedelta(seconds=lease_seconds)
    connection.execute(_CLAIM, {"ids": ids, "by": worker, "moment": moment, "until": until})
    rows = connection.execute(_CLAIMED, {"ids": ids})
    claimed = {int(row[0]): ClaimedJob(*tuple(row)) for row in rows}
    return [[claimed[one] for one in group] for group in groups]


def count_queued(connection: sa.Connection, run_id: int, *, least_priority: int = 0, most: int = 1) -> int:
    """Count the jobs of a run that wait, up to `most`; asks without taking the store's one place for writers."""
    asked = {"of_run": run_id, "least_priority": least_priority, "most": most}
    return int(connection.scalar(_COUNT_QUEUED, asked) or 0)


def running_of(connection: sa.Connection, run_id: int) -> dict[int, int]:
    """Return the jobs of a run that are running: attempt by job id."""
    rows = connection.execute(_RUNNING_OF, {"of_run": run_id})
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


def ended_images(connection: sa.Connection, run_id: int) -> set[int]:
    """Return the images of a run that are done or failed."""
    query = sa.select(job.c.image_id).where(job.c.run_id == run_id, job.c.status.in_((DONE, FAILED)))
    return {int(i) for i in connection.scalars(query)}


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
