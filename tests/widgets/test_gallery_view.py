"""What a view shows: the same rows in kernel and browser; what is no view is refused by name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spheroseg_widgets.widgets.gallery_rows import CATEGORIES, NUMBERS, SEVERAL, TEXTS
from spheroseg_widgets.widgets.gallery_view import COLOURS, FACETS, PLATES, check_view, rows_shown

GOLDEN = json.loads(Path(__file__).with_name("gallery_views.json").read_text("utf-8"))
MISSING = {"time_h": np.nan, "area": np.nan, "least_confidence": np.nan, "n_objects": -1}


def columns() -> dict[str, Any]:
    images = GOLDEN["images"]
    numbers = {
        name: np.array([image.get(name, MISSING.get(name, 0)) for image in images]).astype(kind)
        for name, kind in NUMBERS.items()
    }
    words = {
        name: np.array([image.get(name, "") for image in images], object) for name in (*CATEGORIES, *SEVERAL, *TEXTS)
    }
    return {**numbers, **words}


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: json.dumps(case["view"])[:60])
def test_a_view_shows_what_the_browser_shows(case: dict[str, Any]) -> None:
    table = columns()
    assert table["id"][rows_shown(table, check_view(case["view"]))].tolist() == case["ids"]


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ({"filter": {}}, "part 'filter' is unknown: there are text, facets"),
        ({"text": 3}, "text is a text, not 3"),
        ({"facets": ["P1"]}, "facets is a dictionary"),
        ({"facets": {"plates": ["P1"]}}, "facet 'plates' is unknown: there are state, plate"),
        ({"facets": {"plate": "P1"}}, "facet 'plate' is a list of values, not 'P1'"),
        ({"ranges": {"area": [0, 1]}}, "range 'area' is unknown: there are area_um2"),
        ({"ranges": {"area_um2": 5}}, r"range 'area_um2' is \[from, to\], not 5"),
        ({"ranges": {"area_um2": [0, float("nan")]}}, "ends at a number or None, not nan"),
        ({"sort": {"by": "area"}}, "sort by 'area' is unknown: there are name"),
        ({"group": "row"}, "group 'row' is unknown: there are plate, well_row"),
        ({"plate": {"plate": "P1", "colour": "size"}}, "colour 'size' is unknown: there are flag"),
        ({"plate": {"plate": "P1", "wells": 100}}, "a plate has 6, 12, 24, 48, 96, 384, 1536 wells, not 100"),
        ({"plate": {"plate": "P1", "time": "24 h"}}, "ends at a number"),
    ],
)
def test_what_is_no_view_is_refused_by_name(view: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_view(view)


def test_a_view_is_kept_short_and_numbers_may_be_values() -> None:
    view = {"text": "", "facets": {"time_h": [24.0, 0.5], "n_objects": [2], "plate": []}, "ranges": {"time_h": [None, None]}, "sort": {"by": "name"}}  # fmt: skip
    assert check_view(view) == {
        "facets": {"time_h": ["24", "0.5"], "n_objects": ["2"]}, "ranges": {}, "sort": {"by": "name", "descending": False},
    }  # fmt: skip


def test_every_facet_has_a_column() -> None:
    assert set(FACETS) - {"state"} <= {*NUMBERS, *CATEGORIES, *SEVERAL}


def test_a_plate_is_described_as_the_browser_does() -> None:
    plate = Path(__file__).parents[2] / "frontend" / "gallery" / "plate"
    subjects = re.search(r"SUBJECTS = \[(.*?)\]", (plate / "scheme.ts").read_text("utf-8"))
    assert subjects is not None
    assert tuple(re.findall(r'"(\w+)"', subjects[1])) == COLOURS
    formats = re.findall(r"\{ rows: (\d+), columns: (\d+) \}", (plate / "wells.ts").read_text("utf-8"))
    assert tuple(int(rows) * int(columns) for rows, columns in formats) == PLATES
