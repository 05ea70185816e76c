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


def handed_out(client: Any, answers: Answers, do: Callable[..., Any], of: Any) -> list[Any]:
    futures = client.map(do, list(of), pure=False)
    for future in futures:
        answers.wait_for(future)
    return list(futures)


def double(number: int) -> int:
    return 2 * number


def refuse(number: int) -> int:
    raise ValueError(f"no {number}")


def last(_number: int) -> None:
    OVER.wait(60)


def test_every_answer_comes_once(client: Any) -> None:
    answers = Answers(client)
    futures = handed_out(client, answers, double, range(40))
    came = taken(answers, 40)
    assert {future.key: value for future, value in came} == {
        future.key: 2 * number for number, future in enumerate(futures)
    }
    time.sleep(0.05)
    assert not answers.ended()
    assert answers.take(at_once=True) == []


def test_one_that_fails_answers_with_its_error_and_costs_the_others_nothing(client: Any) -> None:
    answers = Answers(client)
    [bad] = handed_out(client, answers, refuse, [7])
    good = handed_out(client, answers, double, range(5))
    came = {future.key: value for future, value in taken(answers, 6)}
    assert isinstance(came[bad.key], ValueError)
    assert str(came[bad.key]) == "no 7"
    assert sorted(came[future.key] for future in good) == [0, 2, 4, 6, 8]


def test_one_that_is_cancelled_is_told_of_without_a_value(client: Any) -> None:
    answers = Answers(client)
    [slow] = handed_out(client, answers, last, [1])
    client.cancel([slow])
    [(future, value)] = taken(answers, 1)
    assert future.key == slow.key
    assert value is None


def test_that_a_task_has_ended_is_known_before_its_answer_is_here(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker is free: the next task can be handed out, whatever the fetching takes."""
    monkeypatch.setattr(answers_module, "FETCH_SECONDS", 3600.0)
    answers = Answers(client)
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
    answers = Answers(client)
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
    answers = Answers(client)
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
