"""From outlines to pixels: centres decide."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spheroseg_widgets.outlines import rasterise
from spheroseg_widgets.outlines.contour import contour_labels, contour_mask
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import object_rows, pixel_boxes, to_labels, to_mask


def box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


@given(st.lists(st.tuples(st.floats(-5, 25, width=32), st.floats(-5, 25, width=32)), min_size=3, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_pixel_belongs_when_its_centre_lies_inside(points: list[tuple[float, float]]) -> None:
    outline = shapely.convex_hull(shapely.multipoints(points))
    if outline.geom_type != "Polygon" or outline.area < 1e-3:
        return
    outlines = Outlines.from_shapely([outline])
    x, y = np.meshgrid(np.arange(20) + 0.5, np.arange(18) + 0.5)
    centres = shapely.points(x, y)
    inside = shapely.contains(outlines.shapely(0), centres)
    clear = shapely.distance(outlines.shapely(0).exterior, centres) > 1e-4
    np.testing.assert_array_equal(to_mask(outlines, 18, 20)[clear], inside[clear])


def test_in_bands_and_in_some_rows_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)[:, None]
    star = 60.3 + np.hstack([np.cos(turn), np.sin(turn)]) * (40 + 25 * np.sin(7 * turn))
    outlines = Outlines.from_rings([[star, 60 + (star - 60) * 0.3]])
    whole = to_mask(outlines, 110, 90)  # its lower and right parts lie outside
    monkeypatch.setattr(rasterise, "BAND_PIXELS", 600)
    np.testing.assert_array_equal(to_mask(outlines, 110, 90), whole)
    left, top, right, bottom = (int(side) for side in pixel_boxes(outlines.bounds()[0], 110, 90))
    some = object_rows(outlines.rings(0), (left, top, right, bottom), top + 7, bottom - 3)
    np.testing.assert_array_equal(some, whole[top + 7 : bottom - 3, left:right])


def test_outlines_with_a_common_border_through_pixel_centres_share_no_pixel_and_miss_none() -> None:
    slanted = (7.5, 0.5), (3.5, 9.5)
    left = Outlines.from_rings([[[(0, 0.5), *slanted, (0, 9.5)]]])
    right = Outlines.from_rings([[[slanted[0], (12, 0.5), (12, 9.5), slanted[1]]]])
    a, b = to_mask(left, 10, 12), to_mask(right, 10, 12)
    assert not (a & b).any()
    np.testing.assert_array_equal(a | b, to_mask(Outlines.from_rings([[box(0, 0.5, 12, 9.5)]]), 10, 12))


def test_holes_are_kept_and_what_lies_outside_is_cut_off() -> None:
    outlines = Outlines.from_rings([[box(-5, -5, 8, 8), box(2, 2, 4, 5)], [box(30, 30, 40, 40)]])
    wanted = np.zeros((10, 12), bool)
    wanted[:8, :8] = True
    wanted[2:5, 2:4] = False
    np.testing.assert_array_equal(to_mask(outlines, 10, 12), wanted)


def test_labels_are_numbered_by_object_and_the_smaller_one_lies_on_top() -> None:
    small, large = box(3, 3, 6, 6), box(0, 0, 10, 10)
    for objects in ([[small], [large]], [[large], [small]]):
        labels = to_labels(Outlines.from_rings(objects), 10, 10)
        assert labels.dtype == np.int32
        assert labels[4, 4] == objects.index([small]) + 1
        assert labels[0, 0] == objects.index([large]) + 1
        assert (labels > 0).all()


def test_contours_of_labels_come_back_as_the_labels() -> None:
    yy, xx = np.mgrid[:120, :160]
    labels = np.zeros((120, 160), np.int32)
    labels[(np.hypot(yy - 60, xx - 50) < 35) & (xx < 70)] = 1
    labels[(np.hypot(yy - 60, xx - 90) < 35) & (xx >= 70)] = 2
    back = to_labels(contour_labels(labels, None)[0], 120, 160)
    assert (back != labels).mean() < 0.001


def test_a_large_outline_with_thousands_of_vertices_is_fast() -> None:
    yy, xx = np.mgrid[:1500, :1500]
    mask = np.hypot(yy - 750, xx - 750) < 700
    outlines = contour_mask(mask)
    assert len(outlines.xy) > 4000
    start = time.process_time()
    back = to_mask(outlines, 1500, 1500)
    assert time.process_time() - start < 5  # pixels times vertices took 20 s
    assert (back != mask).sum() < 50
