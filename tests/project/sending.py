"""Pictures sent to the uploads of a project as a page sends them, piece by piece."""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from spheroseg_widgets.project.known_content import HEAD
from spheroseg_widgets.project.upload_offers import Wanted
from spheroseg_widgets.project.uploads import Uploads

MODIFIED = 1_700_000_000_000


def picture(seed: int, side: int = 96) -> bytes:
    """Return a PNG of noise: some 9 kB, and no two alike."""
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side), np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


ONE, OTHER = picture(1), picture(2)


def wanted(name: str | tuple[str, ...], data: bytes, modified_ms: int = MODIFIED) -> Wanted:
    parts = (name,) if isinstance(name, str) else name
    return Wanted(parts, len(data), modified_ms, zlib.crc32(data[:HEAD]), data[:16])


def send(
    uploads: Uploads, file: Wanted, data: bytes, start: int = 0, stop: int | None = None, piece: int = 4_000
) -> int:
    """Send the bytes from `start` to `stop`, piece by piece; returns how many are there."""
    have = start
    for at in range(start, len(data) if stop is None else stop, piece):
        part = data[at : min(at + piece, stop or len(data))]
        have = uploads.write(file.key, at, part, zlib.crc32(part))
    return have


def upload(uploads: Uploads, name: str | tuple[str, ...], data: bytes, modified_ms: int = MODIFIED) -> Path:
    file = wanted(name, data, modified_ms)
    offer = uploads.offer([file])[0]
    assert not offer.refused, offer.refused
    if offer.have != len(data):
        send(uploads, file, data, offer.have)
    stored = uploads.finish(file.key, zlib.crc32(data))
    assert stored is not None
    return stored.path


def left(uploads: Uploads) -> list[str]:
    return sorted(path.relative_to(uploads.folder).as_posix() for path in uploads.folder.rglob("*") if path.is_file())


@pytest.fixture
def used() -> list[tuple[Path, int]]:
    """The files that the project refers to."""
    return []


@pytest.fixture
def uploads(tmp_path: Path, used: list[tuple[Path, int]]) -> Uploads:
    return Uploads(tmp_path / "uploads", lambda: used)
