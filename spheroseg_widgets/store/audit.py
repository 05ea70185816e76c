"""Who did what to which row, written in the same transaction as the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from .tables import audit, now


def record(
    connection: sa.Connection,
    project_id: int | None,
    author: str,
    action: str,
    table: str,
    row_id: object,
    **detail: Any,
) -> None:
    """Write one line of the audit."""
    record_many(connection, project_id, author, action, table, {row_id: detail})


def record_many(
    connection: sa.Connection,
    project_id: int | None,
    author: str,
    action: str,
    table: str,
    details: Mapping[Any, dict[str, Any]],
) -> None:
    """Write a line of the audit for each of many rows: its detail by row id."""
    common = {
        "project_id": project_id, "author": author, "action": action, "row_table": table, "created_at": now(),
    }  # fmt: skip
    if details:
        connection.execute(
            audit.insert(), [{**common, "row_id": str(one), "detail": detail} for one, detail in details.items()]
        )


def audit_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return the audit of a project, oldest first."""
    return pd.read_sql_query(sa.select(audit).where(audit.c.project_id == project_id).order_by(audit.c.id), connection)
