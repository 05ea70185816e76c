"""The monitor says what the store says, to every page, and its verbs act on the run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.project.run_watch import RunListener
from spheroseg_widgets.store import jobs, leases, runs
from spheroseg_widgets.widgets.monitor import SHOWN_FAILURES, Monitor, display_run

from .page import Wire, call, until

WAIT = 10.0
OWNER = "elsewhere:1:test"


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Wire)


class Plate:
    """A project of three images and a run of them, moved on by hand as a dispatcher does."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.image_ids = project.images()["image_id"].tolist()
        self.run = self.new_run()

    def new_run(self) -> Run:
        with self.project.database.write() as c:
            model = runs.ensure_model(c, "m", "1", "00", None)
            return Run(self.project, runs.create_run(c, self.project.id, model, {}, self.image_ids, "me"))

    def start(self) -> None:
        with self.project.database.write() as c:
            assert leases.acquire_lease(c, self.project.id, OWNER, 600)
            runs.take_up(c, self.project.id, self.run.id)

    def end_one(self, reason: str | None = None) -> None:
        with self.project.database.write() as c:
            ((claimed,),) = jobs.claim_jobs(c, self.run.id, 1, "w", 60)
            if reason is None:
                jobs.finish_jobs(c, [(claimed.job_id, claimed.attempt, "w", 0.1, {})])
            else:
                jobs.fail_job(c, claimed.job_id, claimed.attempt, reason, "Traceback: line 1")
            runs.close_run(c, self.run.id)
        self.project.changes.tell("results", [])


@pytest.fixture
def plate(three_images: Path, tmp_path: Path) -> Iterator[Plate]:
    project = open_project(tmp_path / "p", create=True)
    project.add(three_images / "*.tif")
    yield Plate(project)
    ipywidgets.Widget.close_all()
    deadline = time.monotonic() + WAIT
    while [t for t in threading.enumerate() if t.name.startswith(("spheroseg-watch", "spheroseg-widget"))]:
        assert time.monotonic() < deadline, "a closed monitor still listens"
        time.sleep(0.02)
    project.close()


def test_it_follows_a_run_from_start_to_finish(plate: Plate) -> None:
    monitor = Monitor(plate.run)
    assert monitor.progress["stage"] in {"waiting", "interrupted"}
    plate.start()
    plate.end_one()
    until(lambda: monitor.progress["done"] == 1)
    plate.end_one("raw/a.tif: the file is truncated")
    until(lambda: monitor.progress["failed"] == 1)
    assert monitor.failures[0]["reason"] == "raw/a.tif: the file is truncated"
    assert set(monitor.failures[0]) == {"image_id", "name", "path", "reason"}
    plate.end_one()
    until(lambda: monitor.progress["finished"])
    assert {k: monitor.progress[k] for k in ("total", "done", "failed", "running", "queued", "cancelled")} == {
        "total": 3, "done": 2, "failed": 1, "running": 0, "queued": 0, "cancelled": 0,
    }  # fmt: skip


def test_a_reloaded_page_gets_everything_as_state(plate: Plate) -> None:
    plate.start()
    plate.end_one("broken")
    monitor = Monitor(plate.run)
    state = monitor.get_state()
    assert state["progress"]["failed"] == 1
    assert state["failures"][0]["reason"] == "broken"
    assert state["strings"]["monitor.cancel"] == "Cancel"
    assert len(state["kernel_id"]) == 32
    assert "Traceback" not in str(state["failures"])


def test_pages_hear_of_it_at_most_ten_times_a_second(plate: Plate) -> None:
    plate.start()
    monitor = Monitor(plate.run)
    wire = monitor.comm
    assert isinstance(wire, Wire)
    begun = time.monotonic()
    while time.monotonic() < begun + 1.0:
        plate.project.changes.tell("results", [])
        time.sleep(0.002)
    times = [when for when, state in wire.updates() if "progress" in state and begun <= when <= begun + 1.0]
    assert 2 <= len(times) <= 11


def test_cancel_acts_on_the_run_and_says_how_many(plate: Plate) -> None:
    plate.start()
    plate.end_one()
    monitor = Monitor(plate.run)
    assert call(monitor, "cancel")["value"] == 2
    assert monitor.progress["finished"]
    assert plate.run.status()["status"].value_counts().to_dict() == {"cancelled": 2, "done": 1}
    assert monitor.progress["cancelled"] == 2


def test_retry_runs_what_failed(plate: Plate, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr("spheroseg_widgets.project.run.start_work", lambda run, *_, **__: started.append(run.id))
    plate.start()
    for _ in range(3):
        plate.end_one("out of focus")
    monitor = Monitor(plate.run)
    assert len(monitor.failures) == 3
    assert call(monitor, "retry_failed")["value"] == 3
    assert started == [plate.run.id]
    assert monitor.failures == []
    assert monitor.progress["queued"] == 3


def test_one_failed_image_is_run_again_and_opened(plate: Plate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spheroseg_widgets.project.run.start_work", lambda *_, **__: None)
    plate.start()
    for _ in range(3):
        plate.end_one("out of focus")
    monitor = Monitor(plate.run)
    opened: list[int] = []
    assert not monitor.opens
    leave = monitor.on_open(opened.append)
    assert monitor.opens
    second = monitor.failures[1]["image_id"]
    monitor.set_state({"opened": second})
    leave()
    assert opened == [second]
    assert call(monitor, "retry_failed", image_id=second)["value"] == 1
    assert [row["image_id"] for row in monitor.failures] == [
        i for i in plate.project.images()["image_id"] if i != second
    ]


def test_images_in_the_workers_hands_are_named_with_what_is_done_to_them(plate: Plate) -> None:
    plate.start()
    with plate.project.database.write() as c:
        (one,), (two,) = jobs.claim_jobs(c, plate.run.id, 2, "w", 60)
        jobs.set_stages(c, {(one.job_id, one.attempt): "segmenting 3/12", (two.job_id, two.attempt + 1): "measuring"})
    monitor = Monitor(plate.run)
    until(lambda: monitor.running)
    seen = [(row["image_id"], row["stage"], row["fraction"]) for row in monitor.running]
    assert seen == [(one.image_id, "segmenting", 0.25), (two.image_id, "waiting", None)]  # another attempt's word
    plate.run.cancel()
    monitor.reload()
    assert monitor.running == []


def test_a_verb_that_fails_tells_the_page_why(plate: Plate, three_images: Path) -> None:
    plate.start()
    for _ in range(3):
        plate.end_one("gone")
    monitor = Monitor(plate.run)
    three_images.rename(three_images.with_name("elsewhere"))
    error = call(monitor, "retry_failed")["error"]
    assert error["type"] == "ShareUnavailableError"
    assert "not reachable" in error["message"]
    assert monitor.progress["failed"] == 3


def test_a_monitor_of_a_project_takes_the_newest_run(plate: Plate) -> None:
    monitor = Monitor(plate.project)
    assert monitor.progress["run_id"] == plate.run.id
    plate.start()
    for _ in range(3):
        plate.end_one()
    until(lambda: monitor.progress["finished"])
    newer = plate.new_run()
    call(monitor, "refresh")
    assert monitor.progress["run_id"] == newer.id
    assert monitor.run is not None


def test_a_monitor_of_a_run_stays_with_it(plate: Plate) -> None:
    monitor = Monitor(plate.run)
    plate.new_run()
    call(monitor, "refresh")
    assert monitor.progress["run_id"] == plate.run.id


def test_a_project_without_a_run_says_how_to_start_one(tmp_path: Path) -> None:
    project = open_project(tmp_path / "empty", create=True)
    monitor = Monitor(project)
    assert monitor.progress == {}
    assert monitor.error == ""
    assert "project.segment()" in monitor.static_html()
    monitor.close()
    project.close()


def test_a_store_that_cannot_be_read_is_an_error_with_a_retry(plate: Plate, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Run, "progress", lambda _self: (_ for _ in ()).throw(OSError("the disk is full")))
        monitor = Monitor(plate.run)
        assert monitor.error == "the disk is full"
        assert monitor.progress == {}
    call(monitor, "retry")
    assert monitor.error == ""
    assert monitor.progress["total"] == 3


def test_two_tabs_get_their_own_answers(plate: Plate) -> None:
    monitor = Monitor(plate.run)
    first, second = call(monitor, "ping", 1 << 40), call(monitor, "ping", 1 << 41)
    assert (first["id"], second["id"]) == (1 << 40, 1 << 41)


def test_a_word_on_its_way_while_it_is_closed_does_not_make_it_listen_again(
    plate: Plate, monkeypatch: pytest.MonkeyPatch
) -> None:
    plate.start()
    heard: list[RunListener] = []
    monkeypatch.setattr(Run, "on_change", lambda _run, listener: heard.append(listener) or (lambda: None))
    monitor = Monitor(plate.run)
    monitor.close()
    (listener,) = heard
    listener(plate.run.progress())
    assert heard == [listener]


def test_its_face_without_a_kernel_is_plain_html(plate: Plate) -> None:
    plate.start()
    plate.end_one("<script>alert(1)</script> & co")
    plate.end_one()
    data, _ = Monitor(plate.run)._repr_mimebundle_()
    page = data["text/html"]
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "1 done" in page
    assert "1 failed" in page
    assert "http" not in page
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_run_displays_as_its_monitor_and_as_words_in_a_terminal(plate: Plate) -> None:
    data, _ = display_run(plate.run)
    assert data["text/plain"] == repr(plate.run)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_thousands_of_failures_do_not_travel_with_every_push(plate: Plate, monkeypatch: pytest.MonkeyPatch) -> None:
    plate.start()
    plate.end_one("broken")
    one = plate.run.errors()
    reads: list[int] = []

    def errors(_self: Run) -> Any:
        reads.append(1)
        return one.loc[one.index.repeat(SHOWN_FAILURES + 50)].reset_index(drop=True)

    monkeypatch.setattr(Run, "errors", errors)
    monitor = Monitor(plate.run)
    assert len(monitor.failures) == SHOWN_FAILURES
    for number in range(5):
        call(monitor, "refresh", 100 + number)
    assert len(reads) == 1
