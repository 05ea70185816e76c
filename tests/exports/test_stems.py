"""Output names: unique, writable, harmless; earlier names stay."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from spheroseg_widgets.exports.stems import safe_stem, unique_stems

NAMES = [
    "a.1", "a.2", "=cmd()", "<script>", "a/b", "a\\b", "a\nb", "end. .", "..", "", "con", "NUL.x", "COM\u00b9", "x" * 400,
    "\u4e2d" * 200, "e\u0301", "\u00e9", "A", "a", "bytes\udcff", "A_2",
]  # fmt: skip


def test_every_name_makes_a_file_of_its_own_inside_the_folder(tmp_path: Path) -> None:
    made = unique_stems(NAMES)
    for stem in made:
        (tmp_path / f"{stem}.png").write_text(stem)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{stem}.png" for stem in made)
    assert len({stem.casefold() for stem in made}) == len(NAMES)
    assert made[:3] == ["a.1", "a.2", "=cmd()"]


def test_adding_images_later_renames_none() -> None:
    whole = unique_stems([*NAMES, *NAMES])
    assert unique_stems(NAMES) == whole[: len(NAMES)]
    assert unique_stems(NAMES, taken=whole[: len(NAMES)]) == whole[len(NAMES) :]


@pytest.mark.parametrize("name", ["lpt\u00b2", "aux", "Con.tif"])
def test_windows_reserved_names_are_changed(name: str) -> None:
    assert safe_stem(name) == f"_{name}"


def test_twenty_thousand_files_of_one_name_take_seconds_not_hours() -> None:
    started = time.process_time()
    assert len(set(unique_stems(["image"] * 20_000))) == 20_000
    assert time.process_time() - started < 5
