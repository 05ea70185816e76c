"""What a file's name and folders say: plate, well, time, site, channel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

WELL = r"(?P<well>[A-Pa-p]\d{1,2}|A[A-Fa-f]\d{1,2})"
INCUCYTE = re.compile(
    rf"^(?P<plate>.+?)_{WELL}_(?P<site>\d{{1,2}})(?:_(?P<days>\d{{1,3}})d(?P<hours>\d{{2}})h(?P<minutes>\d{{2}})m)?$"
)
INCUCYTE_FOLDER = re.compile(r"^(?P<days>\d{1,3})d(?P<hours>\d{2})h(?P<minutes>\d{2})m$")
OPERA = re.compile(
    r"^r(?P<row>\d{2})c(?P<column>\d{2})f(?P<site>\d{2})p(?P<z>\d{2})-ch(?P<channel>\d+)(?:sk(?P<sk>\d+))?(?:fk\d+)?(?:fl\d+)?$"
)
WELL_TIME = re.compile(rf"^(?:(?P<plate>.+?)_)?{WELL}_(?P<time>\d+(?:\.\d+)?)(?P<unit>h|hr|hrs|d|day|min)$", re.IGNORECASE)
WELL_ALONE = re.compile(rf"^{WELL}$")
DAY_FOLDER = re.compile(r"^(?:day|d|t)[ _-]?(?P<day>\d+)$|^(?P<hour>\d+)\s?h$", re.IGNORECASE)
HOURS = {"h": 1.0, "hr": 1.0, "hrs": 1.0, "d": 24.0, "day": 24.0, "m": 1 / 60, "min": 1 / 60}
FIELDS = {
    "plate": r"(?P<plate>[^/]+?)", "well": r"(?P<well>[A-Za-z]{1,2}\d{1,2})", "time": r"(?P<time>\d+(?:\.\d+)?)",
    "day": r"(?P<day>\d+(?:\.\d+)?)", "site": r"(?P<site>\d+)", "channel": r"(?P<channel>\w+?)", "z": r"(?P<z>\d+)",
    "row": r"(?P<row>\d+)", "col": r"(?P<column>\d+)",
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


def parse_name(path: str | Path, names: str = "auto") -> ParsedName | None:
    """Parse one file's name.

    Parameters
    ----------
    path : str or Path
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
    file = Path(path)
    if names == "incucyte":
        return _incucyte(file)
    if names == "opera":
        return _opera(file)
    if names == "auto":
        return _incucyte(file) or _opera(file) or _well_time(file) or _folders(file)
    return _pattern(file, names)


def _incucyte(file: Path) -> ParsedName | None:
    match = INCUCYTE.match(file.stem)
    if match is None:
        return None
    stamp = match if match["days"] else next(filter(None, map(INCUCYTE_FOLDER.match, reversed(file.parts[:-1]))), None)
    hours = None if stamp is None else 24 * int(stamp["days"]) + int(stamp["hours"]) + int(stamp["minutes"]) / 60
    channel = next((p for p in file.parts[:-1] if p.lower() in {"phase", "green", "red", "nir", "brightfield"}), None)
    if hours is None and channel is None:  # `img_a1_2` alone is too little to call it Incucyte's
        return None
    return ParsedName(match["plate"], normal_well(match["well"]), hours, int(match["site"]), channel)


def _opera(file: Path) -> ParsedName | None:
    match = OPERA.match(file.stem)
    if match is None:
        return None
    row = int(match["row"]) - 1
    letters = chr(65 + row) if row < 26 else "A" + chr(65 + row - 26)
    folder = file.parent.parent.name if file.parent.name.lower() == "images" else file.parent.name
    return ParsedName(folder or None, f"{letters}{int(match['column']):02d}", None, int(match["site"]), match["channel"], int(match["z"]))


def _well_time(file: Path) -> ParsedName | None:
    match = WELL_TIME.match(file.stem)
    if match is None:
        return None
    return ParsedName(match["plate"], normal_well(match["well"]), float(match["time"]) * HOURS[match["unit"].lower()])


def _folders(file: Path) -> ParsedName | None:
    """`plate1/day3/A01.png`: a well as the whole name, below a folder that is a day."""
    match = WELL_ALONE.match(file.stem)
    if match is None:
        return None
    hours, plate = None, None
    for part in reversed(file.parts[:-1]):
        day = DAY_FOLDER.match(part)
        if day and hours is None:
            hours = 24.0 * int(day["day"]) if day["day"] else float(day["hour"])
        elif plate is None and part not in {"/", "\\"}:
            plate = part
            break
    return ParsedName(plate, normal_well(match["well"]), hours)


def _pattern(file: Path, pattern: str) -> ParsedName | None:
    pieces = re.split(r"(\{\w+\}|\*)", pattern)
    expression = ""
    for piece in pieces:
        if piece == "*":
            expression += "[^/]*?"
        elif piece.startswith("{"):
            if piece[1:-1] not in FIELDS:
                raise ValueError(f"unknown field {piece} in the name pattern; known are {', '.join(FIELDS)}")
            expression += FIELDS[piece[1:-1]]
        else:
            expression += re.escape(piece)
    depth = pattern.count("/") + 1
    target = "/".join(file.parts[-depth:])
    if not re.search(r"\.\w+$", pattern):
        target = target.removesuffix(file.suffix)
    match = re.fullmatch(expression, target)
    if match is None:
        return None
    got = match.groupdict()
    well = got.get("well")
    if well is None and got.get("row") and got.get("column"):
        well = f"{chr(64 + int(got['row']))}{int(got['column']):02d}"
    hours = float(got["time"]) if got.get("time") else (24 * float(got["day"]) if got.get("day") else None)
    if hours is not None and got.get("time") and (unit := re.search(r"\{time\}(d|min|m)(?![A-Za-z])", pattern)):
        hours *= HOURS[unit[1]]
    return ParsedName(
        got.get("plate"), normal_well(well) if well else None, hours, int(got.get("site") or 1), got.get("channel"),
        int(got["z"]) if got.get("z") else None,
    )  # fmt: skip


@dataclass(slots=True)
class NameTable:
    """What the names of a batch say together: printed before anything is stored.

    Parameters
    ----------
    parsed : dict
        ParsedName (or None) by path.
    """

    parsed: dict[Path, ParsedName | None] = field(default_factory=dict)

    @property
    def unparsed(self) -> list[Path]:
        """Files whose names say nothing."""
        return [path for path, name in self.parsed.items() if name is None]

    @property
    def duplicates(self) -> list[tuple[ParsedName, int]]:
        """Names that stand for more than one file."""
        counts = Counter(name for name in self.parsed.values() if name is not None)
        return [(name, count) for name, count in counts.items() if count > 1]

    @property
    def gaps(self) -> list[tuple[str, float, int]]:
        """Well, time and site that other wells have and this one has not."""
        names = [name for name in self.parsed.values() if name is not None and name.well and name.time_h is not None]
        have = {(n.plate, n.well, n.time_h, n.site) for n in names}
        missing = []
        for plate in sorted({n.plate or "" for n in names}):
            here = [n for n in names if (n.plate or "") == plate]
            for well in sorted({n.well or "" for n in here}):
                missing += [
                    (well, time, site)
                    for time in sorted({n.time_h or 0.0 for n in here})
                    for site in sorted({n.site for n in here})
                    if (here[0].plate, well, time, site) not in have
                ]
        return missing

    def __str__(self) -> str:
        names = [name for name in self.parsed.values() if name is not None]
        if not names:
            return f"{len(self.parsed)} files; no wells or times in their names"
        counts = [
            f"{len({getattr(n, attribute) for n in names} - {None})} {word}"
            for attribute, word in (("plate", "plate(s)"), ("well", "wells"), ("time_h", "times"), ("site", "site(s)"), ("channel", "channel(s)"))
        ]  # fmt: skip
        lines = [f"{len(self.parsed)} files: " + " x ".join(counts)]
        gaps = self.gaps
        if gaps:
            some = ", ".join(f"{well} at {time:g} h" for well, time, _ in gaps[:6])
            lines.append(f"  missing: {len(gaps)} ({some}{', ...' if len(gaps) > 6 else ''})")
        if self.duplicates:
            lines.append(f"  duplicates: {len(self.duplicates)} ({self.duplicates[0][0].well} ...)")
        if self.unparsed:
            some = ", ".join(path.name for path in self.unparsed[:4])
            lines.append(f"  names that do not follow: {len(self.unparsed)} ({some}{', ...' if len(self.unparsed) > 4 else ''})")
        return "\n".join(lines)


def parse_names(paths: Iterable[str | Path], names: str = "auto") -> NameTable:
    """Parse the names of a batch."""
    return NameTable({Path(path): parse_name(path, names) for path in paths})
