"""Synthetic scenes: their truth is exact, and the same seed gives the same picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import Polygon

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.scenes import random_scene
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.segmentation.treated import GROWTH_PER_DAY, TIMES_H, TREATMENTS, treated_series


def test_the_same_seed_gives_the_same_scene_and_another_seed_another() -> None:
    first, again, other = (random_scene(np.random.default_rng(seed), (128, 160)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.outlines.xy, again.outlines.xy)
    assert not np.array_equal(first.pixels, other.pixels)


def test_labels_are_the_rasterised_outlines_in_every_random_scene() -> None:
    kinds = set()
    for seed in range(60):
        scene = random_scene(np.random.default_rng(seed), (128, 160))
        assert scene.pixels.shape == scene.labels.shape == (128, 160)
        assert scene.labels.dtype == np.int32
        np.testing.assert_array_equal(scene.labels, to_labels(scene.outlines, 128, 160))
        kinds.add(min(len(scene.outlines), 3))
    assert kinds == {0, 1, 2, 3}, "empty, single, paired and crowded fields all occur"


def test_a_disc_has_the_area_of_a_disc_in_outline_and_labels() -> None:
    scene = render(SceneSpec(200, 220, (Spheroid(110.3, 99.6, 60, roughness=0),)), np.random.default_rng(0))
    expected = np.pi * 60**2
    assert float(measure_shape(scene.outlines)["area_px2"].iloc[0]) == pytest.approx(expected, rel=5e-4)
    assert (scene.labels == 1).sum() == pytest.approx(expected, rel=5e-3)


def test_the_area_grows_with_the_square_of_the_radius_and_the_form_stays() -> None:
    small, large = (
        measure_shape(render(SceneSpec(400, 400, (Spheroid(200, 200, r, shape_seed=3),)), np.random.default_rng(0)).outlines)
        for r in (50.0, 100.0)
    )  # fmt: skip
    assert float(large["area_px2"].iloc[0] / small["area_px2"].iloc[0]) == pytest.approx(4, rel=1e-4)
    assert float(large["solidity"].iloc[0]) == pytest.approx(float(small["solidity"].iloc[0]), rel=1e-4)


@pytest.mark.parametrize("hole", [0.2, 0.5])
def test_a_hole_lies_within_its_body_whatever_the_shape(hole: float) -> None:
    for seed in range(400):
        outer, inner = Spheroid(100, 100, 60, hole=hole, shape_seed=seed).rings()
        assert Polygon(outer).is_valid
        assert Polygon(outer).contains(Polygon(inner)), seed


def test_a_hole_is_background_in_the_truth() -> None:
    scene = render(SceneSpec(200, 200, (Spheroid(100, 100, 60, hole=0.4, roughness=0.2),)), np.random.default_rng(0))
    assert scene.labels[100, 100] == 0
    assert scene.labels[100, 140] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"shedding": 1.0}, {"debris": 60, "bubbles": 2}),
        ({"strands": 40}, {}),
        ({}, {"scratches": 3}),
        ({}, {"well_radius": 0.5}),
        ({}, {"ghosts": 5}),
    ],
    ids=["debris, bubbles and shed cells", "strands", "scratches", "the well's wall", "spheroids far out of focus"],
)
def test_what_is_no_compact_body_is_not_part_of_the_truth(body: dict[str, Any], field: dict[str, Any]) -> None:
    still = {"noise": 0.0, "unevenness": 0.0}
    clean = render(SceneSpec(200, 200, (Spheroid(100, 100, 40),), **still), np.random.default_rng(0))
    dirty = render(SceneSpec(200, 200, (Spheroid(100, 100, 40, **body),), **still, **field), np.random.default_rng(0))
    np.testing.assert_array_equal(dirty.labels, clean.labels)
    changed = np.abs(dirty.pixels.astype(int) - clean.pixels) > 10
    assert (changed & (clean.labels == 0)).sum() > 50, "it is in the picture"


@pytest.mark.parametrize(("look", "darker"), [("brightfield", True), ("fluorescence", False)])
def test_the_body_stands_out_the_way_the_look_says(look: str, darker: bool) -> None:
    scene = render(SceneSpec(200, 200, (Spheroid(100, 100, 50),), look=look), np.random.default_rng(0))
    inside, outside = (float(scene.pixels[scene.labels == label].mean()) for label in (1, 0))
    assert abs(inside - outside) > 30
    assert (inside < outside) is darker


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (12, np.uint16), (16, np.uint16)])
def test_bit_depths_hold_the_same_picture(bits: int, dtype: type) -> None:
    spec = SceneSpec(120, 120, (Spheroid(60, 60, 30),), bits=bits)
    pixels = render(spec, np.random.default_rng(0)).pixels
    assert pixels.dtype == dtype
    assert 0.5 * 2**bits < pixels.max() < 2**bits
    eight = render(SceneSpec(120, 120, spec.spheroids), np.random.default_rng(0)).pixels
    np.testing.assert_allclose(pixels / (2**bits - 1), eight / 255, atol=1 / 255)


def test_touching_spheroids_keep_a_label_each_and_lie_against_each_other() -> None:
    pair = (Spheroid(70, 100, 40, roughness=0.1), Spheroid(145, 100, 40, roughness=0.1, shape_seed=1))
    labels = render(SceneSpec(200, 220, pair), np.random.default_rng(0)).labels
    assert set(np.unique(labels)) == {0, 1, 2}
    neighbours = np.stack([labels[:, :-1], labels[:, 1:]])
    assert (neighbours.min(axis=0) * neighbours.max(axis=0) == 2).any()


def test_a_spheroid_cut_by_the_border_keeps_its_whole_outline() -> None:
    scene = render(SceneSpec(120, 120, (Spheroid(0, 60, 30, roughness=0),)), np.random.default_rng(0))
    assert scene.outlines.bounds()[0, 0] < 0
    assert (scene.labels == 1).sum() == pytest.approx(np.pi * 30**2 / 2, rel=0.02)


@pytest.mark.parametrize("treatment", TREATMENTS)
def test_a_treated_series_is_one_well_over_time(treatment: str) -> None:
    scenes = treated_series(treatment, 5, (256, 256))
    assert len(scenes) == len(TIMES_H)
    again = treated_series(treatment, 5, (256, 256))
    np.testing.assert_array_equal(scenes[-1].pixels, again[-1].pixels)
    # All treatments of a well begin alike.
    np.testing.assert_array_equal(scenes[0].pixels, treated_series("control", 5, (256, 256))[0].pixels)
    area = [(scene.labels > 0).sum() for scene in scenes]
    days = TIMES_H[-1] / 24
    expected = (1 + GROWTH_PER_DAY.get(treatment, 0.0)) ** (2 * days)
    # What loosens has a rougher outline, whose area is a little larger at the same radius.
    assert area[-1] / area[0] == pytest.approx(expected, rel=0.25 if treatment == "loosening" else 0.02)
    if treatment != "control":
        assert (scenes[-1].pixels != treated_series("control", 5, (256, 256))[-1].pixels).mean() > 0.01
