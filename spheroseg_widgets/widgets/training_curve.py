"""The curve of a training as columns: followed row by row, thinned for the wire, with what is worth marking in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_POINTS = 1000
"""Points of a line that travel; a screen is hardly wider."""

Row = dict[str, float]
"""As in `segmentation.training.curve`, which is not imported here: it brings torch."""


class Best(NamedTuple):
    """The validation whose weights are kept: step, loss and IoU."""

    step: int
    loss: float
    iou: float


class Line(NamedTuple):
    """Columns of one line, thinned: steps and the values at them, all (n,) float32."""

    step: NDArray[np.float32]
    values: tuple[NDArray[np.float32], ...]


@dataclass(slots=True)
class TrainingCurve:
    """Rows of a training run, taken over as they come.

    Parameters
    ----------
    rate : float
        The full learning rate of the run; below it, after the warm-up, the rate falls.
    warmup : int
        Steps over which the rate rises.
    """

    rate: float
    warmup: int
    best: Best | None = None
    falls_from: int | None = None
    """Step from which the learning rate falls; None while it does not."""
    _taken: int = 0
    _last: Row | None = None
    _training: list[tuple[float, float]] = field(default_factory=list)
    _validation: list[tuple[float, float, float]] = field(default_factory=list)

    def take(self, rows: Sequence[Row]) -> bool:
        """Take over the rows that are new.

        Parameters
        ----------
        rows : sequence of Row
            The whole curve as it is now; one that was cut or written again is read anew.

        Returns
        -------
        bool
            Whether anything changed.
        """
        again = self._taken > 0 and (len(rows) < self._taken or rows[self._taken - 1] is not self._last)
        if again:
            self._forget()
        new = rows[self._taken :]
        for row in new:
            self._add(row)
        self._taken = len(rows)
        self._last = rows[-1] if rows else None
        return again or len(new) > 0

    @property
    def loss(self) -> float | None:
        """The newest training loss."""
        return self._training[-1][1] if self._training else None

    @property
    def validation(self) -> tuple[float, float] | None:
        """Loss and IoU of the newest validation."""
        return self._validation[-1][1:] if self._validation else None

    def training_line(self) -> Line:
        """Return steps and training loss.

        Of many points, means over blocks of a power of two: rows are themselves means over steps, and the blocks stay
        where they are while the curve grows.
        """
        points = np.array(self._training, np.float64).reshape(-1, 2)
        block = _block(len(points))
        starts = np.arange(0, len(points), block)
        if block == 1 or len(points) == 0:
            return Line(_single(points[:, 0]), (_single(points[:, 1]),))
        ends = np.minimum(starts + block, len(points))
        means = np.add.reduceat(points[:, 1], starts) / (ends - starts)
        return Line(_single(points[ends - 1, 0]), (_single(means),))

    def validation_line(self) -> Line:
        """Return steps, validation loss and validation IoU; of many points some, the best and the last among them."""
        points = np.array(self._validation, np.float64).reshape(-1, 3)
        if (block := _block(len(points))) > 1:
            best = int(np.argmin(points[:, 1]))
            points = points[sorted({*range(0, len(points), block), best, len(points) - 1})]
        return Line(_single(points[:, 0]), (_single(points[:, 1]), _single(points[:, 2])))

    def columns(self) -> dict[str, bytes]:
        """Return the lines as flat little-endian float32 arrays by name, as the browser draws them."""
        step, (loss,) = self.training_line()
        judged, (validation_loss, iou) = self.validation_line()
        named = {
            "step": step, "loss": loss, "validation_step": judged, "validation_loss": validation_loss,
            "validation_iou": iou,
        }  # fmt: skip
        return {name: column.astype("<f4").tobytes() for name, column in named.items()}

    def _add(self, row: Row) -> None:
        step = row["step"]
        if np.isfinite(row.get("loss", np.nan)):
            self._training.append((step, row["loss"]))
        if np.isfinite(row.get("validation_loss", np.nan)):
            loss, iou = row["validation_loss"], row.get("validation_iou", np.nan)
            self._validation.append((step, loss, iou))
            if self.best is None or loss < self.best.loss:
                self.best = Best(int(step), loss, iou)
        if "rate" in row:
            risen = self.rate * min(1.0, step / max(1, self.warmup))
            if row["rate"] >= risen * (1 - 1e-6):
                self.falls_from = None
            elif self.falls_from is None:
                self.falls_from = int(step)

    def _forget(self) -> None:
        self._training.clear()
        self._validation.clear()
        self._taken, self._last, self.best, self.falls_from = 0, None, None, None


def _block(count: int) -> int:
    """Return how many points become one: a power of two."""
    block = 1
    while count > MOST_POINTS * block:
        block *= 2
    return block


def _single(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return values.astype(np.float32)
