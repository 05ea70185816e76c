"""Simplified outlines stay within their stated distance."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spheroseg_widgets.outlines.contour import contour_mask
from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.simplify import DEFAULT_TOLERANCE, simplify

ROUNDING = 2e-4  # of float32 coordinates up to 1000 px


@given(seed=st.integers(0, 10_000), tolerance=st.sampled_from([DEFAULT_TOLERANCE, 0.25, 1.0, 4.0]))
@settings(max_examples=60, deadline=None)
def test_no_point_moves_further_than_the_tolerance_and_nothing_becomes_invalid(seed: int, tolerance: float) -> None:
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, int(rng.integers(8, 400)), endpoint=False)
    radius = 60 * (1 + 0.25 * np.sin(rng.integers(2, 9) * angle) + 0.1 * rng.random(len(angle)))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    hole = circle * 15 * (0.5 + rng.random(len(angle)))[:, None]
    before = Outlines.from_rings([[300 + circle * radius[:, None], 300 + hole]])
    assert before.shapely(0).is_valid
    after = simplify(before, tolerance)
    a, b = before.shapely(0), after.shapely(0)
    assert b.is_valid
    assert len(after.xy) <= len(before.xy)
    assert len(after.rings(0)) == 2
    for old, new in zip((a.exterior, *a.interiors), (b.exterior, *b.interiors), strict=True):
        distance = max(old.hausdorff_distance(new), shapely.hausdorff_distance(old, new, densify=0.05))
        assert distance <= tolerance + ROUNDING


@pytest.mark.parametrize("radius", [20, 50, 100])
def test_area_changes_by_less_than_half_a_percent_with_far_fewer_vertices(radius: int) -> None:
    yy, xx = np.mgrid[: 2 * radius + 20, : 2 * radius + 20]
    before = contour_mask(np.hypot(yy - radius - 9.7, xx - radius - 10.2) < radius)
    after = simplify(before)
    assert areas(after)[0] == pytest.approx(areas(before)[0], rel=0.005)
    assert len(after.xy) < len(before.xy) / 2


def test_objects_keep_their_number_and_order_even_degenerate_ones() -> None:
    line = [(0, 0), (5, 0), (9, 0)]
    square = [(20, 20), (25, 20), (30, 20), (30, 30), (20, 30)]
    after = simplify(Outlines.from_rings([[line], [square]]), 0.5)
    assert len(after) == 2
    assert areas(after).tolist() == [0, 100]
    assert len(after.rings(1)[0]) == 4


def test_nothing_and_no_tolerance_change_nothing() -> None:
    assert len(simplify(Outlines.empty())) == 0
    square = Outlines.from_rings([[[(0, 0), (5, 0), (10, 0), (10, 10)]]])
    assert len(simplify(square, 0).xy) == 4
