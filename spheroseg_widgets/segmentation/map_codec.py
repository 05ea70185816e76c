"""Probability maps made small: rounded to few levels before outlines are made of them, then coded without loss.

Outlines are made of the rounded maps, so what is stored gives exactly those outlines back, and another threshold needs
no network. Rounding is fixed by the sizes of image and maps alone, never by what is in them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from .disk_maps import DiskMaps

MAGIC = b"SWM1"
CHUNK = 512
"""Side of what is rounded and coded as one, in working pixels; even, so that no block of 2 x 2 is cut."""
FINE_SHARE = 0.5
"""Maps of at most this share of the image's pixels are kept finely: one of their pixels is more than one of the
image's, and they are small anyway."""
FEW_PIXELS = 1 << 15
"""Images of at most so many pixels show an object close up: there a pixel's share of it is small."""
_HEAD = struct.Struct("<4sBBBBBIII")
_LENGTH = struct.Struct("<I")
_CHECK = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Rounding:
    """The values that maps may take.

    Parameters
    ----------
    foreground : bytes
        Levels of the foreground's probability times 255, rising from 0.
    others : bytes
        Levels of the other maps, rising from 0. They are 0 where the foreground is.
    stride : {1, 2}
        Side of the blocks of pixels in which the other maps take one value.
    """

    foreground: bytes
    others: bytes
    stride: int


def _levels(step: float, tails: tuple[float, ...]) -> bytes:
    """Return 0, 1, `tails`, and a step apart those of 0.1 to 0.9 that lie midway between multiples of the step.

    A threshold is usually such a multiple: so it lies midway between two levels, and the outline is not biased.
    """
    inner = np.arange(0.5 * step, 1, step)
    inner = inner[(inner > 0.1) & (inner < 0.9)]
    return bytes(np.unique(np.rint(np.concatenate([[0, 1], inner, tails]) * 255).astype(np.uint8)))


def _even(count: int) -> bytes:
    return bytes(np.rint(np.linspace(0, 255, count)).astype(np.uint8))


FINE = Rounding(_levels(0.0125, (0.04, 0.07, 0.93, 0.96)), _even(33), 1)
MIDDLE = Rounding(_levels(1 / 60, (0.05, 0.95)), _even(17), 1)
COARSE = Rounding(_levels(0.05, ()), _even(11), 2)


def rounding_for(working: tuple[int, ...], shape: tuple[int, ...]) -> Rounding:
    """Return how maps are rounded: as finely as a tenth of the image's bytes allows.

    Parameters
    ----------
    working, shape : tuple of int
        Height and width of the maps, and of the image.
    """
    if working[0] * working[1] <= FINE_SHARE * shape[0] * shape[1]:
        return FINE
    return MIDDLE if shape[0] * shape[1] > FEW_PIXELS else COARSE


def round_maps(maps: NDArray[np.uint8] | DiskMaps, shape: tuple[int, ...]) -> None:
    """Round maps in place to what is stored of them; doing it again changes nothing.

    Parameters
    ----------
    maps : (c, h, w) uint8
        Foreground first, at working resolution; an array, or one on disk, which is gone through chunk by chunk.
    shape : tuple of int
        Height and width of the image.
    """
    if not maps.shape[0]:
        return
    rounding = rounding_for(maps.shape[1:], shape)
    for key in _chunks(maps.shape):
        view = maps[key]
        maps[key] = _values(_indices(view, rounding), rounding, view.shape[1:])


def encode_maps(maps: NDArray[np.uint8] | DiskMaps, shape: tuple[int, ...]) -> bytes:
    """Pack maps: a small head, then every chunk by itself; `decode_maps` gives exactly the rounded maps.

    Parameters
    ----------
    maps : (c, h, w) uint8
        At least one. What `round_maps` did not do is done here, to a copy.
    shape : tuple of int
        Height and width of the image.
    """
    count, height, width = maps.shape
    if not count:
        raise ValueError("there are no maps to encode")
    rounding = rounding_for((height, width), shape)
    whole = isinstance(maps, np.ndarray)
    parts = [
        _HEAD.pack(
            MAGIC, whole, count, rounding.stride, len(rounding.foreground), len(rounding.others), height, width, CHUNK
        ),
        rounding.foreground,
        rounding.others,
    ]
    for key in _chunks(maps.shape):
        for plane in _indices(maps[key], rounding):
            # Nothing but background, as most chunks of a large image: not worth a byte.
            data = bytes(imagecodecs.jpegls_encode(np.ascontiguousarray(plane))) if plane.any() else b""
            parts += [_LENGTH.pack(len(data)), data]
    packed = b"".join(parts)
    return packed + _CHECK.pack(zlib.crc32(packed))


def decode_maps(data: bytes) -> NDArray[np.uint8] | DiskMaps:
    """Unpack what `encode_maps` gave.

    Returns
    -------
    (c, h, w) uint8
        An array where an array was packed, else maps on disk.

    Raises
    ------
    ValueError
        The data are damaged or of another version.
    """
    packed = PackedMaps(data)
    maps: NDArray[np.uint8] | DiskMaps = np.zeros(packed.shape, np.uint8) if packed.whole else DiskMaps(packed.shape)
    for key in _chunks(packed.shape, packed.chunk):
        values = packed.read(key[1], key[2])
        if values.any():
            maps[key] = values
    return maps


class PackedMaps:
    """Maps as `encode_maps` packed them, of which parts can be unpacked.

    Parameters
    ----------
    data : bytes
        Kept, not copied.

    Attributes
    ----------
    shape : (int, int, int)
        Of the maps: how many, height, width.
    whole : bool
        They were packed from an array, and fit into memory.
    chunk : int
        Side of what was packed as one.

    Raises
    ------
    ValueError
        The data are damaged or of another version.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEAD.size + _CHECK.size or data[: len(MAGIC)] != MAGIC:
            raise ValueError("not packed probability maps of this version")
        (check,) = _CHECK.unpack(data[-_CHECK.size :])
        if zlib.crc32(memoryview(data)[: -_CHECK.size]) != check:
            raise ValueError("the packed probability maps are damaged")
        _, whole, count, stride, levels, others, height, width, self.chunk = _HEAD.unpack(data[: _HEAD.size])
        at = _HEAD.size + levels + others
        self._data, self._stride = data, stride
        self._rounding = Rounding(data[_HEAD.size : _HEAD.size + levels], data[at - others : at], stride)
        self.shape: tuple[int, int, int] = (count, height, width)
        self.whole = bool(whole)
        self._places: list[tuple[int, int]] = []
        for _ in range(count * -(-height // self.chunk) * -(-width // self.chunk)):
            (length,) = _LENGTH.unpack(data[at : at + _LENGTH.size])
            self._places.append((at + _LENGTH.size, length))
            at += _LENGTH.size + length

    def read(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """Return all maps (c, h, w) at these rows and columns, which lie in them."""
        count, height, width = self.shape
        out = np.zeros((count, rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        side = self.chunk
        for down in range(rows.start // side, -(-rows.stop // side)):
            for along in range(columns.start // side, -(-columns.stop // side)):
                top, left = down * side, along * side
                size = min(side, height - top), min(side, width - left)
                values = self._chunk(down * -(-width // side) + along, size)
                first, last = max(top, rows.start), min(top + size[0], rows.stop)
                begin, end = max(left, columns.start), min(left + size[1], columns.stop)
                out[:, first - rows.start : last - rows.start, begin - columns.start : end - columns.start] = values[
                    :, first - top : last - top, begin - left : end - left
                ]
        return out

    def _chunk(self, number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        planes = []
        count = self.shape[0]
        for which, (at, length) in enumerate(self._places[number * count : (number + 1) * count]):
            coarse = size if which == 0 else tuple(-(-side // self._stride) for side in size)
            coded = self._data[at : at + length]
            planes.append(imagecodecs.jpegls_decode(coded) if length else np.zeros(coarse, np.uint8))
        if not any(plane.any() for plane in planes):
            return np.zeros((count, *size), np.uint8)
        return _values(planes, self._rounding, size)


def _chunks(shape: tuple[int, ...], side: int = CHUNK) -> Iterator[tuple[slice, slice, slice]]:
    _, height, width = shape
    for top in range(0, height, side):
        for left in range(0, width, side):
            yield slice(None), slice(top, min(height, top + side)), slice(left, min(width, left + side))


def _nearest(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the index of the nearest level of each value 0..255."""
    between = (levels[1:].astype(np.float64) + levels[:-1]) / 2
    return np.searchsorted(between, np.arange(256), side="right").astype(np.uint8)


def _indices(maps: NDArray[np.uint8], rounding: Rounding) -> list[NDArray[np.uint8]]:
    """Return for each map the indices of its levels; of others than the foreground one a block."""
    foreground = _nearest(_array(rounding.foreground))[maps[0]]
    nearest = _nearest(_array(rounding.others))
    seen = (foreground > 0).astype(np.uint16)
    planes = [foreground]
    for other in maps[1:]:
        masked = other * seen
        if rounding.stride > 1:
            # Only what is seen counts: so a block that was rounded before keeps its value.
            count = _block_sums(seen, rounding.stride)
            masked = (_block_sums(masked, rounding.stride) + count // 2) // np.maximum(count, 1)
        planes.append(nearest[masked])
    return planes


def _values(planes: list[NDArray[np.uint8]], rounding: Rounding, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    out = np.empty((len(planes), *shape), np.uint8)
    out[0] = _array(rounding.foreground)[planes[0]]
    for number, plane in enumerate(planes[1:], start=1):
        values = _array(rounding.others)[plane]
        full = values.repeat(rounding.stride, 0).repeat(rounding.stride, 1)[: shape[0], : shape[1]]
        out[number] = np.where(planes[0] > 0, full, 0)
    return out


def _array(levels: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(levels, np.uint8)


def _block_sums(values: NDArray[np.uint16], side: int) -> NDArray[np.uint16]:
    height, width = values.shape
    padded = np.pad(values, ((0, -height % side), (0, -width % side)))
    sums = padded.reshape(padded.shape[0] // side, side, padded.shape[1] // side, side).sum((1, 3), dtype=np.uint16)
    return np.asarray(sums, np.uint16)
