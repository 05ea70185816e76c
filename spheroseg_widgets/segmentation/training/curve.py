"""The curve of a training run: rows in memory for who watches, and the same rows in `curve.csv`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from spheroseg_widgets.atomic import write_whole

COLUMNS = (
    "step", "loss", "foreground", "distance", "rate", "seconds", "validation_loss", "validation_iou",
)  # fmt: skip
"""Losses are means over the steps since the row before; seconds count from the run's first step."""
Row = dict[str, float]
"""Values by column; a column that was not measured at this step is missing."""


class Curve:
    """Rows of a run, appended one at a time.

    Parameters
    ----------
    path : Path
        The CSV file; read where it exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = _read(path) if path.exists() else []

    def append(self, row: Row) -> None:
        """Add a row, in memory and on disk."""
        new = not self.path.exists()
        with self.path.open("a", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
        self.rows.append(row)

    def cut(self, step: int) -> None:
        """Forget what lies beyond a step: a run that goes on from there writes it again."""
        self.rows = [row for row in self.rows if row["step"] <= step]
        if not self.path.exists():
            return
        write_whole(self.path, self._write)

    def _write(self, path: Path) -> None:
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows)


def _read(path: Path) -> list[Row]:
    rows = []
    # The last line of a run that was killed may be cut: only what ends in a line break is whole.
    whole = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    for texts in csv.DictReader(whole):
        row = {key: _number(texts.get(key)) for key in COLUMNS}
        if not math.isnan(row["step"]):
            known = {key: value for key, value in row.items() if not math.isnan(value)}
            rows.append(known | {"step": int(row["step"])})
    return rows


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
