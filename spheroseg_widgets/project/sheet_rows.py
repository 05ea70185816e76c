"""Rows of a table that a person made: CSV in the ways that spreadsheets write it, tab-separated text, or xlsx."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spheroseg_widgets.errors import TableError

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx")
MOST_BYTES = 2_000_000
MOST_ROWS = 50_000
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, counted from 1, and its cells that are not empty, by column."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table.

    Parameters
    ----------
    columns : list of str
        As the first line names them.
    rows : list of Row
        Without those that are empty.
    decimal_comma : bool
        Whether 0,5 may be meant as a number: commas do not separate its cells.
    """

    columns: list[str]
    rows: list[Row]
    decimal_comma: bool


def read_rows(name: str, data: bytes) -> Rows:
    """Read a table.

    Parameters
    ----------
    name : str
        Its file name; the suffix says what it is.
    data : bytes

    Raises
    ------
    TableError
        It is empty, too large, damaged, or no such file.
    """
    if len(data) > MOST_BYTES:
        raise TableError(f"{name}: {len(data) / 1e6:.3g} MB, and a table may have {MOST_BYTES / 1e6:g} MB")
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise TableError(f"{name}: tables are read from {', '.join(SUFFIXES)} files")
    comma = False
    try:
        if suffix == ".xlsx":
            lines = list(_sheet_lines(data))
        else:
            text = _text(data)
            first = next((line for line in text.splitlines() if line.strip(" \t;,")), "")
            delimiter = max("\t;,", key=first.count)
            comma = delimiter != ","
            lines = list(_text_lines(text, delimiter)) if first else []
    except csv.Error as error:
        raise TableError(f"{name}: cannot be read ({error})") from error
    # What a damaged workbook makes of zip, XML and openpyxl is their own affair.
    except Exception as error:
        raise TableError(f"{name}: is damaged, or no workbook ({type(error).__name__}: {error})") from error
    if len(lines) > MOST_ROWS:
        raise TableError(f"{name}: more than {MOST_ROWS} rows")
    if not lines:
        raise TableError(f"{name}: the table is empty")
    (_, columns), *rest = lines
    return Rows(columns, [Row(line, _cells(columns, cells)) for line, cells in rest], comma)


def _cells(columns: list[str], cells: list[str]) -> dict[str, str]:
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column and cell}


def _text(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # as older spreadsheets save it
        return data.decode("cp1252", errors="replace")


def _text_lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield line, stripped
        line = reader.line_num + 1  # a quoted cell may span several lines


def _sheet_lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    import openpyxl  # noqa: PLC0415 - takes a moment to import; only workbooks need it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that do not matter here
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        try:
            rows: Iterable[tuple[Any, ...]] = book.worksheets[0].iter_rows(values_only=True, max_row=MOST_ROWS + 2)
            for line, cells in enumerate(rows, 1):
                texts = [_cell_text(cell) for cell in cells]
                if any(texts):
                    yield line, texts
        finally:
            book.close()


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return re.sub(r"\s+", " ", str(value)).strip()
