"""Projects, plates, wells and treatments."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError

from . import audit
from .database import Database
from .tables import plate, project, treatment, well

WELL_FIELDS = (
    "cell_line", "seeding_density", "role", "condition", "technical_replicate", "biological_replicate", "expected_spheroids",
)  # fmt: skip
DEFAULT_PLATE = "plate"
"""How the plate of wells is called of which nobody said on which they lie."""
TREATMENT_FIELDS = ("compound", "concentration", "unit", "start_h", "end_h")


def enter_project(database: Database, name: str, author: str, key: str | None = None) -> int:
    """Return the id of the project of this name, made if need be; from now on the database is used to change it.

    Parameters
    ----------
    key : str, optional
        As in `ensure_project`.

    Raises
    ------
    StoreError
        As `ensure_project`.
    """
    with database.read() as connection:
        found = find_project(connection, name, key)
    if found is None:
        with database.write() as connection:
            found = ensure_project(connection, name, author, key)
    database.project_id = found
    return found


def find_project(connection: sa.Connection, name: str, key: str | None = None) -> int | None:
    """Return the id of the project of this name; None where there is none.

    Raises
    ------
    StoreError
        As `ensure_project`.
    """
    row = connection.execute(sa.select(project.c.id, project.c.settings).where(project.c.name == name)).first()
    if row is None:
        return None
    if key is not None and row.settings.get("key") != key:
        raise StoreError(
            f"{name}: the database has a project of this name already, that of another folder. Call this one otherwise: "
            "open_project(..., name=...) where it is made, another folder for --out, or the name in its project.toml"
        )
    return int(row.id)


def ensure_project(connection: sa.Connection, name: str, author: str, key: str | None = None) -> int:
    """Return the id of the project of this name, made if need be.

    Parameters
    ----------
    key : str, optional
        Tells a folder's project from another folder's of the same name: many share the database of a server.

    Raises
    ------
    StoreError
        The name is that of a project with another key.
    """
    found = find_project(connection, name, key)
    if found is not None:
        return found
    settings = {} if key is None else {"key": key}
    made = connection.execute(project.insert().values(name=name, author=author, settings=settings)).inserted_primary_key
    assert made is not None
    audit.record(connection, made[0], author, "create", "project", made[0], name=name)
    return int(made[0])


def ensure_plate(connection: sa.Connection, project_id: int, name: str, author: str) -> int:
    """Return the id of a plate of the project, made if need be."""
    found = connection.scalar(sa.select(plate.c.id).where(plate.c.project_id == project_id, plate.c.name == name))
    if found is not None:
        return int(found)
    made = connection.execute(
        plate.insert().values(project_id=project_id, name=name, author=author)
    ).inserted_primary_key
    assert made is not None
    return int(made[0])


def plate_names(connection: sa.Connection, project_id: int) -> list[str]:
    """Return the names of a project's plates, the oldest first."""
    query = sa.select(plate.c.name).where(plate.c.project_id == project_id).order_by(plate.c.id)
    return [str(name) for name in connection.scalars(query)]


def ensure_wells(connection: sa.Connection, plate_id: int, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of wells by name, those that are missing made."""
    rows = connection.execute(sa.select(well.c.name, well.c.id).where(well.c.plate_id == plate_id))
    known = {str(name): int(row_id) for name, row_id in rows}
    for name in dict.fromkeys(names):
        if name not in known:
            row, column = well_position(name)
            made = connection.execute(
                well.insert().values(plate_id=plate_id, name=name, row=row, column=column)
            ).inserted_primary_key
            assert made is not None
            known[name] = int(made[0])
    return known


def set_map(
    connection: sa.Connection,
    project_id: int,
    plate_name: str,
    rows: Iterable[Mapping[str, Any]],
    author: str,
) -> int:
    """Enter a plate map: one mapping a well, or several where a well has several treatments.

    Parameters
    ----------
    rows : iterable of mapping
        Key `well`, any of `WELL_FIELDS`, and any of `TREATMENT_FIELDS`. The treatments of a well that is named
        replace those it had; well fields that are not named stay.

    Returns
    -------
    int
        Number of wells entered.

    Raises
    ------
    StoreError
        A value that its column cannot hold; nothing was entered.
    """
    rows = [{**row, **_fitted(row)} for row in rows]
    plate_id = ensure_plate(connection, project_id, plate_name, author)
    by_well: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_well.setdefault(str(row["well"]), []).append(row)
    ids = ensure_wells(connection, plate_id, by_well)
    for name, entries in by_well.items():
        values = {k: v for entry in entries for k, v in entry.items() if k in WELL_FIELDS and not pd.isna(v)}
        if values:
            connection.execute(well.update().where(well.c.id == ids[name]).values(**values))
        doses = [
            {k: (None if pd.isna(entry.get(k)) else entry.get(k)) for k in TREATMENT_FIELDS}
            for entry in entries
            if not pd.isna(entry.get("compound"))
        ]
        connection.execute(treatment.delete().where(treatment.c.well_id == ids[name]))
        if doses:
            connection.execute(treatment.insert(), [{"well_id": ids[name], **dose} for dose in doses])
    audit.record(connection, project_id, author, "set_map", "plate", plate_id, wells=len(by_well))
    return len(by_well)


def fitted_value(name: str, value: Any) -> Any:
    """Return a value of a plate map as its column holds it: tables bring numbers as text, and names as numbers.

    Parameters
    ----------
    name : str
        Of `WELL_FIELDS` or `TREATMENT_FIELDS`.
    value
        As it stands in the table; None and, for numbers, an empty text stand for nothing.

    Raises
    ------
    ValueError
        The column cannot hold it; the message begins with "is".
    """
    column = (well if name in WELL_FIELDS else treatment).c[name]
    kind = column.type.python_type
    if pd.isna(value) or (kind is not str and str(value).strip() == ""):
        return None
    if kind is str:
        return str(value)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or (kind is int and number != round(number)):
        raise ValueError(f"is {value!r}, and not {'a whole number' if kind is int else 'a number'}")
    return round(number) if kind is int else number


def _fitted(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a plate map as its columns hold it."""
    out: dict[str, Any] = {}
    for name in (*WELL_FIELDS, *TREATMENT_FIELDS):
        try:
            out[name] = fitted_value(name, row.get(name))
        except ValueError as error:
            raise StoreError(f"well {row['well']}: {name} {error}; no map was entered") from error
    return out


def wells_frame(connection: sa.Connection, project_id: int) -> pd.DataFrame:
    """Return one row a well: plate, well, its fields, and its treatments as text and as columns of the first."""
    query = (
        sa.select(
            plate.c.name.label("plate"),
            well.c.id.label("well_id"),
            well.c.name.label("well"),
            *(well.c[name] for name in ("row", "column", *WELL_FIELDS)),
        )
        .join(plate, plate.c.id == well.c.plate_id)
        .where(plate.c.project_id == project_id)
        .order_by(well.c.id)
    )
    # Not by the database: each has a language of its own for names, and another place for what has no position.
    wells = pd.read_sql_query(query, connection).sort_values(
        ["plate", "row", "column"], kind="stable", na_position="first", ignore_index=True
    )
    doses = pd.read_sql_query(
        sa.select(treatment)
        .join(well, well.c.id == treatment.c.well_id)
        .join(plate, plate.c.id == well.c.plate_id)
        .where(plate.c.project_id == project_id)
        .order_by(treatment.c.id),
        connection,
    )
    wells = wells.astype({"well_id": "int64"})  # of no wells at all the type is not known
    first = doses.drop_duplicates("well_id").set_index("well_id")
    for name in ("compound", "concentration", "unit"):
        wells[name] = wells["well_id"].map(first[name]) if len(first) else None
    return wells


def well_position(name: str) -> tuple[int | None, int | None]:
    """Return the 0-based row and column of a well name such as B07 or AA12; None where it is no such name."""
    match = re.fullmatch(r"([A-Za-z]{1,2})0*(\d{1,2})", name)
    if match is None:
        return None, None
    row = 0
    for letter in match[1].upper():
        row = row * 26 + ord(letter) - 64
    return row - 1, int(match[2]) - 1
