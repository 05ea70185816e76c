"""The choice of primaries and outcomes, made for all images at once, is that of one image after the other."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from spheroseg_widgets.analysis.outcomes import at_a_glance, outcomes
from spheroseg_widgets.analysis.primary import primary
from spheroseg_widgets.store.glance import at_a_glance as at_a_glance_of


def largest(seen: pd.DataFrame) -> int:
    """Return the largest object of an image, among those that a person said are the spheroid where there are any."""
    said = seen[seen["primary_by"].notna()]
    return int((said if len(said) else seen)["area_px2"].idxmax())


def one_by_one(objects: pd.DataFrame) -> pd.Series:
    """Choose as it is said: through each well in time, the largest, unless one near the last is large enough."""
    chosen = pd.Series(data=False, index=objects.index)
    able = objects[(objects["class_name"] == "spheroid") & ~objects["excluded_object"] & objects["area_px2"].notna()]
    alone = able[able["well_id"].isna() | able["time_h"].isna()]
    if len(alone):
        for _, seen in alone.groupby("image_id"):
            chosen[largest(seen)] = True
    timed = able.drop(alone.index)
    for _, series in timed.groupby(["well_id", "site"], sort=False, dropna=False):
        last: pd.Series | None = None
        for _, seen in series.groupby(["time_h", "image_id"]):
            pick = largest(seen)
            if last is not None and len(seen) > 1 and pd.isna(seen.loc[pick, "primary_by"]):
                away = np.hypot(
                    seen["centroid_x_px"] - last["centroid_x_px"], seen["centroid_y_px"] - last["centroid_y_px"]
                )
                if away.notna().any():
                    near = away.idxmin()
                    within = away[near] < last["equivalent_diameter_px"] / 2
                    if within and seen.loc[near, "area_px2"] >= 0.5 * seen.loc[pick, "area_px2"]:
                        pick = near
            chosen[pick] = True
            last = seen.loc[pick]
    return chosen


IMAGE = st.fixed_dictionaries(
    {
        "well_id": st.sampled_from([1.0, 2.0, np.nan]), "site": st.sampled_from([1.0, 2.0, np.nan]),
        "time_h": st.sampled_from([0.0, 24.0, 48.0, 72.0, np.nan]),
        "status": st.sampled_from(["done", "failed", "new"]), "segmented": st.booleans(),
        "confirmed_outcome": st.sampled_from([None, None, None, "absent", "unusable"]),
    }
)  # fmt: skip
OBJECT = st.fixed_dictionaries(
    {
        "image_id": st.integers(1, 8), "area_px2": st.sampled_from([np.nan, 100.0, 250.0, 499.0, 500.0, 1000.0, 9500.0]),
        "centroid_x_px": st.sampled_from([0.0, 4.0, 9.0, 20.0, 60.0, np.nan]),
        "centroid_y_px": st.sampled_from([0.0, 5.0, 30.0]),
        "class_name": st.sampled_from(["spheroid"] * 5 + ["debris"]), "excluded_object": st.sampled_from([False] * 5 + [True]),
        "primary_by": st.sampled_from([None] * 5 + ["person"]), "touches_border": st.booleans(), "equivalent_diameter_px": st.sampled_from([10.0, 30.0, np.nan]),
    }
)  # fmt: skip


@st.composite
def plates(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Images of few wells and times, with objects whose sizes and places often compete."""
    images = pd.DataFrame(draw(st.lists(IMAGE, min_size=8, max_size=8))).assign(
        image_id=range(1, 9), width=100, height=100
    )
    images["current_result_id"] = images["image_id"].where(images["segmented"])
    rows = draw(st.lists(OBJECT, max_size=20))
    objects = pd.DataFrame(rows, columns=list(OBJECT.wrapped_strategy.mapping) if not rows else None)
    objects = objects[objects["image_id"].isin(images["image_id"][images["segmented"]])]
    objects = objects.astype({"excluded_object": bool, "touches_border": bool})
    where = images[["image_id", "well_id", "site", "time_h"]]
    return images, objects.merge(where, on="image_id", how="left")


@given(plates())
def test_primaries_are_those_of_one_well_after_the_other(plate: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    _, objects = plate
    pd.testing.assert_series_equal(primary(objects), one_by_one(objects), check_index_type=False)


@given(plates())
def test_what_is_told_at_a_glance_is_the_outcome(plate: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    images, objects = plate
    images = images.assign(inner_px2=np.nan, border_px2=np.nan)
    for at, seen in objects.groupby("image_id"):
        told_of = at_a_glance_of(len(seen), {name: seen[name].tolist() for name in seen})
        images.loc[images["image_id"] == at, ["inner_px2", "border_px2"]] = [
            told_of["inner_px2"],
            told_of["border_px2"],
        ]
    excluded = set(objects["image_id"][objects["excluded_object"]])
    told, unsure = at_a_glance(images, excluded)
    wanted = outcomes(images, objects.assign(is_primary=primary(objects)))
    assert told[~unsure].tolist() == wanted[~unsure].tolist()
    assert not unsure[images["current_result_id"].isna() | images["confirmed_outcome"].notna()].any()


def test_most_images_are_told_at_a_glance() -> None:
    images = pd.DataFrame(
        {
            "image_id": range(1, 7), "status": "done", "width": 100, "height": 100, "confirmed_outcome": None,
            "current_result_id": range(1, 7), "inner_px2": [900.0, 900.0, np.nan, 400.0, np.nan, 9500.0],
            "border_px2": [np.nan, 400.0, np.nan, 900.0, 9500.0, np.nan],
        }
    )  # fmt: skip
    told, unsure = at_a_glance(images, set())
    assert told[:5].tolist() == ["measured", "measured", "not_found", "censored", "censored"]
    assert unsure.tolist() == [False, False, False, False, False, True]
    assert at_a_glance(images.assign(border_px2=450.0), set())[1].tolist() == [True, True, False, True, False, True]


def test_a_million_objects_are_chosen_from_in_seconds() -> None:
    count, per_image, times = 1_000_000, 10, 24
    image = np.arange(count) // per_image
    luck = np.random.default_rng(0)
    objects = pd.DataFrame(
        {
            "image_id": image, "well_id": (image // times).astype(float), "site": 1, "time_h": image % times * 6.0,
            "class_name": "spheroid", "excluded_object": False, "area_px2": luck.uniform(100, 1000, count),
            "centroid_x_px": luck.uniform(0, 99, count), "centroid_y_px": luck.uniform(0, 99, count),
            "equivalent_diameter_px": 30.0,
        }
    )  # fmt: skip
    began = time.process_time()
    assert primary(objects).sum() == count // per_image
    assert time.process_time() - began < 5
