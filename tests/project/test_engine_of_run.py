"""A run has one engine: chosen once, written down, and refused where a worker does not have it."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.errors import ModelError, RunError
from spheroseg_widgets.imaging import reach
from spheroseg_widgets.jobs import prepare_worker, task
from spheroseg_widgets.segmentation import engines

from .plates import until


def test_the_engine_is_chosen_once_and_written_into_the_run(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = project.segment(cluster=client, scale=1.0).wait(120)
    assert run.progress().done == 3
    parameters = project.runs()["parameters"].iloc[-1]
    assert (parameters["engine"], parameters["settings"]["engine"]) == ("onnxruntime", "onnxruntime")
    assert parameters["settings"]["precision"] == "float32"
    assert {"onnxruntime", "onnx"} <= set(parameters["packages"])
    asked = project.segment(model="threshold", cluster=client, engine="torch").wait(60)
    assert asked.progress().done == 3
    parameters = project.runs()["parameters"].iloc[-1]
    assert parameters["settings"]["engine"] == "torch"
    assert "onnx" not in parameters["packages"]
    monkeypatch.setattr(engines, "_missing_packages", lambda: ["onnx"])
    project.segment(model="threshold", cluster=client).wait(60)
    assert project.runs()["parameters"].iloc[-1]["settings"]["engine"] == "torch"


def test_a_worker_without_the_engine_says_so_before_any_image_is_worked_on(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_missing_packages", lambda: ["onnx"])
    monkeypatch.setattr(task, "_loaded", {})
    run = project.segment(cluster=client, engine="onnxruntime", scale=1.0)
    with pytest.raises(RunError, match=r"onnx not installed here; pip install 'spheroseg_widgets\[fast\]'"):
        run.wait(120)
    seen = run.progress()
    assert (seen.done, seen.failed) == (0, 3)
    assert run.status()["started_at"].isna().all()


def test_a_worker_with_other_versions_is_named_before_any_image_is_worked_on(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = prepare_worker.version
    monkeypatch.setattr(prepare_worker, "version", lambda name: "1.0" if name == "torch" else ours(name))
    run = project.segment(model="threshold", cluster=client)
    with pytest.raises(RunError, match=rf"the worker \S+ has torch 1\.0 in place of {re.escape(ours('torch'))}: "):
        run.wait(60)
    assert (run.progress().done, run.progress().failed) == (0, 3)
    monkeypatch.undo()
    assert run.retry_failed(cluster=client) == 3  # once all have the same
    assert run.wait(60).progress().done == 3


def test_a_worker_that_does_not_see_the_images_is_named_with_the_folder(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(Path(project.images()["path"].iloc[0]).parent)
    there = reach.os.path.isdir

    # The worker is a thread of this process: what it asks is answered as if its machine lacked the share. This
    # thread and the dispatcher's, which bears our name, ask as well.
    def seen(path: Any) -> bool:
        name = threading.current_thread().name
        return there(path) and (str(path) != folder or "spheroseg" in name or name == "MainThread")

    monkeypatch.setattr(reach.os.path, "isdir", seen)
    run = project.segment(model="threshold", cluster=client)
    with pytest.raises(RunError, match=f"the worker .* cannot see {re.escape(folder)}, where the images lie"):
        run.wait(60)
    assert run.status()["started_at"].isna().all()


def test_a_folder_that_is_gone_for_everybody_fails_its_own_images_only(
    project: sw.Project, three_images: Path, tmp_path: Path, client: Any
) -> None:
    other = tmp_path / "share"
    other.mkdir()
    shutil.copy(three_images / "plate_A01_24h.tif", other / "plate_B01_24h.tif")
    with (other / "plate_B01_24h.tif").open("ab") as stream:  # another file, not the same twice
        stream.write(b" ")
    project.add(other)
    shutil.rmtree(other)
    run = project.segment(model="threshold", cluster=client).wait(60)
    assert (run.progress().done, run.progress().failed) == (3, 1)
    assert run.errors()["name"].tolist() == ["plate_B01_24h.tif"]


def test_what_a_run_asks_of_workers_goes_with_the_run(project: sw.Project, client: Any) -> None:
    """A worker that joins a shared cluster later need not fit a run that is over."""

    def plugins(dask_scheduler: Any) -> list[str]:
        return [name for name in dask_scheduler.worker_plugins if name.startswith("spheroseg")]

    project.segment(model="threshold", cluster=client).wait(60)
    until(lambda: client.run_on_scheduler(plugins) == [])  # whoever waits hears of the end before the workers do


def test_an_engine_that_is_not_here_is_refused_before_anything_is_stored(
    project: sw.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_missing_packages", lambda: ["onnxruntime"])
    with pytest.raises(ModelError, match="onnxruntime not installed here"):
        project.segment(engine="onnxruntime")
    monkeypatch.setattr(engines, "multiplies_bfloat16", lambda: False)
    with pytest.raises(ModelError, match="does not multiply bfloat16"):
        project.segment(precision="bfloat16")
    with pytest.raises(ModelError, match="no engine 'warp'"):
        project.segment(engine="warp", cluster="nowhere:1")
    assert project.runs().empty
