"""Exports read back by the reference reader of their format; strange names; folders that cannot be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import openpyxl
import pandas as pd
import pytest
from pycocotools.coco import COCO
from roifile import roiread
from shapely.geometry import shape

from spheroseg_widgets.errors import ExportError
from spheroseg_widgets.exports.bundle import ExportBundle, ExportImage
from spheroseg_widgets.exports.registry import export
from spheroseg_widgets.exports.stems import unique_stems
from spheroseg_widgets.exports.tables import read_csv
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels, to_mask

NAMES = ["=cmd()", "<script>", "a.1", "a b", "\u00e9\u4e2d", "+1", "plain"]


@pytest.fixture
def bundle() -> ExportBundle:
    ring = np.array([[10, 10], [50, 10], [50, 40], [10, 40]], float)
    hole = np.array([[20, 20], [30, 20], [30, 30], [20, 30]], float)
    outlines = Outlines.from_rings([[ring, hole], [ring + np.array([45, 0])]])
    objects = pd.DataFrame(
        {
            "object": [1, 2],
            "class": ["spheroid"] * 2,
            "outline_id": ["u1", "u2"],
            "area_px2": [1100.0, 1200.0],
        }
    )
    table = pd.DataFrame({"path": NAMES, "stem": NAMES, "n_objects": [2] * 7, "pixel_size_um": [np.nan] * 7})

    def images() -> Iterator[ExportImage]:
        yield ExportImage("one", "/raw/one.tif", 120, 60, 2.0, outlines, objects)
        yield ExportImage("none", "/raw/none.tif", 120, 60, None, Outlines.empty(), objects.iloc[:0])

    return ExportBundle(table, objects, None, images, {"model": "=evil()"})


def test_masks_and_labels_keep_holes_and_instances(bundle: ExportBundle, tmp_path: Path) -> None:
    export(bundle, tmp_path, ["masks", "labels"])
    outlines = next(bundle.images()).outlines
    mask = cv2.imread(str(tmp_path / "masks" / "one.png"), cv2.IMREAD_UNCHANGED)
    labels = cv2.imread(str(tmp_path / "labels" / "one.png"), cv2.IMREAD_UNCHANGED)
    assert mask.dtype == np.uint8
    assert labels.dtype == np.uint16
    np.testing.assert_array_equal(mask, to_mask(outlines, 60, 120) * 255)
    np.testing.assert_array_equal(labels, to_labels(outlines, 60, 120))
    assert mask[25, 25] == 0
    assert not cv2.imread(str(tmp_path / "masks" / "none.png"), cv2.IMREAD_UNCHANGED).any()


def test_coco_reads_back_with_its_holes(
    bundle: ExportBundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(bundle, tmp_path, ["coco"])
    coco = COCO(str(tmp_path / "annotations.coco.json"))
    first = coco.loadAnns(coco.getAnnIds(imgIds=[1]))[0]
    assert coco.annToMask(first).sum() == first["area"] == 1100
    assert len(coco.getImgIds()) == 2
    capsys.readouterr()


def test_imagej_and_geojson_read_back_at_sub_pixel(bundle: ExportBundle, tmp_path: Path) -> None:
    export(bundle, tmp_path, ["imagej", "geojson"])
    rois = roiread(tmp_path / "imagej" / "one.zip")
    assert sorted(roi.name for roi in rois) == ["0001", "0001-hole1", "0002"]
    features = json.loads((tmp_path / "geojson" / "one.geojson").read_text())["features"]
    assert [shape(f["geometry"]).area for f in features] == [1100, 1200]


def test_names_pass_through_tables_intact_and_harmless(bundle: ExportBundle, tmp_path: Path) -> None:
    export(bundle, tmp_path, ["csv", "xlsx"])
    assert read_csv(tmp_path / "images.csv")["stem"].tolist() == NAMES
    assert pd.read_csv(tmp_path / "images.csv")["stem"].iloc[0] == "'=cmd()"
    book = openpyxl.load_workbook(tmp_path / "measurements.xlsx")
    assert book.sheetnames == ["images", "measurements", "definitions", "run"]
    cells = [row[1] for row in book["images"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == NAMES
    assert {cell.data_type for cell in cells} == {"s"}
    assert isinstance(book["images"]["C2"].value, int)
    assert book["images"]["D2"].value is None


def test_stems_are_unique_and_safe_everywhere() -> None:
    wanted = ["a.1", "a.2", "A.1", "a/b", "a:b", "con", "x" * 300, "e\u0301", "\u00e9", "end."]
    made = unique_stems(wanted)
    assert made[:3] == ["a.1", "a.2", "A.1_2"]
    assert made[3:6] == ["a_b", "a_b_2", "_con"]
    assert len(made[6].encode()) <= 180
    assert made[8] == "\u00e9_2"
    assert made[9] == "end"
    assert unique_stems(["a.1"], taken=made) == ["a.1_3"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(bundle: ExportBundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotADirectoryError):  # the fault is real
        (tmp_path / "file" / "x").write_text("")
    with pytest.raises(ExportError, match=r"images\.csv: cannot be written"):
        export(bundle, tmp_path / "file", ["csv"])
    assert (tmp_path / "file").read_text() == "in the way"
