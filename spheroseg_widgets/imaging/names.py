"""What a file's name and folders say: plate, well, time, site, channel."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from .remote import text_of
from .url import Place, as_path

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMN = r"(?:0?[1-9]|[1-3]\d|4[0-8])"
WELL = rf"(?P<well>(?:[A-Pa-p]|[Q-Z]|A[A-F]){COLUMN})"
"""Wells of plates of up to 1,536; the rows that only those have must be in capitals (t3 is a time)."""
INCUCYTE = re.compile(
    rf"^(?P<plate>.+?)_{WELL}_(?P<site>\d{{1,2}})(?:_(?P<days>\d{{1,3}})d(?P<hours>\d{{2}})h(?P<minutes>\d{{2}})m)?$"
)
INCUCYTE_FOLDER = re.compile(r"^(?P<days>\d{1,3})d(?P<hours>\d{2})h(?P<minutes>\d{2})m$")
OPERA = re.compile(
    r"^r(?P<row>\d{2})c(?P<column>\d{2})f(?P<site>\d{2})p(?P<z>\d{2})-ch(?P<channel>\d+)(?:sk(?P<sk>\d+))?(?:fk\d+)?(?:fl\d+)?$"
)
WELL_TIME = re.compile(rf"^(?:(?P<plate>.+?)_)?{WELL}_(?P<time>\d+(?:\.\d+)?)(?P<unit>(?i:h|hr|hrs|d|day|days|min))$")
WELL_ALONE = re.compile(rf"^{WELL}$")
DAY_FOLDER = re.compile(r"^(?:day|d)[ _-]?(?P<day>\d+)$|^(?P<hour>\d+)\s?h$", re.IGNORECASE)
NO_PLATES = {"/", "\\", "uploads"}
"""Folders that name no plate: the root, and where a project keeps what was uploaded to it."""
HOURS = {"h": 1.0, "hr": 1.0, "hrs": 1.0, "d": 24.0, "day": 24.0, "days": 24.0, "m": 1 / 60, "min": 1 / 60}
FIELDS = {
    "plate": r"(?P<plate>[^/]+?)", "well": r"(?P<well>[A-Za-z]{1,2}\d{1,2})", "site": r"(?P<site>\d+)",
    "time": r"(?P<time>\d+(?:\.\d+)?)", "day": r"(?P<day>\d+(?:\.\d+)?)",
    "channel": r"(?P<channel>\w+?)", "z": r"(?P<z>\d+)",
    "row": r"(?P<row>\d+|[A-Za-z]{1,2})", "col": r"(?P<column>\d+)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What a name says; None where it says nothing.

    Parameters
    ----------
    plate, well : str or None
        The well normalised: A7 and A07 are both A07.
    time_h : float or None
        Hours.
    site : int
        Field of view, 1 when not named.
    channel : str or None
        As named.
    z : int or None
        Plane.
    """

    plate: str | None = None
    well: str | None = None
    time_h: float | None = None
    site: int = 1
    channel: str | None = None
    z: int | None = None


def normal_well(name: str) -> str:
    """Return a well name with two digits and capitals: a7 becomes A07."""
    letters = name.rstrip("0123456789")
    return f"{letters.upper()}{int(name[len(letters) :]):02d}"


def parse_name(path: str | Place, names: str = "auto") -> ParsedName | None:
    """Parse one file's name.

    Parameters
    ----------
    path : str, Path or Url
        The file, with its folders.
    names : str
        "auto", "incucyte", "opera", or a pattern such as ``{plate}_{well}_{time}h.tif`` (fields plate, well,
        time, day, site, channel, z, row, col; ``*`` for anything; with ``/`` the folders take part).

    Returns
    -------
    ParsedName or None
        None when the name does not follow.

    Raises
    ------
    ValueError
        The pattern names an unknown field.
    """
    file = as_path(path)
    if names == "incucyte":
        return _incucyte(file)
    if names == "opera":
        return _opera(file)
    if names == "auto":
        return _incucyte(file) or _opera(file) or _well_time(file) or _folders(file)
    return _pattern(file, names)


def _incucyte(file: Place) -> ParsedName | None:
    match = INCUCYTE.match(file.stem)
    if match is None:
        return None
    stamp = match if match["days"] else next(filter(None, map(INCUCYTE_FOLDER.match, reversed(file.parts[:-1]))), None)
    hours = None if stamp is None else 24 * int(stamp["days"]) + int(stamp["hours"]) + int(stamp["minutes"]) / 60
    channel = next((p for p in file.parts[:-1] if p.lower() in {"phase", "green", "red", "nir", "brightfield"}), None)
    if hours is None and channel is None:  # `img_a1_2` alone is too little to call it Incucyte's
        return None
    return ParsedName(match["plate"], normal_well(match["well"]), hours, int(match["site"]), channel)


def _opera(file: Place) -> ParsedName | None:
    match = OPERA.match(file.stem)
    if match is None:
        return None
    folder = file.parent.parent.name if file.parent.name.lower() == "images" else file.parent.name
    return ParsedName(
        folder or None,
        _well_at(match["row"], match["column"]),
        _opera_times(str(file.parent / "Index.idx.xml")).get(int(match["sk"] or 1)),
        int(match["site"]),
        match["channel"],
        int(match["z"]),
    )


def _well_at(row: str, column: str) -> str:
    """Return the well at a row, as a number from 1 or in letters, and a column."""
    if row.isdecimal():
        number = int(row) - 1
        row = chr(65 + number) if number < 26 else "A" + chr(65 + number - 26)
    return normal_well(row + column)


@lru_cache(maxsize=64)
def _opera_times(index: str) -> dict[int, float]:
    """Return hours by time point (sk), as the index beside Opera's images says; one for all wells of a time point."""
    text = text_of(index)
    if text is None:
        return {}
    times: dict[int, float] = {}
    for image in re.findall(r"<Image\b.*?</Image>", text, re.DOTALL):
        url = re.search(r"<URL[^>]*>[^<]*?sk(\d+)[^<]*</URL>", image)
        offset = re.search(r"<MeasurementTimeOffset[^>]*>\s*(\d+(?:\.\d+)?)\s*<", image)  # seconds
        if url and offset:
            point = int(url[1])
            times[point] = min(times.get(point, math.inf), float(offset[1]) / 3600)
    return times


def _well_time(file: Place) -> ParsedName | None:
    match = WELL_TIME.match(file.stem)
    if match is None:
        return None
    return ParsedName(match["plate"], normal_well(match["well"]), float(match["time"]) * HOURS[match["unit"].lower()])


def _folders(file: Place) -> ParsedName | None:
    """`plate1/day3/A01.png`: a well as the whole name, below a folder that is a day."""
    match = WELL_ALONE.match(file.stem)
    if match is None:
        return None
    if file.stem[0].islower() and not any(DAY_FOLDER.match(part) for part in file.parts[:-1]):
        return None  # `g07.png` is anyone's seventh picture
    hours, plate = None, None
    for part in reversed(file.parts[:-1]):
        day = DAY_FOLDER.match(part)
        if day and hours is None:
            hours = 24.0 * int(day["day"]) if day["day"] else float(day["hour"])
        elif plate is None and part not in NO_PLATES:
            plate = part
            break
    return ParsedName(plate, normal_well(match["well"]), hours)


@lru_cache(maxsize=64)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression; made once, not once a file."""
    expression = ""
    for piece in re.split(r"(\{\w+\}|\*)", pattern):
        if piece == "*":
            expression += "[^/]*?"
        elif piece.startswith("{"):
            if piece[1:-1] not in FIELDS:
                raise ValueError(f"unknown field {piece} in the name pattern; known are {', '.join(FIELDS)}")
            group = re.search(r"\?P<(\w+)>", FIELDS[piece[1:-1]])
            again = group is not None and group[0] in expression
            expression += f"(?P={group[1]})" if group and again else FIELDS[piece[1:-1]]
        else:
            expression += re.escape(piece)
    return re.compile(expression)


def _pattern(file: Place, pattern: str) -> ParsedName | None:
    depth = pattern.count("/") + 1
    target = "/".join(file.parts[-depth:])
    if not re.search(r"\.\w+$", pattern):
        target = target.removesuffix(file.suffix)
    match = _expression(pattern).fullmatch(target)
    if match is None:
        return None
    got = match.groupdict()
    well = got.get("well")
    if well is None and got.get("row") and got.get("column"):
        well = _well_at(got["row"], got["column"])
    hours = 24 * float(got["day"]) if got.get("day") else None
    if got.get("time"):
        unit = re.search(r"\{time\}(days?|d|hrs?|h|min|m)(?![A-Za-z])", pattern)
        hours = (hours or 0.0) + float(got["time"]) * HOURS[unit[1] if unit else "h"]
    return ParsedName(
        plate=got.get("plate"),
        well=normal_well(well) if well else None,
        time_h=hours,
        site=int(got.get("site") or 1),
        channel=got.get("channel"),
        z=int(got["z"]) if got.get("z") else None,
    )


COUNTED = {
    "plate": "plate(s)", "well": "wells", "time_h": "times", "site": "site(s)", "channel": "channel(s)",
}  # fmt: skip
Gap = tuple[str, float | None, int, str | None]
"""Well, hours, site, channel."""


@dataclass(slots=True)
class NameTable:
    """What the names of a batch say together: printed before anything is stored.

    Parameters
    ----------
    parsed : dict
        ParsedName (or None) by path.
    """

    parsed: dict[Place, ParsedName | None] = field(default_factory=dict)

    @property
    def unparsed(self) -> list[Place]:
        """Files whose names say nothing."""
        return [path for path, name in self.parsed.items() if name is None]

    @property
    def duplicates(self) -> list[tuple[ParsedName, int]]:
        """Names that stand for more than one file."""
        counts = Counter(name for name in self.parsed.values() if name is not None)
        return [(name, count) for name, count in counts.items() if count > 1]

    @property
    def gaps(self) -> list[Gap]:
        """Well, time, site and channel that other wells of the plate have and this one has not."""
        plates: dict[str | None, set[Gap]] = {}
        for name in self.parsed.values():
            if name is not None and name.well:
                plates.setdefault(name.plate, set()).add((name.well, name.time_h, name.site, name.channel))
        missing: list[Gap] = []
        for have in plates.values():
            wells, times, sites, channels = (set(values) for values in zip(*have, strict=True))
            missing += set(itertools.product(wells, times, sites, channels)) - have
        return sorted(missing, key=lambda gap: (gap[0], gap[1] or 0.0, gap[2], gap[3] or ""))

    def __str__(self) -> str:
        names = [name for name in self.parsed.values() if name is not None]
        if not names:
            return f"{len(self.parsed)} files; no wells or times in their names"
        counts = [
            f"{len({getattr(n, attribute) for n in names} - {None})} {word}" for attribute, word in COUNTED.items()
        ]
        lines = [f"{len(self.parsed)} files: " + " x ".join(counts)]
        gaps = self.gaps
        if gaps:
            some = ", ".join(map(gap_text, gaps[:6]))
            lines.append(f"  missing: {len(gaps)} ({some}{', ...' if len(gaps) > 6 else ''})")
        if self.duplicates:
            lines.append(f"  duplicates: {len(self.duplicates)} ({self.duplicates[0][0].well} ...)")
        if self.unparsed:
            some = ", ".join(" ".join(path.name.split()) for path in self.unparsed[:4])
            more = ", ..." if len(self.unparsed) > 4 else ""
            lines.append(f"  names that do not follow: {len(self.unparsed)} ({some}{more})")
        return "\n".join(lines)


def gap_text(gap: Gap) -> str:
    """Say where an image is missing: ``B02 at 24 h, site 2``."""
    well, time, site, channel = gap
    text = well if time is None else f"{well} at {time:g} h"
    return text + (f", site {site}" if site != 1 else "") + (f", channel {channel}" if channel else "")


def parse_names(paths: Iterable[str | Place], names: str = "auto") -> NameTable:
    """Parse the names of a batch."""
    return NameTable({as_path(path): parse_name(path, names) for path in paths})
