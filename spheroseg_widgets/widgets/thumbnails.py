"""Thumbnails: made once in three sizes, kept in one pack a size under the project's cache folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, stretch
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.imaging.regions import open_regions
from spheroseg_widgets.imaging.small_copy import IN_ONE_PIECE, small_copy
from spheroseg_widgets.store.pack import Pack

from .newest_first import NewestFirst, wait_for

SIZES = (128, 256, 512)
"""Longest edge of the thumbnails, px."""
LARGE = 1024
"""Longest edge of a picture that is looked at by itself, px: made when it is asked for, and kept by who asked."""
MIME = "image/jpeg"
QUALITY = 80
BY_THE_SCREENFUL = 256
"""Thumbnails up to this size, px, come many at once: codes of their own make them a twentieth smaller and change no pixel.
In larger ones that would take as long as all else of the making."""
MOST_BYTES = {128: 1 << 30, 256: 3 << 30, 512: 3 << 30}
"""Of a project's thumbnails by size: those of 100,000 images in the small sizes, of 50,000 in the large one."""
THREADS = min(4, os.cpu_count() or 1)
STRETCHED = 1 << 17
"""Pixels stretched at a time: what lies in between is small and used again, for fresh memory costs more."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a thumbnail is made of.

    Parameters
    ----------
    path : str
        The file.
    plane : Plane
        What of the file.
    sha256 : str or None
        Of the file, when it is known.
    size_bytes, modified_at : float or None
        Of the file when it was added: its identity as long as the hash is not known.
    pixels : int
        Of the plane, where they are known: a large one is read a band at a time.
    """

    path: str
    plane: Plane
    sha256: str | None = None
    size_bytes: float | None = None
    modified_at: float | None = None
    pixels: int = 0

    def keys(self, percentiles: Percentiles) -> list[bytes]:
        """Return the names under which the thumbnail may lie in the pack, the best one first."""
        plane = f"{self.plane.series}|{self.plane.t}|{self.plane.channel}|{self.plane.z}"
        contrast = f"{percentiles.low:g}-{percentiles.high:g}"
        file = f"{self.path}|{self.size_bytes}|{self.modified_at}"
        known = [self.sha256, file] if self.sha256 else [file]
        return [hashlib.blake2b(f"{name}|{plane}|{contrast}".encode(), digest_size=16).digest() for name in known]


def make_thumbnails(
    pixels: NDArray[np.generic],
    percentiles: Percentiles | None = None,
    sizes: Sequence[int] = SIZES,
    *,
    limits: tuple[float, float] | None = None,
) -> dict[int, bytes]:
    """Make an image's thumbnails.

    Parameters
    ----------
    pixels : (h, w) any numeric dtype
        Original values.
    percentiles : Percentiles, optional
        Of the whole image, as the run stretches it.
    sizes : sequence of int
        Longest edges in px; an image that is smaller keeps its size. The aspect is kept.
    limits : (float, float), optional
        Grey values that become black and white, where they are known.

    Returns
    -------
    dict
        JPEG bytes by size.
    """
    shapes = {size: _shape(pixels.shape, size) for size in sorted(sizes, reverse=True)}
    limits = limits or limits_of(pixels, percentiles or Percentiles())
    grey = _stretched(pixels, limits)
    out = {}
    for size, shape in shapes.items():  # each is made from the next larger one
        grey = _shrunk(grey, shape)
        own_codes = int(size <= BY_THE_SCREENFUL)
        good, code = cv2.imencode(
            ".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, own_codes]
        )
        if not good:
            raise ValueError(f"no JPEG could be made of {grey.shape[1]} x {grey.shape[0]} px")
        out[size] = code.tobytes()
    return out


def _stretched(pixels: NDArray[Any], limits: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the image as 8-bit grey, the limits black and white: bytes are shrunk several times as fast as floats."""
    low, high = limits
    out = np.zeros(pixels.shape, np.uint8)
    if not high > low:
        return out
    scale = 255 / (high - low)
    rows = max(1, STRETCHED // pixels.shape[1])
    for first in range(0, len(pixels), rows):
        part, into = pixels[first : first + rows], out[first : first + rows]
        if part.dtype in (np.uint8, np.uint16):  # whose limits are integers
            above = np.maximum(part, part.dtype.type(low)) - part.dtype.type(low)
            cv2.convertScaleAbs(above, dst=into, alpha=scale)
        elif part.dtype == np.float32 and not np.isnan(part.min()):
            cv2.convertScaleAbs(np.clip(part, low, high), dst=into, alpha=scale, beta=-low * scale)
        else:
            cv2.convertScaleAbs(stretch(part, limits), dst=into, alpha=255)
    return out


def _shape(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    """Return height and width with the longest edge at most `size`, the aspect kept."""
    factor = min(1.0, size / max(shape))
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def _shrunk(pixels: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the image in a smaller shape, halved as often as that may be.

    Where two pixels at most become one, interpolating between them is averaging them, in a tenth of the time that
    averaging any number takes.
    """
    while pixels.shape != shape:
        height, width = (max(new, (old + 1) // 2) for old, new in zip(pixels.shape, shape, strict=True))
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    return pixels


@dataclass(slots=True)
class Fetched:
    """What was asked for, so far.

    Parameters
    ----------
    pictures : dict
        JPEG bytes by image id.
    failed : dict
        Reason by image id, of files that cannot be shown.
    pending : list of int
        Image ids that are not ready: ask again.
    """

    pictures: dict[int, bytes] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    pending: list[int] = field(default_factory=list)


class Thumbnails:
    """The thumbnails of a project.

    Parameters
    ----------
    folder : Path
        Receives one pack a size; losing it costs time only.
    percentiles : Percentiles, optional
        Contrast, as the run stretches the images.
    threads : int
        Images decoded at a time.
    """

    def __init__(self, folder: Path, percentiles: Percentiles | None = None, threads: int = THREADS) -> None:
        self.percentiles = percentiles or Percentiles()
        self._packs = {size: Pack(folder / f"thumbnails-{size}.sqlite", MOST_BYTES[size]) for size in SIZES}
        self._making: NewestFirst[bytes, Picture, dict[int, bytes]] = NewestFirst(self._make, threads)
        self._enlarging: NewestFirst[bytes, Picture, dict[int, bytes]] = NewestFirst(self._enlarge, threads)

    def fetch(
        self,
        wanted: Mapping[int, Picture],
        size: int,
        *,
        seconds: float = 0.25,
        check: Callable[[], None] = lambda: None,
    ) -> Fetched:
        """Return cached thumbnails, and make those that are missing as far as the time allows.

        Parameters
        ----------
        wanted : mapping
            Picture by image id, the most wanted first.
        size : int
            One of `SIZES`, or `LARGE`.
        seconds : float
            After this, what is not ready is left pending and what has not begun is given up.
        check : callable
            Raises when nobody waits for the answer any more.
        """
        out = Fetched()
        keys = {image_id: picture.keys(self.percentiles) for image_id, picture in wanted.items()}
        pack = self._packs.get(size)
        cached = {} if pack is None else pack.get(key for some in keys.values() for key in some)
        missing: dict[int, bytes] = {}
        for image_id, some in keys.items():
            found = next((cached[key] for key in some if _whole(cached.get(key, b""))), None)
            if found is not None:
                out.pictures[image_id] = found
            else:
                missing[image_id] = some[0]
        if missing:
            making = self._making if pack is not None else self._enlarging
            with making.asking({key: wanted[image_id] for image_id, key in missing.items()}) as futures:
                wait_for(futures, seconds, check)
            for image_id, key in missing.items():
                _collect(out, image_id, futures[key], size)
        return out

    def keep(self, made: Iterable[tuple[Picture, Mapping[int, bytes]]]) -> None:
        """Take over thumbnails that were made elsewhere: JPEG bytes by size, as `make_thumbnails` gives them."""
        named = [(picture.keys(self.percentiles)[0], pictures) for picture, pictures in made]
        for size, pack in self._packs.items():
            pack.put({key: pictures[size] for key, pictures in named if size in pictures})

    def close(self) -> None:
        """Stop the threads and close the packs."""
        self._making.close()
        self._enlarging.close()
        for pack in self._packs.values():
            pack.close()

    def _make(self, key: bytes, picture: Picture) -> dict[int, bytes]:
        made = self._made_of(picture, SIZES)
        for size, data in made.items():
            self._packs[size].put({key: data})
        return made

    def _enlarge(self, _key: bytes, picture: Picture) -> dict[int, bytes]:
        return self._made_of(picture, (LARGE,))

    def _made_of(self, picture: Picture, sizes: Sequence[int]) -> dict[int, bytes]:
        if picture.pixels <= IN_ONE_PIECE:
            return make_thumbnails(read_plane(picture.path, picture.plane).pixels, self.percentiles, sizes)
        source = open_regions(picture.path, picture.plane)
        small, limits, _ = small_copy(source, max(1, max(source.shape) // (2 * max(sizes))), self.percentiles)
        return make_thumbnails(small, sizes=sizes, limits=limits)


def _whole(data: bytes) -> bool:
    """Whether a JPEG has its beginning and its end: a machine that lost its power may have kept half of it."""
    return data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")


def _collect(out: Fetched, image_id: int, future: Future[dict[int, bytes]], size: int) -> None:
    if not future.done():
        out.pending.append(image_id)
        return
    try:
        out.pictures[image_id] = future.result()[size]
    except ImageError as error:
        out.failed[image_id] = error.reason
    except Exception as error:  # noqa: BLE001 - one picture that fails never takes the page with it
        out.failed[image_id] = f"no thumbnail could be made ({type(error).__name__})"
