"""What the names of files would say, before anything is added: a table, its counts, and what does not fit together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from spheroseg_widgets.imaging.names import NameTable, ParsedName, gap_text, parse_name
from spheroseg_widgets.imaging.url import Place

from .sheet import Sheet

MOST_ROWS = 200
MOST_NAMED = 6
"""Examples of what is wrong; the rest is counted."""
MOST_COMBINATIONS = 300_000
"""A pattern half typed can take every number for a time: more combinations than these are counted, not listed."""
PORTION = 2_000

PlaceInTime = tuple[str, str, float | None, int]
"""Plate, well, hours, site."""


@dataclass(slots=True)
class Row:
    """One file: what is known of it, and a mark: "", "unparsed", "duplicate", "taken" or "known".

    `detail` names the image that has the place already where the mark is "taken".
    """

    name: str
    parsed: ParsedName | None
    mark: str
    detail: str = ""


@dataclass(slots=True)
class Counted:
    """How many there are, and the names of the first ones."""

    n: int = 0
    some: list[str] = field(default_factory=list)

    def note(self, name: str) -> None:
        """Count one more."""
        self.n += 1
        if len(self.some) < MOST_NAMED:
            self.some.append(name)


@dataclass(slots=True)
class Preview:
    """What the names of a batch say.

    Parameters
    ----------
    names : dict
        What is known of each file, from its name and from a table's row.
    rows : list of Row
        The first `MOST_ROWS` files.
    counts : dict of str to int
        Files, plates, wells, times, sites, channels.
    unparsed, duplicates, taken, known : Counted
        Files whose names do not follow; that stand for the same image; for one that the project has under another file;
        and that are in the project already.
    gaps : Counted
        Well, time, site and channel that others of the plate have.
    """

    names: dict[Place, ParsedName | None]
    rows: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    unparsed: Counted = field(default_factory=Counted)
    duplicates: Counted = field(default_factory=Counted)
    taken: Counted = field(default_factory=Counted)
    known: Counted = field(default_factory=Counted)
    gaps: Counted = field(default_factory=Counted)


@dataclass(frozen=True, slots=True)
class Existing:
    """What a project has: the name of an image by its place, and the files it refers to."""

    images: Mapping[PlaceInTime, str]
    files: frozenset[str]


def read_names(
    places: Sequence[Place], names: str, sheet: Sheet | None = None, check: Callable[[], object] = lambda: None
) -> dict[Place, ParsedName | None]:
    """Return what is known of each file, from its name and from a table's row.

    Parameters
    ----------
    places : sequence of Path or Url
    names : str
        As `parse_name` takes it.
    sheet : Sheet, optional
        Of images; what it says counts more than the name.
    check : callable
        Called now and then; raises when nobody waits for the answer any more.

    Raises
    ------
    ValueError
        The pattern names an unknown field.
    """
    parsed: dict[Place, ParsedName | None] = {}
    for at, place in enumerate(places):
        if at % PORTION == 0:
            check()
        parsed[place] = parse_name(place, names)
    return sheet.apply(places, parsed) if sheet is not None and sheet.of_images else parsed


def preview(
    places: Sequence[Place],
    shown: Callable[[Place], str],
    names: Mapping[Place, ParsedName | None],
    existing: Existing,
) -> Preview:
    """Set side by side what the names of a batch say.

    Parameters
    ----------
    places : sequence of Path or Url
        In the order in which they are shown.
    shown : callable
        Gives a file's name for people.
    names : mapping
        See `read_names`.
    existing : Existing
    """
    out = Preview(dict(names))
    twice = Counter(name for name in names.values() if name is not None)
    for place in places:
        parsed = names[place]
        row = Row(shown(place), parsed, "")
        if str(place) in existing.files:
            row.mark = "known"
            out.known.note(row.name)
        elif parsed is None:
            row.mark = "unparsed"
            out.unparsed.note(row.name)
        elif twice[parsed] > 1:
            row.mark = "duplicate"
            out.duplicates.note(row.name)
        elif other := _taken_by(parsed, existing):
            row.mark, row.detail = "taken", other
            out.taken.note(row.name)
        if len(out.rows) < MOST_ROWS:
            out.rows.append(row)
    out.counts = _counts(names)
    out.gaps = _gaps(names)
    return out


def as_json(found: Preview) -> dict[str, Any]:
    """Return a preview as a page shows it: a row is [name, plate, well, hours, site, channel, z, mark, detail]."""
    told: dict[str, Any] = {"counts": found.counts, "rows": []}
    for row in found.rows:
        parsed = row.parsed or ParsedName()
        says = [parsed.plate, parsed.well, parsed.time_h, parsed.site, parsed.channel, parsed.z]
        told["rows"].append([row.name, *says, row.mark, row.detail])
    for name in ("unparsed", "duplicates", "taken", "known", "gaps"):
        counted: Counted = getattr(found, name)
        told[name] = [counted.n, counted.some]
    return told


def _taken_by(parsed: ParsedName, existing: Existing) -> str:
    # Channels and planes of one place are images of their own; the project keeps no names of channels to compare.
    if parsed.well is None or parsed.channel is not None or parsed.z is not None:
        return ""
    return existing.images.get((parsed.plate or "plate", parsed.well, parsed.time_h, parsed.site), "")


def _counts(names: Mapping[Place, ParsedName | None]) -> dict[str, int]:
    told = [name for name in names.values() if name is not None]
    values: dict[str, set[Any]] = {
        "plates": {name.plate for name in told}, "wells": {(name.plate, name.well) for name in told if name.well},
        "times": {name.time_h for name in told}, "sites": {name.site for name in told if name.well},
        "channels": {name.channel for name in told},
    }  # fmt: skip
    return {"files": len(names)} | {key: len(found - {None}) for key, found in values.items()}


def _gaps(names: Mapping[Place, ParsedName | None]) -> Counted:
    plates: dict[str | None, set[tuple[Any, ...]]] = {}
    for name in names.values():
        if name is not None and name.well:
            plates.setdefault(name.plate, set()).add((name.well, name.time_h, name.site, name.channel))
    combinations = {
        plate: math.prod(len(set(values)) for values in zip(*have, strict=True)) for plate, have in plates.items()
    }
    counted = Counted(sum(combinations[plate] - len(have) for plate, have in plates.items()))
    if counted.n and sum(combinations.values()) <= MOST_COMBINATIONS:
        counted.some = [gap_text(gap) for gap in NameTable(dict(names)).gaps[:MOST_NAMED]]
    return counted
