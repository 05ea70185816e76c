"""Before numbers are taken: one's own open changes become revisions, those of others are named."""

from __future__ import annotations

import warnings

from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.drafts import unsaved_frame
from spheroseg_widgets.store.images import images_frame

from .changes import Changes

MOST_NAMES = 5


class UnsavedChangesWarning(UserWarning):
    """Numbers were taken while somebody had changed outlines and not saved them."""


def settle(database: Database, project_id: int, changes: Changes) -> None:
    """Have the editors of this process save, then warn of changes that stay unsaved.

    Warns
    -----
    UnsavedChangesWarning
        Names the images, and who changed them: other people, or an editor that ended before it saved.
    """
    changes.settle()
    with database.read() as connection:
        left = unsaved_frame(connection, project_id)
        if left.empty:
            return
        names = images_frame(connection, project_id).set_index("image_id")["name"]
    said = [
        f"{names[row.image_id]} ({row.author}, {row.edits} change{'s' if row.edits > 1 else ''})"
        for row in left.head(MOST_NAMES).itertuples()
    ]
    more = f" and {len(left) - MOST_NAMES} more" if len(left) > MOST_NAMES else ""
    warnings.warn(
        f"not in these numbers, as they are not saved: {', '.join(said)}{more}", UnsavedChangesWarning, stacklevel=3
    )
