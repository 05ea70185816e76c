"""The training monitor says what the run says, seldom enough, and its verbs act on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
import torch

import spheroseg_widgets as sw
from spheroseg_widgets.errors import TrainingError
from spheroseg_widgets.project.finetune import FineTuning
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.training import trainer as training_trainer
from spheroseg_widgets.segmentation.training.dataset import read_dataset
from spheroseg_widgets.segmentation.training.model_folder import write_model
from spheroseg_widgets.segmentation.training.run import TrainingRun
from spheroseg_widgets.segmentation.training.trainer import TrainingConfig
from spheroseg_widgets.widgets.training_curve import MOST_POINTS, TrainingCurve
from spheroseg_widgets.widgets.training_face import linear_axis, loss_axis, step_axis
from spheroseg_widgets.widgets.training_monitor import TrainingMonitor, display_finetuning

from .page import Wire, call, until

WAIT = 60.0
SMALL = NetworkConfig(widths=(8, 16), bottleneck=16)
VALUES: dict[str, Any] = {
    "views": ((32, 4),), "warmup": 5, "rate": 5e-3, "threads": 1, "validate_every": 10, "validation_side": 64,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Wire)
    yield
    ipywidgets.Widget.close_all()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith(("spheroseg-watch", "spheroseg-widget"))])


@pytest.fixture
def make(tmp_path: Path, annotated_plate: Path) -> Iterator[Callable[..., TrainingRun]]:
    """Make a run on ten small images; one that still trains is stopped."""
    made: list[TrainingRun] = []

    def run(validation: float = 0.2, **changes: Any) -> TrainingRun:
        config = TrainingConfig(**{**VALUES, "network": SMALL, "steps": 100_000, **changes})
        dataset = read_dataset(annotated_plate / "images", annotated_plate / "masks", "masks")
        made.append(TrainingRun(tmp_path / "line-7", dataset, config, validation=validation, synthetic=0.0))
        return made[-1]

    yield run
    for one in made:
        one.stop()
        one._ended.wait(WAIT)


def floats(column: bytes) -> list[float]:
    return np.frombuffer(column, "<f4").tolist()


def test_it_follows_a_run_from_start_to_finish(make: Callable[..., TrainingRun]) -> None:
    run = make(steps=40)
    monitor = sw.TrainingMonitor(run)
    seen = monitor.progress
    assert (seen["state"], seen["step"], seen["steps"], seen["name"]) == ("ready", 0, 40, "line-7")
    assert (seen["images"], seen["held_out"], seen["base"]) == (8, 2, None)
    assert call(monitor, "resume")["value"] is None
    until(lambda: monitor.progress["state"] == "finished")
    assert run.wait()
    rows = run.rows()
    assert monitor.progress["step"] == 40
    assert monitor.progress["share"] == 1.0
    assert monitor.progress["seconds_left"] is None
    assert monitor.progress["loss"] == rows[-1]["loss"]
    assert monitor.progress["validation_iou"] == rows[-1]["validation_iou"]
    best = min((row for row in rows if "validation_loss" in row), key=lambda row: row["validation_loss"])
    assert monitor.progress["best"] == {
        "step": best["step"], "loss": best["validation_loss"], "iou": best["validation_iou"],
    }  # fmt: skip
    assert monitor.progress["best"]["loss"] == pytest.approx(run.trainer.best.loss, abs=1e-5)
    assert floats(monitor.curve["step"]) == [10, 20, 30, 40]
    assert floats(monitor.curve["loss"]) == pytest.approx([row["loss"] for row in rows if "loss" in row])
    assert floats(monitor.curve["validation_step"]) == [0, 10, 20, 30, 40]


def test_a_stopped_run_goes_on_from_the_page(make: Callable[..., TrainingRun]) -> None:
    run = make()
    run.start()
    monitor = TrainingMonitor(run)
    until(lambda: monitor.progress["step"] >= 10)
    assert monitor.progress["state"] == "training"
    assert monitor.progress["seconds_left"] > 0
    assert "error" not in call(monitor, "stop", 1)
    until(lambda: monitor.progress["state"] == "stopped")
    assert not run.running
    reached = run.trainer.step
    assert monitor.progress["step"] == reached
    call(monitor, "resume", 2)
    assert run.running
    until(lambda: monitor.progress["state"] == "training" and monitor.progress["step"] > reached)
    call(monitor, "stop", 3)
    until(lambda: monitor.progress["state"] == "stopped")


def test_stopping_is_said_while_the_step_is_still_at_work(
    make: Callable[..., TrainingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(validation=0.0)
    began, goes_on = threading.Event(), threading.Event()
    step = training_trainer.Trainer._one_step

    def slow(*arguments: Any) -> Any:
        began.set()
        assert goes_on.wait(WAIT)
        return step(*arguments)

    monkeypatch.setattr(training_trainer.Trainer, "_one_step", slow)
    run.start()
    assert began.wait(WAIT)
    monitor = TrainingMonitor(run)
    call(monitor, "stop")
    assert monitor.progress["state"] == "stopping"
    goes_on.set()
    until(lambda: monitor.progress["state"] == "stopped")
    assert monitor.progress["step"] == 1


def test_a_run_that_a_cell_starts_is_seen(make: Callable[..., TrainingRun]) -> None:
    run = make(steps=20)
    monitor = TrainingMonitor(run)
    run.start()
    until(lambda: monitor.progress["state"] == "finished")
    assert monitor.progress["step"] == 20


def test_a_failure_is_shown_with_its_reason_and_the_cell_that_waits_raises_it_all_the_same(
    make: Callable[..., TrainingRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make(steps=30)
    with monkeypatch.context() as broken:
        broken.setattr(
            training_trainer.Curve, "append", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        run.start()
        monitor = TrainingMonitor(run)
        until(lambda: monitor.progress["state"] == "failed")
    assert "No space left on device" in monitor.progress["reason"]
    with pytest.raises(TrainingError, match="No space left"):
        run.wait()
    call(monitor, "refresh", 1)
    assert monitor.progress["state"] == "failed"
    assert "No space left on device" in monitor.progress["reason"]
    call(monitor, "resume", 2)
    until(lambda: monitor.progress["state"] == "finished")
    assert monitor.progress["reason"] == ""


def test_pages_hear_of_it_at_most_ten_times_a_second(make: Callable[..., TrainingRun]) -> None:
    run = make()
    monitor = TrainingMonitor(run)
    call(monitor, "resume")
    wire = monitor.comm
    assert isinstance(wire, Wire)
    until(lambda: run.trainer.step)
    begun = time.monotonic()
    while time.monotonic() < begun + 1.5:
        monitor._hear({"step": 1.0})
        time.sleep(0.002)
    times = [when for when, _ in wire.updates() if begun <= when <= begun + 1.0]
    assert 1 <= len(times) <= 10
    assert all("progress" in state for _, state in wire.updates() if "curve" in state)  # one message, not two


def test_a_reloaded_page_gets_everything_as_state(make: Callable[..., TrainingRun]) -> None:
    run = make(steps=10)
    run.start()
    run.wait()
    state = TrainingMonitor(run).get_state()
    assert state["progress"]["state"] == "finished"
    assert floats(state["curve"]["step"]) == [10]
    assert state["strings"]["training.stop"] == "Stop"


def test_a_monitor_that_only_shows_refuses_verbs(make: Callable[..., TrainingRun]) -> None:
    run = make()
    monitor = TrainingMonitor(run, read_only=True)
    assert "only shows" in call(monitor, "resume", 1)["error"]["message"]
    assert "only shows" in call(monitor, "stop", 2)["error"]["message"]
    assert not run.running


def test_a_verb_that_fails_tells_the_page_why(make: Callable[..., TrainingRun]) -> None:
    run = make()
    run.start()
    assert "already" in call(TrainingMonitor(run), "resume")["error"]["message"]


def test_closing_the_monitor_leaves_the_training_alone(make: Callable[..., TrainingRun]) -> None:
    run = make()
    run.start()
    monitor = TrainingMonitor(run)
    monitor.close()
    until(lambda: run.trainer.step > 5)
    assert run.running
    assert run._listeners == []


def test_its_face_without_a_kernel_is_plain_html_with_the_curve(
    make: Callable[..., TrainingRun], tmp_path: Path
) -> None:
    run = make(steps=20)
    run.start()
    run.wait()
    run.folder = tmp_path / "<script>alert(1)<"
    data, _ = TrainingMonitor(run)._repr_mimebundle_()
    page = data["text/html"]
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "http" not in page
    assert "Finished" in page
    assert "step 20 of 20" in page
    assert f"loss {run.rows()[-1]['loss']:#.3g}" in page
    assert page.count("<polyline") == 3
    assert "application/vnd.jupyter.widget-view+json" in data


def test_a_face_before_the_first_point_has_no_curve_and_no_fault(make: Callable[..., TrainingRun]) -> None:
    page = TrainingMonitor(make()).static_html()
    assert "Not started" in page
    assert "<svg" not in page


def test_a_long_curve_is_thinned_and_keeps_its_ends_and_its_best() -> None:
    rng = np.random.default_rng(3)
    rows = [
        {"step": 10 * n, "loss": float(t), "rate": 1e-3, "seconds": n, "validation_loss": float(v), "validation_iou": 0.5}
        for n, (t, v) in enumerate(zip(rng.uniform(0.2, 0.9, 30_001), rng.uniform(0.3, 0.9, 30_001), strict=True), 1)
    ]  # fmt: skip
    curve = TrainingCurve(rate=1e-3, warmup=10)
    assert curve.take(rows)
    step, (loss,) = curve.training_line()
    assert MOST_POINTS / 2 <= len(step) <= MOST_POINTS
    assert step[-1] == 300_010
    assert loss[0] == pytest.approx(np.mean([row["loss"] for row in rows[:32]]))
    judged, (validation, _) = curve.validation_line()
    assert len(judged) <= MOST_POINTS + 2
    assert (judged[0], judged[-1]) == (10, 300_010)
    best = min(rows, key=lambda row: row["validation_loss"])
    assert best["step"] in judged
    assert validation.min() == pytest.approx(best["validation_loss"])
    assert sum(map(len, curve.columns().values())) < 25_000


def test_a_curve_that_was_cut_is_read_anew() -> None:
    rows = [{"step": n, "loss": 1 / n, "rate": 1.0} for n in (10, 20, 30)]
    curve = TrainingCurve(rate=1.0, warmup=1)
    curve.take(rows)
    assert not curve.take(rows)
    assert curve.take([*rows[:2], {"step": 25, "loss": 0.5, "rate": 1.0}])
    assert curve.training_line().step.tolist() == [10, 20, 25]
    assert curve.take(rows[:1])
    assert curve.training_line().step.tolist() == [10]


def test_the_fall_of_the_learning_rate_is_told_from_its_rise() -> None:
    config = TrainingConfig(steps=1000, warmup=100, rate=1e-3)
    curve = TrainingCurve(config.rate, config.warmup)
    rows = [{"step": n, "loss": 1.0, "rate": config.rate_at(n - 1, 0.0)} for n in range(10, 701, 10)]
    curve.take(rows)
    assert curve.falls_from is None
    rows += [{"step": n, "loss": 1.0, "rate": config.rate_at(n - 1, 0.0)} for n in range(710, 1001, 10)]
    curve.take(rows)
    assert curve.falls_from == 710
    curve.take([*rows, {"step": 1010, "loss": 1.0, "rate": config.rate}])  # gone on with at full rate
    assert curve.falls_from is None


def test_axes_of_the_face_have_ticks_that_hold_the_values() -> None:
    shares = loss_axis(0.18, 2.6)
    assert shares.logarithmic
    assert [name for _, name in shares.ticks] == ["0.2", "0.5", "1", "2"]
    assert not loss_axis(0.3, 0.9).logarithmic
    for low, high in ((0.62, 0.765), (0.5, 0.5), (0.9131, 0.9139), (0.0, 1.0)):
        axis = linear_axis(low, high, 3)
        assert 2 <= len(axis.ticks) <= 7
        at = axis.at(np.array([low, high, axis.ticks[0][0], axis.ticks[-1][0]]))
        assert np.all((at > -1e-9) & (at < 1 + 1e-9))
    assert [name for _, name in step_axis(2, 6).ticks] == ["0", "1", "2"]


@pytest.fixture
def reviewed(tmp_path: Path, annotated_plate: Path, monkeypatch: pytest.MonkeyPatch) -> sw.Project:
    """Make a project of ten approved images, and a small model to start from."""
    torch.manual_seed(4)
    write_model(tmp_path / "models" / "tiny", "tiny", "1", ResUNet(SMALL).state_dict(), SMALL, {})
    monkeypatch.setenv("SPHEROSEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    project = sw.open_project(tmp_path / "plate", create=True)
    project.add(annotated_plate / "images", names="{plate}_{well}_{time}h.tif")
    project.segment(model="threshold", workers=1, min_area_px2=50).wait()
    project.review(project.images()["image_id"].tolist(), "approved")
    return project


def finetune(project: sw.Project, **options: Any) -> FineTuning:
    return project.finetune("ours", base="tiny", minutes=5, synthetic=0.0, **{**VALUES, **options})


def test_a_finetuning_displays_as_its_monitor_and_as_words_in_a_terminal(reviewed: sw.Project) -> None:
    tuning = finetune(reviewed, steps=10)
    data, _ = tuning._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("<FineTuning of tiny to 'ours': step ")
    tuning.wait()
    data, _ = display_finetuning(tuning)
    assert "Finished" in data["text/html"]
    monitor = TrainingMonitor(tuning)
    assert (monitor.progress["kind"], monitor.progress["base"], monitor.progress["name"]) == (
        "finetuning",
        "tiny",
        "ours",
    )


def test_a_finetuning_is_stopped_and_gone_on_with_from_the_page_until_it_is_a_model(reviewed: sw.Project) -> None:
    tuning = finetune(reviewed, steps=100_000)
    monitor = TrainingMonitor(tuning)
    until(lambda: monitor.progress["step"] >= 10)
    call(monitor, "stop", 1)
    until(lambda: monitor.progress["state"] == "stopped")
    with pytest.raises(TrainingError, match="stopped after step"):
        tuning.wait()
    call(monitor, "refresh", 2)
    assert monitor.progress["state"] == "stopped"  # to be stopped is no failure
    reached = monitor.progress["step"]
    call(monitor, "resume", 3)
    until(lambda: monitor.progress["step"] > reached)
    call(monitor, "stop", 4)
    until(lambda: monitor.progress["state"] == "stopped")
    tuning.register()
    assert "is a model already" in call(monitor, "resume", 5)["error"]["message"]
    assert not tuning.training.running


def test_a_finetuning_that_had_its_steps_does_not_go_on(reviewed: sw.Project) -> None:
    tuning = finetune(reviewed, steps=5)
    until(lambda: not tuning.training.running)
    with pytest.raises(TrainingError, match="has had its minutes"):
        tuning.resume()


def test_what_ended_a_finetuning_is_known_after_it_was_raised(
    reviewed: sw.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(training_trainer, "loss_of", lambda *_: (_ for _ in ()).throw(RuntimeError("out of memory")))
        tuning = finetune(reviewed, steps=20)
        with pytest.raises(RuntimeError, match="out of memory"):
            tuning.wait()
    monitor = TrainingMonitor(tuning)
    assert (monitor.progress["state"], monitor.progress["reason"]) == ("failed", "out of memory")
    tuning.resume()
    assert tuning.wait().name == "ours"
    call(monitor, "refresh")
    assert monitor.progress["state"] == "finished"
