"""The interface's words: one file a language, sections "common" and one a widget, the same keys in each."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("strings")


@cache
def _sections(language: str) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return sections


def interface_strings(*sections: str, language: str = "en") -> dict[str, str]:
    """Return the words of "common" and of some widgets, keys as the browser asks for them ("common.retry").

    Parameters
    ----------
    sections : str
        Names of widgets, as in the file.
    language : str
        Name of the file in `widgets/strings`.

    Raises
    ------
    KeyError
        There is no such section.
    FileNotFoundError
        There is no such language.
    """
    everything = _sections(language)
    return {f"{section}.{key}": text for section in ("common", *sections) for key, text in everything[section].items()}


def text(key: str, /, **values: object) -> str:
    """Return one text for static pages, ``{name}`` replaced; plural forms by ``n`` as in the browser."""
    section, name = key.split(".", 1)
    words = _sections("en")[section]
    form = f"{name}.{'one' if values.get('n') == 1 else 'other'}"
    chosen = words.get(form) if "n" in values else None
    return (chosen if chosen is not None else words[name]).format_map(values)
