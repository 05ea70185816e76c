"""Primary objects, outcomes, the wells table and growth: missing is missing, zero is zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.analysis.growth import by_condition, growth_rates
from spheroseg_widgets.analysis.outcomes import outcomes
from spheroseg_widgets.analysis.primary import primary
from spheroseg_widgets.analysis.wells import wells_table


def _objects(rows: list[tuple[int, float, float, float]], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["image_id", "time_h", "area_px2", "centroid_x_px"])
    frame["equivalent_diameter_px"] = 2 * np.sqrt(frame["area_px2"] / np.pi)
    base = {"well_id": 1, "site": 1, "class_name": "spheroid", "excluded_object": False, "centroid_y_px": 50.0}
    return frame.assign(**(base | columns))


def test_the_spheroid_is_kept_by_place_when_a_neighbour_outgrows_it() -> None:
    objects = _objects([(1, 0, 1000, 50), (1, 0, 900, 150), (2, 24, 1100, 52), (2, 24, 1300, 150)])
    assert primary(objects).tolist() == [True, False, True, False]
    assert primary(objects.assign(well_id=np.nan)).tolist() == [True, False, False, True]


def test_excluded_objects_and_other_classes_are_never_primary() -> None:
    objects = _objects([(1, 0, 1000, 50), (1, 0, 900, 150), (1, 0, 100, 99)])
    objects["excluded_object"] = [True, False, False]
    objects["class_name"] = ["spheroid", "debris", "spheroid"]
    assert primary(objects).tolist() == [False, False, True]


@pytest.mark.parametrize("site", [1, None])
def test_two_images_of_one_well_and_time_have_a_primary_each(site: int | None) -> None:
    objects = _objects([(1, 0, 1000, 50), (2, 0, 900, 50)], site=site)
    assert primary(objects).all()


def _images() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image_id": range(1, 9), "status": ["done"] * 6 + ["failed", "new"], "width": 100, "height": 100,
            "confirmed_outcome": [None, None, None, None, "absent", "unusable", None, None],
            "current_result_id": [1, 2, 3, 4, 5, 6, None, None],
        }
    )  # fmt: skip


def _seen() -> pd.DataFrame:
    return pd.DataFrame(
        {"image_id": [1, 2, 3, 6], "is_primary": True, "touches_border": [False, True, False, False],
         "area_px2": [1000.0, 1000.0, 9500.0, 700.0]}
    )  # fmt: skip


def test_every_image_has_its_outcome_and_only_a_person_says_absent() -> None:
    expected = ["measured", "censored", "censored", "not_found", "absent", "unusable", "unusable", None]
    assert outcomes(_images(), _seen()).tolist() == expected


def test_wells_hold_zero_only_where_confirmed_and_nan_where_missing() -> None:
    images = _images().assign(
        plate="p", well=[f"A{i:02d}" for i in range(1, 9)], well_id=range(1, 9), time_h=0.0, site=1, name="n",
        pixel_size_um=[2.0, np.nan] * 4, excluded=False, reason=None, n_objects=[1, 1, 1, 0, 0, 1, None, None],
    )  # fmt: skip
    images["outcome"] = outcomes(images, _seen())
    plan = pd.DataFrame({"well_id": range(1, 9), "condition": list("abcdefgh"), "expected_spheroids": [2] + [1] * 7})
    table = wells_table(images, _seen(), plan)
    np.testing.assert_array_equal(table["area_px2"], [1000, 1000, 9500, np.nan, 0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(table["area_um2"], [4000, np.nan, 38000, np.nan, 0, *[np.nan] * 3])
    assert table["as_expected"].tolist() == [False, True, True, False, False, True, False, False]
    assert table["condition"].tolist() == list("abcdefgh")


def _wells(rates: dict[str, float], **columns: object) -> pd.DataFrame:
    rows = [("p", w, 1, 24.0 * d, np.exp(r * d), w[0]) for w, r in rates.items() for d in range(4)]
    frame = pd.DataFrame(rows, columns=["plate", "well", "site", "time_h", "volume_sphere_um3", "condition"])
    return frame.assign(**({"outcome": "measured", "excluded": False} | columns))


def test_growth_gives_the_true_rate_a_day_with_its_interval() -> None:
    rates = growth_rates(_wells({"A01": 0.02, "A02": 0.04, "B01": -0.1}))
    np.testing.assert_allclose(rates["rate_per_day"], [0.02, 0.04, -0.1], atol=1e-12)
    table = by_condition(rates).set_index("condition")
    assert table.loc["A", "n_wells"] == 2
    assert table.loc["A", "mean"] == pytest.approx(0.03)
    half = 12.706204736 * np.sqrt(2e-4) / np.sqrt(2)  # Student's t, 1 degree of freedom
    assert table.loc["A", "ci_high"] == pytest.approx(0.03 + half)
    assert np.isnan(table.loc["B", "ci_low"])


def test_growth_ignores_what_is_not_measured_or_is_excluded() -> None:
    wells = _wells({"A01": 0.02})
    wells.loc[3, ["volume_sphere_um3", "outcome"]] = [99.0, "censored"]
    wells.loc[2, ["volume_sphere_um3", "excluded"]] = [77.0, True]
    rates = growth_rates(wells)
    assert rates["n"].tolist() == [2]
    assert rates["rate_per_day"].iloc[0] == pytest.approx(0.02)
    assert np.isnan(rates["standard_error"].iloc[0])
