"""How soon a cell that computes lets the threads run that answer a page.

A thread that wants the interpreter waits up to `sys.getswitchinterval` for it, 5 ms by default, and an edit wants it
dozens of times on its way to the store and back. While an editor is open in a kernel the interval is shorter. A cell
that nobody interrupts computes as fast as before: without a thread that waits, nothing is handed over.
"""

from __future__ import annotations

import sys
import threading

SOON = 0.0005
"""Seconds."""

_lock = threading.Lock()
_wanted_by: set[int] = set()
_before: float | None = None
"""What it was; None where it was short already."""


def hand_over_soon(user: object) -> None:
    """Shorten the interval until everybody who wanted it has called `hand_over_as_before`."""
    global _before  # noqa: PLW0603 - the interval is the process's, too
    with _lock:
        if not _wanted_by:
            now = sys.getswitchinterval()
            _before = now if now > SOON else None
            sys.setswitchinterval(min(now, SOON))
        _wanted_by.add(id(user))


def hand_over_as_before(user: object) -> None:
    """No longer want it; an interval that somebody else set meanwhile stays."""
    with _lock:
        _wanted_by.discard(id(user))
        if not _wanted_by and _before is not None and abs(sys.getswitchinterval() - SOON) < SOON / 100:
            sys.setswitchinterval(_before)
