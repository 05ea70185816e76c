"""A worker, the scheduler or the dispatcher is killed at a random moment, round after round: nothing lost or stuck."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest
from distributed import Client

import spheroseg_widgets as sw
from spheroseg_widgets.jobs.service import PRESENCE, is_present
from spheroseg_widgets.store.result_frames import revisions_frame

from .dask_processes import free_port, scheduler, worker
from .plates import plate_of, until

Victim = Literal["worker", "scheduler", "client"]
VICTIMS: tuple[Victim, ...] = ("worker", "scheduler", "client")
COUNT = 24
ROUNDS = 20
SEED = int(os.environ.get("SPHEROSEG_KILL_SEED", "0"))


class Machines:
    """A scheduler and two workers; any of them can be killed, and another takes its place."""

    def __init__(self, stack: ExitStack) -> None:
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._stack = stack
        self._scheduler = stack.enter_context(scheduler(self.port))
        self._workers = [self._start_worker(), self._start_worker()]

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return self._stack.enter_context(worker(self.address, "--no-nanny", "--death-timeout", "60"))

    def ready(self) -> None:
        with Client(self.address, set_as_default=False, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)

    def kill_worker(self) -> None:
        killed = self._workers.pop(0)
        killed.kill()
        killed.wait()
        self._workers.append(self._start_worker())

    def kill_scheduler(self) -> None:
        self._scheduler.kill()
        self._scheduler.wait()
        self._scheduler = self._stack.enter_context(scheduler(self.port))
        for each in self._workers:  # whether a worker without its nanny comes back is Dask's affair
            each.kill()
            each.wait()
        self._workers = [self._start_worker(), self._start_worker()]


@pytest.fixture
def machines() -> Iterator[Machines]:
    with ExitStack() as stack:
        yield Machines(stack)


@pytest.fixture
def plate(tmp_path: Path) -> Iterator[sw.Project]:
    with closing(plate_of(tmp_path, COUNT)) as project:
        yield project


def measured(project: sw.Project, run: sw.Run) -> pd.DataFrame:
    """Measurements of a run, without what says which result of which time they are of."""
    table = project.measurements(run=run)
    return table[["image_id", *table.columns[table.columns.str.endswith(("_px", "_px2"))]]].reset_index(drop=True)


def revisions(project: sw.Project) -> int:
    with project.database.read() as connection:
        return sum(len(revisions_frame(connection, int(image))) for image in project.images()["image_id"])


def kill_dispatcher(project: sw.Project) -> None:
    number = int((project.folder / "cache" / PRESENCE).read_text())
    os.kill(number, signal.SIGKILL)
    until(lambda: not is_present(project.folder))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_twenty_kills_lose_nothing_and_nothing_is_stuck(
    plate: sw.Project, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPHEROSEG_IDLE_SECONDS", "0")
    machines.ready()
    undisturbed = measured(plate, plate.segment(model="threshold", cluster=machines.address).wait(90))
    assert len(undisturbed) == COUNT
    chance = random.Random(SEED)
    victims = [*VICTIMS, *(chance.choice(VICTIMS) for _ in range(ROUNDS - len(VICTIMS)))]
    for number, victim in enumerate(victims):
        machines.ready()
        until(lambda: not is_present(plate.folder))
        before = revisions(plate)
        moment = chance.randrange(COUNT)
        run = plate.segment(model="threshold", cluster=machines.address, detached=True)
        until(lambda: run.progress().done >= moment)  # noqa: B023 - called here
        was = run.status().query("status == 'done'").set_index("image_id")["finished_at"]
        if victim == "worker":
            machines.kill_worker()
        elif victim == "scheduler":
            machines.kill_scheduler()
        elif not run.finished:
            kill_dispatcher(plate)
            run.resume()
        seen = run.wait(180).progress()
        print(f"round {number}: {victim} killed after {len(was)} of {COUNT}", file=sys.stderr)
        assert (seen.done, seen.failed) == (COUNT, 0), (victim, run.errors()["reason"].tolist())
        assert revisions(plate) == before + COUNT  # of every image one more, and none twice
        now = run.status().set_index("image_id")["finished_at"]
        assert (now[was.index] == was).all(), "what was done was done again"
        pd.testing.assert_frame_equal(measured(plate, run), undisturbed)
