"""Operations on outlines: against shapely, against one another, and against the corpus that the browser keeps to."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon

from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.operations import (
    LEAST_AREA_PX2,
    Parts,
    fill_holes,
    grow,
    hole_as_object,
    intersect,
    slice_along,
    smooth,
    stroke,
    subtract,
    union,
)
from spheroseg_widgets.outlines.outlines import Outlines, signed_area
from spheroseg_widgets.outlines.validity import GRID_PX

from .operation_cases import FILE, SHAPES, corpus, expected, perform, spheroid

CORPUS = json.loads(FILE.read_text("utf-8"))
CASES = [pytest.param(case, id=f"{case['operation']}: {case['name']}") for case in CORPUS["cases"]]
seeds = st.integers(0, 10_000)


def at(x: float, y: float, seed: int, radius: float = 50, vertices: int = 90) -> Outlines:
    return Outlines.from_rings([[spheroid(seed, x, y, radius, vertices)]])


def holed(seed: int) -> Outlines:
    hole = spheroid(seed + 1, 195, 203, 18, 40)
    return Outlines.from_rings([[spheroid(seed, 200, 200, 60), hole]])


def total(outlines: Outlines) -> float:
    return float(areas(outlines).sum())


def rounding(*outlines: Outlines) -> float:
    """Area by which moving every vertex to the grid may change what came of these."""
    return GRID_PX * sum(outlines.shapely(i).length for outlines in outlines for i in range(len(outlines))) + 1e-3


def check(parts: Parts, given: int) -> None:
    """Every part can be stored and measured, and says where it comes from."""
    assert len(parts.parents) == len(parts.outlines)
    for index, parents in enumerate(parts.parents):
        shape = parts.outlines.shapely(index)
        assert shape.is_valid, shapely.is_valid_reason(shape)
        assert shape.area >= LEAST_AREA_PX2
        signs = [np.sign(signed_area(ring)) for ring in parts.outlines.rings(index)]
        assert signs == [1] + [-1] * (len(signs) - 1)
        assert parents
        assert set(parents) <= set(range(given))


@pytest.mark.parametrize("case", CASES)
def test_a_case_of_the_corpus_gives_what_is_written(case: dict[str, Any]) -> None:
    found = expected(perform(case, CORPUS["shapes"]))
    assert [part["holes"] for part in found] == [part["holes"] for part in case["expected"]]
    assert [part["area"] for part in found] == pytest.approx([part["area"] for part in case["expected"]], abs=0.01)


def test_the_corpus_holds_every_case_of_the_script() -> None:
    made = corpus()
    assert CORPUS["shapes"] == made["shapes"]
    assert CORPUS["measured"] == pytest.approx(made["measured"], abs=1e-3)
    assert [{**case, "expected": None} for case in CORPUS["cases"]] == [
        {**case, "expected": None} for case in made["cases"]
    ]


@given(seeds, st.floats(140, 260), st.floats(140, 260))
@settings(max_examples=40, deadline=None)
def test_merged_and_common_areas_add_up(seed: int, x: float, y: float) -> None:
    first, second = holed(seed), at(x, y, seed + 7)
    both = Outlines.concat([first, second])
    merged, common, rest = union(both), intersect(first, second), subtract(first, second)
    for parts, count in ((merged, 2), (common, 1), (rest, 1)):
        check(parts, count)
    slack = rounding(merged.outlines, common.outlines, rest.outlines) + 3 * LEAST_AREA_PX2
    assert total(merged.outlines) + total(common.outlines) == pytest.approx(total(both), abs=slack)
    assert total(rest.outlines) + total(common.outlines) == pytest.approx(total(first), abs=slack)


@given(seeds, st.lists(st.tuples(st.floats(100, 300), st.floats(100, 300)), min_size=2, max_size=6))
@example(seed=0, line=[(100, 267), (188, 257), (144, 300)])  # cuts off less than is kept
@settings(max_examples=60, deadline=None)
def test_slicing_conserves_area_and_holes_go_where_they_lie(seed: int, line: list[tuple[float, float]]) -> None:
    whole = holed(seed)
    parts = slice_along(whole, line)
    check(parts, 1)
    assert total(parts.outlines) == pytest.approx(total(whole), abs=rounding(parts.outlines) + LEAST_AREA_PX2)
    blade = LineString(line)
    if not blade.intersects(whole.shapely(0).boundary) and blade.is_simple:
        assert len(parts.outlines) == 1
    across = [(100, 190), *line, (300, 210)]  # from outside to outside, and perhaps inside between
    through = slice_along(whole, across)
    cut = shapely.get_parts(whole.shapely(0).difference(LineString(across).buffer(0.01)))
    if sum(shapely.area(cut) > 2 * LEAST_AREA_PX2) > 1:  # a smaller one, cut off in passing, is left out
        assert len(through.outlines) > 1
    for one in range(len(parts.outlines)):
        for other in range(one):
            shared = parts.outlines.shapely(one).intersection(parts.outlines.shapely(other))
            assert shared.area <= rounding(parts.outlines)


@given(seeds, st.lists(st.tuples(st.floats(120, 280), st.floats(120, 280)), min_size=1, max_size=8), st.floats(2, 40))
@settings(max_examples=40, deadline=None)
def test_what_a_brush_adds_an_eraser_takes_away(seed: int, way: list[tuple[float, float]], size: float) -> None:
    whole, covered = holed(seed), stroke(way, size)
    painted, erased = union(Outlines.concat([whole, covered])), subtract(whole, covered)
    check(painted, 2)
    check(erased, 1)
    inside = whole.shapely(0).intersection(covered.shapely(0)).area
    slack = rounding(painted.outlines, erased.outlines) + 6 * LEAST_AREA_PX2
    assert total(painted.outlines) == pytest.approx(total(whole) + total(covered) - inside, abs=slack)
    assert total(erased.outlines) == pytest.approx(total(whole) - inside, abs=slack)
    again = subtract(painted.outlines, covered)
    assert total(again.outlines) == pytest.approx(total(erased.outlines), abs=2 * slack)


@given(seeds, st.floats(0.5, 30))
@settings(max_examples=40, deadline=None)
def test_growing_moves_the_outline_by_the_distance(seed: int, distance: float) -> None:
    whole = holed(seed)
    shape = whole.shapely(0)
    grown, shrunk = grow(whole, distance), grow(whole, -distance)
    check(grown, 1)
    check(shrunk, 1)
    [larger] = [grown.outlines.shapely(i) for i in range(len(grown.outlines))]
    assert larger.buffer(2 * GRID_PX).covers(shape)
    away = shapely.distance(shapely.points(larger.exterior.coords), shape)
    np.testing.assert_allclose(away, distance, atol=0.05)
    for index in range(len(shrunk.outlines)):
        smaller = shrunk.outlines.shapely(index)
        assert shape.buffer(2 * GRID_PX).covers(smaller)
        assert smaller.distance(shape.boundary) == pytest.approx(distance, abs=0.05)


@given(seeds, st.floats(0.3, 12))
@settings(max_examples=40, deadline=None)
def test_smoothing_keeps_size_and_holes_and_takes_roughness(seed: int, length: float) -> None:
    whole = holed(seed)
    after = smooth(whole, length)
    check(Parts(after, ((0,),)), 1)
    assert len(after.rings(0)) == 2
    assert total(after) == pytest.approx(total(whole), rel=0.01)
    assert after.shapely(0).exterior.length < whole.shapely(0).exterior.length * 1.001


def test_a_circle_keeps_its_radius_when_smoothed() -> None:
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = Outlines.from_rings([[100 + 40 * np.column_stack([np.cos(angle), np.sin(angle)])]])
    assert areas(smooth(circle, 5))[0] == pytest.approx(np.pi * 1600, rel=0.002)


def test_what_is_not_touched_stays_as_it_was_to_the_bit() -> None:
    apart, other = at(100, 100, 1), at(400, 400, 2)
    for parts in (union(Outlines.concat([apart, other])), subtract(apart, other), slice_along(apart, [(0, 0), (9, 0)])):
        np.testing.assert_array_equal(parts.outlines.rings(0)[0], apart.rings(0)[0])


def test_parents_say_what_came_of_what() -> None:
    given_ = Outlines.from_rings([SHAPES["far"], SHAPES["square"], SHAPES["over"]])
    assert union(given_).parents == ((0,), (1, 2))
    bar = Outlines.from_rings([SHAPES["bar"]])
    assert subtract(given_, bar).parents == ((0,), (1,), (1,), (2,))
    assert intersect(given_, bar).parents == ((1,), (2,))


def test_holes_are_filled_up_to_a_size_and_can_become_objects() -> None:
    small = [(12, 12), (12, 15), (15, 15), (15, 12)]
    given_ = Outlines.from_rings([[*SHAPES["ring"], small]])
    assert [len(fill_holes(given_, limit).rings(0)) for limit in (0, 10, 1000)] == [3, 2, 1]
    both = hole_as_object(given_, 0, 0)
    assert areas(both).tolist() == [1600 - 400 - 9, 400]
    assert union(both).outlines.shapely(0).area == 1600 - 9
    with pytest.raises(IndexError, match="no hole 2: it has 2"):
        hole_as_object(given_, 0, 2)
    with pytest.raises(IndexError, match="no outline 1"):
        hole_as_object(given_, 1, 0)


def test_nothing_gives_nothing_and_what_cannot_be_done_says_why() -> None:
    empty, square = Outlines.empty(), Outlines.from_rings([SHAPES["square"]])
    for parts in (union(empty), subtract(empty, square), intersect(square, empty), grow(empty, 3)):
        assert (len(parts.outlines), parts.parents) == (0, ())
    assert total(subtract(square, empty).outlines) == 1600
    assert total(grow(square, 0).outlines) == 1600
    assert smooth(square, 0) is square
    with pytest.raises(ValueError, match="two vertices, not 1"):
        slice_along(square, [(0, 0)])
    with pytest.raises(ValueError, match="diameter above zero"):
        stroke([(0, 0)], 0)
    with pytest.raises(ValueError, match="at least one point"):
        stroke([], 3)


def test_a_ring_too_short_for_the_length_stays_as_it_is() -> None:
    square = Outlines.from_rings([SHAPES["square"]])
    np.testing.assert_array_equal(smooth(square, 30).rings(0)[0], square.rings(0)[0])
    assert isinstance(smooth(square, 3).shapely(0), Polygon)
