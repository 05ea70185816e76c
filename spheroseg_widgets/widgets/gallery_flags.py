"""The gallery's column of flags: worked out after the table is shown, as it takes a look at every outline."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spheroseg_widgets.project.project import Project

AT_ONCE = 20_000
"""Images up to which flags come by themselves (2 s there); beyond that when a page first shows something of them."""


class FlagColumn:
    """What speaks against the results of a project's images, as it was worked out last."""

    def __init__(self) -> None:
        self.wanted = False
        self._flags: pd.Series = pd.Series([], index=pd.Index([], dtype=np.int64), dtype=object)

    def due(self, images: int) -> bool:
        """Whether the flags of so many images are to be worked out now."""
        return self.wanted or images <= AT_ONCE

    def read(self, project: Project) -> bool:
        """Work out the flags; returns whether they are other ones now."""
        before = self._flags
        self._flags = project.flags().set_index("image_id")["flags"]
        return not before.equals(self._flags)

    def beside(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the gallery's table with a column `flags` of tuples of str."""
        known = self._flags.reindex(table["image_id"])
        return table.assign(flags=known.where(known.notna(), None).to_numpy(object))
