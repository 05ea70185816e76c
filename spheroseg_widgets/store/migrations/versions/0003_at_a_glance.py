"""Results know what of their outlines decides an image's outcome; indexes for reading a project's images at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns, filled from the outlines of every result, and the indexes."""
    op.add_column("result", sa.Column("touches_border", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("result", sa.Column("inner_px2", sa.Float(), nullable=True))
    op.add_column("result", sa.Column("border_px2", sa.Float(), nullable=True))
    result = sa.table(
        "result", sa.column("id"), sa.column("touches_border", sa.Boolean), sa.column("inner_px2"), sa.column("border_px2")
    )  # fmt: skip
    outline = sa.table(
        "outline", sa.column("result_id"), sa.column("class_name"), sa.column("area_px2"),
        sa.column("touches_border", sa.Boolean),
    )  # fmt: skip
    of_it, at_border = outline.c.result_id == result.c.id, outline.c.touches_border.is_(sa.true())
    largest = sa.select(sa.func.max(outline.c.area_px2)).where(of_it, outline.c.class_name == "spheroid")
    op.get_bind().execute(
        result.update().values(
            touches_border=sa.exists().where(of_it, at_border),
            inner_px2=largest.where(sa.not_(at_border)).scalar_subquery(),
            border_px2=largest.where(at_border).scalar_subquery(),
        )
    )
    op.create_index(
        op.f("ix_image_project_id_deleted_at_id_current_result_id"), "image",
        ["project_id", "deleted_at", "id", "current_result_id"],
    )  # fmt: skip
    op.create_index(op.f("ix_image_tag_tag_id"), "image_tag", ["tag_id"])
    op.drop_index(op.f("ix_job_image_id_id"), table_name="job")
    op.create_index(op.f("ix_job_image_id_id_status_run_id"), "job", ["image_id", "id", "status", "run_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_job_image_id_id_status_run_id"), table_name="job")
    op.create_index(op.f("ix_job_image_id_id"), "job", ["image_id", "id"])
    op.drop_index(op.f("ix_image_tag_tag_id"), table_name="image_tag")
    op.drop_index(op.f("ix_image_project_id_deleted_at_id_current_result_id"), table_name="image")
    for name in ("border_px2", "inner_px2", "touches_border"):
        op.drop_column("result", name)
