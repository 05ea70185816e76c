"""Outlines drawn by hand: taken, mended or refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from spheroseg_widgets.outlines.validity import check_outline

SQUARE = [(10, 10), (50, 10), (50, 50), (10, 50)]


def test_a_simple_outline_is_taken_as_it_is() -> None:
    checked = check_outline([SQUARE], 100, 100)
    assert checked.state == "ok"
    np.testing.assert_array_equal(checked.rings[0], np.asarray(SQUARE, np.float32))


def test_a_hole_is_kept() -> None:
    hole = [(20, 20), (20, 30), (30, 30), (30, 20)]
    assert len(check_outline([SQUARE, hole], 100, 100).rings) == 2


def test_two_halves_are_refused_and_a_small_loop_is_cut_away() -> None:
    bow_tie = [(10, 10), (50, 50), (50, 10), (10, 50)]
    assert check_outline([bow_tie], 100, 100)[::2] == ("refused", "crosses")
    loop = [(10, 10), (50, 10), (50, 50), (12, 50), (9, 52), (12, 52), (9, 50)]
    mended = check_outline([loop], 100, 100)
    assert mended[::2] == ("repaired", "crosses")
    area = Polygon(mended.rings[0]).area
    assert Polygon(mended.rings[0]).is_valid
    assert area == pytest.approx(1620, rel=0.02)


def test_what_lies_outside_the_image_is_cut_off() -> None:
    checked = check_outline([[(-20, 10), (50, 10), (50, 50), (-20, 50)]], 100, 100)
    assert checked[::2] == ("repaired", "outside")
    assert Polygon(checked.rings[0]).bounds == (0, 10, 50, 50)
    assert check_outline([[(-20, 10), (-5, 10), (-5, 50)]], 100, 100)[::2] == ("refused", "outside")


@pytest.mark.parametrize("ring", [[], [(1, 1), (2, 2)], [(1, 1), (5, 5), (9, 9)], [(1, 1), (math.nan, 5), (9, 2)]])
def test_an_outline_without_area_is_refused(ring: list[tuple[float, float]]) -> None:
    assert check_outline([ring], 100, 100)[::2] == ("refused", "empty")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(-20, 120), st.floats(-20, 120)), min_size=3, max_size=12))
def test_whatever_is_not_refused_is_valid_once_stored(points: list[tuple[float, float]]) -> None:
    checked = check_outline([points], 100, 100)
    if checked.state != "refused":
        polygon = Polygon(checked.rings[0], checked.rings[1:])
        assert polygon.is_valid
        assert polygon.area > 0
        assert polygon.bounds[0] >= 0
        assert polygon.bounds[3] <= 100
