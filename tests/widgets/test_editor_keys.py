"""The keys in docs/editor.md are those of the one table (`widgets/keys/editor.json`); every word is there; keys change."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.editor_keys import KeysError, with_own
from spheroseg_widgets.widgets.strings import interface_strings

ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads((ROOT / "spheroseg_widgets" / "widgets" / "keys" / "editor.json").read_text("utf-8"))
SIGNS = {
    "arrowleft": "←", "arrowright": "→", "arrowup": "↑", "arrowdown": "↓", "ctrl": "Ctrl", "shift": "Shift", "alt": "Alt",
    "delete": "Del", "backspace": "Backspace", "enter": "Enter", "escape": "Esc", "space": "Space",
    "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that a person keeps lie in a folder of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def written(chord: str) -> str:
    parts = ["+"] if chord == "+" else chord.split("+")
    return "+".join(SIGNS.get(part, part.upper()) for part in parts)


def table() -> list[str]:
    """Return the rows of the table as the document should have them."""
    words = interface_strings("editor")
    rows: list[str] = []
    for group, actions in TABLE.items():
        rows.append(f"| **{words[f'editor.group.{group}']}** | |")
        for action, chords in actions.items():
            keys = [f"{chords[0]} \u2013 {chords[-1]}"] if len(chords) > 4 else [written(chord) for chord in chords]
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


def test_common_judgements_take_one_plain_key() -> None:
    plain = [TABLE["review"][f"review.{verb}"] for verb in ("approve", "absent", "exclude")]
    plain += [TABLE["object"][f"object.{verb}"] for verb in ("primary", "earlier")] + [TABLE["tools"]["tool.assist"]]
    assert [len(key) for keys in plain for key in keys] == [1] * 6


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({"approve": "Ctrl+Enter"}, {"review.approve": ["ctrl+enter"]}),
        ({"review.absent": ["F2", "shift+alt+N"]}, {"review.absent": ["f2", "alt+shift+n"]}),
        ({"panel.objects": "a", "approve": "q"}, {"panel.objects": ["a"], "review.approve": ["q"]}),
        ({"undo": "ctrl++"}, {"edit.undo": ["ctrl++"]}),
    ],
)
def test_keys_are_written_as_the_table_writes_them(own: dict[str, str], wanted: dict[str, list[str]]) -> None:
    taken, whole = with_own(own)
    assert taken == wanted
    assert {action: keys for rows in whole.values() for action, keys in rows.items() if action in wanted} == wanted
    assert [list(rows) for rows in whole.values()] == [list(rows) for rows in TABLE.values()]


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"approve": "q"}, "q cannot be the key of review.approve: it is that of panel.objects"),
        ({"approve": "j", "absent": "j"}, "j cannot be the key"),
        ({"aprove": "f2"}, "no action aprove; do you mean approve"),
        ({"approve": "hyper+x"}, "'hyper' is not held"),
        ({"approve": "nothing"}, "is no key"),
        ({"approve": "shift+?"}, "say the sign"),
        ({"approve": []}, "needs a key"),
        ({"object.class": "f3"}, "stay as they are"),
        ({"left": "f3"}, "may be edit.left or view.left"),
    ],
)
def test_keys_that_cannot_be_are_refused_by_name(own: dict[str, object], reason: str) -> None:
    with pytest.raises(KeysError, match=re.escape(reason)):
        with_own(own)  # type: ignore[arg-type]


def test_a_person_keeps_keys_for_all_editors(
    three_images: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project = open_project(tmp_path / "p", create=True)
    project.add(three_images)
    editor = Editor(project)
    assert editor.bindings == TABLE
    editor.shortcuts = {"approve": "f2"}
    with pytest.raises(KeysError, match=r"panel\.objects"):
        editor.shortcuts = {"approve": "q"}
    assert editor.shortcuts == {"review.approve": ["f2"]}
    assert Editor(project).bindings["review"]["review.approve"] == ["f2"]
    editor.shortcuts = {}
    assert Editor(project).bindings == TABLE
    next((tmp_path / "home").rglob("editor-keys.json")).write_text("{spoilt")
    assert Editor(project).bindings == TABLE
    assert "usual keys" in caplog.text
    project.close()
