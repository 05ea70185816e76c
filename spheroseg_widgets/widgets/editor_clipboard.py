"""Outlines that were copied in an editor: every editor of this process can paste them (`frontend/editor/clipboard.ts`)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from spheroseg_widgets.outlines.outlines import Outlines

from .rpc import Answer, Call, rpc_method


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied last.

    Parameters
    ----------
    stamp : str
        UUIDv7 of the copying: they sort by time.
    classes : tuple of str
        Class of each outline.
    outlines : Outlines
        In pixels of the image they come from.
    """

    stamp: str
    classes: tuple[str, ...]
    outlines: Outlines


class Clipboard:
    """A widget that keeps what is copied in it; the last copy of any widget counts."""

    _copied: Copied | None = None

    @rpc_method("copy", ordered=True)
    def _copy(self, params: dict[str, Any], buffers: list[memoryview], _call: Call) -> None:
        outlines, classes = Outlines.from_bytes(bytes(buffers[0])), tuple(str(name) for name in params["classes"])
        if len(outlines) != len(classes):
            raise ValueError(f"{len(outlines)} outlines were copied with {len(classes)} classes")
        Clipboard._copied = Copied(str(uuid.UUID(params["stamp"])), classes, outlines)

    @rpc_method("paste")
    def _paste(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Answer:
        copied = Clipboard._copied
        if copied is None:
            return Answer(None)
        return Answer({"stamp": copied.stamp, "classes": list(copied.classes)}, [copied.outlines.to_bytes()])
