"""How long a project of 100,000 images and 1,000,000 outlines takes to be counted and read, on SQLite; medians of several.

Prints and writes `results/statistics.json`. The project is made in a temporary folder, or is one that
`large_project.py` made; everything is read once before it is timed, as it is when a page of the project is open.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from large_project import make_large_project

from spheroseg_widgets import Project, open_project
from spheroseg_widgets.project.tables import overview_table
from spheroseg_widgets.widgets.gallery_rows import columns_of

RESULTS = Path(__file__).parent / "results" / "statistics.json"
IMAGES, OUTLINES_PER_IMAGE = 100_000, 10
TIMES = 9
FIRST = 500


def milliseconds(work: Callable[[], object], times: int = TIMES) -> tuple[float, float]:
    """Return the medians of how long something takes, and of what it takes of a processor."""
    work()
    took, used = [], []
    for _ in range(times):
        began, spent = time.perf_counter(), time.process_time()
        work()
        took.append(1000 * (time.perf_counter() - began))
        used.append(1000 * (time.process_time() - spent))
    return median(took), median(used)


def measure(project: Project) -> list[dict[str, Any]]:
    """Return the figures of a project, as the results hold them."""
    counts = project.statistics()
    read: dict[str, tuple[Callable[[], object], float]] = {
        "statistics": (project.statistics, 80),
        f"columns of a gallery, first {FIRST} images": (
            lambda: columns_of(overview_table(project.database, project.id, limit=FIRST)),
            50,
        ),
        "overview, all images": (lambda: overview_table(project.database, project.id), 600),
        "images()": (project.images, 1500),
        "query()": (lambda: project.query("area_um2 > 5e4 and edited == False"), 1500),
    }  # fmt: skip
    metrics: list[dict[str, Any]] = [
        {"name": "images", "value": counts.images, "unit": "", "target": None, "better": "higher"},
        {"name": "outlines", "value": counts.outlines, "unit": "", "target": None, "better": "higher"},
    ]
    for name, (work, target) in read.items():
        took, used = milliseconds(work)
        print(f"{name:48} {took:8.1f} ms, {used:8.1f} ms of a processor (target {target} ms)")
        metrics += [
            {"name": name, "value": round(took, 1), "unit": "ms", "target": target, "better": "lower"},
            {"name": f"{name}, processor", "value": round(used, 1), "unit": "ms", "target": None, "better": "lower"},
        ]
    return metrics


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, help="one that large_project.py made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.project or make_large_project(Path(name) / "large", IMAGES, OUTLINES_PER_IMAGE)
        with closing(open_project(folder)) as project:
            metrics = measure(project)
    print(f"{platform.platform()}, {os.cpu_count()} cores")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
