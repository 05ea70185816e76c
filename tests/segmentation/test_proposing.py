"""An object that was missed is found by a click or a box, at any level, and its neighbours keep what is theirs."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.proposing import Box, object_field
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.synthetic import Scene, SceneSpec, Spheroid, render

SPHEROIDS = (Spheroid(90, 90, 40, depth=0.7), Spheroid(250, 100, 55, shape_seed=3, depth=0.6))
"""Two of them, the middle and the radius in px."""


def iou(outlines: Outlines, truth: np.ndarray) -> float:
    mask = to_labels(outlines, *truth.shape) > 0
    return float((mask & truth).sum() / (mask | truth).sum())


def disc(shape: tuple[int, int], x: float, y: float, radius: float, height: float = 1.0) -> np.ndarray:
    """Return a probability that falls over a few pixels at a disc's edge."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    return height / (1 + np.exp((np.hypot(columns - x, rows - y) - radius) / 1.5))


def as_maps(*planes: np.ndarray) -> np.ndarray:
    return np.rint(np.stack(planes) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def seen() -> tuple[Scene, np.ndarray]:
    """Two clean spheroids, and what the network makes of them."""
    scene = render(SceneSpec(220, 340, SPHEROIDS, debris=0), np.random.default_rng(2))
    predictor = Predictor(find_model(DEFAULT_MODEL), threads=1)
    return scene, predictor.maps(predictor.working(scene.pixels, Settings()))


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("by", ["click", "box"])
def test_a_clean_spheroid_is_outlined_by_a_click_or_a_box(seen: tuple[Scene, np.ndarray], number: int, by: str) -> None:
    scene, maps = seen
    one = SPHEROIDS[number]
    reach = 0 if by == "click" else 1.2 * one.radius
    box: Box = (one.x - reach, one.y - reach, one.x + reach, one.y + reach)
    field = object_field(maps, box, Settings())
    assert field is not None
    outline = field.outline()
    overlap = iou(outline, scene.labels == number + 1)
    print(f"spheroid {number + 1} by {by}: IoU {overlap:.3f}")
    assert len(outline) == 1
    assert overlap > 0.9


def test_nothing_is_found_on_the_background(seen: tuple[Scene, np.ndarray]) -> None:
    assert object_field(seen[1], (10, 210, 10, 210), Settings()) is None
    assert object_field(seen[1], (150, 170, 190, 215), Settings()) is None
    assert object_field(seen[1], (-50, -50, -20, -20), Settings()) is None


def test_a_faint_object_is_outlined_at_half_its_height() -> None:
    maps = as_maps(disc((120, 120), 60, 60, 30, 0.3))
    field = object_field(maps, (60, 60, 60, 60), Settings())
    assert field is not None
    assert field.level == pytest.approx(0.15, abs=0.01)
    assert iou(field.outline(), disc((120, 120), 60, 60, 30) > 0.5) > 0.97


def test_a_lower_level_is_larger_and_does_not_leak_into_the_neighbour() -> None:
    shape = (120, 200)
    one, other = disc(shape, 70, 60, 30), disc(shape, 131, 60, 30)
    maps = as_maps(np.maximum(one, other), np.maximum(one, other) ** 4 * (np.abs(np.arange(200) - 100.5) > 4))
    field = object_field(maps, (70, 60, 70, 60), Settings())
    assert field is not None
    sizes = [float(field.outline(level).shapely(0).area) for level in (0.9, 0.5, 0.06)]
    assert sizes == sorted(sizes)
    assert field.outline(0.06).bounds()[0][2] < 104
    assert iou(field.outline(), one > 0.5) > 0.95


def test_a_box_around_what_was_divided_wrongly_gives_one_object() -> None:
    shape = (120, 120)
    body = disc(shape, 60, 60, 35)
    cores = np.maximum(disc(shape, 45, 60, 10), disc(shape, 75, 60, 10))
    maps = as_maps(body, cores)
    pointed = object_field(maps, (45, 60, 45, 60), Settings())
    boxed = object_field(maps, (20, 20, 100, 100), Settings())
    assert pointed is not None
    assert boxed is not None
    assert iou(pointed.outline(), body > 0.5) < 0.6
    assert iou(boxed.outline(), body > 0.5) > 0.97


def test_an_object_that_the_image_cuts_ends_on_its_edge() -> None:
    field = object_field(as_maps(disc((80, 80), 0, 40, 30)), (5, 40, 5, 40), Settings())
    assert field is not None
    assert field.outline().bounds()[0][0] == 0
