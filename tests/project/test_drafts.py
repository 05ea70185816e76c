"""Drafts as an editor uses them: every operation is stored once, and a revision closes the draft."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.errors import ConflictError, StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_draft, open_drafts
from spheroseg_widgets.store.drafts import ELSEWHERE, KNOWN, STORED
from spheroseg_widgets.store.ids import uuid7


def empty() -> tuple[Outlines, pd.DataFrame]:
    return Outlines.empty(), pd.DataFrame()


def test_operations_are_stored_once_and_found_again_by_the_session(project: sw.Project) -> None:
    image = int(project.images()["image_id"].iloc[0])
    draft = open_draft(project, image, "tab 1")
    first, second = str(uuid7()), str(uuid7())
    assert draft.base_result_id is None
    cut, delete = {"kind": "cut", "points": [[1.5, 2.0]]}, {"kind": "delete"}
    assert draft.append_all({first: cut}) == [STORED]
    assert draft.append_all({first: cut, second: delete}) == [KNOWN, STORED]
    again = open_draft(project, image, "tab 1")
    assert again.id == draft.id
    assert again.operations() == [
        {"id": first, "number": 1, "operation": {"kind": "cut", "points": [[1.5, 2.0]]}},
        {"id": second, "number": 2, "operation": {"kind": "delete"}},
    ]
    other = open_draft(project, image, "tab 2")
    assert other.id != draft.id
    assert other.append_all({first: cut}) == [ELSEWHERE]
    assert [one.session for one in open_drafts(project, image)] == ["tab 1", "tab 2"]
    assert len(open_drafts(project)) == 2


def test_closing_makes_the_revision_that_holds_and_tells_listeners(project: sw.Project) -> None:
    image = int(project.images()["image_id"].iloc[0])
    heard: list[tuple[str, list[int]]] = []
    project.on_change(lambda kind, ids: heard.append((kind, ids)))
    draft = open_draft(project, image, "tab")
    saved = draft.close(*empty())
    row = project.image(image)
    assert (row["current_result_id"], row["review"]) == (saved, "corrected")
    assert heard == [("save", [image])]
    assert open_drafts(project) == []
    with pytest.raises(StoreError, match="closed"):
        draft.append_all({str(uuid7()): {}})
    assert open_draft(project, image, "tab").base_result_id == saved


def test_a_stale_draft_is_refused_and_both_are_kept(project: sw.Project) -> None:
    image = int(project.images()["image_id"].iloc[0])
    hers, his = open_draft(project, image, "her"), open_draft(project, image, "his")
    saved = hers.close(*empty())
    with pytest.raises(ConflictError, match="kept as revision"):
        his.close(*empty())
    assert project.image(image)["current_result_id"] == saved
    assert open_drafts(project) == []
    with project.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM result").scalar() == 2


def test_a_discarded_draft_is_gone_and_the_audit_says_so(project: sw.Project) -> None:
    image = int(project.images()["image_id"].iloc[0])
    draft = open_draft(project, image, "tab")
    draft.append_all({str(uuid7()): {"kind": "delete"}})
    draft.discard()
    assert open_drafts(project) == []
    last = project.audit().iloc[-1]
    assert (last["action"], last["detail"]["edits"]) == ("discard", 1)
    with pytest.raises(StoreError, match="no such draft"):
        draft.discard()


def test_an_image_is_found_by_what_a_person_calls_it(project: sw.Project, three_images: Path, tmp_path: Path) -> None:
    row = project.images().iloc[1]
    for name in (int(row["image_id"]), row["name"], row["stem"], row["path"], Path(row["path"])):
        assert project.image(name)["image_id"] == row["image_id"]
    with pytest.raises(StoreError, match=f"do you mean {row['name']}"):
        project.image(row["name"].replace("A02", "B02").replace(".tif", ".tiff"))
    with pytest.raises(StoreError, match="none of this id"):
        project.image(999)
    twin = tmp_path / "twin"
    twin.mkdir()
    (twin / row["name"]).write_bytes(Path(row["path"]).read_bytes())
    project.add(twin)
    with pytest.raises(StoreError, match="several images are called so"):
        project.image(row["name"])
    assert project.image(row["stem"])["image_id"] == row["image_id"]
    assert project.image(twin / row["name"])["image_id"] != row["image_id"]
