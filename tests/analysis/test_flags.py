"""Flags on small tables with known answers."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spheroseg_widgets.analysis.flags import FLAGS, NUMBERS, flags_table
from spheroseg_widgets.segmentation.confidence import LOW_CONFIDENCE

TIMES = 12
RATES = (0.1, 0.02, -0.15)
"""Of the area, natural logarithm a time: a control and two treatments."""


class Plate:
    """Tables of a plate whose spheroids grow or shrink smoothly, one an image, all sharp, round and sure.

    Parameters
    ----------
    wells, times : int
        Their numbers; image `time + times * well` is of that time and well.
    noise : float
        Standard deviation of the logarithm of the areas.
    """

    def __init__(self, wells: int = 24, times: int = TIMES, noise: float = 0.02, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        count = wells * times
        well, hour = np.divmod(np.arange(count), times)
        self.images = pd.DataFrame(
            {
                "image_id": 100 + np.arange(count), "plate": "plate", "well_id": well + 1, "site": 1, "channel": 0,
                "time_h": 12.0 * hour, "width": 640, "height": 512, "pixel_size_um": 2.0, "status": "done",
                "current_result_id": np.arange(count) + 1.0, "confirmed_outcome": None, "excluded": False,
            }
        )  # fmt: skip
        rate = np.array(RATES)[well % len(RATES)]
        self.objects = pd.DataFrame(
            {
                "image_id": self.images["image_id"], "is_primary": True, "class_name": "spheroid", "excluded_object": False,
                "touches_border": False, "confidence": rng.uniform(0.8, 1, count),
                "area_px2": 8000 * np.exp(rate * hour + rng.normal(0, noise, count)),
                "solidity": rng.normal(0.97, 0.005, count), "circularity": rng.normal(0.92, 0.01, count),
                "edge_width_px": 4 * np.exp(rng.normal(0, 0.05, count)),
            }
        )  # fmt: skip
        self.wells = pd.DataFrame({"well_id": np.arange(wells) + 1, "expected_spheroids": np.nan})

    def set(self, row: int, **values: Any) -> None:
        """Change what is measured in an image."""
        for name, value in values.items():
            self.objects.loc[row, name] = value

    def add(self, row: int, **values: Any) -> None:
        """Add a second object to an image."""
        second = self.objects.loc[[row]].assign(is_primary=False, area_px2=500.0, **values)
        self.objects = pd.concat([self.objects, second], ignore_index=True)

    def remove(self, rows: list[int]) -> None:
        """Let nothing be found in images."""
        self.objects = self.objects[~self.objects["image_id"].isin(self.images.loc[rows, "image_id"])]

    def table(self) -> pd.DataFrame:
        return flags_table(self.images, self.objects, self.wells)

    def flagged(self) -> dict[int, tuple[str, ...]]:
        """Return the flags of each image that has any."""
        return {int(row): names for row, names in self.table()["flags"].items() if names}


def test_smooth_growth_and_shrinkage_with_noise_is_not_flagged() -> None:
    for seed in range(5):
        assert Plate(96, seed=seed).flagged() == {}


def test_treatments_that_start_in_mid_series_are_not_flagged() -> None:
    plate = Plate(48)
    hour, well = plate.images["time_h"] / 12, plate.images["well_id"]
    start = 1 + well % 10
    plate.objects["area_px2"] *= np.exp(-0.12 * (hour - start).clip(lower=0))
    assert plate.flagged() == {}


@given(
    st.integers(0, 24 * TIMES - 1), st.floats(1.6, 8), st.booleans(), st.integers(0, 5),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_every_planted_jump_is_caught_and_nothing_else(row: int, factor: float, larger: bool, seed: int) -> None:
    plate = Plate(seed=seed)
    plate.set(row, area_px2=plate.objects["area_px2"][row] * (factor if larger else 1 / factor))
    table = plate.table()
    assert table.index[table["size_jump"]].tolist() == [row]
    assert table["worst"][row] == "size_jump"
    expected = factor if larger else 1 / factor
    assert np.log(table["size_ratio"][row]) == pytest.approx(np.log(expected), abs=0.25)


def test_on_a_noisy_plate_only_larger_jumps_count() -> None:
    plate = Plate(96, noise=0.15)
    plate.set(30, area_px2=plate.objects["area_px2"][30] * 6)
    assert plate.flagged() == {30: ("size_jump",)}


def test_sizes_are_compared_in_micrometres_where_the_scale_is_known() -> None:
    plate = Plate(1)
    plate.images.loc[6:, "pixel_size_um"] = 1.0
    plate.objects.loc[6:, "area_px2"] *= 4
    assert plate.flagged() == {}
    plate.images["pixel_size_um"] = plate.images["pixel_size_um"].where(plate.images.index != 3)
    assert plate.table()["size_jump"].any(), "one scale unknown: nothing says that the others count"


def test_counts_are_compared_with_the_map_s_or_with_one_where_there_are_wells() -> None:
    plate = Plate()
    plate.add(5)
    plate.add(7, class_name="outgrowth")
    plate.add(9, excluded_object=True)
    assert plate.flagged() == {5: ("wrong_count",)}
    plate.wells.loc[0, "expected_spheroids"] = 2
    assert set(plate.flagged()) == set(range(TIMES)) - {5}
    table = plate.table()
    assert (table["n_spheroids"][5], table["expected"][5], table["expected"][20]) == (2, 2, 1)


def test_an_empty_image_says_how_many_of_its_series_are_not() -> None:
    plate = Plate()
    plate.remove([4, *range(TIMES, 2 * TIMES)])
    assert plate.flagged() == dict.fromkeys([4, *range(TIMES, 2 * TIMES)], ("empty",))
    assert plate.table()["n_found_in_series"][[4, 0, TIMES]].tolist() == [11, 10, 0]
    plate.wells.loc[1, "expected_spheroids"] = 0  # a blank: nothing is what it should show
    assert set(plate.flagged()) == {4}


def test_a_wide_edge_is_out_of_focus_also_in_all_images_of_a_well() -> None:
    plate = Plate()
    plate.set(50, edge_width_px=9.0)
    plate.objects.loc[: TIMES - 1, "edge_width_px"] = 12.0
    assert plate.flagged() == dict.fromkeys([*range(TIMES), 50], ("out_of_focus",))
    assert plate.table()["edge_ratio"][50] == pytest.approx(9 / 4, rel=0.1)


def test_a_plate_out_of_focus_as_a_whole_is_flagged_by_its_edges_over_their_radii() -> None:
    plate = Plate()
    plate.objects["area_px2"] = 8000.0  # a radius of 50 px
    plate.objects["edge_width_px"] = 20.0
    assert plate.table()["out_of_focus"].all()
    plate.objects["edge_width_px"] = 15.0
    assert not plate.table()["out_of_focus"].any()
    plate.objects[["area_px2", "edge_width_px"]] = [150.0, 5.0]  # small, and no wider than pixels make it
    assert not plate.table()["out_of_focus"].any()


def test_an_odd_shape_is_one_that_is_odd_for_its_plate_and_by_itself() -> None:
    plate = Plate()
    plate.set(3, circularity=0.6)
    plate.set(40, solidity=0.8)
    plate.set(60, circularity=0.8, solidity=0.92)  # odd here, but a usual shape
    assert plate.flagged() == {3: ("odd_shape",), 40: ("odd_shape",)}
    ragged = Plate()
    ragged.objects["circularity"] = np.random.default_rng(0).normal(0.6, 0.08, len(ragged.objects)).clip(0.4)
    assert not ragged.table()["odd_shape"].any()


def test_edge_frame_confidence_and_failure() -> None:
    plate = Plate(times=1)  # no neighbours in time
    plate.set(1, touches_border=True)
    plate.set(2, area_px2=0.95 * 640 * 512)
    plate.set(3, confidence=LOW_CONFIDENCE - 0.01)
    plate.add(4, touches_border=True, confidence=0.1, class_name="outgrowth")
    plate.remove([5])
    plate.images.loc[5, ["status", "current_result_id"]] = ["failed", np.nan]
    plate.images.loc[6, "status"] = "failed"  # a re-run failed; the older result holds
    plate.remove([7])
    plate.images.loc[7, ["status", "current_result_id"]] = ["new", np.nan]
    assert plate.flagged() == {1: ("border",), 2: ("fills_frame",), 3: ("low_confidence",), 5: ("failed",)}


def test_several_flags_stand_in_order_of_severity() -> None:
    plate = Plate()
    plate.set(17, area_px2=90_000, touches_border=True, confidence=0.2, edge_width_px=40.0, circularity=0.3)
    plate.add(17)
    names = plate.flagged()[17]
    assert names == ("out_of_focus", "wrong_count", "size_jump", "border", "odd_shape", "low_confidence")
    assert plate.table()["worst"][17] == "out_of_focus"
    assert list(names) == sorted(names, key=FLAGS.index)


@pytest.mark.parametrize(
    "judgement", [{"excluded": True}, {"confirmed_outcome": "absent"}, {"confirmed_outcome": "unusable"}]
)
def test_what_a_person_has_decided_is_not_flagged_and_is_no_standard(judgement: dict[str, Any]) -> None:
    plate = Plate()
    plate.set(5, area_px2=90_000, edge_width_px=40.0, touches_border=True)
    plate.remove([6])
    for name, value in judgement.items():
        plate.images.loc[[5, 6], name] = value
    assert plate.flagged() == {}
    assert plate.table().loc[[5, 6], ["n_spheroids", "size_ratio", "edge_ratio", "confidence"]].isna().all(axis=None)


def test_without_wells_times_or_a_map_the_rest_still_works() -> None:
    plate = Plate()
    plate.images[["plate", "well_id", "site", "time_h"]] = [None, np.nan, 1, np.nan]
    plate.images["pixel_size_um"] = np.nan
    plate.wells = plate.wells.iloc[:0]
    plate.add(2)
    plate.set(3, edge_width_px=15.0)
    plate.remove([4])
    assert plate.flagged() == {3: ("out_of_focus",), 4: ("empty",)}
    table = plate.table()
    assert table[["expected", "size_ratio", "n_found_in_series"]].isna().all(axis=None)


def test_few_images_are_judged_by_what_holds_everywhere() -> None:
    plate = Plate(1, times=3)
    plate.set(1, edge_width_px=9.0, circularity=0.5)
    assert plate.flagged() == {}
    plate.set(1, edge_width_px=22.0, area_px2=3 * 8000)
    assert plate.flagged() == {1: ("size_jump",)}
    plate.set(1, edge_width_px=32.0)
    assert plate.flagged() == {1: ("out_of_focus", "size_jump")}


def test_two_plates_have_their_own_usual() -> None:
    plate = Plate(48)
    other = plate.images["well_id"] > 24
    plate.images.loc[other, "plate"] = "another"
    plate.objects.loc[other, "edge_width_px"] /= 2
    plate.set(500, edge_width_px=4.0)
    assert plate.flagged() == {500: ("out_of_focus",)}


def test_values_that_are_missing_flag_nothing() -> None:
    plate = Plate()
    plate.objects[["confidence", "solidity", "circularity", "edge_width_px"]] = np.nan
    assert plate.flagged() == {}
    plate.objects["area_px2"] = np.nan
    assert plate.flagged() == {}


@pytest.mark.parametrize("rows", [0, 1])
def test_no_images_and_no_objects_give_a_table_with_all_columns(rows: int) -> None:
    plate = Plate()
    images, objects = plate.images.iloc[:rows], plate.objects.iloc[:0]
    table = flags_table(images, objects.astype(object), plate.wells)
    assert list(table.columns) == [*FLAGS, "flags", "worst", *NUMBERS]
    assert table["flags"].tolist() == [("empty",)] * rows
    assert all(pd.api.types.is_bool_dtype(table[name]) for name in FLAGS)


def test_the_table_is_aligned_whatever_the_order_of_its_rows() -> None:
    plate = Plate()
    plate.set(17, area_px2=90_000.0)
    shuffled = plate.images.sample(frac=1, random_state=1)
    table = flags_table(shuffled, plate.objects.sample(frac=1, random_state=2), plate.wells)
    assert table.index.equals(shuffled.index)
    pd.testing.assert_frame_equal(table.sort_index(), plate.table())


def test_a_hundred_thousand_images_take_less_than_a_second() -> None:
    plate = Plate(100_000 // TIMES + 1)
    plate.images["plate"] = "plate " + (plate.images["well_id"] // 96).astype(str)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        table = plate.table()
        seconds.append(time.process_time() - began)
    print(f"flags of {len(table)} images: {min(seconds):.2f} s")
    assert min(seconds) < 1
