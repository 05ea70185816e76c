"""The gallery's rows: by version, packed into columns, what they carry, and the first before all are read."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.tables import overview_table
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.widgets import gallery_table
from spheroseg_widgets.widgets.gallery import Gallery
from spheroseg_widgets.widgets.gallery_rows import Packed, RowTable, columns_of

from .gallery_of_three import gallery, project, save, unpacked
from .page import Page, until

__all__ = ["gallery", "project"]  # fixtures


def test_rows_travel_as_columns_in_one_buffer(project: Project, gallery: Gallery) -> None:
    value, buffers = Page(gallery).ask("rows", since=0)
    table = unpacked(value, buffers[0])
    images = project.images()
    assert len(buffers) == 1
    assert table["id"].tolist() == images["image_id"].tolist()
    assert table["name"].tolist() == images["name"].tolist()
    assert table["well"].tolist() == ["A01", "A02", "A03"]
    assert table["time_h"].tolist() == [24, 24, 24]
    assert table["status"].tolist() == ["new"] * 3
    assert table["n_objects"].tolist() == [-1] * 3
    assert table[["width", "height"]].drop_duplicates().to_numpy().tolist() == [[256, 192]]


def test_only_what_changed_is_sent_again(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    first, _ = browser.ask("rows", since=0)
    result = save(project, 2)
    project.exclude(reason="bubble", image=3)
    until(lambda: unpacked(*_one(browser.ask("rows", since=first["version"])))["excluded"].sum() == 1)
    value, buffers = browser.ask("rows", since=first["version"])
    table = unpacked(value, buffers[0]).set_index("id")
    assert not value["whole"]
    assert table.index.tolist() == [2, 3]
    assert table["at"].tolist() == [1, 2]
    assert table.loc[2, ["n_objects", "area", "calibrated", "result"]].tolist() == [1, 14_400, 1, result]
    assert table.loc[3, "excluded"] == 1
    assert gallery.rows_version == value["version"]
    assert browser.ask("rows", since=value["version"])[0]["rows"] == 0


def _one(answer: tuple[Any, list[bytes]]) -> tuple[Any, bytes]:
    return answer[0], answer[1][0]


def test_new_images_send_everything(project: Project, gallery: Gallery, three_images: Path) -> None:
    browser = Page(gallery)
    first, _ = browser.ask("rows", since=0)
    tifffile.imwrite(three_images / "more.tif", np.zeros((20, 30), np.uint8))
    project.add(three_images)
    until(lambda: gallery.rows_version > first["version"])
    value, buffers = browser.ask("rows", since=first["version"])
    assert value["whole"]
    assert unpacked(value, buffers[0])["name"].tolist()[-1] == "more.tif"


def test_a_version_of_another_kernel_is_answered_with_everything(gallery: Gallery) -> None:
    assert Page(gallery).ask("rows", since=999)[0]["whole"]


def test_hostile_names_arrive_as_they_are(project: Project, tmp_path: Path, gallery: Gallery) -> None:
    names = ["<script>alert(1)<.tif", "Größe_µ_球体.tif", "x" * 200 + ".tif", "=cmd().tif", 'a"b&c.tif']
    for number, name in enumerate(names):
        tifffile.imwrite(tmp_path / name, np.full((16, 16), number, np.uint8))
    project.add([tmp_path / name for name in names])
    browser = Page(gallery)
    until(lambda: browser.ask("rows", since=0)[0]["count"] == 3 + len(names))
    value, buffers = browser.ask("rows", since=0)
    assert unpacked(value, buffers[0])["name"].tolist() == project.images()["name"].tolist()
    assert set(names) <= set(project.images()["name"])
    page = gallery.static_html()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_rows_of_a_large_project_are_packed_small_and_fast() -> None:
    count = 100_000
    images = pd.DataFrame(
        {
            "image_id": np.arange(1, count + 1), "time_h": np.arange(count) % 12 * 6.0, "n_objects": 1.0, "excluded": False,
            "width": 1408, "height": 1040, "pixel_size_um": 2.8, "total_area_px2": 1e4, "current_result_id": 1.0,
            "plate": "P1", "well": [f"A{n % 96:02d}" for n in range(count)], "status": "done", "outcome": "measured",
            "least_confidence": 0.9, "edited": False, "touches_border": False, "condition": "control", "model": "resunet-spheroid",
            "tags": [()] * count, "review": "unreviewed", "result_source": "model", "name": [f"VID1335_{n}_01d00h00m.tif" for n in range(count)],
            "reason": None, "site": 1,
        }
    )  # fmt: skip
    table = RowTable()
    assert table.update(columns_of(images))
    whole = table.pack(0)
    assert len(whole.buffer) < 1_000_000
    images.loc[70_000, "status"] = "running"
    assert table.update(columns_of(images))
    part = table.pack(whole.value["version"])
    assert _rows(part)["id"].tolist() == [70_001]
    assert not table.update(columns_of(images))


def _rows(packed: Packed) -> pd.DataFrame:
    return unpacked(packed.value, packed.buffer)


def test_rows_carry_what_is_filtered_by(project: Project, gallery: Gallery) -> None:
    project.set_map([{"well": "A01", "condition": "control"}, {"well": "A02", "condition": "10\x1fµM"}])
    project.tag([2, 3], "odd one")
    project.tag([3], "late")
    save(project, 2, confidence=[0.25], touches_border=[True])
    browser = Page(gallery)

    def rows() -> pd.DataFrame:
        return unpacked(*_one(browser.ask("rows", since=0)))

    until(lambda: 1 in rows()["edited"].tolist())
    table = rows().set_index("id")
    assert table["condition"].tolist() == ["control", "10 µM", ""]
    assert table["tags"].tolist() == ["", "odd one", "late\x1fodd one"]
    assert table["edited"].tolist() == [0, 1, 0]
    assert table["touches_border"].tolist() == [0, 1, 0]
    assert table["least_confidence"].tolist()[1] == 0.25
    assert table["least_confidence"].isna().tolist() == [True, False, True]
    flagged = project.images().assign(flags=[("empty", "border"), (), ("odd_shape",)])
    assert columns_of(flagged)["flags"].tolist() == ["empty\x1fborder", "", "odd_shape"]


def test_the_overview_and_the_table_of_images_give_the_same_rows(project: Project) -> None:
    project.set_map([{"well": "A01", "condition": "control"}])
    project.tag([3], "late")
    project.set_pixel_size(None, [2])
    for image_id in (1, 2):
        save(project, image_id, confidence=[0.25], touches_border=[image_id == 2])
    project.review([1], "approved")
    project.exclude(reason="bubble", image=3)
    quick, slow = columns_of(overview_table(project.database, project.id)), columns_of(project.images())
    assert quick.keys() == slow.keys()
    for name, values in slow.items():
        np.testing.assert_array_equal(quick[name], values, err_msg=name)
        assert quick[name].dtype == values.dtype, name


def test_more_different_words_than_two_bytes_count_travel_in_four(gallery: Gallery) -> None:
    count = 70_000
    columns = {name: np.resize(values, count) for name, values in columns_of(gallery.project.images()).items()}
    columns["id"] = np.arange(count)
    columns["tags"] = np.array([f"tag {n}" for n in range(count)], object)
    table = RowTable()
    table.update(columns)
    packed = table.pack(0)
    kinds = {name: kind for name, kind, *_ in packed.value["columns"]}
    assert (kinds["tags"], kinds["plate"]) == ("u4", "u2")
    assert _rows(packed)["tags"].tolist() == columns["tags"].tolist()


def test_the_first_images_come_before_all_are_read(
    three_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_table, "FIRST", 2)
    held = threading.Event()
    at_once = gallery_table.overview_table

    def slow(database: Database, project_id: int, *, limit: int | None = None) -> pd.DataFrame:
        if limit is None:
            assert held.wait(20)
        return at_once(database, project_id, limit=limit)

    monkeypatch.setattr(gallery_table, "overview_table", slow)
    project = open_project(tmp_path / "large", create=True)
    project.add(three_images)
    gallery = Gallery(project)
    browser = Page(gallery)
    value, buffers = browser.ask("rows", since=0)
    assert (value["rows"], value["whole"], value["first_of"]) == (2, True, 3)
    assert unpacked(value, buffers[0])["id"].tolist() == [1, 2]
    assert browser.ask("outlines", results=[1])[0]["results"] == []
    assert "The first 2 of 3 images" in gallery.static_html()
    held.set()
    until(lambda: gallery.rows_version > value["version"])
    rest, buffers = browser.ask("rows", since=value["version"])
    assert (rest["rows"], rest["whole"], rest["first_of"]) == (3, True, 0)
    gallery.close()
    project.close()
