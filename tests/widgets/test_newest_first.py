"""Who asked last is served first, and what nobody waits for is not begun."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack

import pytest

from spheroseg_widgets.widgets.newest_first import NewestFirst, wait_for

PATIENCE = 10.0


class Bench:
    """Work that goes on only while the gate is open, and what was begun, in order."""

    def __init__(self, threads: int = 1) -> None:
        self.gate = threading.Event()
        self.began: list[str] = []
        self.some = NewestFirst(self.work, threads)

    def work(self, key: str, item: int) -> int:
        self.began.append(key)
        assert self.gate.wait(PATIENCE)
        if item < 0:
            raise ValueError(key)
        return 10 * item

    def wait_for_begin(self) -> None:
        until = time.monotonic() + PATIENCE
        while not self.began and time.monotonic() < until:
            time.sleep(0.001)


def page(name: str, count: int) -> dict[str, int]:
    return {f"{name}{number}": number for number in range(count)}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.gate.set()
    made.some.close()


def test_the_newest_page_goes_first_and_each_in_its_order(bench: Bench) -> None:
    with bench.some.asking(page("a", 4)) as old:
        bench.wait_for_begin()
        with bench.some.asking(page("b", 3)) as newer, bench.some.asking(page("c", 2)) as newest:
            bench.gate.set()
            wait_for({**old, **newer, **newest}, PATIENCE, lambda: None)
    assert bench.began == ["a0", "c0", "c1", "b0", "b1", "b2", "a1", "a2", "a3"]
    assert [future.result() for future in old.values()] == [0, 10, 20, 30]


def test_pages_that_were_scrolled_past_are_never_begun(bench: Bench) -> None:
    with bench.some.asking(page("first", 5)):
        bench.wait_for_begin()
    for number in range(50):
        with bench.some.asking(page(f"past{number}-", 40)):
            pass
    with bench.some.asking(page("last", 3)) as last:
        bench.gate.set()
        wait_for(last, PATIENCE, lambda: None)
    assert bench.began == ["first0", "last0", "last1", "last2"]


def test_what_two_wait_for_is_made_once_and_stays_when_one_leaves(bench: Bench) -> None:
    with ExitStack() as stays:
        blocking = stays.enter_context(bench.some.asking({"blocks": 1}))
        bench.wait_for_begin()
        with bench.some.asking(page("a", 3)):
            kept = stays.enter_context(bench.some.asking({"a1": 1}))
        bench.gate.set()
        wait_for({**blocking, **kept}, PATIENCE, lambda: None)
        assert kept["a1"].result() == 10
    assert bench.began == ["blocks", "a1"]


def test_a_failure_reaches_all_who_wait_and_is_not_remembered(bench: Bench) -> None:
    bench.gate.set()
    for _ in range(2):
        with bench.some.asking({"bad": -1, "good": 1}) as futures:
            wait_for(futures, PATIENCE, lambda: None)
        assert isinstance(futures["bad"].exception(), ValueError)
        assert futures["good"].result() == 10
    assert bench.began == ["bad", "good"] * 2


def test_whoever_is_cancelled_leaves_at_once(bench: Bench) -> None:
    def cancelled() -> None:
        raise CancelledError

    began = time.monotonic()
    with pytest.raises(CancelledError), bench.some.asking(page("a", 5)) as futures:
        wait_for(futures, PATIENCE, cancelled)
    assert time.monotonic() - began < 1
    bench.gate.set()
    bench.some.close()
    assert bench.began == ["a0"]


def test_after_closing_nothing_begins_and_nobody_waits_longer_than_they_would(bench: Bench) -> None:
    bench.gate.set()
    bench.some.close()
    with bench.some.asking(page("a", 2)) as futures:
        wait_for(futures, 0.05, lambda: None)
        assert not any(future.done() for future in futures.values())
    assert bench.began == []


def test_no_thread_stays_behind_when_all_is_done() -> None:
    before = threading.active_count()
    bench = Bench(threads=3)
    bench.gate.set()
    with bench.some.asking(page("a", 10)) as futures:
        wait_for(futures, PATIENCE, lambda: None)
    until = time.monotonic() + PATIENCE
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.001)
    assert threading.active_count() == before


def test_many_who_ask_for_the_same_all_get_it() -> None:
    counts: Counter[int] = Counter()
    lock = threading.Lock()

    def work(key: int, item: int) -> int:
        with lock:
            counts[key] += 1
        time.sleep(0.0005)
        return item

    some = NewestFirst(work, 3)
    wrong: list[int] = []

    def ask(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(40):
            wanted = {key: key + 1 for key in rng.sample(range(30), 8)}
            patient = rng.random() < 0.7
            with some.asking(wanted) as futures:
                wait_for(futures, PATIENCE if patient else 0.001, lambda: None)
            done = {key: one.result() for key, one in futures.items() if one.done()}
            wrong.extend(key for key in wanted if done.get(key) != key + 1 and (patient or key in done))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    some.close()
    assert not wrong
    assert sum(counts.values()) < 6 * 40 * 8  # shared, not made for each
