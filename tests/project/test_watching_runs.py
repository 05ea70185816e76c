"""A run is watched: by listeners, the stages of an image, its log, and the monitor that shows it."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import spheroseg_widgets as sw
from spheroseg_widgets.errors import SpherosegError, StoreError
from spheroseg_widgets.project.hooks import HOOKS, hook, register
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.store import jobs
from spheroseg_widgets.store.progress import RunProgress

from .plates import until


def test_listeners_hear_of_every_run_to_its_end_and_not_too_often(project: sw.Project, client: Any) -> None:
    heard: list[tuple[float, RunProgress]] = []
    run = project.segment(model="threshold", cluster=client)
    run.on_change(lambda _seen: 1 / 0)
    leave = run.on_change(lambda seen: heard.append((time.monotonic(), seen)))
    run.wait(30)
    until(lambda: heard and heard[-1][1].finished)
    times = [moment for moment, _ in heard]
    assert all(later - earlier > 0.09 for earlier, later in itertools.pairwise(times))
    count = len(heard)
    leave()
    late: list[RunProgress] = []
    run.on_change(late.append)  # also after the end, the state is told once
    until(lambda: late)
    assert late[0].finished
    assert len(heard) == count


def test_it_is_told_what_is_done_with_a_large_image(empty_project: sw.Project, tmp_path: Path, client: Any) -> None:
    scene = render(SceneSpec(1500, 1500, (Spheroid(700, 700, 300),)), np.random.default_rng(0)).pixels
    tifffile.imwrite(tmp_path / "large.tif", scene)
    empty_project.add(tmp_path / "large.tif")
    run = empty_project.segment(model="resunet-spheroid-fast", scale=1.0, cluster=client)
    stages: list[str] = []
    fractions: list[float] = []
    while not run.finished:
        for seen in run.running():
            stages.append(seen.stage)
            fractions += [] if seen.fraction is None else [seen.fraction]
        time.sleep(0.02)
    assert run.progress().done == 1
    assert "segmenting" in stages
    assert fractions == sorted(fractions)
    assert run.running() == []


def test_the_log_tells_who_asked_and_what_became_of_every_image(project: sw.Project, client: Any) -> None:
    run = project.segment(model="threshold", cluster=client).wait(30)
    log = run.log()
    assert log["time"].is_monotonic_increasing
    assert log["what"].iloc[0] == "segment"
    assert log["who"].iloc[0] == project.author
    assert {"run_requested", "run_started"} <= set(log["what"])
    assert log["what"].value_counts()[["started", "done"]].tolist() == [3, 3]
    ended = log[log["what"] == "done"]
    assert ended["job_id"].tolist() == run.status()["job_id"].tolist()
    assert ended["image"].tolist() == project.images()["name"].tolist()
    assert set(ended["who"]) == set(client.scheduler_info()["workers"])  # the worker, as Dask names it
    assert (log["run_id"] == run.id).all()


def test_a_run_shows_the_monitor_where_there_is_one(project: sw.Project, client: Any) -> None:
    run = project.segment(model="threshold", cluster=client).wait(30)
    before = dict(HOOKS)
    try:
        HOOKS.pop("display_run", None)
        assert "3 done" in run._repr_mimebundle_()["text/plain"]
        register("display_run", lambda shown: {"text/plain": f"monitor of {shown.id}"})
        assert run._repr_mimebundle_() == {"text/plain": f"monitor of {run.id}"}
        HOOKS.pop("report", None)
        with pytest.raises(SpherosegError, match="writes reports"):
            project.report("x.html")
        register("report", lambda held, path, **options: (held.name, path, options))
        assert project.report("x.html", title="t") == (project.name, "x.html", {"title": "t"})
        register("report", "builtins:repr")  # where it lies, imported when it is asked for
        assert hook("report") is repr
    finally:
        HOOKS.clear()
        HOOKS.update(before)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_whoever_watches_a_run_ends_quietly_where_the_store_cannot_be_read(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = project.segment(model="threshold", cluster=client).wait(30)
    heard: list[RunProgress] = []

    def gone(*_: object) -> set[int]:
        raise StoreError("the store is gone")

    monkeypatch.setattr(jobs, "ended_images", gone)
    leave = run.on_change(heard.append)
    until(lambda: not any(thread.name == f"spheroseg-watch-{run.id}" for thread in threading.enumerate()))
    assert heard == []
    leave()
    monkeypatch.undo()
    run.on_change(heard.append)  # and begins again with the next listener
    until(lambda: [seen.status for seen in heard] == ["done"])
