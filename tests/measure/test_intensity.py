"""Grey values on the original pixels."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.measure.intensity import INTENSITY_COLUMNS, RIM_PX, measure_intensity
from spheroseg_widgets.outlines.outlines import Outlines


def box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_mean_sd_and_contrast_are_of_the_original_values(dtype: type) -> None:
    pixels = np.full((60, 80), 50, dtype)
    pixels[20:40, 20:40] = 200
    pixels[20:30, 20:40] = 100
    row = measure_intensity(Outlines.from_rings([[box(20, 20, 40, 40)]]), pixels).iloc[0]
    assert row.tolist() == pytest.approx([150, 50, 100])


def test_the_rim_has_its_stated_width() -> None:
    for distance, seen in ((RIM_PX - 1, True), (RIM_PX, False)):
        pixels = np.zeros((60, 60))
        pixels[30, 40 + distance] = 1000
        row = measure_intensity(Outlines.from_rings([[box(20, 20, 40, 40)]]), pixels).iloc[0]
        assert (row.contrast_to_rim < 0) == seen


def test_other_objects_and_own_holes_are_no_rim() -> None:
    pixels = np.full((60, 90), 10.0)
    pixels[20:40, 20:40] = 100
    pixels[26:34, 26:34] = 5000
    pixels[20:40, 42:62] = 9000
    outlines = Outlines.from_rings([[box(20, 20, 40, 40), box(26, 26, 34, 34)], [box(42, 20, 62, 40)]])
    frame = measure_intensity(outlines, pixels)
    assert frame.intensity_mean.tolist() == [100, 9000]
    assert frame.contrast_to_rim.tolist() == [90, 8990]


def test_an_object_at_the_border_uses_the_rim_that_there_is() -> None:
    pixels = np.full((30, 30), 7.0)
    pixels[:10, :10] = 20
    row = measure_intensity(Outlines.from_rings([[box(0, 0, 10, 10)]]), pixels).iloc[0]
    assert row.tolist() == [20, 0, 13]


def test_no_pixels_give_nan() -> None:
    outlines = Outlines.from_rings([[box(3.1, 3.1, 3.3, 3.3)], [box(100, 100, 120, 120)], [box(0, 0, 30, 30)]])
    frame = measure_intensity(outlines, np.ones((30, 30), np.uint8))
    assert frame.iloc[:2].isna().all(axis=None)
    assert frame.intensity_mean[2] == 1
    assert np.isnan(frame.contrast_to_rim[2])
    assert list(measure_intensity(Outlines.empty(), np.ones((5, 5))).columns) == list(INTENSITY_COLUMNS)
