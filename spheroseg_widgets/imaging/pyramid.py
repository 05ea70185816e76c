"""A large plane at several resolutions: made once, a band of rows at a time, and kept in a folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spheroseg_widgets.errors import ImageError

from .normalise import Percentiles, counted, limits_in
from .regions import Mapped, Whole, bands
from .resize import reduced
from .tally import Tally, limits_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .regions import Regions

BAND_PIXELS = 8_000_000
"""Of the plane that are read at a time; as floats they take four bytes each."""
MOST_BYTES = 4 << 30
"""Of all pyramids in a folder; those that were looked at longest ago go first."""
IN_MEMORY = 16_000_000
"""Pixels of planes whose levels are kept in memory: making them again takes no time."""
ABOUT, ORIGINAL, TALLY = "about.json", "original.raw", "tally.npy"

Check = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a pyramid beside its numbers.

    Parameters
    ----------
    height, width : int
        Of the plane.
    dtype : str
        Of the numbers: "uint8" or "uint16".
    offset, gain : float
        A grey value is offset + gain x number.
    low, high : float
        Grey values shown black and white at first.
    original : str
        Dtype of the grey values, where they are kept beside the levels.
    """

    height: int
    width: int
    dtype: str
    offset: float
    gain: float
    low: float
    high: float
    original: str = ""


class Pyramid:
    """A plane at full size, level 0, and at 1/2, 1/4, ... of it: each number the mean of 2 x 2 of the level before.

    Parameters
    ----------
    source : Regions
        The plane's grey values: the file, or what was kept of one that can only be decoded whole.
    about : About
    levels : list of Regions
        From level 1 on, (ceil(h / 2^n), ceil(w / 2^n)) numbers.
    tally : callable
        Gives what `limits_from` takes.
    """

    def __init__(
        self, source: Regions, about: About, levels: Sequence[Regions], tally: Callable[[], NDArray[Any]]
    ) -> None:
        self.about, self.original = about, source
        self._levels, self._tally = levels, tally
        self._limits: dict[Percentiles, tuple[float, float]] = {}

    @property
    def last(self) -> int:
        """The coarsest level."""
        return len(self._levels)

    def shape(self, level: int) -> tuple[int, int]:
        """Return height and width of a level."""
        return level_shape((self.about.height, self.about.width), level)

    def part(self, level: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Return numbers of a level at these rows and columns, (h, w) uint8 or uint16."""
        if level:
            return self._levels[level - 1].read(rows, columns)
        return numbers(self.original.read(rows, columns), self.about)

    def whole(self, level: int) -> NDArray[Any]:
        """Return all of a level."""
        height, width = self.shape(level)
        return self.part(level, slice(0, height), slice(0, width))

    def grey(self, level: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Return grey values at these rows and columns: of level 0 as they are, of others float32."""
        if not level:
            return self.original.read(rows, columns)
        found = self.part(level, rows, columns).astype(np.float32)
        return found * np.float32(self.about.gain) + np.float32(self.about.offset)

    def limits(self, percentiles: Percentiles) -> tuple[float, float]:
        """Return the grey values at the two percentiles of all of the plane, as `normalise.limits_of` does."""
        if percentiles not in self._limits:
            self._limits[percentiles] = limits_from(self._tally(), percentiles)
        return self._limits[percentiles]


def level_shape(shape: tuple[int, int], level: int) -> tuple[int, int]:
    """Return height and width of a level of a plane of this shape."""
    return -(-shape[0] // (1 << level)), -(-shape[1] // (1 << level))


def open_pyramid(
    source: Regions, last: int, percentiles: Percentiles, key: str, folder: Path, check: Check = lambda _done: None
) -> Pyramid:
    """Open the pyramid of a plane; it is made where it is not there.

    Parameters
    ----------
    source : Regions
        The plane.
    last : int
        The coarsest level.
    percentiles : Percentiles
        Of all grey values, which are shown black and white at first.
    key : str
        Names the plane, and the file as it is now.
    folder : Path
        Where pyramids lie; it may be deleted at any time, and where it cannot be written they lie elsewhere until they
        are closed. Small ones lie in memory.
    check : callable
        Told now and then how much is done, 0 to 1; what it raises ends the making, and nothing of it stays.

    Raises
    ------
    ImageError
        The plane cannot be read, or there is no room for its levels.
    """
    if source.shape[0] * source.shape[1] <= IN_MEMORY:
        return _made(source, last, percentiles, _InMemory(source, last), check)
    name = hashlib.sha256(f"{key}|{last}|{percentiles}".encode()).hexdigest()[:32]
    place = folder / name
    kept = _kept(source, last, place)
    if kept is not None:
        return kept
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _made(source, last, percentiles, _OnDisk(source, last, folder, place), check)
    except OSError:
        return _elsewhere(source, last, percentiles, key, check)


def _elsewhere(source: Regions, last: int, percentiles: Percentiles, key: str, check: Check) -> Pyramid:
    scratch = Path(tempfile.mkdtemp(prefix="spheroseg-pyramid-"))
    try:
        made = _made(source, last, percentiles, _OnDisk(source, last, scratch, scratch / "levels"), check)
    except OSError as error:
        raise ImageError(key.split("|", maxsplit=1)[0], f"there is no room for its smaller copies ({error})") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # what is open stays readable
    return made


def _made(source: Regions, last: int, percentiles: Percentiles, into: _InMemory | _OnDisk, check: Check) -> Pyramid:
    parts = bands(source, 1 << last, BAND_PIXELS)  # whole rows of every level
    across = slice(0, source.shape[1])
    try:
        scale = _scale(source, parts, check)
        counts = np.zeros(int(np.iinfo(scale.dtype).max) + 1, np.int64)
        for done, band in enumerate(parts):
            check(done / len(parts))
            values = source.read(band, across)
            into.original(values)
            stored = numbers(values, scale)
            counts += counted(stored)
            level = stored.astype(np.float32)
            for number in range(1, last + 1):
                level = reduced(level, 2)
                into.add(number, np.rint(level).astype(stored.dtype))
        low, high = (scale.offset + scale.gain * value for value in limits_in(counts, percentiles))
        return into.finish(replace(scale, low=low, high=high))
    finally:
        into.leave()


def _scale(source: Regions, parts: list[slice], check: Check) -> About:
    """Say how grey values become numbers: integers of up to 16 bits stay as they are, others are spread over 16 bits."""
    height, width = source.shape
    original = "" if source.again else str(source.dtype)
    if source.dtype in (np.uint8, np.uint16):
        return About(height, width, str(source.dtype), 0.0, 1.0, 0.0, 0.0, original)
    if source.thirds:
        return About(height, width, "uint16", 0.0, 1 / 3, 0.0, 0.0, original)
    least, most = np.inf, -np.inf
    for band in parts:
        check(0.0)  # where the range has to be found first, it takes a part of the time
        values = source.read(band, slice(0, width))
        finite = values[np.isfinite(values)]
        if finite.size:
            least, most = min(least, float(finite.min())), max(most, float(finite.max()))
    if least > most:
        least = most = 0.0
    return About(height, width, "uint16", least, (most - least) / 65535 or 1.0, 0.0, 0.0, original)


def numbers(values: NDArray[Any], about: About) -> NDArray[Any]:
    """Return grey values as the numbers that stand for them; NaN is the least."""
    if values.dtype == about.dtype:
        return values
    scaled = (values.astype(np.float32) - np.float32(about.offset)) * np.float32(1 / about.gain)
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=65535.0, neginf=0.0)
    return np.rint(np.clip(scaled, 0, 65535, out=scaled), out=scaled).astype(np.uint16)


class _InMemory:
    def __init__(self, source: Regions, last: int) -> None:
        self._source = source
        self._bands: list[list[NDArray[Any]]] = [[] for _ in range(last)]

    def original(self, values: NDArray[Any]) -> None:
        """Let it be: the source holds it, or reads it again."""

    def add(self, level: int, band: NDArray[Any]) -> None:
        self._bands[level - 1].append(band)

    def finish(self, about: About) -> Pyramid:
        levels = [Whole(np.vstack(bands), again=True) for bands in self._bands]
        return Pyramid(self._source, about, levels, self._tally)

    def leave(self) -> None:
        self._bands.clear()

    def _tally(self) -> NDArray[Any]:
        tally = Tally(self._source)
        height, width = self._source.shape
        tally.add(self._source.read(slice(0, height), slice(0, width)))
        return tally.values()


class _OnDisk:
    """A file a level, written beside its place and put there when all is whole."""

    def __init__(self, source: Regions, last: int, folder: Path, place: Path) -> None:
        self._source, self._place, self._last = source, place, last
        self._tally = Tally(source)
        self._partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
        names = [] if source.again else [ORIGINAL]
        self._files = {name: (self._partial / name).open("wb") for name in (*names, *map(_raw, range(1, last + 1)))}

    def original(self, values: NDArray[Any]) -> None:
        self._tally.add(values)
        if ORIGINAL in self._files:
            self._files[ORIGINAL].write(np.ascontiguousarray(values).data)

    def add(self, level: int, band: NDArray[Any]) -> None:
        self._files[_raw(level)].write(np.ascontiguousarray(band).data)

    def finish(self, about: About) -> Pyramid:
        for file in self._files.values():
            file.close()
        np.save(self._partial / TALLY, self._tally.values())
        (self._partial / ABOUT).write_text(json.dumps(asdict(about)), "utf-8")
        with suppress(OSError):  # another process was quicker, or its files are in use: ours are read where they are
            self._partial.rename(self._place)
        found = _mapped(self._source, self._last, self._place, about)
        _make_room(self._place)
        return found

    def leave(self) -> None:
        for file in self._files.values():
            file.close()
        shutil.rmtree(self._partial, ignore_errors=True)


def _raw(level: int) -> str:
    return f"{level}.raw"


def _kept(source: Regions, last: int, place: Path) -> Pyramid | None:
    """Open what was made before; None where it is not there, or not whole."""
    try:
        about = About(**json.loads((place / ABOUT).read_text("utf-8")))
        found = _mapped(source, last, place, about)
        os.utime(place / ABOUT)  # looked at now
    except (OSError, ValueError, TypeError):
        shutil.rmtree(place, ignore_errors=True)
        return None
    return found


def _mapped(source: Regions, last: int, place: Path, about: About) -> Pyramid:
    shape = source.shape
    tally = np.load(place / TALLY, "r")  # stays readable
    levels = [Mapped(place / _raw(level), about.dtype, level_shape(shape, level)) for level in range(1, last + 1)]
    original = source if source.again else Mapped(place / ORIGINAL, about.original, shape)
    return Pyramid(original, about, levels, lambda: np.array(tally))


_room = threading.Lock()


def _make_room(newest: Path) -> None:
    """Delete what was looked at longest ago, as far as there is too much."""
    with _room:
        found = []
        for about in newest.parent.glob(f"*/{ABOUT}"):
            with suppress(OSError):
                size = sum(file.stat().st_size for file in about.parent.iterdir())
                found.append((about.stat().st_mtime, size, about.parent))
        total = sum(size for _, size, _ in found)
        for _, size, place in sorted(found):
            if total <= MOST_BYTES:
                break
            if place != newest:
                shutil.rmtree(place, ignore_errors=True)
                total -= size
