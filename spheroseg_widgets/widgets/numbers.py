"""Numbers as they are read (the browser has the same in `frontend/shared/numbers.ts`)."""

from __future__ import annotations


def three(value: float) -> str:
    """Write a number as it is read: three significant digits, thin spaces in thousands."""
    return f"{float(f'{value:.3g}'):,.10g}".replace(",", "\u2009")
