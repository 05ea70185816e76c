"""Reading many rows as columns, without an object for every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import ArrayLike, NDArray

ROWS = 200
"""Read at a time: few enough to lie in the processor's cache while they are turned into columns."""


def fetch(connection: sa.Connection, query: sa.Select[Any]) -> dict[str, Sequence[Any]]:
    """Return the columns of a query by name, as the driver gives their values.

    No type of SQLAlchemy's has a say in them: a truth is 0 or 1 from SQLite, a JSON is not to be asked for.
    """
    result = connection.execute(query)
    names = list(result.keys())
    cursor = result.cursor
    assert cursor is not None
    parts = [list(zip(*rows, strict=True)) for rows in iter(lambda: cursor.fetchmany(ROWS), [])]
    result.close()
    return {name: list(chain.from_iterable(part[place] for part in parts)) for place, name in enumerate(names)}


def things(values: Iterable[Any]) -> pd.Series:
    """Return values as they are, whatever pandas would take them for."""
    return pd.Series(values, dtype=object)


def floats(values: ArrayLike) -> NDArray[np.float64]:
    """Return numbers; NaN where there is none."""
    return np.array(values, np.float64)


def whole(values: ArrayLike) -> NDArray[Any]:
    """Return whole numbers as such, where none is missing."""
    numbers = floats(values)
    return numbers if np.isnan(numbers).any() else numbers.astype(np.int64)


def spelt(column: pd.Categorical) -> list[str | None]:
    """Return the words of a column of categories."""
    words = np.array([*column.categories, None], object)
    return words[column.codes].tolist()


def coded(values: Iterable[str | None]) -> pd.Categorical:
    """Return words of which there are few different ones; None is nothing."""
    values = list(values)
    words = sorted({word for word in values if word is not None})
    code: dict[str | None, int] = {word: place for place, word in enumerate(words)} | {None: -1}
    return pd.Categorical.from_codes(
        np.fromiter(map(code.__getitem__, values), np.int64, len(values)), categories=pd.Index(words, dtype=object)
    )


def named(ids: ArrayLike, names: Mapping[int, str | None]) -> pd.Categorical:
    """Return what many ids are called, few of which differ.

    Parameters
    ----------
    ids : array of float or int
        NaN is nothing.
    names : mapping
        By id; an id that is not among them, and one that is called None, is nothing.
    """
    words = sorted({name for name in names.values() if name is not None})
    code = {word: place for place, word in enumerate(words)}
    keys = np.array(sorted(names), np.int64)
    codes_of = np.array([-1 if (name := names[key]) is None else code[name] for key in keys.tolist()] + [-1], np.int64)
    wanted = np.nan_to_num(np.asarray(ids, np.float64), nan=-1).astype(np.int64)
    places = np.searchsorted(keys, wanted)
    there = np.append(keys, -1)[places] == wanted
    return pd.Categorical.from_codes(
        np.where(there & (wanted >= 0), codes_of[places], -1), categories=pd.Index(words, dtype=object)
    )
