"""The flat store: directions, packing, conversions."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon

from spheroseg_widgets.outlines.outlines import Outlines, signed_area

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]
HOLE = [(2, 2), (4, 2), (4, 4), (2, 4)]


def two_objects() -> Outlines:
    return Outlines.from_rings([[SQUARE, HOLE], [[(20, 0), (20, 5), (25, 0)]]])


def test_outer_rings_turn_one_way_and_holes_the_other_however_they_were_given() -> None:
    for outer in (SQUARE, SQUARE[::-1]):
        for hole in (HOLE, HOLE[::-1]):
            rings = Outlines.from_rings([[outer, hole]]).rings(0)
            assert [signed_area(ring) for ring in rings] == [100, -4]


def test_signed_area_does_not_cancel_far_from_the_origin() -> None:
    assert signed_area(np.array(SQUARE, np.float64) + 1e7) == 100


def test_bytes_and_back_gives_the_same_arrays() -> None:
    before = two_objects()
    after = Outlines.from_bytes(before.to_bytes())
    for name in ("xy", "ring_offsets", "polygon_offsets"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert getattr(after, name).dtype == getattr(before, name).dtype
    assert len(Outlines.from_bytes(Outlines.empty().to_bytes())) == 0


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"XXXX" + b[4:], lambda b: b"", lambda b: b + b"0"])
def test_a_damaged_blob_is_refused(damage) -> None:
    with pytest.raises(ValueError, match="blob of outlines"):
        Outlines.from_bytes(damage(two_objects().to_bytes()))


def test_shapely_and_back_keeps_holes_and_order() -> None:
    before = two_objects()
    after = Outlines.from_shapely([before.shapely(0), before.shapely(1)])
    assert [len(after.rings(i)) for i in range(2)] == [2, 1]
    assert [after.shapely(i).area for i in range(2)] == [96, 12.5]


def test_subset_concat_and_bounds_keep_objects_whole() -> None:
    both = two_objects()
    turned = both.subset([1, 0])
    assert [turned.shapely(i).area for i in range(2)] == [12.5, 96]
    assert len(Outlines.concat([both, Outlines.empty(), turned])) == 4
    assert len(Outlines.concat([])) == 0
    np.testing.assert_array_equal(both.bounds(), [[0, 0, 10, 10], [20, 0, 25, 5]])
    assert Outlines.empty().bounds().shape == (0, 4)


def test_transformed_scales_first_and_shifts_then() -> None:
    moved = two_objects().transformed(2, 3, 100, 200)
    np.testing.assert_array_equal(moved.bounds()[0], [100, 200, 120, 230])
    assert moved.shapely(0).area == pytest.approx(96 * 6)
    assert isinstance(moved.shapely(0), Polygon)
