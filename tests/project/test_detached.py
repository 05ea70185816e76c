"""A detached run goes on without whoever started it; whoever was asleep for too long does nothing twice."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

import spheroseg_widgets as sw
from spheroseg_widgets.jobs import background
from spheroseg_widgets.jobs.service import PRESENCE, ends_with_server, is_present
from spheroseg_widgets.store.database import process_lives
from spheroseg_widgets.store.result_frames import revisions_frame

from .plates import plate_of, until

COUNT = 60


@pytest.fixture(autouse=True)
def _no_idling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPHEROSEG_IDLE_SECONDS", "0")


@pytest.fixture
def plate(tmp_path: Path) -> Iterator[sw.Project]:
    with closing(plate_of(tmp_path, COUNT)) as project:
        yield project


def dispatcher_of(project: sw.Project) -> int:
    """Return the number of the detached dispatcher's process."""
    until(lambda: is_present(project.folder))
    return int((project.folder / "cache" / PRESENCE).read_text())


def revisions(project: sw.Project, image: int) -> int:
    """Return how many results an image has."""
    with project.database.read() as connection:
        return len(revisions_frame(connection, image))


def done_once(project: sw.Project, run: sw.Run) -> bool:
    """Whether every image has one result, of the run's one attempt at it."""
    made = [revisions(project, image) for image in project.images()["image_id"]]
    return made == [1] * COUNT and bool((run.status()["status"] == "done").all())


def test_a_detached_run_is_the_work_of_another_process_that_ends_by_itself(plate: sw.Project) -> None:
    run = plate.segment(model="threshold", workers=1, detached=True)
    heard: list[list[int]] = []
    plate.on_change(lambda kind, ids: heard.append(ids) if kind == "results" else None)
    number = dispatcher_of(plate)
    assert number != os.getpid()
    assert background.serving_of(plate.database, plate.id) is None
    second = plate.segment(model="threshold", workers=1, detached=True)
    assert dispatcher_of(plate) == number  # one a project, whoever asks
    assert run.wait(90).progress().done == COUNT
    assert second.wait(90).progress().done == COUNT
    assert {image for ids in heard for image in ids} <= set(plate.images()["image_id"])
    until(lambda: not process_lives(number))
    assert not is_present(plate.folder)
    lines = [json.loads(line) for line in (plate.folder / "cache" / "dispatcher.log").read_text().splitlines()]
    assert {line.get("run_id") for line in lines} >= {run.id, second.id}


def test_a_failure_is_in_the_log_with_run_and_job(plate: sw.Project) -> None:
    broken = Path(str(plate.images()["path"].iloc[3]))
    broken.write_bytes(broken.read_bytes()[:300])
    run = plate.segment(model="threshold", workers=1, detached=True)
    assert run.wait(90).progress().failed == 1
    failed = run.status().query("status == 'failed'").iloc[0]
    until(lambda: not is_present(plate.folder))
    lines = [json.loads(line) for line in (plate.folder / "cache" / "dispatcher.log").read_text().splitlines()]
    (told,) = [line for line in lines if "job_id" in line]
    assert (told["run_id"], told["job_id"], told["attempt"]) == (run.id, failed["job_id"], failed["attempt"])
    assert told["level"] == "WARNING"
    assert broken.name in told["message"]
    assert told["process"] not in {line["process"] for line in lines if "job_id" not in line}  # the worker's own


def test_a_detached_run_is_cancelled_from_here(plate: sw.Project) -> None:
    run = plate.segment(model="threshold", workers=1, detached=True)
    until(lambda: run.progress().done)
    assert run.cancel() > 0
    assert run.wait(5).progress().status == "cancelled"
    until(lambda: not is_present(plate.folder))
    assert (run.status()["status"] == "cancelled").any()
    assert (run.status()["status"] == "done").any()


def test_a_run_survives_the_end_of_the_whole_group_of_the_kernels_processes(plate: sw.Project) -> None:
    manager = KernelManager()
    manager.start_kernel(independent=False)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        code = f"import spheroseg_widgets as sw\nsw.open_project({str(plate.folder)!r}).segment(model='threshold', workers=1)"
        answer = client.execute_interactive(code, timeout=60, output_hook=lambda _message: None)
        assert answer["content"]["status"] == "ok", answer["content"]
        run = plate.run(int(plate.runs()["run_id"].iloc[-1]))
        until(lambda: run.progress().done >= 0.3 * COUNT)
        assert not run.finished
        assert manager.provisioner is not None
        os.killpg(os.getpgid(manager.provisioner.pid), signal.SIGKILL)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    run.wait(90)
    assert done_once(plate, run)


SLEEPER = """
import sys, time
import spheroseg_widgets as sw
from spheroseg_widgets.jobs import dispatcher, run_work
dispatcher.LEASE_SECONDS = run_work.LEASE_SECONDS = 2.0
project = sw.open_project(sys.argv[1])
project.segment(model="threshold", workers=1)
time.sleep(120)
"""


def put_to_sleep(group: int, store: Path) -> None:
    """Stop a group of processes, not in the middle of a transaction: a file has one place for writers."""
    until(lambda: stopped(group, store))


def stopped(group: int, store: Path) -> bool:
    os.killpg(group, signal.SIGSTOP)
    time.sleep(0.1)  # a signal takes its time
    with closing(sqlite3.connect(store, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            os.killpg(group, signal.SIGCONT)
            return False
    return True


def test_a_machine_that_was_asleep_for_longer_than_its_lease_does_nothing_twice(
    plate: sw.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER, str(plate.folder)], start_new_session=True)
    try:
        until(lambda: not plate.runs().empty)
        run = plate.run(int(plate.runs()["run_id"].iloc[-1]))
        until(lambda: run.progress().done >= 0.2 * COUNT)
        put_to_sleep(sleeper.pid, plate.folder / "store.sqlite")
        monkeypatch.setattr("spheroseg_widgets.store.requests.GRACE_SECONDS", 0.0)
        until(lambda: run.progress().stage == "interrupted")
        assert run.resume(workers=1) > 0
        until(lambda: run.progress().done >= 0.5 * COUNT)
        os.killpg(sleeper.pid, signal.SIGCONT)
        run.wait(60)
        time.sleep(1.0)  # what the sleeper still had in hand would come now
        assert done_once(plate, run)
    finally:
        os.killpg(sleeper.pid, signal.SIGKILL)
        sleeper.wait()


def test_where_the_servers_end_ends_the_dispatcher_too_it_is_known() -> None:
    def nothing(_path: str) -> bool:
        return False

    assert not ends_with_server({}, nothing)
    assert ends_with_server({"SLURM_JOB_ID": "7"}, nothing)
    assert ends_with_server({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, nothing)
    assert ends_with_server({}, lambda path: path == "/.dockerenv")
