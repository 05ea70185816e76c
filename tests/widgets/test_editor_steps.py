"""The steps of a draft, from which a page that comes later undoes them."""

from __future__ import annotations

import numpy as np

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.editor_document import BORDER, EDITED, LOW

from .editor_page import CORNER, SQUARE, Page, _wires, first, project, put_of  # noqa: F401 - fixtures


def test_steps_tell_what_was_before_and_after_and_leave_out_what_was_undone(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    one, other = page.call("document")[0]["ids"]
    before = project.outlines(first(project))[0]
    added, step = str(uuid7()), str(uuid7())
    page.put(SQUARE + 5, one)
    page.step(
        [put_of(added, step=step, parents=[other]), put_of(other, kind="delete", step=step, label="editor.did.merge")],
        [Outlines.from_rings([[CORNER - 3]]).to_bytes()],
    )
    for rings in (SQUARE + 9, SQUARE + 5):  # done, and undone
        page.put(rings, one)
    page.delete(one)
    answer, blobs = page.call("steps", operations=6)
    told, outlines = answer["steps"], Outlines.from_bytes(blobs[0])
    assert [[change[0] for change in step["changes"]] for step in told] == [[one], [added, other], [one]]
    assert [step["label"] for step in told] == ["editor.did.draw", "editor.did.merge", "editor.did.delete"]
    (_, was, became), (_, nothing, new), (_, gone, no) = (told[0]["changes"][0], *told[1]["changes"])
    _, last, absent = told[2]["changes"][0]
    assert (nothing, no, absent) == (-1, -1, -1)
    for at, rings in (
        (was, before.rings(0)),
        (became, [SQUARE + 5]),
        (last, [SQUARE + 5]),
        (new, [CORNER - 3]),
        (gone, before.rings(1)),
    ):
        assert all(map(np.array_equal, outlines.rings(at), rings))
    assert answer["parents"] == {str(new): [other]}
    flags, confidence = np.frombuffer(blobs[3], np.uint8), np.frombuffer(blobs[2], "<f4")
    assert (flags[was], flags[became], flags[new], flags[gone]) == (0, EDITED, EDITED, BORDER | LOW)
    assert (confidence[was], np.isnan(confidence[became])) == (np.float32(0.9), True)
    assert len(page.call("steps", operations=1)[0]["steps"]) == 1
    assert page.call("document")[0]["draft_operations"] == 6  # asking changes nothing


def test_where_nothing_is_unsaved_there_are_no_steps(project: Project) -> None:  # noqa: F811
    page = Page(Editor(project, "a.tif"))
    assert page.call("steps", operations=0)[0]["steps"] == []
