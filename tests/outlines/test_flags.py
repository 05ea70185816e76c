"""Objects cut by the border, and objects too small."""

from __future__ import annotations

import numpy as np

from spheroseg_widgets.outlines.contour import contour_field, contour_mask
from spheroseg_widgets.outlines.flags import areas, touches_border, without_specks
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.trace import trace


def discs() -> np.ndarray:
    """One clear of the border, one 2 px from it, one cut by each side."""
    yy, xx = np.mgrid[:200, :300] + 0.5
    centres = [
        (100, 150, 20),
        (100, 98, 20),
        (22, 60, 20),
        (3, 150, 10),
        (198, 150, 10),
        (100, 3, 10),
        (100, 296, 10),
    ]
    return np.any([np.hypot(yy - y, xx - x) < r for y, x, r in centres], axis=0)


def test_lesson_8_objects_that_touch_the_border_are_flagged_and_only_they() -> None:
    for outlines in (contour_mask(discs()), trace(discs()), contour_field(discs().astype(np.float32), 0.5)):
        box = outlines.bounds()
        cut = (box[:, 0] < 1) | (box[:, 1] < 1) | (box[:, 2] > 299) | (box[:, 3] > 199)
        assert cut.sum() == 4
        np.testing.assert_array_equal(touches_border(outlines, 200, 300), cut)
        assert len(outlines.subset(np.flatnonzero(~touches_border(outlines, 200, 300)))) == len(outlines) - 4


def test_areas_subtract_holes_and_small_objects_can_be_left_out() -> None:
    square, hole = [(0, 0), (9, 0), (9, 9), (0, 9)], [(2, 2), (4, 2), (4, 4), (2, 4)]
    outlines = Outlines.from_rings([[square, hole], [hole]])
    assert areas(outlines).tolist() == [77, 4]
    assert areas(without_specks(outlines, 4)).tolist() == [77, 4]
    assert areas(without_specks(outlines, 4.1)).tolist() == [77]
    assert len(without_specks(outlines, 78)) == 0


def test_no_objects_have_no_flags() -> None:
    assert touches_border(Outlines.empty(), 10, 10).shape == (0,)
    assert areas(Outlines.empty()).shape == (0,)
    assert len(without_specks(Outlines.empty(), 5)) == 0
