"""One name, one meaning; micrometres beside pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.measure.definitions import DEFINITIONS, PX_COLUMNS, definitions_frame, to_micrometres
from spheroseg_widgets.measure.edge import EDGE_COLUMNS
from spheroseg_widgets.measure.intensity import INTENSITY_COLUMNS
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.measure.shape import SHAPE_COLUMNS, measure_shape
from spheroseg_widgets.outlines.outlines import Outlines


def frame_of(n: int) -> pd.DataFrame:
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10)])
    return measure_shape(Outlines.from_rings([[square]] * n))


def test_lesson_7_every_measured_column_has_exactly_one_definition() -> None:
    assert (*SHAPE_COLUMNS, *INTENSITY_COLUMNS, *EDGE_COLUMNS) == PX_COLUMNS
    assert len(set(PX_COLUMNS)) == len(PX_COLUMNS)
    assert all(definition.formula for definition in DEFINITIONS)


def test_everything_that_is_defined_is_measured_at_once() -> None:
    square = np.array([(20, 20), (40, 20), (40, 40), (20, 40)])
    pixels = np.random.default_rng(0).integers(0, 255, (60, 60))
    frame = measure_objects(Outlines.from_rings([[square]] * 2), pixels)
    assert tuple(frame.columns) == PX_COLUMNS
    assert frame.notna().all(axis=None)
    assert tuple(measure_objects(Outlines.empty(), pixels).columns) == PX_COLUMNS


def test_lesson_7_circularity_is_4_pi_a_over_p_squared_in_words_and_in_numbers() -> None:
    (definition,) = (d for d in DEFINITIONS if d.column == "circularity")
    assert definition.formula == "4 pi A / P^2"
    assert frame_of(1).circularity[0] == pytest.approx(4 * np.pi * 100 / 40**2)


def test_the_printed_table_defines_every_column_that_an_export_can_have() -> None:
    table = definitions_frame().set_index("column")
    assert table.index.is_unique
    assert set(to_micrometres(frame_of(1), 2.0).columns) <= set(table.index)
    assert table.unit["area_um2"] == "um2"
    assert table.unit["volume_sphere_um3"] == "um3"
    assert table.definition.str.len().min() > 5


def test_micrometres_stand_beside_pixels_with_the_right_power() -> None:
    before = frame_of(2)
    frame = to_micrometres(before, 0.5)
    assert frame.area_um2.tolist() == pytest.approx([25, 25])
    assert frame.perimeter_um.tolist() == pytest.approx([20, 20])
    assert frame.volume_sphere_um3[0] == pytest.approx(before.volume_sphere_px3[0] / 8)
    columns = list(frame.columns)
    assert columns.index("area_um2") == columns.index("area_px2") + 1
    for name in ("circularity", "orientation_deg"):
        assert frame[name].equals(before[name])
        assert f"{name}_um" not in frame
    assert list(before.columns) == list(SHAPE_COLUMNS)


@pytest.mark.parametrize("unknown", [None, np.nan])
def test_lesson_1_an_unknown_pixel_size_gives_nan_not_a_number(unknown: float | None) -> None:
    frame = to_micrometres(frame_of(2), unknown)
    assert frame.filter(regex="_um[23]?$").isna().all(axis=None)
    assert frame.area_px2.tolist() == [100, 100]


def test_each_row_may_have_its_own_pixel_size_by_index() -> None:
    frame = frame_of(3).set_index(pd.Index(["a", "b", "c"]))
    out = to_micrometres(frame, pd.Series({"c": 3.0, "a": 1.0, "b": np.nan}))
    np.testing.assert_allclose(out.area_um2, [100, np.nan, 900])


def test_no_rows_give_all_columns() -> None:
    assert "area_um2" in to_micrometres(measure_shape(Outlines.empty()), None).columns
