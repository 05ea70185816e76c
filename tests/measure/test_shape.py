"""Shapes of known size; definitions of resunet's table."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spheroseg_widgets.measure.shape import SHAPE_COLUMNS, measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.trace import trace


def turned(points: NDArray[np.float64], degrees: float, x: float = 300, y: float = 200) -> NDArray[np.float64]:
    """Turn counter-clockwise as seen on the screen, where y points down; then move."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return points @ np.array([[c, -s], [s, c]]) + [x, y]


def rectangle(width: float, height: float) -> NDArray[np.float64]:
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * [width / 2, height / 2]


def ellipse(a: float, b: float, vertices: int = 720) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    return np.stack([a * np.cos(angle), b * np.sin(angle)], axis=1)


def measured(*rings: NDArray[np.float64]) -> pd.Series:
    return measure_shape(Outlines.from_rings([list(rings)])).iloc[0]


@pytest.mark.parametrize("degrees", [0, 7, 30, 45, 61.3, 90, 133])
def test_lesson_5_feret_of_a_rectangle_at_any_rotation(degrees: float) -> None:
    row = measured(turned(rectangle(200, 100), degrees))
    assert row.min_feret_px == pytest.approx(100, abs=0.01)
    assert row.max_feret_px == pytest.approx(np.hypot(200, 100), abs=0.01)


def test_lesson_5_feret_of_a_traced_rectangle() -> None:
    mask = np.zeros((150, 260), bool)
    mask[20:120, 30:230] = True
    row = measure_shape(trace(mask)).iloc[0]
    assert (row.min_feret_px, row.area_px2, row.perimeter_px) == (100, 20_000, 600)


def test_lesson_5_largest_feret_of_a_square_is_its_diagonal() -> None:
    row = measured(turned(rectangle(80, 80), 20))
    assert row.max_feret_px == pytest.approx(80 * np.sqrt(2), rel=1e-5)
    assert row.min_feret_px == pytest.approx(80, rel=1e-5)
    assert row.circularity == pytest.approx(np.pi / 4, rel=1e-5)
    assert (row.solidity, row.convexity) == pytest.approx((1, 1))


@pytest.mark.parametrize("radius", [20, 100])
def test_a_disc_has_every_ratio_1(radius: float) -> None:
    row = measured(turned(ellipse(radius, radius), 0))
    for name in ("circularity", "roundness", "solidity", "convexity", "aspect_ratio"):
        assert row[name] == pytest.approx(1, abs=1e-3), name
    assert row.eccentricity == pytest.approx(0, abs=0.05)
    for name in ("equivalent_diameter_px", "major_axis_px", "minor_axis_px", "max_feret_px", "min_feret_px"):
        assert row[name] == pytest.approx(2 * radius, rel=1e-3), name
    assert row.perimeter_px == pytest.approx(2 * np.pi * radius, rel=1e-3)
    assert row.volume_sphere_px3 == pytest.approx(4 / 3 * np.pi * radius**3, rel=1e-3)
    assert row.volume_ellipsoid_px3 == pytest.approx(4 / 3 * np.pi * radius**3, rel=1e-3)
    assert row.volume_lw2_px3 == pytest.approx(4 * radius**3, rel=1e-3)


@pytest.mark.parametrize("degrees", [-80, -45, 0, 12.5, 60, 89])
def test_an_ellipse_has_its_axes_angle_and_volume(degrees: float) -> None:
    row = measured(turned(ellipse(60, 30), degrees))
    assert (row.major_axis_px, row.minor_axis_px) == pytest.approx((120, 60), rel=1e-3)
    assert row.orientation_deg == pytest.approx(degrees, abs=0.01)
    assert row.aspect_ratio == pytest.approx(2, rel=1e-3)
    assert row.eccentricity == pytest.approx(np.sqrt(0.75), rel=1e-3)
    assert row.roundness == pytest.approx(0.5, rel=1e-3)
    assert (row.centroid_x_px, row.centroid_y_px) == pytest.approx((300, 200), abs=1e-3)
    assert row.volume_ellipsoid_px3 == pytest.approx(np.pi / 6 * 120 * 60**2, rel=3e-3)


def test_holes_count_for_area_centroid_and_moments_but_not_for_perimeter_and_hull() -> None:
    outer, hole = turned(rectangle(100, 60), 0), turned(rectangle(20, 10), 0, 320, 210)
    row, filled = measured(outer, hole), measured(outer)
    assert row.area_px2 == pytest.approx(5800)
    assert row.perimeter_px == pytest.approx(320)
    assert row.solidity == pytest.approx(5800 / 6000)
    assert row.circularity == pytest.approx(4 * np.pi * 5800 / 320**2)
    assert row.centroid_x_px == pytest.approx((6000 * 300 - 200 * 320) / 5800, abs=1e-3)
    assert row.centroid_y_px == pytest.approx((6000 * 200 - 200 * 210) / 5800, abs=1e-3)
    assert row.max_feret_px == filled.max_feret_px
    variance = (6000 * 100**2 / 12 - 200 * (20**2 / 12 + 20**2)) / 5800 - (row.centroid_x_px - 300) ** 2
    turned_axis = np.hypot(
        row.major_axis_px * np.cos(a := np.radians(row.orientation_deg)), row.minor_axis_px * np.sin(a)
    )
    assert turned_axis**2 / 16 == pytest.approx(variance, rel=1e-4)


def test_a_star_is_less_solid_and_less_convex_by_its_known_amounts() -> None:
    cross = (
        np.array([(1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (2, 2), (2, 3), (1, 3), (1, 2), (0, 2), (0, 1), (1, 1)])
        * 10.0
    )
    row = measured(cross)
    assert row.solidity == pytest.approx(5 / 7)
    assert row.convexity == pytest.approx((4 + 4 * np.sqrt(2)) / 12)
    assert row.max_feret_px == pytest.approx(10 * np.sqrt(10))


DEGENERATE = {
    "a line": [(0, 0), (5, 5), (9, 9)],
    "a slanted line": [(0.1, 0.1), (0.2, 0.3), (0.3, 0.5), (0.7, 1.3)],
    "two vertices": [(0, 0), (5, 5)],
    "one vertex": [(3, 4)],
    "one vertex thrice": [(3, 4)] * 3,
    "there and back": [(0, 0), (5, 0), (5, 5), (5, 0)],
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.filterwarnings("error")
def test_lesson_6_degenerate_shapes_give_nan_never_1(name: str) -> None:
    row = measured(np.array(DEGENERATE[name], np.float64))
    assert row.isna().all()


@given(st.lists(st.tuples(st.floats(0, 50, width=32), st.floats(0, 50, width=32)), min_size=1, max_size=9))
@settings(max_examples=150, deadline=None)
def test_whatever_the_vertices_the_measures_keep_their_order_or_are_nan(
    points: list[tuple[float, float]],
) -> None:
    row = measured(np.array(points))
    if row.isna().all():
        return
    assert row.major_axis_px >= row.minor_axis_px
    assert row.max_feret_px >= row.min_feret_px * (1 - 1e-6)
    assert row.circularity <= 1 + 1e-6
    assert 0 <= row.eccentricity <= 1
    assert -90 <= row.orientation_deg <= 90


def test_measures_do_not_depend_on_where_the_object_lies() -> None:
    here, there = (measured(turned(ellipse(50, 20, 64), 30, at, at)) for at in (60, 20_000))
    for name in ("area_px2", "perimeter_px", "major_axis_px", "minor_axis_px", "min_feret_px"):
        assert there[name] == pytest.approx(here[name], rel=1e-3), name


def test_no_objects_give_an_empty_table_with_all_columns() -> None:
    frame = measure_shape(Outlines.empty())
    assert list(frame.columns) == list(SHAPE_COLUMNS)
    assert len(frame) == 0
    assert (frame.dtypes == np.float64).all()


def test_thousands_of_objects_are_measured_within_seconds() -> None:
    many = Outlines.from_rings([[turned(ellipse(40 + i % 7, 30, 100), i)] for i in range(2000)])
    start = time.process_time()
    frame = measure_shape(many)
    assert time.process_time() - start < 5  # 0.4 s of an idle core
    assert len(frame) == 2000
    assert frame.notna().all(axis=None)
