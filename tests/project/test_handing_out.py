"""What keeps workers supplied: the dispatcher is told of what is new, and neither a busy scheduler nor the store holds it up."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from distributed import Client

from spheroseg_widgets.jobs import background, dispatcher, run_work
from spheroseg_widgets.jobs.answers import Answers
from spheroseg_widgets.jobs.run_record import RunRecord
from spheroseg_widgets.store.tables import result

from .plates import alive, plate_of, until


def test_a_run_goes_on_without_looking_at_the_clock(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That tasks ended, and that their answers are here, is told: nothing waits until the store is looked at again."""
    project = plate_of(tmp_path, 8)
    project.segment(model="threshold", cluster=client).wait(60)
    until(lambda: not alive(project))
    monkeypatch.setattr(dispatcher, "LOOK_AT_STORE_SECONDS", 300.0)
    run = project.segment(model="threshold", cluster=client, scale=1.0)
    until(lambda: run.progress().finished, 60)
    assert run.progress().done == 8
    background.wake(project.database, project.id)  # it would wait that long for another run, too
    until(lambda: not alive(project))
    project.close()


def test_many_answers_are_stored_a_few_at_a_time_and_workers_get_more_meanwhile(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While they are written no worker is given anything."""
    monkeypatch.setattr(run_work, "STORED_TOGETHER", 2)
    monkeypatch.setattr(run_work, "IN_FLIGHT_PER_WORKER", 7)
    monkeypatch.setattr(dispatcher, "COMMIT_SECONDS", 3600.0)  # all wait for the last
    what: list[str] = []
    write, submit = RunRecord.write, run_work.RunWork.submit

    def written(self: RunRecord, connection: Any, parameters: Any, settled: Any) -> list[int]:
        if settled:
            what.append(f"store {len(settled)}")
        return write(self, connection, parameters, settled)

    def submitted(self: run_work.RunWork) -> bool:
        what.append("hand out")
        return submit(self)

    monkeypatch.setattr(RunRecord, "write", written)
    monkeypatch.setattr(run_work.RunWork, "submit", submitted)
    project = plate_of(tmp_path, 7)
    run = project.segment(model="threshold", cluster=client).wait(60)
    assert (run.status()["status"] == "done").all()
    with project.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(result)) == 7, "each once"
    stores = [at for at, one in enumerate(what) if one != "hand out"]
    assert sum(int(what[at].split()[1]) for at in stores) == 7
    assert all(int(what[at].split()[1]) <= 2 for at in stores)
    assert all(after - before > 1 for before, after in itertools.pairwise(stores))
    project.close()


def test_a_scheduler_that_does_not_say_how_many_workers_there_are_holds_nobody_up(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    nthreads = Client.nthreads

    def unanswered(self: Any, *args: Any, asynchronous: bool = False, **options: Any) -> Any:
        if not asynchronous:
            return nthreads(self, *args, **options)
        asked.append(True)
        return asyncio.sleep(3600)

    monkeypatch.setattr(Client, "nthreads", unanswered)
    monkeypatch.setattr(run_work, "COUNT_WORKERS_SECONDS", 0.0)
    project = plate_of(tmp_path, 6)
    assert project.segment(model="threshold", cluster=client).wait(60).progress().done == 6
    assert asked == [True], "and is not asked again before it has answered"
    project.close()


def test_workers_that_come_are_given_work(
    tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """How many there are is asked again and again, and both the room for tasks and what is told together follow."""
    counts = iter([1])
    seen: list[tuple[int, int]] = []
    nthreads, submit = Client.nthreads, run_work.RunWork.submit

    def counted(self: Any, *args: Any, asynchronous: bool = False, **options: Any) -> Any:
        async def later() -> dict[str, int]:
            return {f"tcp://{number}": 1 for number in range(next(counts, 3))}

        return later() if asynchronous else nthreads(self, *args, **options)

    def submitted(self: run_work.RunWork) -> bool:
        answers = self._answers
        if isinstance(answers, Answers):
            seen.append((self._most, answers.workers))
        return submit(self)

    monkeypatch.setattr(Client, "nthreads", counted)
    monkeypatch.setattr(run_work.RunWork, "submit", submitted)
    monkeypatch.setattr(run_work, "COUNT_WORKERS_SECONDS", 0.0)
    project = plate_of(tmp_path, 12)
    assert project.segment(model="threshold", cluster=client).wait(60).progress().done == 12
    assert seen[0] == (2, 1)
    assert (6, 3) in seen
    project.close()
