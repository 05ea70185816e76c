"""The keys of the editor: one table (`keys/editor.json`), and what a person changed in it for all of their editors."""

from __future__ import annotations

import difflib
import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs
import traitlets

from spheroseg_widgets.atomic import write_whole
from spheroseg_widgets.errors import SpherosegError

from .base import SpheroWidget
from .strings import text

Bindings = dict[str, dict[str, list[str]]]
"""By group and action, the chords that do it: "ctrl+shift+z"."""

FIXED = ("object.class",)
"""What cannot be given other keys: the figure on the key says which class."""
MODIFIERS = ("ctrl", "alt", "shift")
NAMED = {
    "delete", "backspace", "enter", "escape", "space", "tab", "home", "end", "pageup", "pagedown", "insert",
    "arrowleft", "arrowright", "arrowup", "arrowdown", *(f"f{number}" for number in range(1, 13)),
}  # fmt: skip
ALSO = {
    "del": "delete",
    "esc": "escape",
    "left": "arrowleft",
    "right": "arrowright",
    "up": "arrowup",
    "down": "arrowdown",
}
logger = logging.getLogger(__name__)


class KeysError(SpherosegError, ValueError):
    """Keys that cannot be taken: no such action, no key, or one that does something else already."""


@cache
def _table() -> Bindings:
    found: Bindings = json.loads(Path(__file__).with_name("keys").joinpath("editor.json").read_text("utf-8"))
    return found


def with_own(own: Mapping[str, str | Iterable[str]]) -> tuple[dict[str, list[str]], Bindings]:
    """Put a person's keys in the table.

    Parameters
    ----------
    own : mapping
        Chords (one, or several) by action: "review.approve", or its last part where no other action has it.

    Returns
    -------
    dict
        The same, written as the table writes it.
    dict
        The whole table with them.

    Raises
    ------
    KeysError
        There is no such action, it is no key, or a key would do two things.
    """
    table = _table()
    actions = {action: group for group, rows in table.items() for action in rows}
    taken: dict[str, list[str]] = {}
    for name, chords in own.items():
        action = _action(str(name), list(actions))
        listed = [chords] if isinstance(chords, str) else list(chords)
        if not listed:
            raise KeysError(f"keys: {action} needs a key")
        taken[action] = list(dict.fromkeys(_chord(str(one)) for one in listed))
    whole = {group: {action: taken.get(action, keys) for action, keys in rows.items()} for group, rows in table.items()}
    does: dict[str, str] = {}
    for rows in whole.values():
        for action, keys in rows.items():
            for chord in keys:
                if chord in does:
                    raise KeysError(_conflict(chord, does[chord], action, taken))
                does[chord] = action
    return taken, whole


def _conflict(chord: str, first: str, second: str, taken: Mapping[str, object]) -> str:
    asked, there = (first, second) if first in taken else (second, first)
    does = text(f"editor.action.{there}")
    return f"keys: {chord} cannot be the key of {asked}: it is that of {there} ({does}); give that another one as well"


def _action(name: str, actions: list[str]) -> str:
    found = [one for one in actions if name in (one, one.partition(".")[2])]
    if len(found) > 1:
        raise KeysError(f"keys: {name} may be {' or '.join(found)}; name one of them")
    if not found:
        near = difflib.get_close_matches(name, [*actions, *(one.partition(".")[2] for one in actions)], n=2)
        hint = f"; do you mean {' or '.join(near)}?" if near else f"; there are {', '.join(actions)}"
        raise KeysError(f"keys: there is no action {name}{hint}")
    if found[0] in FIXED:
        raise KeysError(f"keys: those of {found[0]} stay as they are")
    return found[0]


def _chord(said: str) -> str:
    """Write a chord as the table does: "Shift+Ctrl+Z" is "ctrl+shift+z"."""
    lower = said.strip().lower()
    *held, key = ["+"] if lower == "+" else [*lower[:-2].split("+"), "+"] if lower.endswith("++") else lower.split("+")
    key = "space" if said == " " else ALSO.get(key, key)
    if len(key) != 1 and key not in NAMED:
        raise KeysError(f"keys: {said!r} is no key; write it like 'q', 'shift+q', 'ctrl+alt+q', 'enter' or 'f2'")
    unknown = [one for one in held if one not in MODIFIERS]
    if unknown:
        raise KeysError(f"keys: {said!r}: {unknown[0]!r} is not held with a key; there are {', '.join(MODIFIERS)}")
    if "shift" in held and len(key) == 1 and not key.isalpha():
        raise KeysError(f"keys: {said!r}: say the sign that Shift makes of the key instead, such as '?'")
    return "".join(f"{one}+" for one in MODIFIERS if one in held) + key


def _own_file() -> Path:
    return Path(platformdirs.user_config_dir("spheroseg")) / "editor-keys.json"


def _read_own() -> dict[str, list[str]]:
    try:
        return with_own(json.loads(_own_file().read_text("utf-8")))[0]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        # A file that somebody spoilt, or of another version, must not keep the editor from opening.
        logger.warning("%s: not used, the editor has its usual keys (%s)", _own_file(), error)
        return {}


class RemapsKeys(SpheroWidget):
    """An editor whose keys a person can change.

    Attributes
    ----------
    shortcuts : dict
        The keys that you changed, by action: ``{"approve": "q", "panel.objects": ["f3", "alt+o"]}``. Setting it holds
        for all editors of yours from then on, on this machine; `{}` brings the usual keys back. A key that does something
        else already is refused.
    """

    shortcuts: traitlets.Dict[str, Any] = traitlets.Dict()
    bindings: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        self._shortcuts_read = False
        own, whole = with_own(_read_own())
        super().__init__(shortcuts=own, bindings=whole, **traits)
        self._shortcuts_read = True

    @traitlets.validate("shortcuts")
    def _check_shortcuts(self, proposal: Any) -> dict[str, list[str]]:
        return with_own(proposal["value"])[0]

    @traitlets.observe("shortcuts")
    def _shortcuts_changed(self, change: Any) -> None:
        if not self._shortcuts_read:
            return
        self.bindings = with_own(change["new"])[1]
        file = _own_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda partial: partial.write_text(json.dumps(change["new"], indent=1), "utf-8"))
