"""Outlines know how wide their edge looks: what tells an image out of focus."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; of older outlines the width is not known until their images are segmented again."""
    op.add_column("outline", sa.Column("edge_width_px", sa.Float(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("outline", "edge_width_px")
