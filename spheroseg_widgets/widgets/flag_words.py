"""What the flags of an image say, in sentences for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spheroseg_widgets.analysis import flags

from .strings import text


def flag_sentences(row: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each flag of an image, the worst first.

    Parameters
    ----------
    row : mapping
        A row of `Project.flags()`, as a Series or a dict.
    """
    return [_sentence(flag, row) for flag in flags.FLAGS if row[flag]]


def _sentence(flag: str, row: Mapping[str, Any]) -> str:
    why = f"flags.why_{flag}"
    if flag == flags.FAILED:
        return text(why, reason=row["reason"])
    if flag == flags.EMPTY:
        elsewhere = row["n_found_in_series"]
        return text(f"{why}_here", n=int(elsewhere)) if elsewhere > 0 else text(why)
    if flag == flags.OUT_OF_FOCUS:
        if row["edge_ratio"] > flags.BLURRED:
            return text(f"{why}_here", ratio=_two_digits(row["edge_ratio"]))
        return text(why, percent=round(100 * row["edge_share"]))
    if flag == flags.FILLS_FRAME:
        return text(why, percent=round(100 * row["frame_share"]))
    if flag == flags.WRONG_COUNT:
        return text(why, n=int(row["n_spheroids"]), expected=int(row["expected"]))
    if flag == flags.SIZE_JUMP:
        return text(why, ratio=_two_digits(row["size_ratio"]))
    if flag == flags.ODD_SHAPE:
        return text(why, circularity=f"{row['circularity']:.2f}", solidity=f"{row['solidity']:.2f}")
    if flag == flags.LOW_CONFIDENCE:
        return text(why, confidence=f"{row['confidence']:.2f}")
    assert flag == flags.BORDER
    return text(why)


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"
