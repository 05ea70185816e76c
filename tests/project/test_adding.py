"""Adding files: strange names, files that change, files that cannot be used, names said before anything is stored."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spheroseg_widgets as sw
from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.imaging.names import NameTable

PNG = cv2.imencode(".png", np.arange(48, dtype=np.uint8).reshape(6, 8))[1].tobytes()
AWKWARD = [
    "=cmd()",
    "+1",
    "-x",
    "@a",
    "<script>",
    "a.1",
    "a.2",
    "..b",
    "c d",
    " e ",
    "\u00e9",
    "e\u0301",
    "\u4e2d\U0001f9eb",
    "con",
    "'q'",
    '"',
    "%41",
    "\\",
]
CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="/\0")
NAMES = st.one_of(st.sampled_from(AWKWARD), st.text(CHARACTERS, min_size=1, max_size=40))


@pytest.fixture
def project(empty_project: sw.Project) -> sw.Project:
    return empty_project


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=1, max_size=8, unique=True), folders=st.lists(NAMES, min_size=1, max_size=2))
def test_any_names_are_added_once_and_get_stems_of_their_own(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], folders: list[str]
) -> None:
    top = tmp_path_factory.mktemp("names")
    made = []
    for folder in {name[:20].strip(". ") or "f" for name in folders}:
        place = top / "raw" / re.sub(r"\.(tiff?|png|jpe?g|bmp)$", "", folder, flags=re.IGNORECASE)
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            path = place / f"n{name}.png"  # a leading dot or ~ means hidden or temporary, and is passed over
            if len(os.fsencode(path.name)) < 200 and not path.exists():
                path.write_bytes(PNG)
                made.append(path)
    project = sw.open_project(top / "plate", create=True)
    added = project.add(made)
    assert (len(added.image_ids), added.failed) == (len(made), [])
    table = project.images()
    assert sorted(table["path"]) == sorted(map(str, made))
    assert table["stem"].str.casefold().is_unique
    assert not table["stem"].str.contains(r'[<>:"/\\|?*\x00-\x1f]').any()
    assert project.add(top / "raw").image_ids == []
    assert str(added)
    for path in made:
        assert project.image(path)["name"] == path.name
    project.close()


def test_the_same_name_in_two_folders_is_two_images(project: sw.Project, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(PNG)
    project.add([tmp_path / "one", tmp_path / "two"])
    assert project.images()["stem"].tolist() == ["a", "a_2"]


def test_files_that_cannot_be_used_have_stems_of_their_own_too(project: sw.Project, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.tif").write_text("no image")
    (tmp_path / "one" / "a.png").write_bytes(PNG)
    project.add([tmp_path / "one", tmp_path / "two"])
    listed = project.bundle().images_table
    assert sorted(listed["stem"]) == ["a", "a_2", "a_3"]
    assert listed["status"].tolist() == ["new", "failed", "failed"]


def test_a_known_file_that_changed_is_reported_once_and_its_results_are_said_to_be_old(
    project: sw.Project, three_images: Path, client: Any
) -> None:
    project.add(three_images)
    project.segment(model="threshold", cluster=client).wait(60)
    assert project.add(three_images).changed == []
    victim = min(three_images.glob("*.tif"))
    before = project.image(victim.name)
    other = max(three_images.glob("*.tif")).read_bytes()
    victim.write_bytes(other + b"\0" * 7)
    again = project.add(three_images)
    assert [path for path, _ in again.changed] == [str(victim)]
    assert f"{victim.stat().st_size} now" in again.changed[0][1]
    assert "segment it again" in str(again)
    assert again.image_ids == []
    after = project.image(victim.name)
    assert pd.isna(after["sha256"])
    assert after["current_result_id"] == before["current_result_id"]
    assert project.add(three_images).changed == []
    assert "changed" in project.audit()["action"].tolist()
    project.segment(model="threshold", cluster=client).wait(60)
    assert project.image(victim.name)["sha256"] == hashlib.sha256(victim.read_bytes()).hexdigest() != before["sha256"]


def test_a_file_written_again_with_the_same_size_and_one_that_was_mended_are_reported(
    project: sw.Project, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.png").write_bytes(PNG)
    (raw / "b.png").write_bytes(b"")
    assert [Path(path).name for path, _ in project.add(raw).failed] == ["b.png"]
    larger = cv2.imencode(".png", np.arange(48, dtype=np.uint8).reshape(8, 6))[1].tobytes()
    (raw / "a.png").write_bytes(larger.ljust(len(PNG), b"\0")[: max(len(PNG), len(larger))])
    os.utime(raw / "a.png", (1_000_000, 1_000_000))
    (raw / "b.png").write_bytes(PNG)
    again = project.add(raw)
    what = {Path(path).name: text for path, text in again.changed}
    assert set(what) == {"a.png", "b.png"}
    assert "6 x 8 pixels now" in what["a.png"]
    assert "can be read now" in what["b.png"]
    assert project.image("a.png")[["width", "height"]].tolist() == [6, 8]
    assert len(again.image_ids) == 1
    assert (project.bundle().images_table["status"] == "new").all()


def test_what_the_names_say_is_told_before_anything_is_stored(project: sw.Project, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for well, time in (("A1", 0), ("A1", 24), ("B2", 0)):
        (raw / f"p_{well}_{time}h.png").write_bytes(PNG)
    (raw / "note.png").write_bytes(PNG)
    told: list[str] = []

    def refuse(table: NameTable) -> None:
        told.append(str(table))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        project.add(raw, check=refuse)
    assert "2 wells x 2 times" in told[0]
    assert "missing: 1 (B02 at 24 h)" in told[0]
    assert "names that do not follow: 1 (note.png)" in told[0]
    assert project.images().empty
    added = project.add(raw)
    assert repr(added) == str(added)
    assert str(added).startswith(told[0])


def test_a_well_of_several_plates_needs_its_plate(project: sw.Project, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for plate in ("p1", "p2"):
        (raw / f"{plate}_B02_0h.png").write_bytes(PNG)
    project.add(raw, names="{plate}_{well}_{time}h.png")
    with pytest.raises(StoreError, match=r"several plates have it \(p1, p2\)"):
        project.exclude(well="b2", reason="infected")
    with pytest.raises(StoreError, match="none of this name on plate p3"):
        project.exclude(well="B2", plate="p3", reason="infected")
    with pytest.raises(StoreError, match="well C03"):
        project.exclude(well="C3", reason="infected")
    assert not project.images()["excluded"].any()
    heard: list[str] = []
    project.on_change(lambda kind, _ids: heard.append(kind))
    rule = project.exclude(well="b2", plate="p2", reason="infected")
    assert project.images()["excluded"].tolist() == [False, True]
    project.undo_exclusion(rule)
    assert heard == ["exclude", "exclude"]
    assert not project.images()["excluded"].any()
