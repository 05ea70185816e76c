"""An operation is stored once however often it is sent, and a closed draft is a revision."""

from __future__ import annotations

import pandas as pd
import pytest
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import drafts, result_frames, results
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.tables import draft, edit

from .plates import project_of


def test_operations_are_stored_once_and_two_drafts_are_both_kept(store: Database) -> None:
    nothing = (Outlines.empty(), pd.DataFrame())
    with store.write() as c:
        _, [one] = project_of(c, 1)
        hers = drafts.open_draft(c, one, "session 1", "her")
        his = drafts.open_draft(c, one, "session 2", "him")
        first, second = uuid7(), uuid7()
        assert drafts.append_edits(c, hers, "session 1", {first: {"delete": 1}}) == [drafts.STORED]
        told = drafts.append_edits(c, hers, "session 1", {first: {"delete": 1}, second: {"delete": 1}})
        assert told == [drafts.KNOWN, drafts.STORED]
        assert c.execute(sa.select(edit.c.id, edit.c.number).order_by(edit.c.number)).all() == [(first, 1), (second, 2)]
        saved = drafts.close_draft(c, hers, "session 1", *nothing)
        with pytest.raises(results.KeptConflictError) as conflict:
            drafts.close_draft(c, his, "session 2", *nothing)
        with pytest.raises(StoreError, match="closed"):
            drafts.append_edits(c, hers, "session 1", {uuid7(): {}})
    with store.read() as c:
        closed = set(c.scalars(sa.select(draft.c.closed_by_result_id)))
        assert closed == {saved, conflict.value.result_id}
        assert result_frames.revisions_frame(c, one)["id"].tolist() == [saved, conflict.value.result_id]
