"""Results know how they were computed, and which probability maps they were made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KEPT = ("engine", "precision", "threshold")


def upgrade() -> None:
    """Add the two columns; what older results were computed with stands in the parameters of their runs."""
    op.add_column("result", sa.Column("computed", sa.JSON(), nullable=True))
    op.add_column("result", sa.Column("maps", sa.String(64), nullable=True))
    connection = op.get_bind()
    run = sa.table("run", sa.column("id"), sa.column("parameters", sa.JSON))
    result = sa.table(
        "result", sa.column("id"), sa.column("image_id"), sa.column("run_id"), sa.column("computed", sa.JSON)
    )
    for run_id, parameters in connection.execute(sa.select(run.c.id, run.c.parameters)).all():
        settings, scales = parameters.get("settings") or {}, parameters.get("scales") or {}
        rows = connection.execute(sa.select(result.c.id, result.c.image_id).where(result.c.run_id == run_id)).all()
        for result_id, image_id in rows:
            known = {name: settings.get(name) for name in KEPT} | {"scale": scales.get(str(image_id))}
            connection.execute(result.update().where(result.c.id == result_id).values(computed=known))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("result", "maps")
    op.drop_column("result", "computed")
