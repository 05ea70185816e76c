"""Output names: unique, safe on every file system, and as near to the original as that allows."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

# Surrogates stand for bytes of a file name that are not UTF-8.
UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\ud800-\udfff]')
RESERVED = re.compile(r"^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\.|$)", re.IGNORECASE)
LONGEST = 180


def safe_stem(name: str) -> str:
    """Return a file name's stem as it can be written anywhere; only what cannot be is replaced."""
    stem = UNSAFE.sub("_", name).rstrip(" .") or "image"
    if RESERVED.match(stem):
        stem = f"_{stem}"
    if len(stem.encode()) > LONGEST:
        digest = hashlib.sha256(stem.encode()).hexdigest()[:8]
        stem = stem.encode()[: LONGEST - 9].decode(errors="ignore") + "_" + digest
    return stem


def unique_stems(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Make stems unique, also where case or accents' encoding do not count; the first keeps its name.

    Parameters
    ----------
    names : iterable of str
        Wanted stems, in order.
    taken : iterable of str
        Stems that are in use.
    """
    used = {_folded(stem) for stem in taken}
    numbers: dict[str, int] = {}  # or 20,000 files of one name would count from 2 each
    out = []
    for name in names:
        stem = base = safe_stem(name)
        number = numbers.get(_folded(base), 2)
        while _folded(stem) in used:
            stem = f"{base}_{number}"
            number += 1
        numbers[_folded(base)] = number
        used.add(_folded(stem))
        out.append(stem)
    return out


def _folded(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()
