"""Of a step is told if it lasts: what is over at once nobody could read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from distributed import Client

from spheroseg_widgets.jobs.stages import MEASURING, READING, SEGMENTING, UNTOLD_SECONDS, Heard, Teller
from tests.clusters import small_cluster

TOPIC = "told"
LONG = 3 * UNTOLD_SECONDS


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        small_cluster() as cluster,
        Client(cluster, set_as_default=False) as made,
    ):
        yield made


def told(client: Any, work: Any) -> list[str]:
    """Have a worker do something with a teller; return what it told, in order."""
    before = len(client.get_events(TOPIC))
    client.submit(work, pure=False).result(timeout=30)
    time.sleep(LONG)  # for what might still be told, though it must not
    return [stage for _, (_, _, stage) in client.get_events(TOPIC)[before:]]


def quick() -> None:
    teller = Teller(TOPIC, 1, 1)
    for step in (READING, SEGMENTING, MEASURING):
        teller.stage(step)
    teller.end()


def slow_in_the_middle() -> None:
    teller = Teller(TOPIC, 1, 1)
    teller.stage(READING)
    teller.stage(SEGMENTING)
    time.sleep(LONG)
    teller.stage(MEASURING)
    teller.end()


def by_tiles() -> None:
    teller = Teller(TOPIC, 1, 1)
    teller.stage(SEGMENTING)
    for done in range(1, 4):
        teller.progress(done, 3)  # at once, and then not within half a second
    time.sleep(LONG)  # "segmenting" must not be told after "segmenting 1/3"
    teller.end()


def untold() -> None:
    teller = Teller("", 1, 1)
    teller.stage(SEGMENTING)
    teller.progress(1, 3)
    time.sleep(LONG)


def test_steps_that_are_over_at_once_are_not_told(client: Any) -> None:
    assert told(client, quick) == []


def test_a_step_that_lasts_is_told(client: Any) -> None:
    assert told(client, slow_in_the_middle) == [SEGMENTING]


def test_tiles_are_told_seldom_and_nothing_older_after_them(client: Any) -> None:
    assert told(client, by_tiles) == [f"{SEGMENTING} 1/3"]


def test_small_images_tell_nothing(client: Any) -> None:
    assert told(client, untold) == []


def test_without_a_worker_nothing_is_told_and_nothing_breaks() -> None:
    teller = Teller(TOPIC, 1, 1)
    teller.stage(READING)
    teller.progress(1, 2)
    teller.end()
    assert teller.worker == ""


def test_what_was_heard_is_taken_once() -> None:
    heard = Heard()
    assert heard.take() == {}
    heard.hear((0.0, [3, 1, READING]))
    heard.hear((0.1, [3, 1, SEGMENTING]))
    heard.hear((0.2, [4, 2, READING]))
    assert heard.any
    assert heard.take() == {(3, 1): SEGMENTING, (4, 2): READING}
    assert heard.take() == {}
