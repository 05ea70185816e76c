"""Who did what to which row, written in the same transaction as the change."""

from __future__ import annotations

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
    connection.execute(
        audit.insert().values(
            project_id=project_id,
            author=author,
            action=action,
            row_table=table,
            row_id=str(row_id),
            detail=detail,
            created_at=now(),
        )
    )


def audit_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return the audit of a project, oldest first."""
    return pd.read_sql(sa.select(audit).where(audit.c.project_id == project_id).order_by(audit.c.id), connection)
