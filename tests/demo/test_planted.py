"""The plate with planted errors: what its truth says is what lies in its files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

from spheroseg_widgets.demo.planted import (
    AREA_OFF,
    GROWTH_PER_DAY,
    KINDS,
    STEP_H,
    WHOLE_WELLS,
    PlantedPlate,
    make_planted_plate,
    wrong_results,
)
from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.names import parse_name
from spheroseg_widgets.imaging.read import planes, probe, read_plane

WELLS, TIMES = 24, 6


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> PlantedPlate:
    return make_planted_plate(tmp_path_factory.mktemp("planted"), 3, wells=WELLS, times=TIMES)


def pixels(plate: PlantedPlate, file: str) -> np.ndarray:
    return tifffile.imread(plate.images / file).astype(np.float32)


def steepest(image: np.ndarray) -> float:
    smooth = cv2.GaussianBlur(image, (0, 0), 1.5)  # the noise taken away
    return float(np.hypot(cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1)).max())


def test_every_image_is_listed_and_every_name_gives_its_well_and_time(plate: PlantedPlate) -> None:
    assert sorted(path.name for path in plate.images.iterdir()) == sorted(plate.table["file"])
    assert len(plate.table) == WELLS * TIMES
    for row in plate.table.itertuples():
        name = parse_name(plate.images / str(row.file))
        assert name is not None
        assert (name.well, name.time_h) == (f"{row.well[0]}{int(row.well[1:]):02d}", row.time_h)
    written = pd.read_csv(plate.images.parent / "truth.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(written, plate.table, check_exact=False)


def test_every_kind_is_planted_and_some_in_a_whole_well(plate: PlantedPlate) -> None:
    counts = plate.table["planted"].value_counts()
    assert set(counts.index) == {"", *KINDS}
    assert counts[""] > 0.8 * len(plate.table)
    by_well = plate.table.groupby("well")["planted"].agg(set)
    throughout = [kinds.pop() for kinds in by_well if len(kinds) == 1 and "" not in kinds]
    assert sorted(throughout) == sorted(WHOLE_WELLS)


def test_only_the_broken_files_cannot_be_read(plate: PlantedPlate) -> None:
    failed = []
    for row in plate.table.itertuples():
        path = plate.images / str(row.file)
        try:
            read_plane(path, planes(probe(path))[0])
        except ImageError:
            failed.append(row.planted)
    assert failed == ["broken"] * int((plate.table["planted"] == "broken").sum())


def test_spheroids_grow_and_shrink_as_their_condition_says(plate: PlantedPlate) -> None:
    good = plate.table[plate.table["planted"] == ""]
    assert (good["n_spheroids"] == 1).all()
    assert sorted(good["condition"].unique()) == sorted(GROWTH_PER_DAY)
    for (condition, _), well in good.groupby(["condition", "well"]):
        area = well.sort_values("time_h").set_index("time_h")["area_px2"]
        late = 1.5 * np.log(area[area.index >= 24])
        rates = np.diff(late) / np.diff(late.index) * 24
        # Each image's radius is off by 1 %.
        assert np.median(rates) == pytest.approx(GROWTH_PER_DAY[str(condition)], abs=0.2)
    merged = plate.table.merge(plate.plate_map, on="well", suffixes=("", "_map"))
    assert (merged["condition"] == merged["condition_map"]).all()
    assert (plate.plate_map["expected_spheroids"] == 1).all()


def test_images_show_what_was_planted_in_them(plate: PlantedPlate) -> None:
    table = plate.table.set_index("planted")
    assert (table.loc["absent", ["n_spheroids", "area_px2"]] == 0).all(axis=None)
    assert (table.loc["doubles", "n_spheroids"] == 2).all()
    oversize = table.loc[["oversize"]]
    assert (oversize["area_px2"] > 0.7 * 256 * 320).all()
    sharp = np.array([steepest(pixels(plate, file)) for file in table.loc["", "file"].iloc[::6]])
    for file in table.loc[["defocus"], "file"]:
        assert steepest(pixels(plate, file)) < 0.8 * np.median(sharp)
    for file in table.loc[["absent"], "file"]:
        image = pixels(plate, file)
        middle = image[64:192, 80:240]
        assert np.median(middle) > 0.85 * np.median(image)
    for row in plate.table[plate.table["planted"] == "bubble"].itertuples():
        # Its wall is darker than any spheroid's middle of the same well.
        others = plate.table[(plate.table["well"] == row.well) & (plate.table["planted"] == "")]
        assert pixels(plate, row.file).min() < 0.8 * min(np.percentile(pixels(plate, f), 1) for f in others["file"])


def test_a_result_is_wrong_by_its_count_its_area_or_what_must_be_seen() -> None:
    truth = pd.DataFrame(
        {
            "file": list("abcdefghi"),
            "planted": ["", "", "", "", "debris", "debris", "defocus", "doubles", "broken"],
            "n_spheroids": [1, 1, 1, 1, 1, 0, 1, 2, 1],
            "area_px2": [100.0, 100, 100, 100, 100, 0, 100, 100, 100],
        }
    )
    results = pd.DataFrame(
        {"n_objects": [1, 1, 2, 1, 1, 0, 1, 2], "area_px2": [100 * (1 + AREA_OFF - 0.01), 70, 100, np.nan, 99, np.nan, 100, 100]},
        index=list("abcdefgh"),
    )  # fmt: skip
    assert wrong_results(truth, results).tolist() == [False, True, True, True, False, True, True, True, True]


def test_the_same_seed_writes_the_same_files_and_another_others(plate: PlantedPlate, tmp_path: Path) -> None:
    again = make_planted_plate(tmp_path / "again", 3, wells=WELLS, times=TIMES)
    pd.testing.assert_frame_equal(again.table, plate.table)
    for name in plate.table["file"].iloc[::11]:
        assert (again.images / name).read_bytes() == (plate.images / name).read_bytes()
    other = make_planted_plate(tmp_path / "other", 4, wells=8, times=3)
    assert not other.table["planted"].equals(plate.table["planted"].iloc[: len(other.table)])


@pytest.mark.parametrize(("wells", "times", "reason"), [(97, 2, "1 to 96"), (0, 2, "1 to 96"), (2, 3, "too few")])
def test_a_plate_that_cannot_be_is_refused(tmp_path: Path, wells: int, times: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make_planted_plate(tmp_path, wells=wells, times=times)
    assert STEP_H * TIMES > 24, "the treated wells are seen after their treatment"
