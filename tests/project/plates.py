"""Projects whose images travel one by one, and waiting for what happens to their runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

import spheroseg_widgets as sw
from spheroseg_widgets.jobs import background
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render


def plate_of(place: Path, count: int) -> sw.Project:
    """Make a project of images of which no two are the same, each large enough to travel alone."""
    folder = place / "raw"
    folder.mkdir()
    scene = render(SceneSpec(640, 640, (Spheroid(320, 300, 120),)), np.random.default_rng(0)).pixels
    for number in range(count):
        tifffile.imwrite(folder / f"well_{number:03}.tif", np.roll(scene, 5 * number, axis=1))
    project = sw.open_project(place / "plate", create=True)
    project.add(folder)
    return project


def alive(project: sw.Project) -> bool:
    """Whether a dispatcher of this process is at work on a project."""
    serving = background.serving_of(project.database, project.id)
    return serving is not None and serving.alive


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
