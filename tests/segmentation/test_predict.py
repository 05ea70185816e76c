"""From pixels to outlines: the geometry of resizing, the working scale, what a worker may import."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from spheroseg_widgets.segmentation.instances import split_objects
from spheroseg_widgets.segmentation.objects import outline_maps
from spheroseg_widgets.segmentation.scenes import random_scene
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.training.targets import training_targets


def disc(height: int, width: int, cy: float, cx: float, radius: float) -> np.ndarray:
    ys, xs = np.mgrid[:height, :width] + 0.5
    return np.hypot(ys - cy, xs - cx) <= radius


def test_a_circle_stays_a_circle_on_a_non_square_image() -> None:
    # A probability map at a third of the image's size, as the network gives it.
    ys, xs = np.mgrid[:120, :200] + 0.5
    probability = np.clip(20.0 - np.hypot(ys - 60, xs - 90) + 0.5, 0, 1)
    maps = np.rint(probability * 255).astype(np.uint8)[None]
    outlines = outline_maps(maps, (360, 600), Settings()).outlines
    polygon = outlines.shapely(0)
    assert abs(polygon.area / (np.pi * 60**2) - 1) < 0.01
    left, top, right, bottom = polygon.bounds
    assert abs((right - left) - (bottom - top)) < 0.5
    assert abs((left + right) / 2 - 270) < 0.3
    assert abs((top + bottom) / 2 - 180) < 0.3


def test_touching_objects_are_told_apart_by_their_cores() -> None:
    labels = disc(80, 120, 40, 40, 22).astype(np.int32)
    labels[disc(80, 120, 40, 80, 22) & (labels == 0)] = 2
    foreground, distance = training_targets(labels)
    assert split_objects(foreground, distance).max() == 2
    assert split_objects(foreground, None).max() == 1


def test_the_target_rises_to_one_once_an_object_whatever_its_size() -> None:
    labels = disc(90, 90, 30, 30, 25).astype(np.int32) + 2 * disc(90, 90, 75, 75, 6).astype(np.int32)
    distance = training_targets(labels)[1]
    assert distance[labels == 1].max() == 1
    assert distance[labels == 2].max() == 1
    assert distance[labels == 0].max() == 0


def test_synthetic_scenes_are_the_same_for_the_same_seed() -> None:
    a, b = (random_scene(np.random.default_rng(5), (96, 128)) for _ in range(2))
    np.testing.assert_array_equal(a.pixels, b.pixels)
    np.testing.assert_array_equal(a.labels, b.labels)


def test_a_worker_loads_no_store_no_jupyter_and_no_plots() -> None:
    code = (
        "import sys, spheroseg_widgets.jobs.task; "
        "bad = [m for m in ('sqlalchemy', 'ipywidgets', 'anywidget', 'plotly', 'IPython') if m in sys.modules]; "
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
