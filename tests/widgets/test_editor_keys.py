"""The keys in docs/editor.md are those of the one table in code (`frontend/editor/keys.ts`); every word is there."""

from __future__ import annotations

import re
from pathlib import Path

from spheroseg_widgets.widgets.strings import interface_strings

ROOT = Path(__file__).resolve().parents[2]
SIGNS = {
    "arrowleft": "←", "arrowright": "→", "arrowup": "↑", "arrowdown": "↓", "ctrl": "Ctrl", "shift": "Shift", "alt": "Alt",
    "delete": "Del", "backspace": "Backspace", "enter": "Enter", "escape": "Esc", "space": "Space",
}  # fmt: skip


def written(chord: str) -> str:
    parts = ["+"] if chord == "+" else chord.split("+")
    return "+".join(SIGNS.get(part, part.upper()) for part in parts)


def table() -> list[str]:
    """Return the rows of the table as the document should have them."""
    words = interface_strings("editor")
    source = (ROOT / "frontend" / "editor" / "keys.ts").read_text("utf-8")
    rows: list[str] = []
    groups: list[str] = []
    bindings = re.findall(
        r'\{ action: "([\w.]+)", keys: \[((?:"[^"]+"(?:, )?)+)\],(?: written: \["([^"]*)"\],)? group: "(\w+)"', source
    )
    assert len(bindings) > 50
    for action, chords, shown, group in bindings:
        if group not in groups:
            groups.append(group)
            rows.append(f"| **{words[f'editor.group.{group}']}** | |")
        keys = [shown] if shown else [written(chord) for chord in re.findall(r'"([^"]+)"', chords)]
        rows.append(f"| {', '.join(f'`{key}`' for key in keys)} | {words[f'editor.action.{action}']} |")
    return rows


def test_the_document_has_every_key() -> None:
    page = (ROOT / "docs" / "editor.md").read_text("utf-8")
    found = page.partition("| Key | What it does |\n|---|---|\n")[2].strip().splitlines()
    assert found == table(), "the table should be:\n" + "\n".join(table())


def test_every_text_that_the_editor_names_is_in_the_dictionary() -> None:
    known = {key.removesuffix(".one").removesuffix(".other") for key in interface_strings("editor")}
    named: set[str] = set()
    for source in (ROOT / "frontend" / "editor").glob("**/*.ts"):
        if not source.name.endswith(".test.ts"):
            named |= set(re.findall(r"\"(editor\.[\w.]+\w)\"", source.read_text("utf-8")))
    tools = ["brush", "eraser", "simplify", "smooth", "grow", "shrink", "locked", "unlocked", "hidden", "unhidden"]
    made = {f"editor.did.{name}" for name in tools}  # put together where they are said
    assert len(named) > 80
    assert sorted((named | made) - known) == []
