"""The verbs of review: which images a person should look at, and in which order."""

from __future__ import annotations

import pandas as pd

from spheroseg_widgets.analysis.flags import FLAGS, flags_table

from .base import ProjectBase
from .tables import images_and_objects, wells_map

ABOUT = ("image_id", "name", "plate", "well", "time_h", "site", "review", "reason")
"""What every row of flags repeats of its image."""


class Flagging(ProjectBase):
    """The part of a project that says what speaks against its results; nothing of it is stored."""

    def flags(self) -> pd.DataFrame:
        """Return one row an image: its flags, the worst of them, and the numbers they were decided by.

        Columns: image_id, name, plate, well, time_h, site, review, reason (of a failure), and those of
        `analysis.flags.flags_table`.
        """
        table, objects = images_and_objects(self.database, self.id)
        return table[list(ABOUT)].join(flags_table(table, objects, wells_map(self.database, self.id)))

    def review_queue(self) -> pd.DataFrame:
        """Return the rows of `flags` that wait for a person: flagged and unreviewed, the worst first.

        Images of the same worst flag follow each other by plate, well, time and site.
        """
        table = self.flags()
        waiting = table[table["worst"].notna() & (table["review"] == "unreviewed")]
        severity = waiting["worst"].map({name: place for place, name in enumerate(FLAGS)})
        order = waiting.assign(severity=severity).sort_values(
            ["severity", "plate", "well", "time_h", "site", "image_id"], kind="stable"
        )
        return order.drop(columns="severity").reset_index(drop=True)
