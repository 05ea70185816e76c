"""What a table says: of images by their file names, or of a plate's wells; what is wrong with it, by line and column."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spheroseg_widgets.errors import TableError
from spheroseg_widgets.imaging.names import ParsedName, normal_well
from spheroseg_widgets.imaging.url import Place
from spheroseg_widgets.store.experiment import TREATMENT_FIELDS, WELL_FIELDS, fitted_value, well_position

from .sheet_rows import Row, Rows, read_rows

IMAGE_FIELDS = ("plate", "well", "time_h", "site", "channel")
MAP_FIELDS = (*WELL_FIELDS, *TREATMENT_FIELDS)
ALIASES = {
    "filename": "file", "file_name": "file", "name": "file", "image": "file", "image_name": "file", "path": "file",
    "plate_id": "plate", "well_id": "well", "well_name": "well", "time": "time_h", "hours": "time_h", "hour": "time_h",
    "day": "days", "time_d": "days", "time_days": "days", "field": "site", "position": "site", "drug": "compound",
    "treatment": "compound", "conc": "concentration", "dose": "concentration", "units": "unit", "group": "condition",
}  # fmt: skip
"""Other names for columns; capitals, spaces and signs do not count."""
MOST_PROBLEMS = 100
LARGEST = (32, 48)
"""Rows and columns of the largest plates."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a place of a table: its line, its column as written ("" for the line), and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.reason}" if self.column else f"line {self.line}: {self.reason}"


@dataclass(slots=True)
class Sheet:
    """A table that was understood.

    Parameters
    ----------
    name : str
        Of its file.
    of_images : bool
        Whether a row is an image; else a well.
    used, unused : list of str
        Its columns, as written.
    n_rows : int
    problems : list of Problem
        While there are any nothing of it is used.
    wells : list of dict
        Rows of a plate map, as `Project.set_map` takes them, with the key `plate` (None: the only one).
    """

    name: str
    of_images: bool
    used: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    n_rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    wells: list[dict[str, Any]] = field(default_factory=list)
    _images: dict[str, list[_ImageRow]] = field(default_factory=dict)

    def find(self, place: Place) -> _ImageRow | None:
        """Return the row of a file: by its name with or without suffix, and by as many folders as are told apart."""
        asked = _tail(place.parts)
        rows = [*self._images.get(asked[0], ()), *self._images.get(_folded(place.stem), ())]
        shared = [(_shared(asked[1:], row.tail[1:]), row) for row in rows]
        best = max((count for count, _ in shared), default=0)
        found = [row for count, row in shared if count == best]
        return found[0] if len(found) == 1 else None

    def apply(
        self, places: Iterable[Place], parsed: Mapping[Place, ParsedName | None]
    ) -> dict[Place, ParsedName | None]:
        """Return what is known of each file: what its row says, and what its name says where the row says nothing."""
        out: dict[Place, ParsedName | None] = {}
        for place in places:
            row = self.find(place)
            out[place] = parsed[place] if row is None else replace(parsed[place] or ParsedName(), **row.says)
        return out

    def without_file(self, places: Iterable[Place]) -> list[tuple[int, str]]:
        """Return line and name of the rows whose file is not among these."""
        seen = {row.line for row in map(self.find, places) if row is not None}
        return [(row.line, row.file) for rows in self._images.values() for row in rows if row.line not in seen]


@dataclass(frozen=True, slots=True)
class _ImageRow:
    line: int
    file: str
    tail: tuple[str, ...]
    says: dict[str, Any]


def read_sheet(name: str, data: bytes) -> Sheet:
    """Read a table of images or a plate map.

    Parameters
    ----------
    name : str
        Of the file: .csv, .tsv, .txt or .xlsx.
    data : bytes

    Returns
    -------
    Sheet
        With `problems` where cells cannot be used.

    Raises
    ------
    TableError
        It cannot be read, or no column names files or wells.
    """
    rows = read_rows(name, data)
    columns = _meanings([column for column in rows.columns if column], name)
    meanings = set(columns.values())
    if not meanings & {"file", "well"}:
        named = ", ".join(columns) or "nothing"
        raise TableError(f"{name}: no column is called file or well; its first line has {named}")
    sheet = Sheet(name, "file" in meanings, n_rows=len(rows.rows))
    # Of images a map's columns are taken only where the well stands beside them.
    fields = ("file", "days", *IMAGE_FIELDS) if sheet.of_images else ("plate", "well")
    known = {*fields, *(MAP_FIELDS if "well" in meanings else ())}
    sheet.used = [column for column, meaning in columns.items() if meaning in known]
    sheet.unused = [column for column, meaning in columns.items() if meaning not in known]
    written = {meaning: column for column, meaning in columns.items() if meaning in known}
    _Reading(sheet, rows, written).read()
    return sheet


def plates_of(sheet: Sheet, plates: Iterable[str]) -> list[str]:
    """Return the plates that a map without the column `plate` leaves open; a single one is no question."""
    open_wells = any(row["plate"] is None for row in sheet.wells)
    several = sorted(set(plates))
    return several if open_wells and len(several) > 1 else []


class _Reading:
    """One pass over the rows of a table."""

    def __init__(self, sheet: Sheet, rows: Rows, written: dict[str, str]) -> None:
        self._sheet = sheet
        self._rows = rows
        self._written = written
        self._files: dict[tuple[str, ...], int] = {}
        self._of_well: dict[tuple[str | None, str], dict[str, tuple[Any, int]]] = {}
        self._entered: set[tuple[Any, ...]] = set()

    def read(self) -> None:
        for row in self._rows.rows:
            if len(self._sheet.problems) >= MOST_PROBLEMS:
                return
            says = self._image(row)
            if self._sheet.of_images:
                self._enter_image(row, says)
            if "well" in says:
                self._enter_well(row, says)
            elif not self._sheet.of_images and not self._text(row, "well"):
                self._problem(row, "well", "is empty")

    def _problem(self, row: Row, meaning: str, reason: str) -> None:
        self._sheet.problems.append(Problem(row.line, self._written.get(meaning, ""), reason))

    def _text(self, row: Row, meaning: str) -> str:
        return row.cells.get(self._written.get(meaning, ""), "")

    def _image(self, row: Row) -> dict[str, Any]:
        """Return what a row says of plate, well, time, site and channel."""
        says: dict[str, Any] = {name: text for name in ("plate", "channel") if (text := self._text(row, name))}
        if well := self._text(row, "well"):
            at, column = well_position(well)
            if at is not None and column is not None and at < LARGEST[0] and 0 <= column < LARGEST[1]:
                says["well"] = normal_well(well)
            else:
                self._problem(row, "well", f"{well!r} is not a well such as B07")
        for name, hours in (("time_h", 1.0), ("days", 24.0)):
            if text := self._text(row, name):
                number = self._number(text)
                if math.isfinite(number):
                    says["time_h"] = hours * number
                else:
                    self._problem(row, name, f"{text!r} is not a number")
        if text := self._text(row, "site"):
            number = self._number(text)
            if number >= 1 and number == round(number):
                says["site"] = round(number)
            else:
                self._problem(row, "site", f"{text!r} is not a whole number from 1")
        return says

    def _enter_image(self, row: Row, says: dict[str, Any]) -> None:
        file = self._text(row, "file")
        if not file:
            self._problem(row, "file", "is empty")
            return
        tail = _tail(re.split(r"[/\\]", file))
        first = self._files.setdefault(tail, row.line)
        if first != row.line:
            self._problem(row, "file", f"{file!r} stands on line {first} as well")
            return
        self._sheet._images.setdefault(tail[0], []).append(_ImageRow(row.line, file, tail, says))

    def _enter_well(self, row: Row, says: dict[str, Any]) -> None:
        """Take a row into the plate map: what is said of a well again is left out, what disagrees is a problem."""
        values: dict[str, Any] = {}
        for name in MAP_FIELDS:
            if not (text := self._text(row, name)):
                continue
            try:
                values[name] = self._fitted(name, text)
            except ValueError as error:
                self._problem(row, name, str(error))
        plate = says.get("plate")
        seen = self._of_well.setdefault((plate, says["well"]), {})
        for name in set(values) & set(WELL_FIELDS):
            before, line = seen.setdefault(name, (values[name], row.line))
            if before != values[name]:
                self._problem(row, name, f"is {values[name]!r} here, and {before!r} on line {line} for {says['well']}")
        told = (plate, says["well"], *(values.get(name) for name in MAP_FIELDS))
        if values and told not in self._entered:
            self._entered.add(told)
            self._sheet.wells.append({"plate": plate, "well": says["well"], **values})

    def _fitted(self, name: str, text: str) -> Any:
        try:
            return fitted_value(name, text)
        except ValueError:
            if self._point(text) == text:
                raise
            return fitted_value(name, self._point(text))

    def _number(self, text: str) -> float:
        try:
            return float(self._point(text))
        except ValueError:
            return math.nan

    def _point(self, text: str) -> str:
        comma = self._rows.decimal_comma and re.fullmatch(r"[+-]?\d+,\d+", text)
        return text.replace(",", ".") if comma else text


def _meanings(columns: list[str], name: str) -> dict[str, str]:
    """Return what each column means; its own name counts before a name that may stand for it."""
    plain = {column: re.sub(r"[^0-9a-z]+", "_", column.casefold()).strip("_") for column in columns}
    doubled = [column for column in columns if list(map(plain.get, columns)).count(plain[column]) > 1]
    if doubled:
        raise TableError(f"{name}: several columns have one name: {', '.join(doubled)}")
    taken = set(plain.values())
    out = {}
    for column, word in plain.items():
        other = ALIASES.get(word, word)
        out[column] = word if other in taken else other
        taken.add(out[column])
    return out


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _tail(parts: Iterable[str]) -> tuple[str, ...]:
    """Return a path from its name upwards, as it is compared."""
    return tuple(_folded(part) for part in reversed([part for part in parts if part not in {"", "."}]))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many folders agree, from the name upwards."""
    count = 0
    for here, there in zip(one, other, strict=False):
        if here != there:
            break
        count += 1
    return count
