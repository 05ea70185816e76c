"""The identity of a file's bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .remote import local_file


def sha256(path: str | Path) -> str:
    """Return the sha256 of a file as hexadecimal text."""
    with local_file(path) as file, file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
