"""Seconds an image of the main job by stage, with one and two workers, and peak memory of client and worker.

Run on the demo plate; prints a table and writes `results/main_job.json`.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import pandas as pd
import psutil

from spheroseg_widgets.demo.plate import make_demo_plate
from spheroseg_widgets.jobs.dispatcher import Dispatcher
from spheroseg_widgets.project.opening import open_project

STAGES = ("read", "normalise", "network", "outlines", "measure")


class PeakMemory:
    """Watch the resident memory of this process and its children while a block runs."""

    def __init__(self) -> None:
        self.client = 0
        self.worker = 0
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.2):
            self.client = max(self.client, me.memory_info().rss)
            for child in me.children(recursive=True):
                try:
                    self.worker = max(self.worker, child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


@contextmanager
def timed_store() -> Iterator[list[float]]:
    """Note how long the dispatcher takes to write what came back, heartbeats included."""
    seconds: list[float] = []
    store = Dispatcher._commit

    def timed(self: Dispatcher, *args: Any) -> None:
        began = time.perf_counter()
        store(self, *args)
        seconds.append(time.perf_counter() - began)

    with patch.object(Dispatcher, "_commit", timed):
        yield seconds


def job(folder: Path, workers: int) -> dict[str, float]:
    """Run the main job once; seconds an image by stage, wall clock and megabytes."""
    plate = make_demo_plate(folder / "plate")
    with PeakMemory() as memory:
        began = time.perf_counter()
        project = open_project(folder / f"project-{workers}", create=True)
        project.add(plate.images)
        added = time.perf_counter()
        with timed_store() as storing:
            run = project.segment(workers=workers).wait()
        segmented = time.perf_counter()
        project.export(folder / f"out-{workers}", ["csv", "masks", "labels"])
        exported = time.perf_counter()
    status = run.status()
    done = status[status["status"] == "done"]
    timings = pd.DataFrame(done["timings"].tolist())
    count = len(status)
    figures = {stage: float(timings[stage].mean()) for stage in STAGES}
    return {
        "add": (added - began) / count,
        **figures,
        "store": sum(storing) / count,
        "run, wall clock": (segmented - added) / count,
        "dispatch and start": (segmented - added - sum(storing)) / count - sum(figures.values()) / workers,
        "export": (exported - segmented) / count,
        "client MB": memory.client / 1e6,
        "worker MB": memory.worker / 1e6,
    }


def main() -> None:
    """Measure with one and two workers."""
    with tempfile.TemporaryDirectory() as folder:
        table = pd.DataFrame({f"{n} worker(s)": job(Path(folder) / str(n), n) for n in (1, 2)})
    print(f"{platform.machine()}, {os.cpu_count()} cores; seconds an image (640 x 512) unless named otherwise")
    print(table.round(4).to_string())
    metrics = [
        {"name": f"{name}, {column}", "value": round(float(value), 5), "unit": "MB" if name.endswith("MB") else "s",
         "target": None, "better": "lower"}
        for column in table
        for name, value in table[column].items()
    ]  # fmt: skip
    out = Path(__file__).parent / "results" / "main_job.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
