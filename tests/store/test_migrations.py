"""Every step of the schema goes up and down with rows in every table, and what both schemas hold stays."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from spheroseg_widgets.store.database import Database, migrations
from spheroseg_widgets.store.tables import metadata

from .random_project import fill as fill_project

GIVEN: dict[str, Any] = {
    "job.status": "running", "run.status": "running", "result.source": "edit", "review.state": "approved",
    "exclusion.scope": "well_from", "outcome.outcome": "absent",
    "run.parameters": {"settings": {"engine": "torch", "precision": "float32", "threshold": 0.5}, "scales": {"1": 0.25}},
}  # fmt: skip
"""What not any value will do for."""
SOME: dict[type[Any], Any] = {
    sa.Integer: 1, sa.Float: 0.1, sa.Boolean: True, sa.String: "µm, a word", sa.LargeBinary: b"\0\x01\xff",
    sa.JSON: {"a": [1, None, "µ"]}, sa.DateTime: datetime(2026, 3, 29, 1, 30, 0, 123456, UTC), sa.Uuid: uuid.UUID(int=7 << 100),
}  # fmt: skip


def revisions() -> list[str]:
    """Return the schema's revisions, oldest first."""
    return [one.revision for one in ScriptDirectory.from_config(migrations()).walk_revisions()][::-1]


def go_to(store: Database, revision: str, *, down: bool) -> None:
    config = migrations()
    with store.write() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if down else command.upgrade)(config, revision)


def some_value(column: sa.Column[Any]) -> Any:
    kind = column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type
    (value,) = (value for known, value in SOME.items() if isinstance(kind, known))
    return GIVEN.get(f"{column.table.name}.{column.name}", value)


def fill(store: Database) -> None:
    """Store one row in every table, with a value in every column; all ids are 1."""
    with store.write() as c:
        for table in metadata.sorted_tables:
            c.execute(table.insert().values({column.name: some_value(column) for column in table.columns}))


def contents(store: Database) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table as the database has them by now, whatever this package thinks of them."""
    found = sa.MetaData()
    with store.read() as c:
        found.reflect(c)
        return {
            table.name: [dict(row) for row in c.execute(sa.select(table)).mappings()]
            for table in found.sorted_tables
            if table.name != "alembic_version"
        }


def only(rows: dict[str, list[dict[str, Any]]], columns: dict[str, set[str]]) -> dict[str, list[dict[str, Any]]]:
    return {
        table: [{name: row[name] for name in sorted(names)} for row in rows[table]] for table, names in columns.items()
    }


def test_rows_of_every_table_survive_every_step_down_and_up_again(store: Database) -> None:
    fill(store)
    before = contents(store)
    assert set(before) == set(metadata.tables)
    assert all(len(rows) == 1 for rows in before.values())
    path = revisions()
    assert len(path) > 1
    on_the_way = []
    for revision in path[-2::-1]:
        go_to(store, revision, down=True)
        on_the_way.append(contents(store))
    lasting = {table: set(rows[0]) for table, rows in on_the_way[-1].items()}  # what the oldest schema knows
    for revision in path[1:]:
        go_to(store, revision, down=False)
        on_the_way.append(contents(store))
    for seen in on_the_way:
        assert only(seen, lasting) == only(before, lasting)
    with store.read() as c:
        assert compare_metadata(MigrationContext.configure(c), metadata) == []
    (row,) = on_the_way[-1]["result"]
    # What the older schema had no place for: found again in the run's parameters, or gone.
    assert row["computed"] == {"engine": "torch", "precision": "float32", "threshold": 0.5, "scale": 0.25}
    assert row["maps"] is None


def test_older_results_tell_of_their_outlines_what_new_ones_do(store: Database) -> None:
    with store.write() as c:
        fill_project(c, 1)
    told = ("id", "touches_border", "inner_px2", "border_px2")
    before = [{name: row[name] for name in told} for row in contents(store)["result"]]
    assert len({tuple(row.values())[1:] for row in before}) > 8
    go_to(store, "0002", down=True)
    assert not {"touches_border", "inner_px2", "border_px2"} & set(contents(store)["result"][0])
    go_to(store, "0003", down=False)
    assert [{name: row[name] for name in told} for row in contents(store)["result"]] == before


def test_down_to_nothing_and_up_again_is_an_empty_store(store: Database, store_address: str | Path) -> None:
    fill(store)
    go_to(store, "base", down=True)
    assert contents(store) == {}
    with closing(Database.open(store_address)) as again:
        assert set(contents(again)) == set(metadata.tables)
        assert not any(contents(again).values())
