"""What a result's row tells of its outlines, so that the outcome of an image is known without reading them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

SPHEROID = "spheroid"
"""Class of an outline of which nothing else was said; only such are taken for the spheroid of an image."""


def at_a_glance(count: int, objects: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return touches_border (whether any outline does), and the areas of the largest spheroid away from it and at it.

    Where a person said which outline is the spheroid, there is only that one.

    Parameters
    ----------
    count : int
        Outlines.
    objects : mapping
        Columns by name, one value an outline: any of touches_border, class_name, area_px2, primary_by.

    Returns
    -------
    dict
        touches_border, inner_px2 and border_px2; an area is None where there is no such spheroid.
    """
    nothing = [None] * count
    columns = (objects.get(name, nothing) for name in ("touches_border", "class_name", "area_px2", "primary_by"))
    outlined = [
        (
            bool(known(touches)),
            finite(area) if (known(named) or SPHEROID) == SPHEROID else None,
            known(said) is not None,
        )
        for touches, named, area, said in zip(*columns, strict=True)
    ]
    said = [one for one in outlined if one[1] is not None and one[2]]
    rows = [(touches, area) for touches, area, _ in said or outlined]
    return {
        "touches_border": any(touches for touches, *_ in outlined),
        "inner_px2": max((area for touches, area in rows if not touches and area is not None), default=None),
        "border_px2": max((area for touches, area in rows if touches and area is not None), default=None),
    }


def known(value: Any) -> Any:
    """Return a value, or None: a frame of mixed rows holds NaN where a row has nothing, and bool(NaN) would be True."""
    return None if isinstance(value, float) and math.isnan(value) else value


def finite(value: Any) -> float | None:
    """Return a finite number, or None."""
    return None if value is None or not math.isfinite(value) else float(value)
