"""The part of a widget's script that its page asks for once the widget stands (browser half: `frontend/shared/later.ts`).

A widget's own script is sent with every widget, before anything is seen of it. What the first picture does not need
can come after it, once a page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from .rpc import Answer, Call, rpc_method


class ComesLater:
    """A widget whose script is in two parts: `_esm`, and `later`, which is a script of its own.

    A style sheet of the same name beside it is its own, and comes with it.
    """

    later: ClassVar[Path]

    @rpc_method("later")
    def _later(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        """Return the second part, and how it looks; while a cell runs as well."""
        style = self.later.with_suffix(".css")
        parts = [self.later, style] if style.exists() else [self.later]
        return Answer(None, [part.read_bytes() for part in parts])
