"""Old tools' definitions, under their own names, only when asked for."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.measure.definitions import definitions_frame
from spheroseg_widgets.measure.profiles import PROFILES, measure_as
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines

CROSS = np.array([(1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (2, 2), (2, 3), (1, 3), (1, 2), (0, 2), (0, 1), (1, 1)]) * [
    20.0,
    10.0,
]


def test_spheroseg_circularity_is_its_compactness_and_sphericity_the_root() -> None:
    row = measure_as("spheroseg", Outlines.from_rings([[CROSS]])).iloc[0]
    assert row.Circularity == row.Compactness == pytest.approx(4 * np.pi * 1000 / 180**2)
    assert row.Sphericity == pytest.approx(np.sqrt(row.Compactness))


def test_prusek_spheroid_circularity_uses_the_hull_and_feret_the_smallest_rectangle() -> None:
    row = measure_as("prusek-spheroid", Outlines.from_rings([[CROSS]])).iloc[0]
    hull = 2 * 20 + 2 * 10 + 4 * np.hypot(20, 10)
    assert row.Circularity == pytest.approx(4 * np.pi * 1000 / hull**2)
    assert row.Sphericity == pytest.approx(np.sqrt(4 * np.pi * 1000) / 180)
    square = measure_as("prusek-spheroid", Outlines.from_rings([[[(0, 0), (8, 0), (8, 6), (0, 6)]]])).iloc[0]
    assert (square.FeretDiameterMax, square.FeretDiameterMin) == pytest.approx((8, 6))
    assert square.LengthMajorDiameterThroughCentroid < square.LengthMinorDiameterThroughCentroid


def test_lesson_7_the_default_names_never_mean_what_a_profile_means() -> None:
    outlines = Outlines.from_rings([[CROSS]])
    ours, theirs = measure_shape(outlines).iloc[0], measure_as("prusek-spheroid", outlines).iloc[0]
    assert ours.circularity != pytest.approx(theirs.Circularity, rel=0.1)
    defined = set(definitions_frame().column)
    assert not any(defined & set(measure_as(name, outlines).columns) for name in PROFILES)


def test_degenerate_shapes_stay_nan_and_unknown_profiles_are_refused() -> None:
    line = Outlines.from_rings([[[(0, 0), (5, 0), (9, 0)]]])
    for name in PROFILES:
        assert measure_as(name, line).isna().all(axis=None)
        assert len(measure_as(name, Outlines.empty())) == 0
    with pytest.raises(ValueError, match="unknown profile"):
        measure_as("imagej", line)  # type: ignore[arg-type]  # on purpose
