"""Calls: cancel, order, errors, gaps in the events, and what two pages see."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from spheroseg_widgets.widgets.rpc import POOL_SIZE, Answer, Call, Rpc, rpc_method

WAIT = 5.0


def until(condition: Callable[[], Any]) -> Any:
    """Return the condition's first true value; fail when it takes too long."""
    end = time.monotonic() + WAIT
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
    return found


class Owner:
    """A widget's methods, with gates so that a test decides when they go on."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.started: list[Any] = []
        self.seen_cancel: list[int] = []
        self.threads: set[int] = set()

    @rpc_method("double")
    def _double(self, params: dict[str, Any], buffers: list[memoryview], _call: Call) -> Answer:
        return Answer({"n": 2 * params["n"]}, [bytes(buffer) * 2 for buffer in buffers])

    @rpc_method("plain")
    def _plain(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> int:
        self.threads.add(threading.get_ident())
        return 5

    @rpc_method("broken")
    def _broken(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        raise ValueError("B07.tif: the file is truncated")

    @rpc_method("wait")
    def _wait(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> Any:
        self.started.append(params.get("n"))
        assert self.gate.wait(WAIT)
        return params.get("n")

    @rpc_method("long")
    def _long(self, _params: dict[str, Any], _buffers: list[memoryview], call: Call) -> None:
        self.started.append("long")
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            if call.cancelled:
                self.seen_cancel.append(call.id)
            call.check()
            time.sleep(0.005)

    @rpc_method("change", ordered=True)
    def _change(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        time.sleep(0.02 if params["n"] == 0 else 0)
        self.started.append(params["n"])


class Line:
    """Both ends: what the kernel sends is recorded, as the browser would get it."""

    def __init__(self) -> None:
        self.owner = Owner()
        self.sent: list[tuple[dict[str, Any], list[Any], float]] = []
        self.rpc = Rpc(self.owner, lambda content, buffers: self.sent.append((content, buffers, time.monotonic())))

    def call(self, number: int, method: str, *buffers: bytes, **params: Any) -> None:
        content = {"kind": "call", "id": number, "method": method, "params": params}
        self.rpc.receive(content, [memoryview(buffer) for buffer in buffers])

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for content, _, _ in list(self.sent) if content["kind"] == kind]

    def answer(self, number: int) -> dict[str, Any]:
        return until(lambda: [c for c, _, _ in list(self.sent) if c.get("id") == number])[0]


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.owner.gate.set()
    made.rpc.close()
    until(lambda: not [t for t in threading.enumerate() if t.name == "spheroseg-widget"])


def test_a_call_gets_its_value_and_buffers(line: Line) -> None:
    line.call(7, "double", b"ab", n=4)
    assert line.answer(7) == {"kind": "result", "id": 7, "value": {"n": 8}}
    assert line.sent[0][1] == [b"abab"]


def test_a_plain_value_is_an_answer(line: Line) -> None:
    line.call(1, "plain")
    assert line.answer(1)["value"] == 5


def test_handlers_never_run_on_the_thread_that_receives(line: Line) -> None:
    line.call(1, "plain")
    line.answer(1)
    assert line.owner.threads
    assert threading.get_ident() not in line.owner.threads


def test_an_error_is_a_message_without_its_traceback(line: Line) -> None:
    line.call(2, "broken")
    error = line.answer(2)
    assert error == {
        "kind": "error",
        "id": 2,
        "error": {"type": "ValueError", "message": "B07.tif: the file is truncated"},
    }


def test_what_json_cannot_carry_is_an_error_and_not_silence() -> None:
    sent: list[dict[str, Any]] = []

    def send(content: dict[str, Any], _buffers: list[Any]) -> None:
        if isinstance(content.get("value"), int):
            raise TypeError("this value is not JSON")
        sent.append(content)

    rpc = Rpc(Owner(), send)
    rpc.receive({"kind": "call", "id": 1, "method": "plain", "params": {}})
    assert until(lambda: sent)[0]["error"]["message"] == "this value is not JSON"


def test_an_unknown_method_is_an_error(line: Line) -> None:
    line.call(3, "__init__")
    assert line.answer(3)["error"]["type"] == "UnknownMethod"


@pytest.mark.parametrize(
    "content", [None, [], {}, {"kind": "call"}, {"kind": "call", "id": "x"}, {"kind": "cancel", "id": 9}]
)
def test_a_message_that_means_nothing_is_dropped(line: Line, content: object) -> None:
    line.rpc.receive(content)
    line.call(1, "plain")
    line.answer(1)
    assert [c["id"] for c, _, _ in line.sent] == [1]


def test_a_cancelled_call_stops_and_answers_nothing(line: Line) -> None:
    line.call(4, "long")
    until(lambda: line.owner.started)
    line.rpc.receive({"kind": "cancel", "id": 4})
    assert until(lambda: line.owner.seen_cancel)[0] == 4
    line.call(5, "plain")
    line.answer(5)
    assert [c["id"] for c, _, _ in line.sent] == [5]


def test_a_call_that_is_cancelled_while_it_waits_never_starts(line: Line) -> None:
    for number in range(POOL_SIZE):
        line.call(number, "wait", n=f"first {number}")
    until(lambda: len(line.owner.started) == POOL_SIZE)
    line.call(10, "wait", n="scrolled away")
    line.call(11, "wait", n="looked at")
    line.rpc.receive({"kind": "cancel", "id": 10})
    line.owner.gate.set()
    line.answer(11)
    for number in range(POOL_SIZE):
        line.answer(number)
    assert "looked at" in line.owner.started
    assert "scrolled away" not in line.owner.started
    assert 10 not in {c["id"] for c, _, _ in line.sent}


def test_the_newest_call_is_answered_first(line: Line) -> None:
    for number in range(POOL_SIZE):
        line.call(number, "wait", n=None)
    until(lambda: len(line.owner.started) == POOL_SIZE)
    for number in range(10, 15):
        line.call(number, "wait", n=number)
    line.owner.gate.set()
    for number in range(10, 15):
        line.answer(number)
    later = line.owner.started[POOL_SIZE:]
    assert set(later[:POOL_SIZE]) == {14, 13}
    assert later[-1] == 10 or later[-2] == 10


def test_changes_are_made_one_at_a_time_in_their_order(line: Line) -> None:
    for number in range(20):
        line.call(number, "change", n=number)
    line.answer(19)
    assert line.owner.started == list(range(20))


def test_a_ping_is_answered_while_every_thread_is_at_work(line: Line) -> None:
    for number in range(POOL_SIZE + 3):
        line.call(number, "wait")
    line.call(50, "ping")
    assert [c for c, _, _ in line.sent] == [{"kind": "result", "id": 50, "value": {"seq": 0}}]


def test_events_are_numbered_without_gaps_in_the_order_of_sending(line: Line) -> None:
    threads = [
        threading.Thread(target=lambda name=f"n{i}": line.rpc.push(name, 1))  # a name each: none replaces another
        for i in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["seq"] for event in line.of("event")] == list(range(1, 51))


def test_events_of_one_name_are_at_most_ten_a_second_and_the_last_one_arrives(line: Line) -> None:
    end = time.monotonic() + 0.55
    count = 0
    while time.monotonic() < end:
        count += 1
        line.rpc.push("progress", count)
        time.sleep(0.001)
    until(lambda: line.of("event")[-1]["value"] == count)
    times = [when for content, _, when in line.sent if content["kind"] == "event"]
    assert 3 <= len(times) <= 7
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.09


def test_an_event_carries_its_buffers(line: Line) -> None:
    line.rpc.push("tile", {"id": 3}, [b"png"])
    assert line.sent[0][:2] == ({"kind": "event", "seq": 1, "name": "tile", "value": {"id": 3}}, [b"png"])


def test_a_page_that_missed_events_learns_the_number_it_is_at(line: Line) -> None:
    for name in "abc":
        line.rpc.push(name, 0)
    line.rpc.receive({"kind": "resync", "last": 1})
    assert line.of("resynced") == [{"kind": "resynced", "seq": 3}]
    line.call(1, "ping")
    assert line.answer(1)["value"] == {"seq": 3}


def test_nothing_is_sent_after_closing(line: Line) -> None:
    line.rpc.push("a", 1)
    line.rpc.push("a", 2)  # waits for its turn
    line.call(1, "long")
    until(lambda: line.owner.started)
    line.rpc.close()
    line.rpc.push("b", 1)
    line.call(2, "plain")
    until(lambda: line.owner.seen_cancel)
    time.sleep(0.15)
    assert [content["kind"] for content, _, _ in line.sent] == ["event"]


def test_something_cancelled_inside_a_handler_is_not_silence() -> None:
    class Inner:
        @rpc_method("inner")
        def _inner(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
            cancelled = Call(0, "other")
            cancelled.cancel()
            cancelled.check()

    sent: list[dict[str, Any]] = []
    Rpc(Inner(), lambda content, _buffers: sent.append(content)).receive({"kind": "call", "id": 1, "method": "inner"})
    assert until(lambda: sent)[0]["error"]["type"] == "CancelledError"
