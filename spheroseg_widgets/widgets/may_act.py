"""Whether a widget's pages may change the project, or only show it."""

from __future__ import annotations

import traitlets

from spheroseg_widgets.errors import SpherosegError

from .base import SpheroWidget
from .strings import text


class MayAct(SpheroWidget):
    """A widget whose pages may be kept from changing anything.

    Attributes
    ----------
    can_act : bool
        Whether anything may be changed from its pages; an export always may be.
    """

    can_act = traitlets.Bool(default_value=True).tag(sync=True)

    def _check_may_act(self) -> None:
        if not self.can_act:
            raise SpherosegError(text("act.only_shows"))
