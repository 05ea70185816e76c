"""What a page has of a widget, for its tests: it calls as the browser half does, and keeps what comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from comm.base_comm import BaseComm

from spheroseg_widgets.widgets.base import SpheroWidget

WAIT = 60.0


def until(condition: Callable[[], Any], seconds: float = WAIT) -> Any:
    """Wait until something holds, and return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found


class Page:
    """Calls a widget, past its comm."""

    def __init__(self, widget: SpheroWidget) -> None:
        self.widget = widget
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self._number = 0
        widget.rpc._send = lambda content, buffers: self.messages.append((content, [bytes(b) for b in buffers]))

    def ask(self, method: str, **params: Any) -> tuple[Any, list[bytes]]:
        """Return an answer and its buffers; an error is raised as RuntimeError with its message."""
        self._number += 1
        number = self._number
        self.widget.rpc.receive({"kind": "call", "id": number, "method": method, "params": params})
        content, buffers = until(lambda: next((m for m in list(self.messages) if m[0].get("id") == number), None))
        if content["kind"] == "error":
            raise RuntimeError(content["error"]["message"])
        return content["value"], buffers

    def call(self, method: str, **params: Any) -> Any:
        """Return an answer without its buffers."""
        return self.ask(method, **params)[0]


class Wire(BaseComm):
    """A comm that keeps what goes out, and when."""

    def __init__(self, **kwargs: Any) -> None:
        self.messages: list[tuple[float, dict[str, Any]]] = []
        super().__init__(**kwargs)

    def publish_msg(self, _type: str, data: Any = None, **_: Any) -> None:
        self.messages.append((time.monotonic(), data or {}))

    def contents(self, kind: str) -> list[dict[str, Any]]:
        """What was sent beside traits: results, errors, events."""
        contents = [message["content"] for _, message in list(self.messages) if message.get("method") == "custom"]
        return [content for content in contents if content.get("kind") == kind]

    def updates(self) -> list[tuple[float, dict[str, Any]]]:
        """Traits that were sent, and when."""
        return [(when, message["state"]) for when, message in list(self.messages) if message.get("method") == "update"]


def call(widget: SpheroWidget, method: str, number: int = 1, **params: Any) -> dict[str, Any]:
    """Call through the widget's own message handler and a `Wire`, and return the answer."""
    widget._handle_custom_msg({"kind": "call", "id": number, "method": method, "params": params}, [])
    wire = widget.comm
    assert isinstance(wire, Wire)
    return until(lambda: [m for kind in ("result", "error") for m in wire.contents(kind) if m["id"] == number])[0]
