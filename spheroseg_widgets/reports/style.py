"""The look of pages that open anywhere: one style, light or dark as the reader's system says; tables as HTML."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd

STYLE = """
:root { color-scheme: light dark; --sw-back: #ffffff; --sw-text: #1c1c1c; --sw-quiet: #616161; --sw-line: #d6d6d6;
  --sw-image: #e8e8e8; }
@media (prefers-color-scheme: dark) { :root { --sw-back: #111111; --sw-text: #e6e6e6; --sw-quiet: #a0a0a0;
  --sw-line: #3a3a3a; --sw-image: #1e1e1e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1160px; padding: 24px; background: var(--sw-back); color: var(--sw-text);
  font: 13px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 16px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 40px 0 8px; } h3 { font-size: 13px; margin: 24px 0 4px; }
summary { cursor: pointer; margin-bottom: 8px; }
p { margin: 0 0 8px; color: var(--sw-quiet); max-width: 84ch; }
.sw-scroll { overflow-x: auto; margin-bottom: 12px; } table { border-collapse: collapse; }
th, td { padding: 4px 12px 4px 0; text-align: right; border-bottom: 1px solid var(--sw-line); white-space: nowrap; }
th { font-weight: 600; } th.sw-words, td.sw-words { text-align: left; }
td.sw-long { white-space: normal; overflow-wrap: anywhere; min-width: 24ch; max-width: 84ch; }
"""
LONG = 48
"""Characters beyond which a cell is wrapped."""


def table_html(frame: pd.DataFrame) -> str:
    """Return a table as HTML: numbers to three significant digits, missing as a dash, words to the left."""
    words = [_is_words(frame[name]) for name in frame.columns]
    titles = (str(name).replace("_", " ") for name in frame.columns)
    head = "".join(f"<th{_kind(w, '')}>{html.escape(title)}</th>" for title, w in zip(titles, words, strict=True))
    rows = []
    for row in frame.itertuples(index=False, name=None):
        texts = [(shown(value), w) for value, w in zip(row, words, strict=True)]
        rows.append("<tr>" + "".join(f"<td{_kind(w, text)}>{html.escape(text)}</td>" for text, w in texts) + "</tr>")
    return f'<div class="sw-scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def shown(value: object) -> str:
    """Return a value as a reader wants it: three significant digits, a dash for what is missing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "\u2013"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return three_digits(value)
    return str(value)


def three_digits(value: float) -> str:
    """Return a number rounded to three significant digits, thousands apart, without an exponent up to 10^9."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    rounded = float(f"{value:.3g}")
    places = 2 - int(np.floor(np.log10(abs(rounded))))
    if abs(rounded) >= 1e9 or abs(rounded) < 1e-3:
        return f"{rounded:.3g}"
    text = f"{rounded:,.{max(0, places)}f}" if abs(rounded) >= 10_000 else f"{rounded:.{max(0, places)}f}"
    return text.replace(",", "\u202f")


def _is_words(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and not any(isinstance(value, float) for value in column.dropna())


def _kind(words: bool, text: str) -> str:  # noqa: FBT001 - of this file only
    classes = [name for name, has in (("sw-words", words), ("sw-long", words and len(text) > LONG)) if has]
    return f' class="{" ".join(classes)}"' if classes else ""
