"""The demo plate: what its truth says is what lies in its files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.demo.plate import BROKEN, GROWTH_PER_DAY, PIXEL_SIZE_UM, WELLS, DemoPlate, make_demo_plate
from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.names import parse_name
from spheroseg_widgets.imaging.read import planes, probe, read_plane


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> DemoPlate:
    return make_demo_plate(tmp_path_factory.mktemp("demo"))


def _row(plate: DemoPlate, special: str) -> pd.Series[object]:
    return plate.table[plate.table["special"] == special].iloc[0]


def test_every_image_is_listed_and_every_name_gives_its_well_and_time(plate: DemoPlate) -> None:
    assert sorted(p.name for p in plate.images.iterdir()) == sorted(plate.table["file"])
    assert len(plate.table) == len(WELLS) * 4
    for row in plate.table.itertuples():
        name = parse_name(plate.images / str(row.file))
        assert name is not None
        assert (name.well, name.time_h) == (f"{row.well[0]}{int(row.well[1:]):02d}", row.time_h)
    assert sum(p.stat().st_size for p in plate.images.iterdir()) < 60e6


def test_the_reader_finds_the_pixel_size_the_truth_was_made_with(plate: DemoPlate) -> None:
    found = probe(plate.images / _row(plate, "uneven light")["file"]).pixel_size
    assert found.um == pytest.approx(PIXEL_SIZE_UM, rel=1e-4)
    assert found.source == "imagej"


def test_the_broken_file_fails_and_only_that_one(plate: DemoPlate) -> None:
    failed = []
    for row in plate.table.itertuples():
        try:
            info = probe(plate.images / str(row.file))
            pixels = read_plane(plate.images / str(row.file), planes(info)[0]).pixels
        except ImageError:
            failed.append((row.well, row.time_h))
        else:
            assert pixels.shape == (512, 640)
    assert failed == [BROKEN]


def test_each_condition_changes_its_volume_at_the_rate_it_is_said_to(plate: DemoPlate) -> None:
    present = plate.table[plate.table["area_px2"] > 0]
    assert present["well"].nunique() == len(WELLS) - 1
    for (_, condition), well in present.groupby(["well", "condition"]):
        log_volume = 1.5 * np.log(well.sort_values("time_h")["area_px2"].to_numpy())
        np.testing.assert_allclose(np.diff(log_volume), GROWTH_PER_DAY[str(condition)], atol=1e-4)


def test_label_files_hold_the_spheroids_of_the_table(plate: DemoPlate) -> None:
    for row in plate.table.itertuples():
        labels = cv2.imread(str(plate.truth / str(row.file).replace(".tif", ".png")), cv2.IMREAD_UNCHANGED)
        areas = np.bincount(labels.ravel(), minlength=row.n_spheroids + 1)[1:]
        assert len(areas) == row.n_spheroids
        assert (areas > 0).all()
        if row.n_spheroids and row.special != "cut by the border":
            assert areas.max() == pytest.approx(row.area_px2, rel=0.02)
    written = pd.read_csv(plate.truth / "truth.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(written, plate.table, check_exact=False)


def test_spheroids_are_of_a_usual_size(plate: DemoPlate) -> None:
    area = plate.table.loc[plate.table["n_spheroids"] > 0, "area_um2"]
    assert (2 * np.sqrt(area / np.pi)).between(150, 600).all()


def test_special_wells_show_what_they_are_named_after(plate: DemoPlate) -> None:
    def read(row: pd.Series[object]) -> tuple[np.ndarray, np.ndarray]:
        path = plate.images / str(row["file"])
        labels = cv2.imread(str(plate.truth / f"{path.stem}.png"), cv2.IMREAD_UNCHANGED)
        return read_plane(path, planes(probe(path))[0]).pixels, labels

    assert _row(plate, "two spheroids")["n_spheroids"] == 2
    assert _row(plate, "empty")["n_spheroids"] == 0
    _, cut = read(_row(plate, "cut by the border"))
    assert (cut[:, 0] > 0).any()
    _, touching = read(_row(plate, "touching another"))
    body = (touching > 0).astype(np.uint8)
    assert len(np.unique(touching)) == 3
    assert cv2.connectedComponents(body)[0] == 2, "two labels, one connected body"
    _, holed = read(_row(plate, "a core with a hole"))
    assert cv2.findContours((holed > 0).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)[1][0][0][2] >= 0
    deep, _ = read(_row(plate, "12-bit in 16"))
    assert deep.dtype == np.uint16
    assert 255 < deep.max() < 4096
    blurred = plate.table[plate.table["special"] == "one time out of focus"].sort_values("time_h")
    steepest = []
    for _, row in blurred.iterrows():
        smooth = cv2.GaussianBlur(read(row)[0].astype(np.float32), (0, 0), 2)  # the noise taken away
        steepest.append(np.hypot(cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1)).max())
    assert steepest[-1] < 0.5 * min(steepest[:-1])


def test_the_plate_map_covers_every_well_with_its_condition(plate: DemoPlate) -> None:
    assert tuple(plate.plate_map["well"]) == WELLS
    merged = plate.table.merge(plate.plate_map, on="well", suffixes=("", "_map"))
    assert (merged["condition"] == merged["condition_map"]).all()
    most = plate.table.groupby("well")["n_spheroids"].max().reindex(WELLS)
    expected = plate.plate_map.set_index("well")["expected_spheroids"]
    assert (most[most > 0] == expected[most > 0]).all()


def test_the_same_seed_writes_the_same_files(plate: DemoPlate, tmp_path: Path) -> None:
    again = make_demo_plate(tmp_path)
    for name in plate.table["file"].iloc[::7]:
        assert (again.images / name).read_bytes() == (plate.images / name).read_bytes()
    pd.testing.assert_frame_equal(again.table, plate.table)
