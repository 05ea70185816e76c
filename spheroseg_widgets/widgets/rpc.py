"""Calls from the browser half of a widget, and events to it (TypeScript: `frontend/shared/rpc.ts`).

Messages, as content of the widget's custom messages; binary data travels as buffers beside them:

- browser to kernel: ``{"kind": "call", "id", "method", "params"}``, ``{"kind": "cancel", "id"}``, ``{"kind": "resync", "last"}``;
- kernel to browser: ``{"kind": "result", "id", "value"}``, ``{"kind": "error", "id", "error": {"type", "message"}}``,
  ``{"kind": "event", "seq", "name", "value"}``, ``{"kind": "resynced", "seq"}``.

Every page that shows the widget hears every message, so the ids of two pages differ (each starts at random).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

Buffer = bytes | bytearray | memoryview
Send = Callable[[dict[str, Any], list[Buffer]], None]
Handler = Callable[[dict[str, Any], list[memoryview], "Call"], Any]
Method = TypeVar("Method", bound=Callable[..., Any])

POOL_SIZE = 2
"""Threads that answer one widget's calls."""

PUSH_INTERVAL = 0.1
"""Least seconds between two events of one name: more than some hundred messages a second get lost on the way."""

logger = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What a handler returns when it sends binary data: a JSON value and buffers."""

    value: Any
    buffers: Sequence[Buffer] = ()


@dataclass(slots=True)
class Call:
    """A call being answered; long handlers ask it whether the answer is still wanted."""

    id: int
    method: str
    _cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def cancelled(self) -> bool:
        """Whether the browser no longer wants the answer."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Stop here if the answer is no longer wanted.

        Raises
        ------
        concurrent.futures.CancelledError
            The call was cancelled; the handler lets it pass.
        """
        if self.cancelled:
            raise CancelledError

    def cancel(self) -> None:
        """Mark the answer as no longer wanted."""
        self._cancelled.set()


class _Registration(NamedTuple):
    name: str
    ordered: bool


def rpc_method(name: str, *, ordered: bool = False) -> Callable[[Method], Method]:
    """Mark a method ``(self, params, buffers, call)`` of a widget as one that the browser may call.

    Parameters
    ----------
    name : str
        What the browser calls it.
    ordered : bool
        Answer calls one at a time in the order in which they came (for changes). Otherwise several are answered at
        once, the newest first: what was scrolled into view last is what is looked at.
    """

    def mark(method: Method) -> Method:
        method._rpc = _Registration(name, ordered)  # type: ignore[attr-defined]
        return method

    return mark


class _Lane:
    """Jobs and the threads that do them; a thread ends when nothing is left, so an idle widget holds none."""

    def __init__(self, width: int, *, newest_first: bool) -> None:
        self._width = width
        self._newest_first = newest_first
        self._jobs: deque[Callable[[], None]] = deque()
        self._threads = 0
        self._lock = threading.Lock()

    def add(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._threads == self._width:
                return
            self._threads += 1
        threading.Thread(target=self._work, name="spheroseg-widget", daemon=True).start()

    def clear(self) -> None:
        with self._lock:
            self._jobs.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._threads -= 1
                    return
                job = self._jobs.pop() if self._newest_first else self._jobs.popleft()
            job()


@dataclass(slots=True)
class _Slot:
    """The event of one name that waits to be sent; a newer value replaces it."""

    sent_at: float = float("-inf")
    waiting: tuple[Any, Sequence[Buffer]] | None = None
    timer: threading.Timer | None = None


class Rpc:
    """The kernel's end of the line to all pages that show one widget.

    Parameters
    ----------
    owner : object
        Its methods marked with `rpc_method` are what can be called.
    send : callable
        Sends a message: content and buffers. Called from several threads, one at a time.
    """

    def __init__(self, owner: object, send: Send) -> None:
        self._send = send
        self._lock = threading.RLock()
        self._seq = 0
        self._closed = False
        self._calls: dict[int, Call] = {}
        self._slots: dict[str, _Slot] = {}
        self._lanes = {False: _Lane(POOL_SIZE, newest_first=True), True: _Lane(1, newest_first=False)}
        self._methods: dict[str, tuple[Handler, bool]] = {}
        for kind in reversed(type(owner).__mro__):
            for attribute, value in vars(kind).items():
                registration = getattr(value, "_rpc", None)
                if isinstance(registration, _Registration):
                    self._methods[registration.name] = (getattr(owner, attribute), registration.ordered)

    def receive(self, content: object, buffers: Sequence[memoryview] = ()) -> None:
        """Take a message of the browser; returns at once, whatever the call costs."""
        if not isinstance(content, dict):
            return
        kind, number = content.get("kind"), content.get("id")
        if kind == "call" and isinstance(number, int):
            self._start(Call(number, str(content.get("method"))), dict(content.get("params") or {}), list(buffers))
        elif kind == "cancel" and isinstance(number, int):
            with self._lock:
                call = self._calls.get(number)
            if call is not None:
                call.cancel()
        elif kind == "resync":
            with self._lock:
                self._post({"kind": "resynced", "seq": self._seq})

    def push(self, name: str, value: Any, buffers: Sequence[Buffer] = ()) -> None:
        """Send an event to every page; thread-safe.

        At most one event of a name leaves in `PUSH_INTERVAL` seconds; of those in between only the last one does. So
        an event says how things are, not what was added.
        """
        with self._lock:
            if self._closed:
                return
            slot = self._slots.setdefault(name, _Slot())
            slot.waiting = (value, buffers)
            if slot.timer is not None:
                return
            wait = slot.sent_at + PUSH_INTERVAL - time.monotonic()
            if wait <= 0:
                self._flush(name)
                return
            slot.timer = threading.Timer(wait, self._flush, [name])
            slot.timer.daemon = True
            slot.timer.start()

    def close(self) -> None:
        """Cancel everything; nothing is sent any more."""
        with self._lock:
            self._closed = True
            for call in self._calls.values():
                call.cancel()
            for slot in self._slots.values():
                if slot.timer is not None:
                    slot.timer.cancel()
        for lane in self._lanes.values():
            lane.clear()

    def _flush(self, name: str) -> None:
        with self._lock:
            slot = self._slots[name]
            slot.timer = None
            if slot.waiting is None or self._closed:
                return
            (value, buffers), slot.waiting = slot.waiting, None
            slot.sent_at = time.monotonic()
            self._seq += 1
            self._post({"kind": "event", "seq": self._seq, "name": name, "value": value}, buffers)

    def _post(self, content: dict[str, Any], buffers: Sequence[Buffer] = ()) -> None:
        with self._lock:  # events leave in the order of their numbers
            if not self._closed:
                self._send(content, list(buffers))

    def _start(self, call: Call, params: dict[str, Any], buffers: list[memoryview]) -> None:
        if call.method == "ping":  # answered here, so that long calls do not make the kernel look dead
            with self._lock:
                self._post({"kind": "result", "id": call.id, "value": {"seq": self._seq}})
            return
        if call.method not in self._methods:
            self._fail(call, "UnknownMethod", f"This widget has no method {call.method!r}.")
            return
        handler, ordered = self._methods[call.method]
        with self._lock:
            if self._closed:
                return
            self._calls[call.id] = call
        self._lanes[ordered].add(lambda: self._run(call, handler, params, buffers))

    def _run(self, call: Call, handler: Handler, params: dict[str, Any], buffers: list[memoryview]) -> None:
        try:
            call.check()
            value = handler(params, buffers, call)
            call.check()
            answer = value if isinstance(value, Answer) else Answer(value)
            self._post({"kind": "result", "id": call.id, "value": answer.value}, answer.buffers)
        except CancelledError:
            if not call.cancelled:  # something inside was cancelled, not the call: whoever waits must hear of it
                self._fail(call, "CancelledError", "The work was cancelled in the kernel.")
        except Exception as error:  # whatever it is, the browser gets an answer; the log has the traceback
            logger.debug("call of %s failed", call.method, exc_info=True)
            self._fail(call, type(error).__name__, str(error) or type(error).__name__)
        finally:
            with self._lock:
                self._calls.pop(call.id, None)

    def _fail(self, call: Call, kind: str, message: str) -> None:
        if not call.cancelled:
            self._post({"kind": "error", "id": call.id, "error": {"type": kind, "message": message}})
