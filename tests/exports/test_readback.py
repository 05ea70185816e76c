"""Tables and labels read back: text stays text, labels are the table's object numbers."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import openpyxl
import pandas as pd
import pytest
import tifffile
from roifile import roiread

from spheroseg_widgets.errors import ExportError
from spheroseg_widgets.exports.bundle import ExportBundle, ExportImage
from spheroseg_widgets.exports.registry import export
from spheroseg_widgets.exports.tables import read_csv, write_csv
from spheroseg_widgets.outlines.outlines import Outlines

TEXTS = ["007", "NA", "=1", "'=1", "''@x", "a\nb", "1e5", "'plain"]


def _bundle(numbers: list[int]) -> ExportBundle:
    ring = np.array([[10.25, 10.5], [50, 10], [50, 40], [10, 40]], float)
    outlines = Outlines.from_rings([[ring + np.array([60 * i, 0])] for i in range(len(numbers))])
    table = pd.DataFrame({"object": numbers, "stem": "one", "ratio": np.inf, "area_px2": np.nan})
    return ExportBundle(
        table, table, None, lambda: iter([ExportImage("one", "/r/one.tif", 200, 60, None, outlines, table)])
    )


def test_text_that_looks_like_something_else_comes_back_as_it_was(tmp_path: Path) -> None:
    frame = pd.DataFrame({"stem": TEXTS, "value": np.arange(8) / 3})
    pd.testing.assert_frame_equal(read_csv(write_csv(tmp_path / "t.csv", frame)), frame)


def test_no_cell_of_a_csv_starts_a_formula(tmp_path: Path) -> None:
    frame = pd.DataFrame({"stem": ["=a", "+a", "-a", "@a", "\ta", "\ra"]})
    raw = pd.read_csv(write_csv(tmp_path / "t.csv", frame))["stem"]
    assert raw.str[0].tolist() == ["'"] * 6


def test_bytes_that_are_no_utf8_stop_no_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"path": ["a\udcff", "b\x00\uffff"]})
    write_csv(tmp_path / "t.csv", frame).read_text(encoding="utf-8")
    export(ExportBundle(frame, frame, None, lambda: iter(())), tmp_path, ["xlsx"])
    assert openpyxl.load_workbook(tmp_path / "measurements.xlsx")["images"]["A2"].value == "a\ufffd"


def test_infinity_and_missing_are_empty_in_xlsx_and_null_in_geojson(tmp_path: Path) -> None:
    export(_bundle([1]), tmp_path, ["xlsx", "geojson"])
    sheet = openpyxl.load_workbook(tmp_path / "measurements.xlsx")["measurements"]
    assert [cell.value for cell in sheet[2]] == [1, "one", None, None]
    text = (tmp_path / "geojson" / "one.geojson").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    ring = json.loads(text)["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert [10.25, 10.5] in ring


def test_labels_and_rois_carry_the_object_number_of_the_table(tmp_path: Path) -> None:
    export(_bundle([2, 5]), tmp_path, ["labels", "imagej"])  # as where border objects are left out
    labels = cv2.imread(str(tmp_path / "labels" / "one.png"), cv2.IMREAD_UNCHANGED)
    assert np.unique(labels).tolist() == [0, 2, 5]
    rois = roiread(tmp_path / "imagej" / "one.zip")
    assert [roi.name for roi in rois] == ["0002", "0005"]
    assert [10.25, 10.5] in rois[0].coordinates().tolist()


def test_labels_above_65535_become_a_32_bit_tiff(tmp_path: Path) -> None:
    export(_bundle([2, 70_000]), tmp_path, ["labels"])
    labels = tifffile.imread(tmp_path / "labels" / "one.tif")
    assert labels.dtype == np.uint32
    assert np.unique(labels).tolist() == [0, 2, 70_000]


def test_an_unknown_format_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"unknown format pdf; known are csv, xlsx"):
        export(_bundle([1]), tmp_path, ["csv", "pdf"])
    assert list(tmp_path.iterdir()) == []
