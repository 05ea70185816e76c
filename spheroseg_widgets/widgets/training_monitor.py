"""The training monitor: loss and validation of a training as it goes, and the two verbs: stop, and go on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from spheroseg_widgets.errors import TrainingError
from spheroseg_widgets.project.finetune import FineTuning

from .base import STATIC, SpheroWidget
from .rpc import Call, rpc_method
from .training_curve import TrainingCurve
from .training_face import static_html
from .training_state import Watched, progress_of

if TYPE_CHECKING:
    from spheroseg_widgets.segmentation.training.run import TrainingRun

LEAST_SECONDS_BETWEEN = 0.15
"""Between two pushes, whatever the rate of the steps."""
LOOK_SECONDS = 0.5
"""How often a run at work is looked at between two points of its curve: seconds pass, and it may end."""


class TrainingMonitor(SpheroWidget):
    """How a training goes, live: losses and validation as curves, with buttons to stop and to go on.

    ```python
    tuning = project.finetune("line-7", minutes=20)
    tuning  # shows this monitor
    run = TrainingRun(folder, dataset, config)
    sw.TrainingMonitor(run)  # has a button that starts it
    ```

    Parameters
    ----------
    training : FineTuning or TrainingRun
        What is shown; closing the monitor leaves it running.
    read_only : bool
        Show only: nothing is stopped or gone on with from here.

    Attributes
    ----------
    progress : dict
        See `training_state.progress_of`. All that is shown is here and in `curve`, so a reloaded page shows it again.
    curve : dict of bytes
        See `TrainingCurve.columns`: at most some thousand points a line.
    """

    _esm = STATIC / "training.js"
    _css = STATIC / "training.css"
    section: ClassVar[str] = "training"

    progress = traitlets.Dict().tag(sync=True)
    curve: traitlets.Dict[str, bytes] = traitlets.Dict().tag(sync=True)
    read_only = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)

    def __init__(self, training: FineTuning | TrainingRun, *, read_only: bool = False) -> None:
        self._watched: Watched = _FineTuning(training) if isinstance(training, FineTuning) else _Run(training)
        config = self._run.trainer.config
        self._rows = TrainingCurve(config.rate, config.warmup)
        self._closing = False
        self._wake = threading.Event()
        self._watcher: threading.Thread | None = None
        super().__init__()
        self.set_trait("read_only", read_only)
        self._leave = self._run.on_row(self._hear)
        self.try_reload()

    @property
    def _run(self) -> TrainingRun:
        return self._watched.run

    def reload(self) -> None:
        """Read how the training stands, and watch it for as long as it is at work."""
        with self.lock:
            if self._show():
                self._watch()

    def close(self) -> None:
        """Close the monitor; the training goes on."""
        self._leave()
        with self.lock:
            self._closing = True
        self._wake.set()
        super().close()

    def _hear(self, _row: dict[str, float]) -> None:
        """Note that there is something new: called in the training thread, which is not held up and must not fail."""
        if self._watcher is None:
            with self.lock:
                self._watch()
        self._wake.set()

    def _watch(self) -> None:
        if self._watcher is None and not self._closing:
            self._watcher = threading.Thread(target=self._follow, name="spheroseg-watch-training", daemon=True)
            self._watcher.start()

    def _follow(self) -> None:
        running = True
        while running:
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            with self.lock:
                running = False
                if not self._closing:
                    with self.errors_shown():
                        running = self._show()
                if not running:
                    self._watcher = None
            if running:
                time.sleep(LEAST_SECONDS_BETWEEN)

    def _show(self) -> bool:
        """Publish how it stands now; returns whether it was at work."""
        # Asked first: what ends in between is shown by the next look, which this answer asks for.
        running = self._run.running
        changed = self._rows.take(self._run.rows())
        progress = progress_of(self._watched, self._rows, running=running)
        with self.hold_sync():  # one message for both
            self.progress = progress
            if changed or not self.curve:
                self.curve = self._rows.columns()
        return running

    @rpc_method("refresh")
    def _refresh(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """Read it now; a page asks when it opens, and now and then while nothing is at work."""
        self.reload()

    @rpc_method("stop", ordered=True)
    def _stop(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """End after the step it is at, saved."""
        self._check_verbs()
        with self.lock:
            self._watched.stop()
            self.reload()

    @rpc_method("resume", ordered=True)
    def _resume(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """Go on, or start."""
        self._check_verbs()
        with self.lock:
            self._watched.resume()
            self.reload()

    def _check_verbs(self) -> None:
        if self.read_only:
            raise TrainingError("this monitor only shows: open it in a notebook to stop the training or to go on")

    def static_html(self) -> str:
        """Return the state at the time of display: a line, a bar, the curves."""
        with self.lock:
            return static_html(self.progress, self._rows)


def display_finetuning(tuning: FineTuning, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the mimebundle of a fine-tuning: its live monitor, a static face, and its words for a terminal."""
    data, metadata = TrainingMonitor(tuning)._repr_mimebundle_(**kwargs)
    return {**data, "text/plain": repr(tuning)}, metadata


@dataclass(slots=True)
class _FineTuning:
    tuning: FineTuning
    kind: str = "finetuning"

    @property
    def name(self) -> str:
        return self.tuning.name

    @property
    def run(self) -> TrainingRun:
        return self.tuning.training

    def stop(self) -> None:
        self.tuning.stop()

    def resume(self) -> None:
        self.tuning.resume()


@dataclass(slots=True)
class _Run:
    run: TrainingRun
    kind: str = "training"

    @property
    def name(self) -> str:
        return self.run.folder.resolve().name

    def stop(self) -> None:
        self.run.stop()

    def resume(self) -> None:
        self.run.start()
