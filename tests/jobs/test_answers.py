"""No answer is lost, none comes twice: of tasks that are done, that failed, that were cancelled, whose worker went."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import dask
import pytest
from distributed import Client

from spheroseg_widgets.jobs import answers as answers_module
from spheroseg_widgets.jobs.answers import Answer, Answers
from tests.clusters import small_cluster

OVER = threading.Event()
"""Set when a test is over: workers are threads of this process, and a sleeping one would hold up its end."""


@pytest.fixture
def cluster() -> Iterator[Any]:
    OVER.clear()
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),  # how long a scheduler that is gone is looked for
        small_cluster(2) as made,
    ):
        yield made
        OVER.set()


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with Client(cluster, set_as_default=False) as made:
        yield made


def until(holds: Callable[[], object]) -> None:
    """Wait for something, for as long as a slow machine needs."""
    late = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < late, "it never came"
        time.sleep(0.005)


def taken(answers: Answers, count: int) -> list[Answer]:
    """Take until so many answers are here."""
    came: list[Answer] = []

    def more() -> bool:
        answers.ended()
        came.extend(answers.take(at_once=True))
        return len(came) >= count

    until(more)
    return came


def nobody() -> None:
    """Be told of nothing."""


def handed_out(
    client: Any, answers: Answers, do: Callable[..., Any], of: Any, *, at_once: bool = False
) -> list[Any]:  # fmt: skip
    futures = client.map(do, list(of), pure=False)
    answers.wait_for(futures, at_once=at_once)
    return list(futures)


def double(number: int) -> int:
    return 2 * number


def refuse(number: int) -> int:
    raise ValueError(f"no {number}")


def last(_number: int) -> None:
    OVER.wait(60)


def test_every_answer_comes_once(client: Any) -> None:
    answers = Answers(client, nobody)
    futures = handed_out(client, answers, double, range(40))
    came = taken(answers, 40)
    assert {future.key: value for future, value in came} == {
        future.key: 2 * number for number, future in enumerate(futures)
    }
    time.sleep(0.05)
    assert not answers.ended()
    assert answers.take(at_once=True) == []


def test_one_that_fails_answers_with_its_error_and_costs_the_others_nothing(client: Any) -> None:
    answers = Answers(client, nobody)
    [bad] = handed_out(client, answers, refuse, [7])
    good = handed_out(client, answers, double, range(5))
    came = {future.key: value for future, value in taken(answers, 6)}
    assert isinstance(came[bad.key], ValueError)
    assert str(came[bad.key]) == "no 7"
    assert sorted(came[future.key] for future in good) == [0, 2, 4, 6, 8]


def test_one_that_is_cancelled_is_told_of_without_a_value(client: Any) -> None:
    answers = Answers(client, nobody)
    [slow] = handed_out(client, answers, last, [1])
    client.cancel([slow])
    [(future, value)] = taken(answers, 1)
    assert future.key == slow.key
    assert value is None


def test_that_a_task_has_ended_is_known_before_its_answer_is_here(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker is free: the next task can be handed out, whatever the fetching takes."""
    monkeypatch.setattr(answers_module, "FETCH_SECONDS", 3600.0)
    answers = Answers(client, nobody)
    handed_out(client, answers, double, [1])
    taken(answers, 1)  # the first fetch
    [second] = handed_out(client, answers, double, [2])
    until(answers.ended)
    time.sleep(0.05)
    assert answers.take(at_once=False) == []
    assert answers.ended() == {second.key}, "it waits for others to be fetched with"
    [third] = handed_out(client, answers, double, [3])
    until(lambda: len(answers.ended()) == 2)
    assert [value for _, value in taken(answers, 2)] == [4, 6]
    assert third.done()


def test_an_answer_that_went_with_its_worker_is_made_again_or_given_up(client: Any, cluster: Any) -> None:
    answers = Answers(client, nobody)
    [future] = handed_out(client, answers, double, [21])
    until(answers.ended)
    [holder] = [worker for worker in cluster.workers.values() if future.key in worker.data]
    cluster.sync(holder.close, nanny=False)
    until(lambda: future.status != "finished" or any(future.key in one.data for one in cluster.workers.values()))
    # A fetch that was on its way just then comes back without it: the dispatcher hands the job out anew.
    assert [value for _, value in taken(answers, 1)] in ([42], [None])
    assert not answers.ended()


def test_a_scheduler_that_goes_leaves_every_task_without_a_value_and_none_unaccounted_for(
    client: Any, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers_module, "FETCH_SECONDS", 3600.0)
    answers = Answers(client, nobody)
    done = handed_out(client, answers, double, range(3))
    taken(answers, 3)
    ended = handed_out(client, answers, double, range(3))
    until(lambda: len(answers.ended()) == 3)
    open_ones = handed_out(client, answers, last, [1, 2])
    cluster.sync(cluster.scheduler.close)
    OVER.set()
    came = {future.key: value for future, value in taken(answers, 5)}
    assert set(came) == {future.key for future in (*ended, *open_ones)}
    assert all(came[future.key] is None for future in open_ones)
    assert not set(came) & {future.key for future in done}


class Told:
    """Counts how often it is told."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def test_tasks_that_end_one_after_the_other_are_told_of_together(client: Any) -> None:
    """What is handed out in their place goes out in one call: a scheduler is slow at many."""
    told = Told()
    answers = Answers(client, told)
    answers.workers, answers.task_seconds = 8, 2.0
    handed_out(client, answers, last, [0])  # something is still under way
    handed_out(client, answers, double, [1])
    until(answers._news.__len__)
    assert told.times == 0
    handed_out(client, answers, double, [2])
    until(lambda: told.times)
    assert len(answers.ended()) == 2, "both, told of at once"


def test_one_of_few_is_told_of_after_a_part_of_a_tasks_time(client: Any) -> None:
    told = Told()
    answers = Answers(client, told)
    answers.workers, answers.task_seconds = 2, 0.4
    handed_out(client, answers, last, [0])
    [one] = handed_out(client, answers, double, [1])
    until(lambda: told.times)
    assert answers.ended() == {one.key}


@pytest.mark.parametrize("at_once", [True, False])
def test_what_somebody_waits_for_and_the_last_are_told_of_at_once(
    client: Any, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    monkeypatch.setattr(answers_module, "MOST_TELL_SECONDS", 3600.0)
    told = Told()
    answers = Answers(client, told)
    answers.workers, answers.task_seconds = 64, 36_000.0
    if at_once:
        handed_out(client, answers, last, [0])
    handed_out(client, answers, double, [1], at_once=at_once)
    until(lambda: told.times)
    assert answers.ended()


def test_that_answers_are_here_is_told(client: Any) -> None:
    told = Told()
    answers = Answers(client, told)
    handed_out(client, answers, double, [3])
    until(answers.ended)
    before = told.times
    answers.take(at_once=True)
    until(lambda: told.times > before)
    [(_, value)] = answers.take(at_once=False)
    assert value == 6
