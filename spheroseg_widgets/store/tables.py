"""Every table. The first Alembic migration creates exactly these; later ones change them step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, UniqueConstraint

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class _Time(sa.TypeDecorator[datetime]):
    """A moment, without its zone: UTC. A server would give it in a zone of its own, SQLite gives none."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store it as UTC."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return it as UTC."""
        return value if value is None or value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


class _Told(sa.TypeDecorator[str]):
    """What a library or a file said went wrong: PostgreSQL holds no text with a NUL, as damaged files bring them."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store it with a mark where a NUL was."""
        return None if value is None else value.replace("\0", "\ufffd")


Time = _Time()
Told = _Told()
MEASUREMENTS = (
    "area_px2", "perimeter_px", "equivalent_diameter_px", "circularity", "roundness", "solidity", "convexity",
    "max_feret_px", "min_feret_px", "major_axis_px", "minor_axis_px", "eccentricity", "orientation_deg",
    "aspect_ratio", "centroid_x_px", "centroid_y_px", "volume_sphere_px3", "volume_ellipsoid_px3",
    "volume_lw2_px3", "intensity_mean", "intensity_sd", "contrast_to_rim", "edge_width_px",
)  # fmt: skip
"""Measured columns of an outline, in px: the columns of `measure/definitions.py` when this schema was made."""
COMPUTED = ("engine", "precision", "scale", "threshold")
"""What is kept with every result of a model of how it was computed, besides the file's sha256 (its `computed`)."""


def now() -> datetime:
    """Return the time of a change: UTC."""
    return datetime.now(UTC)


def _id() -> Column[int]:
    return Column("id", sa.Integer, primary_key=True)


def _of(table: str, *, null: bool = False, name: str | None = None) -> Column[int]:
    return Column(name or f"{table}_id", ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=null)


def _made() -> tuple[Column[Any], Column[Any]]:
    return Column("created_at", Time, nullable=False, default=now), Column("author", sa.Text, nullable=False)


# The experiment

project = Table("project", metadata, _id(), Column("name", sa.Text, nullable=False, unique=True), *_made(),
                Column("settings", sa.JSON, nullable=False, default=dict))  # fmt: skip

experiment = Table("experiment", metadata, _id(), _of("project"), Column("name", sa.Text, nullable=False),
                   Column("notes", sa.Text), *_made(), UniqueConstraint("project_id", "name"))  # fmt: skip

plate = Table("plate", metadata, _id(), _of("project"), _of("experiment", null=True),
              Column("name", sa.Text, nullable=False), Column("rows", sa.Integer), Column("columns", sa.Integer),
              *_made(), UniqueConstraint("project_id", "name"))  # fmt: skip

well = Table(
    "well", metadata, _id(), _of("plate"),
    Column("name", sa.Text, nullable=False), Column("row", sa.Integer), Column("column", sa.Integer),
    Column("cell_line", sa.Text), Column("seeding_density", sa.Float), Column("role", sa.Text),
    Column("condition", sa.Text), Column("technical_replicate", sa.Integer), Column("biological_replicate", sa.Integer),
    Column("expected_spheroids", sa.Integer), UniqueConstraint("plate_id", "name"),
)  # fmt: skip

treatment = Table("treatment", metadata, _id(), _of("well"), Column("compound", sa.Text, nullable=False),
                  Column("concentration", sa.Float), Column("unit", sa.Text), Column("start_h", sa.Float),
                  Column("end_h", sa.Float), Index(None, "well_id"))  # fmt: skip

source = Table(
    "source", metadata, _id(), _of("project"), Column("uri", sa.Text, nullable=False), Column("sha256", sa.String(64)),
    Column("size_bytes", sa.BigInteger), Column("modified_at", sa.Float), Column("format", sa.Text),
    Column("dtype", sa.Text), Column("axes", sa.Text), Column("n_pages", sa.Integer), Column("problem", Told),
    *_made(), UniqueConstraint("project_id", "uri"), Index(None, "sha256"),
)  # fmt: skip

image = Table(
    "image", metadata, _id(), _of("project"), _of("source"),
    Column("series", sa.Integer, nullable=False, default=0), Column("t", sa.Integer, nullable=False, default=0),
    Column("z", sa.Text, nullable=False, default=""), Column("channel", sa.Integer, nullable=False, default=0),
    Column("site", sa.Integer, nullable=False, default=1), Column("name", sa.Text, nullable=False),
    Column("stem", sa.Text, nullable=False), _of("plate", null=True), _of("well", null=True),
    Column("time_h", sa.Float), Column("acquired_at", sa.Text),
    Column("width", sa.Integer, nullable=False), Column("height", sa.Integer, nullable=False),
    Column("pixel_size_um", sa.Float), Column("pixel_size_source", sa.Text, nullable=False, default="unknown"),
    Column("warnings", sa.JSON, nullable=False, default=list),
    # No foreign key: a result refers to its image, and a circle of keys cannot be created in one order.
    Column("current_result_id", sa.Integer), Column("deleted_at", Time), *_made(),
    UniqueConstraint("source_id", "series", "t", "z", "channel", "site"), UniqueConstraint("project_id", "stem"),
    Index(None, "project_id", "deleted_at", "well_id", "time_h"), Index(None, "current_result_id"),
    Index(None, "project_id", "deleted_at", "id", "current_result_id"),
)  # fmt: skip

tag = Table("tag", metadata, _id(), _of("project"), Column("name", sa.Text, nullable=False),
            UniqueConstraint("project_id", "name"))  # fmt: skip

image_tag = Table("image_tag", metadata, Column("image_id", ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
                  Column("tag_id", ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
                  Index(None, "tag_id"))  # fmt: skip

saved_view = Table("saved_view", metadata, _id(), _of("project"), Column("name", sa.Text, nullable=False),
                   Column("view", sa.JSON, nullable=False), *_made(), UniqueConstraint("project_id", "name"))  # fmt: skip

# The work

model = Table("model", metadata, _id(), Column("name", sa.Text, nullable=False), Column("version", sa.Text, nullable=False),
              Column("sha256", sa.Text, nullable=False), Column("card", sa.Text),
              UniqueConstraint("name", "version", "sha256"))  # fmt: skip

run = Table(
    "run", metadata, _id(), _of("project"), _of("model"), Column("status", sa.Text, nullable=False, default="queued"),
    Column("parameters", sa.JSON, nullable=False), Column("finished_at", Time), *_made(), Index(None, "project_id", "id"),
)  # fmt: skip

job = Table(
    "job", metadata, _id(), _of("run"), _of("image"),
    Column("status", sa.Text, nullable=False, default="queued"), Column("attempt", sa.Integer, nullable=False, default=0),
    Column("priority", sa.Integer, nullable=False, default=0), Column("lease_until", Time), Column("heartbeat_at", Time),
    Column("worker", sa.Text), Column("stage", sa.Text), Column("reason", Told), Column("traceback", Told),
    Column("timings", sa.JSON), Column("seconds", sa.Float), Column("queued_at", Time, nullable=False, default=now),
    Column("started_at", Time), Column("finished_at", Time), UniqueConstraint("run_id", "image_id"),
    sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
    Index(None, "run_id", "status", "priority"), Index(None, "image_id", "id", "status", "run_id"),
)  # fmt: skip

result = Table(
    "result", metadata, _id(), _of("image"), Column("parent_id", ForeignKey("result.id")), _of("run", null=True),
    Column("source", sa.Text, nullable=False), Column("method", sa.Text, nullable=False, default="contour"),
    Column("n_objects", sa.Integer, nullable=False), Column("total_area_px2", sa.Float, nullable=False),
    Column("least_confidence", sa.Float), *_made(),
    # Whether any outline touches the border; areas of the largest spheroid away from it and of the largest at it. As what
    # stands above, they never change, and save reading a million outlines to know the outcome of their images.
    Column("touches_border", sa.Boolean, nullable=False, default=False, server_default=sa.false()),
    Column("inner_px2", sa.Float), Column("border_px2", sa.Float),
    # What the worker says it computed with (`COMPUTED`); the name of the maps in the cache.
    Column("computed", sa.JSON), Column("maps", sa.String(64)),
    sa.CheckConstraint("source IN ('model', 'edit', 'import')", name="source"),
    Index(None, "image_id", "id"), Index(None, "run_id"),
)  # fmt: skip

geometry = Table("geometry", metadata, Column("result_id", ForeignKey("result.id", ondelete="CASCADE"), primary_key=True),
                 Column("blob", sa.LargeBinary, nullable=False))  # fmt: skip

outline = Table(
    "outline", metadata, Column("result_id", ForeignKey("result.id", ondelete="CASCADE"), primary_key=True),
    Column("number", sa.Integer, primary_key=True), Column("outline_id", sa.Uuid, nullable=False),
    Column("parents", sa.JSON), Column("class_name", sa.Text, nullable=False, default="spheroid"),
    Column("confidence", sa.Float), Column("touches_border", sa.Boolean, nullable=False, default=False),
    Column("track", sa.Integer), Column("primary_by", sa.Text),
    *(Column(name, sa.Float) for name in MEASUREMENTS), Index(None, "outline_id"),
)  # fmt: skip

draft = Table("draft", metadata, Column("id", sa.Uuid, primary_key=True), _of("image"),
              Column("base_result_id", ForeignKey("result.id")), Column("session", sa.Text, nullable=False),
              Column("pointer", sa.Integer, nullable=False, default=0), Column("updated_at", Time, nullable=False, default=now),
              Column("closed_by_result_id", ForeignKey("result.id")), *_made(), Index(None, "image_id", "closed_by_result_id"))  # fmt: skip

edit = Table("edit", metadata, Column("id", sa.Uuid, primary_key=True), Column("draft_id", ForeignKey("draft.id", ondelete="CASCADE"), nullable=False),
             Column("number", sa.Integer, nullable=False), Column("operation", sa.JSON, nullable=False),
             Column("created_at", Time, nullable=False, default=now), UniqueConstraint("draft_id", "number"))  # fmt: skip

lease = Table("lease", metadata, Column("project_id", ForeignKey("project.id", ondelete="CASCADE"), primary_key=True),
              Column("owner", sa.Text, nullable=False), Column("until", Time, nullable=False))  # fmt: skip

presence = Table("presence", metadata, Column("image_id", ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
                 Column("owner", sa.Text, nullable=False), Column("author", sa.Text, nullable=False),
                 Column("until", Time, nullable=False))  # fmt: skip

command = Table("command", metadata, _id(), _of("project"), Column("verb", sa.Text, nullable=False),
                Column("detail", sa.JSON, nullable=False, default=dict), Column("done_at", Time), *_made(),
                Index(None, "project_id", "done_at"))  # fmt: skip

event = Table("event", metadata, _id(), _of("project"), _of("run", null=True), Column("kind", sa.Text, nullable=False),
              Column("detail", sa.JSON, nullable=False, default=dict), Column("created_at", Time, nullable=False, default=now),
              Index(None, "project_id", "id"))  # fmt: skip

# The judgement

review = Table(
    "review", metadata, Column("image_id", ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
    Column("state", sa.Text, nullable=False), *_made(),
    sa.CheckConstraint("state IN ('unreviewed', 'approved', 'corrected', 'excluded')", name="state"),
)  # fmt: skip

exclusion = Table(
    "exclusion", metadata, _id(), _of("project"), Column("scope", sa.Text, nullable=False), _of("image", null=True),
    _of("well", null=True), Column("outline_id", sa.Uuid), Column("from_time_h", sa.Float),
    Column("reason", sa.Text, nullable=False), Column("undone_at", Time), Column("undone_by", sa.Text), *_made(),
    sa.CheckConstraint("scope IN ('object', 'image', 'well', 'well_from')", name="scope"), Index(None, "project_id", "undone_at"),
)  # fmt: skip

outcome = Table(
    "outcome", metadata, Column("image_id", ForeignKey("image.id", ondelete="CASCADE"), primary_key=True),
    Column("outcome", sa.Text, nullable=False), Column("reason", sa.Text), *_made(),
    sa.CheckConstraint("outcome IN ('measured', 'absent', 'not_found', 'unusable', 'censored')", name="outcome"),
)  # fmt: skip

audit = Table("audit", metadata, _id(), _of("project", null=True), Column("action", sa.Text, nullable=False),
              Column("row_table", sa.Text, nullable=False), Column("row_id", sa.Text), Column("detail", sa.JSON, nullable=False, default=dict),
              *_made(), Index(None, "project_id", "id"))  # fmt: skip
