"""The log of a run: what people asked for, what dispatchers did, and what became of every image, in the order of time."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import sqlalchemy as sa

from .job_state import FINAL
from .tables import audit, event, image, job

COLUMNS = ("time", "what", "who", "run_id", "job_id", "image", "attempt", "detail")


def run_log(connection: sa.Connection, project_id: int, run_id: int) -> pd.DataFrame:
    """Return the log of a run, oldest first.

    Returns
    -------
    DataFrame
        `time` (UTC), `what` (``segment``, ``run_requested``, ``run_started``, ``started``, ``done``, ``failed``, ...),
        `who` (author, process or worker), `run_id`, `job_id`, `image`, `attempt` (of what concerns one image) and
        `detail`. Of a job's attempts the last one is kept.
    """
    rows = [
        *_asked(connection, project_id, run_id),
        *_events(connection, project_id, run_id),
        *_jobs(connection, run_id),
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).assign(run_id=run_id)
    frame["time"] = pd.to_datetime(frame["time"], utc=True)
    for name in ("job_id", "attempt"):
        frame[name] = frame[name].astype("Int64")
    return frame.sort_values("time", kind="stable", ignore_index=True)


def _asked(connection: sa.Connection, project_id: int, run_id: int) -> list[dict[str, Any]]:
    query = sa.select(audit).where(
        audit.c.project_id == project_id, audit.c.row_table == "run", audit.c.row_id == str(run_id)
    )
    return [
        {"time": row.created_at, "what": row.action, "who": row.author, "detail": _words(row.detail)}
        for row in connection.execute(query.order_by(audit.c.id))
    ]


def _events(connection: sa.Connection, project_id: int, run_id: int) -> list[dict[str, Any]]:
    query = sa.select(event).where(event.c.project_id == project_id, event.c.run_id == run_id).order_by(event.c.id)
    return [
        {"time": row.created_at, "what": row.kind, "who": row.detail.get("process", ""), "detail": _words(row.detail)}
        for row in connection.execute(query)
    ]


def _jobs(connection: sa.Connection, run_id: int) -> list[dict[str, Any]]:
    query = sa.select(job, image.c.name).join(image, image.c.id == job.c.image_id).where(job.c.run_id == run_id)
    rows: list[dict[str, Any]] = []
    for row in connection.execute(query.order_by(job.c.id)):
        about = {"job_id": row.id, "image": row.name, "attempt": row.attempt, "who": row.worker or ""}
        if row.started_at is not None:
            rows.append({**about, "time": row.started_at, "what": "started", "detail": ""})
        if row.status in FINAL and row.finished_at is not None:
            seconds = "" if row.seconds is None else f"{row.seconds:.3g} s"
            rows.append({**about, "time": row.finished_at, "what": row.status, "detail": row.reason or seconds})
    return rows


def _words(detail: dict[str, Any]) -> str:
    shown = {name: value for name, value in detail.items() if value not in ("", None)}
    return json.dumps(shown, ensure_ascii=False) if shown else ""
