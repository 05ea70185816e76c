"""What a training monitor says of a run: its state, how far it is, and how well it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .training_curve import TrainingCurve

if TYPE_CHECKING:
    from spheroseg_widgets.segmentation.training.run import TrainingRun

UNBOUNDED = 10_000_000
"""Steps of a run that only time ends."""


class Watched(Protocol):
    """What is watched: a run of its own, or the adaptation of a model to a project."""

    @property
    def kind(self) -> str:
        """Return "finetuning" or "training"."""

    @property
    def name(self) -> str:
        """Return how it is called."""

    @property
    def run(self) -> TrainingRun:
        """Return the run that trains."""

    def stop(self) -> None:
        """End after the step it is at."""

    def resume(self) -> None:
        """Go on, or start."""


def progress_of(watched: Watched, curve: TrainingCurve, *, running: bool) -> dict[str, Any]:
    """Return the state as JSON values.

    Parameters
    ----------
    watched : Watched
        What is watched.
    curve : TrainingCurve
        Its curve so far.
    running : bool
        Whether it was at work when its curve was read.

    Returns
    -------
    dict
        name, kind ("finetuning" or "training"); state: ready, training, stopping, stopped, finished or failed, and
        its reason; step, steps (None where time ends it sooner), seconds, seconds_left (None where nobody knows),
        minutes; share of the run that is done, 0 to 1; falls_at (share) and falls_from (step), where the learning rate
        begins to fall; loss, validation_loss, validation_iou, and best (step, loss, iou), None before the first; base,
        images, held_out: what it learns from.
    """
    run = watched.run
    config, step, seconds = run.trainer.config, run.trainer.step, run.trainer.seconds
    over = config.is_over(step, seconds)
    by_steps = step / config.steps
    by_time = seconds / (config.minutes * 60) if config.minutes else 0.0
    share = 1.0 if over else min(1.0, max(by_steps, by_time))
    # Time alone ends a run with as good as endless steps, also in its first seconds, when nothing is known of its speed.
    steps = config.steps if config.minutes is None or (config.steps < UNBOUNDED and by_steps >= by_time) else None
    error = None if running else run.error
    if running:
        state = "stopping" if run.stopping else "training"
    elif error is not None:
        state = "failed"
    elif over:
        state = "finished"
    else:
        state = "stopped" if step else "ready"
    loss, iou = curve.validation or (None, None)
    return {
        "name": watched.name, "kind": watched.kind, "state": state,
        "reason": "" if error is None else str(error) or type(error).__name__,
        "step": step, "steps": steps, "seconds": round(seconds, 1), "minutes": config.minutes,
        "seconds_left": _seconds_left(by_steps, seconds, config.minutes) if running and not over else None, "share": share,
        "falls_at": 1 - config.cooldown, "falls_from": curve.falls_from,
        "loss": curve.loss, "validation_loss": loss, "validation_iou": iou,
        "best": None if curve.best is None else curve.best._asdict(),
        "base": None if run.base is None else run.base.name,
        "images": len(run.record["training"]), "held_out": len(run.record["held_out"]),
    }  # fmt: skip


def _seconds_left(by_steps: float, seconds: float, minutes: float | None) -> float | None:
    """Return how long it will take: until its minutes are over, or its steps at the speed so far."""
    ends = [minutes * 60 - seconds] if minutes else []
    if by_steps > 0:
        ends.append(seconds / by_steps - seconds)
    return round(max(0.0, min(ends)), 1) if ends else None
