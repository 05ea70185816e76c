"""Nothing is lost: revisions restored and merged, two kernels, a kernel that dies, a full disk."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project import revisions
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import SQUARE, FailedError, Page, _wires, current, first, project  # noqa: F401 - fixtures


def kernel(project: Project, owner: str) -> Page:  # noqa: F811
    editor = Editor(project, "a.tif")
    editor.presence_owner = owner
    return Page(editor)


def test_a_restored_revision_is_a_new_one_and_can_be_undone_the_same_way(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    before = project.outlines(first(project))
    page.put(SQUARE + 65)
    second = page.call("save")[0]
    listed = page.call("revisions")[0]
    assert [(one["number"], one["current"], one["n_objects"]) for one in listed] == [(2, True, 3), (1, False, 2)]
    restored = page.call("restore", revision=listed[1]["id"])[0]
    outlines, rows = project.outlines(first(project))
    assert outlines.to_bytes() == before[0].to_bytes()
    np.testing.assert_allclose(rows["confidence"].astype(float), before[1]["confidence"].astype(float))
    newest = page.call("revisions")[0][0]
    assert (newest["id"], newest["note"], newest["note_of"]) == (restored, "restore", listed[1]["id"])
    assert page.call("document")[0]["base_revision"] == restored
    page.call("restore", revision=second)
    assert len(project.outlines(first(project))[0]) == 3
    with pytest.raises(FailedError, match="revision 999"):
        page.call("restore", revision=999)


def test_restoring_saves_first_what_is_unsaved(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    old = current(project)
    page.put(SQUARE + 65)
    page.call("restore", revision=old)
    assert [one["n_objects"] for one in page.call("revisions")[0]] == [2, 3, 2]


@pytest.mark.parametrize(("choice", "count"), [("mine", 2), ("theirs", 2), ("both", 3)])
def test_a_conflict_is_merged_object_by_object(project: Project, choice: str, count: int) -> None:  # noqa: F811
    mine, theirs = Page(Editor(project, "a.tif")), Page(Editor(project, "a.tif"))
    shared = mine.call("document")[0]["ids"][0]
    mine.put(SQUARE + 5, shared)
    theirs.put(SQUARE + 7, shared)
    held = theirs.call("save")[0]
    with pytest.raises(FailedError, match="kept"):
        mine.call("save")
    kept = mine.call("revisions")[0][0]
    assert (kept["note"], kept["current"]) == ("conflict", False)
    found, blobs = mine.call("differences", mine=kept["id"], theirs=held)
    assert [(one["outline"], one["kind"], one["suggested"]) for one in found] == [(shared, "changed", "both")]
    assert len(blobs) == 2
    mine.call("merge", mine=kept["id"], theirs=held, choices={shared: choice})
    outlines, rows = project.outlines(first(project))
    assert len(outlines) == count == len(set(rows["outline_id"]))
    tops = {float(outlines.rings(at)[0][:, 1].min()) for at in range(count)}
    assert {"mine": 25.0, "theirs": 27.0}.get(choice, 25.0) in tops
    assert (27.0 in tops) == (choice != "mine")
    assert len(revisions.history(project, first(project))) == 4


def test_a_choice_that_is_none_is_named(project: Project) -> None:  # noqa: F811
    with pytest.raises(StoreError, match="'ours': expected one of mine"):
        revisions.merge(project, first(project), current(project), current(project), {"x": "ours"})


def test_a_second_kernel_sees_who_edits_takes_over_and_the_first_is_told(project: Project) -> None:  # noqa: F811
    one, two = kernel(project, "first"), kernel(project, "second")
    assert one.call("presence", editing=False)[0] == {"author": None, "taken_by": None}
    one.put(SQUARE + 65)
    assert two.call("presence", editing=False)[0]["author"] == project.author
    with pytest.raises(FailedError, match=r"edited by .* now"):
        two.put(SQUARE + 60)
    two.call("take_over")
    assert two.put(SQUARE + 60)["state"] == "ok"
    assert one.call("presence", editing=True)[0]["taken_by"] == project.author
    with pytest.raises(FailedError, match="take over to go on"):
        one.put(SQUARE + 62)
    two.editor.close()  # the lease is given back, and the first stays without it until it asks
    with pytest.raises(FailedError, match="take over to go on"):
        one.put(SQUARE + 62, base=one.call("document")[0]["base_revision"])
    one.call("take_over")
    assert one.call("presence", editing=True)[0] == {"author": None, "taken_by": None}


DIES = """
import sys, time, numpy as np
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.widgets.editor_document import Operation
from spheroseg_widgets.widgets.editor_presence import OWNER
from spheroseg_widgets.widgets.editor_session import EditSession
from spheroseg_widgets.store import presence
from spheroseg_widgets.store.ids import uuid7
project = open_project(sys.argv[1])
session = EditSession(project, "dies", int(sys.argv[2]), read_only=False)
with project.database.write() as connection:
    presence.hold(connection, int(sys.argv[2]), OWNER, "ann", 600)
ring = np.array([(70, 20), (90, 20), (90, 40), (70, 40)], np.float32)
while True:
    operation = Operation(str(uuid7()), "put", str(uuid7()), rings=[ring])
    session.store([operation])
    print(operation.id, flush=True)
"""


def test_a_kernel_killed_in_mid_edit_loses_nothing_it_acknowledged(project: Project) -> None:  # noqa: F811
    if project.database.engine.dialect.name != "sqlite":
        pytest.skip("the process opens the project by its folder")
    command = [sys.executable, "-c", DIES, str(project.folder), str(first(project))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(20)]
        assert Page(Editor(project, "a.tif")).call("presence", editing=False)[0]["author"] == "ann"
        process.send_signal(signal.SIGKILL)
        told += [line.strip() for line in process.stdout if line.endswith("\n")]
    [draft] = open_drafts(project)
    stored = [one["id"] for one in draft.operations()]
    assert len(told) >= 20
    assert set(told) <= set(stored)
    page = Page(Editor(project, "a.tif"))
    assert page.call("presence", editing=False)[0]["author"] is None  # its kernel is gone: nobody waits for the lease
    page.call("continue_draft", draft=draft.id)
    assert page.call("document")[0]["draft_operations"] == len(stored)
    page.call("save")
    assert len(project.outlines(first(project))[0]) == 2 + len(stored)


def test_a_full_disk_is_said_and_what_was_stored_stays(project: Project) -> None:  # noqa: F811
    if project.database.engine.dialect.name != "sqlite":
        pytest.skip("a limit of pages is SQLite's")
    page = Page(Editor(project, "a.tif"))
    page.put(SQUARE + 65)
    turn = np.linspace(0, 6, 40_000)
    large = np.stack([64 + 40 * np.cos(turn), 64 + 40 * np.sin(turn)], axis=1).astype(np.float32)
    with project.database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    operation, outline = str(uuid7()), str(uuid7())
    with pytest.raises(FailedError, match="full"):
        page.put(large, outline, operation)
    assert page.call("document")[0]["draft_operations"] == 1
    with project.database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1073741823")
    assert page.put(large, outline, operation)["state"] in {"ok", "repaired"}  # the browser sends it again
    assert page.call("document")[0]["draft_operations"] == 2


def test_a_lease_is_cheap_to_look_at(project: Project) -> None:  # noqa: F811
    page = kernel(project, "first")
    page.put(SQUARE + 65)
    began = time.perf_counter()
    for _ in range(20):
        page.call("presence", editing=True)
    assert (time.perf_counter() - began) / 20 < 0.1
