"""What a gallery is asked to show (TypeScript: `frontend/gallery/view.ts`), and which rows that is.

A view is a dictionary; what it leaves out is as when everything is shown:

- ``text``: words that must all occur in name, plate, well, time, condition or tags;
- ``facets``: by column of `FACETS`, the values of which a row must have one, as text; "" is nothing known;
- ``ranges``: by column of `RANGES`, from and to, both included, None where open; a row without a number is left out;
- ``expression``: of `Gallery.query`;
- ``sort``: ``{"by": column of SORTS, "descending": bool}``; ``group``: of `GROUPS`; ``mode``: "grid", "list" or "plate";
- ``plate``: how plate mode shows the wells: ``{"plate": name, "time": hours or None, "colour": of COLOURS, "wells": number of
  wells of the plate or None}``.

The browser filters by itself, at every key; here the same is worked out for `Gallery.shown`. One file of cases
(`tests/widgets/gallery_views.json`) holds both together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .gallery_rows import BETWEEN, Array

View = dict[str, Any]
Mask = NDArray[np.bool_]

FACETS = (
    "state", "plate", "well", "time_h", "condition", "tags", "flags", "n_objects", "model", "edited", "touches_border",
)  # fmt: skip
RANGES = ("area_um2", "area_px2", "least_confidence", "time_h", "n_objects")
SORTS = (
    "name", "state", "plate", "well", "time_h", "condition", "tags", "flags", "n_objects", "area_um2", "area_px2",
    "least_confidence", "model", "edited", "touches_border",
)  # fmt: skip
GROUPS = ("plate", "well_row", "time_h", "condition")
SIX_DIGITS = Context(prec=6, rounding=ROUND_HALF_UP)
COLOURS = ("flag", "state", "area", "confidence", "condition")
PLATES = (6, 12, 24, 48, 96, 384, 1536)
PARTS = ("text", "facets", "ranges", "expression", "sort", "group", "mode", "plate")


def check_view(view: Mapping[str, Any]) -> View:
    """Return a view as the browser reads it.

    Parameters
    ----------
    view : mapping
        As described above.

    Raises
    ------
    ValueError
        Something in it is unknown or of another kind; names it, and what there is.
    """
    _known("the view's part", view, PARTS)
    out: View = {name: value for name, value in view.items() if value not in (None, "", {})}
    for name in ("text", "expression", "mode"):
        if not isinstance(out.get(name, ""), str):
            raise ValueError(f"the view's {name} is a text, not {out[name]!r}")  # noqa: TRY004 - one kind of error, whatever is wrong
    if "facets" in out:
        _known("the facet", _mapping("facets", out["facets"]), FACETS)
        read = {name: _values(name, values) for name, values in out["facets"].items()}
        out["facets"] = {name: values for name, values in read.items() if values}
    if "ranges" in out:
        _known("the range", _mapping("ranges", out["ranges"]), RANGES)
        ends = {name: _range(name, ends) for name, ends in out["ranges"].items()}
        out["ranges"] = {name: pair for name, pair in ends.items() if pair != [None, None]}
    if "sort" in out:
        sort = _mapping("sort", out["sort"])
        _known("the column to sort by", [str(sort.get("by"))], SORTS)
        out["sort"] = {"by": sort["by"], "descending": bool(sort.get("descending", False))}
    if "group" in out:
        _known("the group", [str(out["group"])], GROUPS)
    if "plate" in out:
        out["plate"] = _plate(_mapping("plate", out["plate"]))
    return out


def rows_shown(columns: Mapping[str, Array], view: Mapping[str, Any]) -> Mask:
    """Return which rows a view shows, its expression apart.

    Parameters
    ----------
    columns : mapping
        Of `gallery_rows.columns_of`.
    view : mapping
        Of `check_view`.

    Returns
    -------
    (n,) bool
    """
    shown = np.ones(len(columns["id"]), bool)
    for name, (start, end) in view.get("ranges", {}).items():
        values = _numbers(columns, name)
        with np.errstate(invalid="ignore"):
            shown &= (values >= (-math.inf if start is None else start)) & (
                values <= (math.inf if end is None else end)
            )
    for name, wanted in view.get("facets", {}).items():
        codes, kinds = pd.factorize(states(columns) if name == "state" else columns[name], use_na_sentinel=False)
        good = np.array([not set(_called(name, kind)).isdisjoint(wanted) for kind in kinds], bool)
        shown &= good[codes]
    words = view.get("text", "").lower().split()
    if words:
        shown[shown] = [all(word in said for word in words) for said in _searched(columns, np.flatnonzero(shown))]
    return shown


def states(columns: Mapping[str, Array]) -> Array:
    """Return one word a row: what is under way first, then what a person decided, then what was measured."""
    status, review, outcome = columns["status"], columns["review"], columns["outcome"]
    nothing = columns["result"] == 0
    return np.select(
        [
            np.isin(status, ["running", "queued"]),
            (columns["excluded"] == 1) | (review == "excluded"),
            np.isin(review, ["approved", "corrected"]),
            nothing & np.isin(status, ["failed", "cancelled"]),
            outcome != "",
        ],
        [status, np.full(len(status), "excluded", object), review, status, outcome],
        np.full(len(status), "new", object),
    )


@lru_cache(4096)
def time_key(hours: float) -> str:
    """Return a time as facets name it: up to six digits, halves up as in the browser; "" where none is known."""
    return format(SIX_DIGITS.create_decimal(float(hours) + 0.0).normalize(), "f") if math.isfinite(hours) else ""


def _numbers(columns: Mapping[str, Array], name: str) -> NDArray[np.float64]:
    if name in ("area_um2", "area_px2"):
        calibrated = columns["calibrated"] == (name == "area_um2")
        return np.where(calibrated, columns["area"].astype(np.float64), np.nan)
    values = columns[name].astype(np.float64)  # as many digits as the browser has: it was sent float32
    return np.where(values < 0, np.nan, values) if name == "n_objects" else values


def _called(name: str, kind: Any) -> list[str]:
    """Return what a facet calls one value of its column."""
    if name in ("tags", "flags"):
        return str(kind).split(BETWEEN)
    if name == "time_h":
        return [time_key(kind)]
    if name == "n_objects":
        return ["" if kind < 0 else str(kind)]
    if name in ("edited", "touches_border"):
        return ["yes" if kind else "no"]
    return [str(kind)]


def _searched(columns: Mapping[str, Array], rows: NDArray[np.intp]) -> list[str]:
    parts = [columns[name][rows] for name in ("name", "plate", "well", "time_h", "condition", "tags")]
    return [
        f"{name} {plate} {well} {time_key(hours)}{' h' if math.isfinite(hours) else ''} {condition} "
        f"{tags.replace(BETWEEN, ' ')}".lower()
        for name, plate, well, hours, condition, tags in zip(*parts, strict=True)
    ]


def _known(what: str, names: Mapping[str, Any] | Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{what} {name!r} is unknown: there are {', '.join(known)}")


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"the view's {name} is a dictionary, not {value!r}")  # noqa: TRY004 - as above
    return value


def _plate(given: Mapping[str, Any]) -> dict[str, Any]:
    _known("the plate's part", given, ("plate", "time", "colour", "wells"))
    colour, wells, time = given.get("colour", COLOURS[0]), given.get("wells"), given.get("time")
    _known("the plate's colour", [str(colour)], COLOURS)
    if wells is not None and wells not in PLATES:
        raise ValueError(f"a plate has {', '.join(map(str, PLATES))} wells, not {wells!r}")
    _range("time of the plate", [time, None])
    return {"plate": str(given.get("plate", "")), "time": time, "colour": colour, "wells": wells}


def _values(name: str, values: Any) -> list[str]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ValueError(f"the facet {name!r} is a list of values, not {values!r}")  # noqa: TRY004 - as above
    return [time_key(value) if isinstance(value, float) else str(value) for value in values]


def _range(name: str, ends: Any) -> list[float | None]:
    if isinstance(ends, str) or not isinstance(ends, Sequence) or len(ends) != 2:
        raise ValueError(f"the range {name!r} is [from, to], not {ends!r}")
    for end in ends:
        if end is not None and (isinstance(end, bool) or not isinstance(end, int | float) or not math.isfinite(end)):
            raise ValueError(f"the range {name!r} ends at a number or None, not {end!r}")
    return list(ends)
