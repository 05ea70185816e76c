"""The run monitor: how far a run is, what failed and why, and the two verbs: cancel, and run the failed images again."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, ClassVar

import pandas as pd
import traitlets

from spheroseg_widgets.errors import RunError
from spheroseg_widgets.jobs.service import ends_with_server
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.store.progress import RunProgress

from .base import STATIC
from .kernel import is_kernel
from .opens_images import OpensImages
from .rpc import Call, rpc_method
from .strings import text

SHOWN_RUNNING = 8
SHOWN_FAILURES = 200
"""Failures that the page holds; of more it names the number, and `run.errors()` has them all."""

STATIC_FAILURES = 20
COLOURS = {"done": "#1a7f5a", "running": "#0b6bcb", "failed": "#b3410e", "cancelled": "#6b6b6b"}


class Monitor(OpensImages):
    """How far a run is, live.

    Parameters
    ----------
    run_or_project : Run or Project
        A run; or a project, of which always the newest run is shown.
    read_only : bool
        Show only: nothing is cancelled or run again from here.

    Attributes
    ----------
    progress : dict
        Fields of `RunProgress`; empty before a project's first run. All that is shown is here and in `failures`, so
        a reloaded page shows it again.
    failures : list of dict
        `image_id`, `name`, `path` and `reason` of failed images, the first `SHOWN_FAILURES`.
    running : list of dict
        Fields of `RunningImage` of images in the workers' hands, the first `SHOWN_RUNNING`.
    bound : bool
        Whether ending the notebook's server would end what works on the run, too.
    follows : bool
        Whether a newer run of the project takes the place of the one shown.
    """

    _esm = STATIC / "monitor.js"
    _css = STATIC / "monitor.css"
    section: ClassVar[str] = "monitor"

    progress = traitlets.Dict().tag(sync=True)
    failures: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    running: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    bound = traitlets.Bool(default_value=False).tag(sync=True)
    follows = traitlets.Bool(default_value=False).tag(sync=True)

    read_only = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)

    def __init__(self, run_or_project: Run | Project, *, read_only: bool = False) -> None:
        self._run: Run | None = None
        self._leave_run: Callable[[], None] | None = None
        self._closing = False
        self._failures_of: tuple[int, int] | None = None  # the run and the number of failures that `failures` shows
        self._followed = run_or_project if isinstance(run_or_project, Project) else None
        super().__init__(follows=self._followed is not None, bound=is_kernel() and ends_with_server())
        self.set_trait("read_only", read_only)
        if isinstance(run_or_project, Run):
            self._run = run_or_project
        project = run_or_project.project if isinstance(run_or_project, Run) else run_or_project
        self._leave_project = project.on_change(self._changed)
        self.try_reload()

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self._run

    def reload(self) -> None:
        """Read the run from the store, and the newest one where the monitor follows a project."""
        with self.lock:
            if self._followed is not None:
                newest = self._followed.last_run()
                if newest is not None and (self._run is None or newest.id != self._run.id):
                    self._unsubscribe()
                    self._run = newest
            if self._run is not None:
                self._show(self._run)

    def close(self) -> None:
        """Close the monitor; the run goes on."""
        self._leave_project()
        with self.lock:
            self._closing = True
            self._unsubscribe()
        super().close()

    def _hear(self, run: Run, _progress: RunProgress) -> None:
        with self.errors_shown():
            self._show(run)

    def _show(self, run: Run) -> None:
        """Publish the state as it is now; listen to the run as long as more will come."""
        with self.lock:
            if run is not self._run or self._closing:
                return  # a last word, of the run shown before or to a monitor that is closed: it would listen again
            # Read here, under the lock, and not taken from who tells of it: an older state must not come after a newer.
            progress = run.progress()
            if self._failures_of != (run.id, progress.failed):
                failed = run.errors().head(SHOWN_FAILURES) if progress.failed else None
                self.failures = [] if failed is None else _records(failed)
                self._failures_of = (run.id, progress.failed)
            at_work = progress.running and not progress.finished and progress.stage != "interrupted"
            # In one message: a page must not show images at work beside counts that say there are none.
            with self.hold_sync():
                self.running = [asdict(one) for one in run.running(SHOWN_RUNNING)] if at_work else []
                self.progress = asdict(progress)
            if progress.finished:
                self._unsubscribe()
            elif self._leave_run is None:
                self._leave_run = run.on_change(lambda seen: self._hear(run, seen))

    def _unsubscribe(self) -> None:
        if self._leave_run is not None:
            self._leave_run()
            self._leave_run = None

    def _changed(self, _kind: str, _image_ids: list[int]) -> None:
        """Look again when something happened in the project while nobody tells of a run at work."""
        if self._leave_run is None:
            self.try_reload()

    @rpc_method("refresh")
    def _refresh(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """Read it now; a page asks when it opens, and now and then while no run is at work."""
        self.reload()

    @rpc_method("cancel", ordered=True)
    def _cancel(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> int:
        """Cancel what is left; returns the number of images."""
        self._check_verbs()
        count = 0 if self._run is None else self._run.cancel()
        self.reload()
        return count

    @rpc_method("retry_failed", ordered=True)
    def _retry_failed(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> int:
        """Run the failed images again, or the one that is named; returns their number."""
        self._check_verbs()
        images = [int(params["image_id"])] if "image_id" in params else None
        count = 0 if self._run is None else self._run.retry_failed(images)
        self.reload()
        return count

    def _check_verbs(self) -> None:
        if self.read_only:
            raise RunError("this monitor only shows: open the project in a notebook to cancel or to run again")

    def static_html(self) -> str:
        """Return the state at the time of display: a line, a bar, the failures."""
        return static_html(self.progress, self.failures)


def _records(failed: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {"image_id": int(row.image_id), "name": str(row.name_), "path": str(row.path), "reason": str(row.reason)}
        for row in failed.rename(columns={"name": "name_"}).itertuples()
    ]


def display_run(run: Run, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the mimebundle of a run: its live monitor, a static face, and its words for a terminal."""
    data, metadata = Monitor(run)._repr_mimebundle_(**kwargs)
    return {**data, "text/plain": repr(run)}, metadata


def static_html(progress: dict[str, Any], failures: list[dict[str, Any]]) -> str:
    """Return a state as HTML without scripts; colours and sizes inline, as no style sheet goes with it."""
    if not progress:
        return f"<p>{html.escape(text('monitor.none'))}</p>"
    total = max(1, progress["total"])
    bar = "".join(
        f'<span style="width:{100 * progress[state] / total:.2f}%;background:{colour}"></span>'
        for state, colour in COLOURS.items()
        if progress[state]
    )
    counts = ", ".join(
        f"{progress[state]} {html.escape(text('monitor.' + state))}"
        for state in ("done", "running", "queued", "failed", "cancelled")
        if progress[state]
    )
    rows = "".join(
        f"<li>{html.escape(row['name'])}: {html.escape(row['reason'])}</li>" for row in failures[:STATIC_FAILURES]
    )
    more = progress["failed"] - min(len(failures), STATIC_FAILURES)
    if more > 0:
        rows += f"<li>{html.escape(text('monitor.more_failures', n=more))}</li>"
    reason = f"<br>{html.escape(progress['reason'])}" if progress.get("reason") else ""
    return (
        '<div style="font:13px/20px system-ui,sans-serif;font-variant-numeric:tabular-nums">'
        f"<b>{html.escape(text('monitor.run', run=progress['run_id']))}</b> "
        f"{counts or html.escape(text('monitor.no_images'))}{reason}"
        '<div style="display:flex;height:8px;margin:4px 0;border-radius:4px;overflow:hidden;background:#8884">'
        f"{bar}</div>" + (f'<ul style="margin:4px 0;padding-left:20px">{rows}</ul>' if rows else "") + "</div>"
    )
