"""What names would say before anything is added: marks, counts, gaps, and patterns that are half typed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from spheroseg_widgets.project.name_preview import MOST_ROWS, Existing, Preview, as_json, preview, read_names
from spheroseg_widgets.project.sheet import read_sheet

NOTHING = Existing({}, frozenset())
PATTERN = "{plate}_{well}_{time}h.tif"


def look(names: Iterable[str], pattern: str = PATTERN, existing: Existing = NOTHING) -> Preview:
    places = [Path("/up", name) for name in names]
    return preview(places, lambda place: place.name, read_names(places, pattern), existing)


def test_every_file_is_marked_by_what_does_not_fit() -> None:
    existing = Existing({("p", "A01", 0.0, 1): "old.tif"}, frozenset({"/up/p_B01_0h.tif"}))
    found = look(["p_A1_0h.tif", "p_A2_0h.tif", "p_a02_0.0h.tif", "p_B01_0h.tif", "note.tif", "p_C1_0h.tif"], existing=existing)  # fmt: skip
    assert [(row.mark, row.detail) for row in found.rows] == [
        ("taken", "old.tif"), ("duplicate", ""), ("duplicate", ""), ("known", ""), ("unparsed", ""), ("", ""),
    ]  # fmt: skip
    assert (found.taken.n, found.duplicates.n, found.known.n, found.unparsed.some) == (1, 2, 1, ["note.tif"])


def test_counts_and_gaps_are_of_the_whole_batch() -> None:
    names = [f"p_{row}{column}_{hours}h.tif" for row in "ABCDEFGH" for column in range(1, 13) for hours in (0, 24, 48)]
    found = look([name for name in names if name not in {"p_B2_24h.tif", "p_H12_48h.tif"}])
    assert found.counts == {"files": 286, "plates": 1, "wells": 96, "times": 3, "sites": 1, "channels": 0}
    assert (found.gaps.n, found.gaps.some) == (2, ["B02 at 24 h", "H12 at 48 h"])
    assert len(found.rows) == MOST_ROWS
    assert look(names).gaps.n == 0


def test_channels_of_one_place_are_no_conflict() -> None:
    existing = Existing({("p", "A01", 0.0, 1): "old.tif"}, frozenset())
    found = look(["p_A1_0h_red.tif", "p_A1_0h_green.tif"], "{plate}_{well}_{time}h_{channel}.tif", existing)
    assert [row.mark for row in found.rows] == ["", ""]
    assert found.counts["channels"] == 2


def test_a_pattern_that_takes_numbers_for_times_is_no_flood() -> None:
    names = [f"p_{'ABCDEFGH'[n % 8]}{n % 12 + 1}_{n}h.tif" for n in range(30_000)]
    began = time.monotonic()
    found = look(names)
    assert found.gaps.n == 24 * 30_000 - 30_000
    assert found.gaps.some == []
    assert time.monotonic() - began < 20


def test_a_table_says_more_than_a_name() -> None:
    sheet = read_sheet("i.csv", b"file,well,time_h\np_A1_0h.tif,B7,12\nnote,C1,\n")
    places = [Path("/up/p_A1_0h.tif"), Path("/up/note.tif")]
    names = read_names(places, PATTERN, sheet)
    told = [(name.plate, name.well, name.time_h) for name in names.values() if name is not None]
    assert told == [("p", "B07", 12.0), (None, "C01", None)]


def test_nobody_waits_for_a_pattern_that_was_typed_on() -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_names([Path("a.tif")], PATTERN, check=stop)


def test_a_preview_travels_as_json() -> None:
    told = as_json(look(["p_A1_0.5h.tif", "x.tif"]))
    assert json.loads(json.dumps(told)) == told
    assert told["rows"][0] == ["p_A1_0.5h.tif", "p", "A01", 0.5, 1, None, None, "", ""]
    assert told["rows"][1] == ["x.tif", None, None, None, 1, None, None, "unparsed", ""]
    assert told["unparsed"] == [1, ["x.tif"]]
