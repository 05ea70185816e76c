"""A run is live: it starts at once, can be cancelled, retried and promoted, and breaks with a reason."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
import tifffile

import spheroseg_widgets as sw
from spheroseg_widgets.errors import ModelError, RunError, SpherosegError, StoreError
from spheroseg_widgets.segmentation import registry
from spheroseg_widgets.store import jobs, leases, runs
from spheroseg_widgets.store.tables import result

from .plates import alive, until


class Held:
    """Keeps the only worker busy until it is released, so that jobs are handed out and not worked on."""

    def __init__(self, client: Any) -> None:
        self.go = threading.Event()
        self.future = client.submit(lambda event: event.wait(60), _Carried(self.go), pure=False)

    def release(self) -> None:
        self.go.set()
        self.future.result(timeout=30)


class _Carried:
    """An event that stays the same object on the way to a worker of this process."""

    kept: dict[int, threading.Event] = {}  # noqa: RUF012 - shared on purpose

    def __init__(self, event: threading.Event) -> None:
        self.number = id(event)
        self.kept[self.number] = event

    def __reduce__(self) -> tuple[Any, tuple[int]]:
        return (_carried, (self.number,))

    def wait(self, seconds: float) -> bool:
        return self.kept[self.number].wait(seconds)


def _carried(number: int) -> threading.Event:
    return _Carried.kept[number]


def _in_hand(dask_worker: Any) -> list[str]:
    return [str(key) for key in dask_worker.state.tasks]


def test_segment_returns_at_once_and_the_run_goes_on(project: sw.Project, client: Any) -> None:
    held = Held(client)
    began = time.monotonic()
    run = project.segment(model="threshold", cluster=client)
    assert time.monotonic() - began < 2
    until(lambda: run.progress().running == 2)
    seen = run.progress()
    assert (seen.total, seen.queued, seen.done, seen.finished, seen.status) == (3, 1, 0, False, "running")
    with pytest.raises(TimeoutError):
        run.wait(timeout=0.2)
    held.release()
    assert run.wait(timeout=30) is run
    seen = run.progress()
    assert (seen.done, seen.finished, seen.status, seen.stage) == (3, True, "done", "ended")
    assert seen.images_per_second is not None
    assert seen.images_per_second > 0
    assert project.last_run().id == run.id  # type: ignore[union-attr]
    assert (project.images()["outcome"] == "measured").all()
    scales = project.runs()["parameters"].iloc[-1]["scales"]
    assert set(scales) == set(map(str, project.images()["image_id"]))


def test_a_cancelled_run_hands_out_nothing_more_and_older_results_hold(project: sw.Project, client: Any) -> None:
    project.segment(model="threshold", cluster=client).wait(30)
    before = project.images()["current_result_id"].tolist()
    held = Held(client)
    run = project.segment(model="threshold", cluster=client)
    until(lambda: run.progress().running == 2)
    assert run.cancel() == 3
    assert run.wait(timeout=5).progress().status == "cancelled"
    held.release()
    time.sleep(0.5)
    assert run.status()["status"].tolist() == ["cancelled"] * 3
    assert project.images()["current_result_id"].tolist() == before
    assert len(project.measurements(run=run)) == 0
    assert run.cancel() == 0


def test_a_run_cancelled_by_another_process_drops_its_work(project: sw.Project, client: Any) -> None:
    held = Held(client)
    run = project.segment(model="threshold", cluster=client)
    until(lambda: run.progress().running == 2)
    with project.database.write() as connection:  # as another process would: only the rows change
        jobs.cancel_jobs(connection, run.id)
    held.release()
    assert run.wait(timeout=20).progress().status == "cancelled"
    assert run.progress().done == 0


def test_what_somebody_waits_for_goes_before_what_was_handed_out_already(
    project: sw.Project, three_images: Path, client: Any
) -> None:
    """The worker is busy, a second job waits in its hands, more wait in the store: the urgent one comes next."""
    first = three_images / "plate_A01_24h.tif"
    for number in range(3):
        tifffile.imwrite(three_images / f"plate_B0{number}_24h.tif", tifffile.imread(first) // 2 + number)
    project.add(three_images)
    held = Held(client)
    run = project.segment(model="threshold", cluster=client)
    until(lambda: run.progress().running == 2)
    last = int(project.images()["image_id"].max())
    assert project.prioritise([last, int(project.images()["image_id"].min())]) == 1  # the other one was handed out
    until(lambda: run.progress().running == 3)
    assert project.prioritise([last]) == 0
    until(lambda: any("urgent" in key for keys in client.run(_in_hand).values() for key in keys))
    held.release()
    run.wait(30)
    done = run.status().sort_values("finished_at", kind="stable")
    assert (done["status"] == "done").all()
    assert len(done) == 6
    with project.database.read() as connection:
        order = connection.scalars(sa.select(result.c.image_id).order_by(result.c.id)).all()
    assert order[0] == last


def test_a_task_that_runs_ends_within_two_seconds_of_its_cancelling(
    tmp_path: Path, three_images: Path, client: Any
) -> None:
    """Dask lets a task that has begun run to its end; a large image would keep its worker for a minute."""
    large = tmp_path / "large.tif"
    tifffile.imwrite(large, np.random.default_rng(0).integers(0, 255, (5000, 5000), np.uint8))
    with closing(sw.open_project(tmp_path / "plate", create=True)) as project:
        project.add(large)
        run = project.segment(scale=1.0, cluster=client)
        until(lambda: client.run(lambda: sum(thread.name.startswith("network") for thread in threading.enumerate())))
        until(lambda: run.progress().running == 1)
        began = time.monotonic()
        assert run.cancel() == 1
        assert client.submit(abs, -3, pure=False).result(timeout=30) == 3  # the worker has but one thread
        assert time.monotonic() - began < 2
        assert run.wait(timeout=5).progress().status == "cancelled"
        # The next run is not given up.
        project.add(three_images)
        assert (
            project.segment(images=project.images()["image_id"].tolist()[1:], cluster=client).wait(60).progress().done
        )


def test_two_projects_on_one_cluster_do_not_take_each_others_results(
    tmp_path: Path, three_images: Path, client: Any
) -> None:
    """Their runs and jobs have the same numbers."""
    other_images = tmp_path / "other"
    other_images.mkdir()
    for path in three_images.glob("*.tif"):
        off = np.roll(tifffile.imread(path), 20, axis=1)  # or it would be mirrored onto itself
        tifffile.imwrite(path, off)
        tifffile.imwrite(other_images / path.name, np.ascontiguousarray(off[:, ::-1]))
    opened = [closing(sw.open_project(tmp_path / name, create=True)) for name in "ab"]
    with opened[0] as one, opened[1] as other:
        one.add(three_images)
        other.add(other_images)
        held = Held(client)
        first = one.segment(model="threshold", cluster=client)
        until(lambda: first.progress().running == 2)
        second = other.segment(model="threshold", cluster=client)
        until(lambda: second.progress().running == 2)
        held.release()
        first.wait(30)
        second.wait(30)
        for image_id, width in other.images()[["image_id", "width"]].itertuples(index=False):
            ours, mirrored = (project.outlines(image_id)[0].bounds() for project in (one, other))
            assert len(ours) == len(mirrored) == 1
            assert width - ours[0, 2] == pytest.approx(mirrored[0, 0], abs=1.5)


def test_failed_images_are_retried_with_the_same_parameters(
    project: sw.Project, three_images: Path, client: Any
) -> None:
    victim = next(three_images.glob("*A02*"))
    whole = victim.read_bytes()
    victim.write_bytes(whole[:3000])
    run = project.segment(model="threshold", cluster=client).wait(30)
    assert run.progress().failed == 1
    fixed = project.runs()["parameters"].iloc[-1]
    victim.write_bytes(whole)
    assert run.retry_failed() == 1
    run.wait(30)
    assert (run.progress().done, run.progress().failed, run.progress().status) == (3, 0, "done")
    assert project.runs()["parameters"].iloc[-1] == fixed
    assert run.errors().empty
    assert run.retry_failed() == 0


def test_what_breaks_a_run_is_its_reason_and_retrying_goes_on(project: sw.Project, client: Any) -> None:
    run = project.segment(model="threshold", cluster="nonsense://nowhere:1")
    with pytest.raises(RunError, match="nonsense"):
        run.wait(30)
    seen = run.progress()
    assert (seen.status, seen.finished, seen.failed) == ("failed", True, 3)
    assert "nonsense" in str(seen.reason)
    assert run.errors()["reason"].str.contains("nonsense").all()
    assert run.retry_failed(cluster=client) == 3
    assert run.wait(30).progress().status == "done"


def test_an_interrupted_run_says_so_and_can_be_taken_up(project: sw.Project, client: Any) -> None:
    run = project.segment(model="threshold", cluster=client).wait(30)
    until(lambda: not alive(project))  # else it would go on with what it finds
    parameters = project.runs()["parameters"].iloc[-1]
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = leases.new_owner().split(":")[0]
    with project.database.write() as connection:  # what a killed process leaves behind
        ids = project.images()["image_id"].tolist()
        model = runs.ensure_model(connection, "threshold", "1", "", None)
        left = runs.create_run(connection, project.id, model, parameters, ids, "me")
        assert leases.acquire_lease(connection, project.id, f"{host}:{ended.pid}:x", 60)
        runs.take_up(connection, project.id, left)
        jobs.claim_jobs(connection, left, 2, "gone", 60.0)
    interrupted = project.run(left)
    assert interrupted.progress().stage == "interrupted"
    with pytest.raises(RunError, match="interrupted"):
        interrupted.wait(10)
    assert interrupted.resume(cluster=client) == 3
    assert interrupted.wait(30).progress().done == 3
    assert interrupted.resume() == 0
    assert run.id < left
    with pytest.raises(StoreError, match="none of this number"):
        project.run(999)


def test_runs_of_a_project_share_the_workers(project: sw.Project, client: Any) -> None:
    held = Held(client)
    first = project.segment(model="threshold", cluster=client)
    until(lambda: first.progress().running == 2)
    second = project.segment(model="threshold", cluster=client)
    third = project.segment(model="threshold", cluster=client)
    until(lambda: second.progress().running == third.progress().running == 2)  # twice as many as workers, each
    assert third.cancel() == 3
    assert third.wait(5).progress().status == "cancelled"
    held.release()
    second.wait(30)
    first.wait(30)
    assert second.progress().done == first.progress().done == 3
    assert third.progress().status == "cancelled"


def test_a_run_waits_for_the_dispatcher_of_another_process(project: sw.Project, client: Any) -> None:
    with project.database.write() as connection:
        assert leases.acquire_lease(connection, project.id, "elsewhere:1:x", 60)
    run = project.segment(model="threshold", cluster=client)
    with pytest.raises(TimeoutError):
        run.wait(1)
    assert run.progress().queued == 3
    with project.database.write() as connection:
        leases.release_lease(connection, project.id, "elsewhere:1:x")
    assert run.wait(30).progress().done == 3


def test_promoting_a_run_spares_what_people_decided_unless_asked(project: sw.Project, client: Any) -> None:
    first = project.segment(model="threshold", cluster=client).wait(30)
    one, two, three = project.images()["image_id"]
    ids = project.images()["current_result_id"].tolist()
    outlines, objects = project.outlines(one)
    saved = project.save(one, outlines, objects, parent=int(ids[0]))
    project.segment(model="threshold", cluster=client).wait(30)
    heard: list[tuple[str, list[int]]] = []
    project.on_change(lambda kind, images: heard.append((kind, images)))
    assert project.promote(first) == 2
    assert heard == [("promote", [two, three])]
    assert project.images()["current_result_id"].tolist() == [saved, ids[1], ids[2]]
    assert project.promote(first, replace_edits=True) == 1
    assert project.images()["current_result_id"].tolist() == ids
    assert project.images()["review"].tolist() == ["unreviewed"] * 3
    assert "unreview" in project.audit()["action"].tolist()
    assert project.promote(first.id) == 0
    with pytest.raises(StoreError, match="run 99"):
        project.promote(99)


def test_damaged_weights_and_unknown_settings_are_refused_before_anything_is_stored(
    project: sw.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = registry.find_model(registry.DEFAULT_MODEL)
    assert shipped.weights is not None
    folder = tmp_path / "models" / "broken"
    folder.mkdir(parents=True)
    description = shipped.weights.parent / "model.json"
    text = description.read_text().replace(f'"{registry.DEFAULT_MODEL}"', '"broken"')
    (folder / "model.json").write_text(text)
    (folder / shipped.weights.name).write_bytes(shipped.weights.read_bytes()[:-1] + b"\0")
    monkeypatch.setenv("SPHEROSEG_MODELS", str(folder.parent))
    with pytest.raises(ModelError, match="damaged or were replaced"):
        project.segment(model="broken")
    (folder / shipped.weights.name).unlink()
    with pytest.raises(ModelError, match="missing"):
        project.segment(model="broken")
    with pytest.raises(SpherosegError, match="unknown setting treshold"):
        project.segment(model="threshold", treshold=0.4)
    assert project.runs().empty


@pytest.mark.slow
def test_a_program_that_ends_loses_no_result_and_its_workers_do_not_run_it_again(
    tmp_path: Path, three_images: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nimport spheroseg_widgets as sw\n"
        "plate = sw.open_project(sys.argv[1], create=True)\nplate.add(sys.argv[2])\n"
        "plate.segment(model='threshold', workers=1)\nprint('the end')\n"
    )
    command = [sys.executable, str(script), str(tmp_path / "plate"), str(three_images)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the end\n"
    assert "waiting for run 1: 3 of 3 images left" in done.stderr
    assert "Traceback" not in done.stderr
    project = sw.open_project(tmp_path / "plate")
    assert (project.images()["status"] == "done").all()
    assert project.last_run().progress().finished  # type: ignore[union-attr]
    project.close()
