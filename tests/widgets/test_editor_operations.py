"""Operations as the browser sends them: stored once, mended or refused, whole steps, undone, pasted."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import CORNER, HOLE, SQUARE, FailedError, Page, _wires, first, project, put_of

__all__ = ["_wires", "project"]  # fixtures


def test_an_operation_is_stored_once_however_often_it_is_sent(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    operation, outline = str(uuid7()), str(uuid7())
    for _ in range(3):
        assert page.put(SQUARE + 65, outline, operation)["state"] == "ok"
    document, blobs = page.call("document")
    assert document["draft_operations"] == 1
    assert document["ids"].count(outline) == 1
    assert len(Outlines.from_bytes(blobs[0])) == 3
    [draft] = open_drafts(project)
    assert [stored["id"] for stored in draft.operations()] == [operation]


def test_an_operation_on_a_stale_revision_is_refused(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    base = page.call("document")[0]["base_revision"]
    outlines, rows = project.outlines(first(project))
    project.save(first(project), outlines, rows, parent=base)
    with pytest.raises(FailedError, match="another revision"):
        page.put(SQUARE + 65, base=base)
    assert open_drafts(project) == []


def test_outlines_that_cross_are_mended_or_refused_and_never_stored_as_they_came(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    known = page.call("document")[0]["ids"][0]
    bow_tie = np.array([(70, 20), (110, 60), (110, 20), (70, 60)], np.float32)
    refused = page.put(bow_tie, known)
    assert (refused["state"], refused["reason"]) == ("refused", "crosses")
    np.testing.assert_array_equal(refused["rings"][0], SQUARE)  # what the browser shows again
    assert page.put(bow_tie)["geometry"] == -1
    assert open_drafts(project) == []
    outside = np.array([(-30, 20), (40, 20), (40, 60), (-30, 60)], np.float32)
    mended = page.put(outside)
    assert (mended["state"], mended["reason"]) == ("repaired", "outside")
    assert mended["rings"][0][:, 0].min() == 0


def test_a_step_is_taken_whole_or_not_at_all(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    first_id, second_id = page.call("document")[0]["ids"]
    step = str(uuid7())
    both = [put_of(first_id, step=step, parents=[second_id]), put_of(second_id, kind="delete", step=step)]
    bow_tie = np.array([(70, 20), (110, 60), (110, 20), (70, 60)], np.float32)
    verdicts = page.step(both, [Outlines.from_rings([[bow_tie]]).to_bytes()])
    assert [verdict["state"] for verdict in verdicts] == ["refused", "refused"]
    np.testing.assert_array_equal(verdicts[1]["rings"][0], CORNER)  # the one that would have been deleted comes back
    assert open_drafts(project) == []
    other = put_of(str(uuid7()))  # a step of its own is not refused with them
    verdicts = page.step([*both, other], [Outlines.from_rings([[ring]]).to_bytes() for ring in (bow_tie, SQUARE + 65)])
    assert [verdict["state"] for verdict in verdicts] == ["refused", "refused", "ok"]
    merged = np.array([(20, 20), (192, 20), (192, 128), (20, 128)], np.float32)
    verdicts = page.step([{**one, "id": str(uuid7())} for one in both], [Outlines.from_rings([[merged]]).to_bytes()])
    assert [verdict["state"] for verdict in verdicts] == ["ok", "ok"]
    for _ in ("in the draft", "in the revision"):
        assert page.call("document")[0]["parents"] == {first_id: [second_id]}
        page.call("save")
    rows = project.outlines(first(project))[1].set_index(project.outlines(first(project))[1]["outline_id"].map(str))
    assert rows.loc[first_id, "parents"] == [second_id]
    assert second_id not in rows.index


def test_what_is_undone_is_the_revision_s_own_again_with_confidence_and_place(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    before, blobs = page.call("document")
    first_id, second_id = before["ids"]
    original = [Outlines.from_bytes(blobs[0]).subset([i]).to_bytes() for i in range(2)]
    page.step(
        [put_of(first_id, class_name="core"), put_of(second_id)], [Outlines.from_rings([[SQUARE + 5]]).to_bytes()] * 2
    )
    page.delete(first_id)
    page.put(SQUARE + 65)
    assert page.call("document")[0]["ids"][0] == second_id
    page.step([put_of(first_id), put_of(second_id)], original)
    after, again = page.call("document")
    assert after["ids"][:2] == [first_id, second_id]
    np.testing.assert_allclose(np.frombuffer(again[2], "<f4")[:2], [0.9, 0.4], rtol=1e-6)
    assert list(again[3][:2]) == list(blobs[3])
    assert Outlines.from_bytes(again[0]).subset([0, 1]).to_bytes() == blobs[0]


def test_what_is_copied_in_one_editor_can_be_pasted_in_another(project: Project) -> None:
    one, other = Page(Editor(project, "a.tif")), Page(Editor(project, "b.tif"))
    both = Outlines.from_rings([[SQUARE, HOLE], [CORNER]])
    stamp = str(uuid7())
    one.call("copy", [both.to_bytes()], stamp=stamp, classes=["spheroid", "core"])
    value, blobs = other.call("paste")
    assert value == {"stamp": stamp, "classes": ["spheroid", "core"]}
    assert blobs[0] == both.to_bytes()
    with pytest.raises(FailedError, match="2 outlines were copied with 1 classes"):
        one.call("copy", [both.to_bytes()], stamp=stamp, classes=["core"])
