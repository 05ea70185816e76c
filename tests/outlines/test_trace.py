"""Pixel edges: exactly the mask, and back."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.rasterise import to_mask
from spheroseg_widgets.outlines.trace import trace


def rings_in_rings() -> np.ndarray:
    """An object with a hole, an island in it that has a hole, and an island in that."""
    mask = np.zeros((40, 50), bool)
    for inset, value in enumerate((True, False, True, False, True)):
        mask[3 + 3 * inset : 37 - 3 * inset, 3 + 3 * inset : 47 - 3 * inset] = value
    return mask


def test_lesson_6_islands_inside_holes_survive_mask_trace_mask_exactly() -> None:
    mask = rings_in_rings()
    outlines = trace(mask)
    assert [len(outlines.rings(i)) for i in range(len(outlines))] == [2, 2, 1]
    np.testing.assert_array_equal(to_mask(outlines, *mask.shape), mask)


@given(arrays(bool, st.tuples(st.integers(1, 14), st.integers(1, 14))))
@settings(max_examples=200, deadline=None)
def test_any_mask_comes_back_exactly_from_valid_polygons(mask: np.ndarray) -> None:
    outlines = trace(mask)
    np.testing.assert_array_equal(to_mask(outlines, *mask.shape), mask)
    assert areas(outlines).sum() == mask.sum()
    assert all(outlines.shapely(i).is_valid for i in range(len(outlines)))


def test_pixels_that_touch_by_a_corner_are_two_objects() -> None:
    assert len(trace(np.eye(2, dtype=bool))) == 2


def test_a_hole_that_touches_the_outer_border_in_a_corner_is_a_hole() -> None:
    mask = np.ones((4, 4), bool)
    mask[1, 1] = mask[0, 0] = False
    outlines = trace(mask)
    assert len(outlines) == 1
    assert len(outlines.rings(0)) == 2
    assert outlines.shapely(0).is_valid


@pytest.mark.parametrize("shape", [(0, 0), (5, 7)])
def test_nothing_gives_nothing(shape) -> None:
    assert len(trace(np.zeros(shape, bool))) == 0


def test_time_grows_with_the_edges_not_with_their_square() -> None:
    rng = np.random.default_rng(1)
    seconds = {}
    for side in (200, 800):
        mask = rng.random((side, side)) < 0.5
        seconds[side] = min(_seconds(mask) for _ in range(1 if side == 800 else 3))
    # 16 times the pixels; a quadratic walk would take 256 times as long.
    assert seconds[800] < 80 * seconds[200]


def _seconds(mask: np.ndarray) -> float:
    start = time.perf_counter()
    trace(mask)
    return time.perf_counter() - start
