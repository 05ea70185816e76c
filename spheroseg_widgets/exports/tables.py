"""Tables as CSV and XLSX: numbers as numbers, missing as empty, text as text.

A text cell that a spreadsheet would take for a formula (it starts with ``=``, ``+``, ``-``, ``@``, tab or
carriage return, also behind apostrophes) gets a leading apostrophe in CSV; `read_csv` takes it off again. XLSX needs no such thing: the
cell's type says that it is text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from spheroseg_widgets.measure.definitions import definitions_frame

from .atomic import Job, write_atomically
from .bundle import ExportBundle

FORMULA = ("=", "+", "-", "@", "\t", "\r")
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
TEXT = ("path", "stem", "name", "plate", "well", "condition", "reason", "outline_id", "model", "model_version")
"""Columns that stay text when read, though every value may look like a number (a plate "007")."""
SHEET_ROWS = 1_048_575


def write_csv_tables(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write images.csv, measurements.csv and, with wells, wells.csv; UTF-8."""
    tables = (("images", bundle.images_table), ("measurements", bundle.measurements), ("wells", bundle.wells))
    for name, frame in tables:
        if frame is not None:
            yield partial(write_csv, out / f"{name}.csv", frame)


def write_csv(path: Path, frame: pd.DataFrame) -> Path:
    """Write one table."""
    safe = frame.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = safe[name].map(_guarded)
    # A path may hold bytes that are not UTF-8: shown escaped, the table stays UTF-8.
    # Lines end as RFC 4180 says: only then is a lone carriage return in a cell quoted, or it would begin a row.
    return write_atomically(
        path,
        lambda file: safe.to_csv(file, index=False, encoding="utf-8", errors="backslashreplace", lineterminator="\r\n"),
    )


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a table that was exported, with its text as it was."""
    frame = pd.read_csv(
        path, encoding="utf-8", dtype=dict.fromkeys(TEXT, object), keep_default_na=False, na_values=[""]
    )
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = frame[name].map(
                lambda v: v[1:] if isinstance(v, str) and v[:1] == "'" and _is_formula(v) else v
            )
    return frame


def write_xlsx(bundle: ExportBundle, out: Path) -> Iterator[Job]:
    """Write measurements.xlsx: images, measurements, wells, definitions and run, a sheet each."""
    run = pd.DataFrame([(key, str(value)) for key, value in bundle.provenance.items()], columns=["what", "value"])
    sheets = [("images", bundle.images_table), ("measurements", bundle.measurements)]
    if bundle.wells is not None:
        sheets.append(("wells", bundle.wells))
    sheets += [("definitions", definitions_frame()), ("run", run)]

    def write(file: Path) -> None:
        book = Workbook(write_only=True)
        for name, frame in sheets:
            for part in range(0, max(1, len(frame)), SHEET_ROWS):
                _sheet(
                    book,
                    name if part == 0 else f"{name}_{part // SHEET_ROWS + 1}",
                    frame.iloc[part : part + SHEET_ROWS],
                )
        book.save(file)

    yield partial(write_atomically, out / "measurements.xlsx", write)


def _sheet(book: Workbook, name: str, frame: pd.DataFrame) -> None:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    for number, column in enumerate(frame.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = min(48, max(10, len(str(column)) + 2))

    def cell(value: Any, *, bold: bool = False) -> Any:
        if isinstance(value, str):
            made = WriteOnlyCell(sheet, ILLEGAL.sub("\ufffd", value)[:32767])
            made.data_type = "s"  # or "=cmd()" would become a formula
            if bold:
                made.font = Font(bold=True)
            return made
        if value is None or pd.isna(value) or value in (math.inf, -math.inf):  # XLSX has no infinity
            return None
        return (
            value.item() if hasattr(value, "item") else (value if isinstance(value, bool | int | float) else str(value))
        )

    sheet.append([cell(str(column), bold=True) for column in frame.columns])
    for row in frame.itertuples(index=False, name=None):
        sheet.append([cell(value) for value in row])


def _guarded(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    return text.lstrip("'").startswith(FORMULA)
