"""A page that shows a cluster monitor, as its tests see it: it calls, and keeps what comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from comm.base_comm import BaseComm

from spheroseg_widgets.widgets.cluster_monitor import ClusterMonitor

WAIT = 60.0


class Wire(BaseComm):
    """A comm that keeps what goes out."""

    def __init__(self, **kwargs: Any) -> None:
        self.messages: list[tuple[float, dict[str, Any]]] = []
        super().__init__(**kwargs)

    def publish_msg(self, _type: str, data: Any = None, **_: Any) -> None:
        self.messages.append((time.monotonic(), data or {}))

    def answers(self, number: int) -> list[dict[str, Any]]:
        contents = [message["content"] for _, message in list(self.messages) if message.get("method") == "custom"]
        return [content for content in contents if content.get("id") == number]


def until(condition: Callable[[], Any], seconds: float = WAIT) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def call(monitor: ClusterMonitor, method: str, number: int = 1, **params: Any) -> dict[str, Any]:
    """Call as a page does, through the widget's own message handler, and return the answer."""
    monitor._handle_custom_msg({"kind": "call", "id": number, "method": method, "params": params}, [])
    wire = monitor.comm
    assert isinstance(wire, Wire)
    return until(lambda: wire.answers(number))[0]
