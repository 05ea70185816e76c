"""The gallery's kernel half: rows by version, thumbnails and outlines a page, selection, opening, static face."""

from __future__ import annotations

import base64
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import tifffile
import traitlets

from spheroseg_widgets.errors import QueryError, StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project, open_project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.project.tables import overview_table
from spheroseg_widgets.store import runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.widgets import gallery_flags, gallery_table
from spheroseg_widgets.widgets.gallery import Gallery
from spheroseg_widgets.widgets.gallery_rows import BETWEEN, Packed, RowTable, columns_of

from .page import Page, until

SQUARE = Outlines.from_rings([[[(60, 60), (120, 60), (120, 120), (60, 120)]]])


@pytest.fixture
def project(three_images: Path, tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(three_images)
    yield opened
    opened.close()


@pytest.fixture
def gallery(project: Project) -> Iterator[Gallery]:
    shown = Gallery(project)
    yield shown
    shown.close()


def unpacked(value: dict[str, Any], buffer: bytes) -> pd.DataFrame:
    """Read an answer as the browser does."""
    data = zlib.decompress(buffer) if value["deflated"] else buffer
    table = {}
    for name, kind, offset, length, categories in value["columns"]:
        part = data[offset : offset + length]
        if kind == "text":
            table[name] = part.decode().split("\0") if value["rows"] else []
        else:
            assert offset % 4 == 0
            codes = np.frombuffer(part, "<" + kind)
            table[name] = codes if categories is None else [categories[code] for code in codes]
    return pd.DataFrame(table)


def save(project: Project, image_id: int, outlines: Outlines = SQUARE, **columns: Any) -> int:
    objects = pd.DataFrame(
        {"class_name": ["spheroid"] * len(outlines), "area_px2": [3600.0] * len(outlines), **columns}
    )
    current = project.images().set_index("image_id").loc[image_id, "current_result_id"]
    return project.save(image_id, outlines, objects, parent=None if pd.isna(current) else int(current))


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


def test_thumbnails_of_a_page_come_in_one_message(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    pictures: dict[int, bytes] = {}
    pending = [1, 2, 3, 77]
    while pending:
        value, buffers = browser.ask("thumbs", ids=pending, size=256)
        assert len(buffers) == 1
        assert sum(value["lengths"]) == len(buffers[0])
        ends = np.cumsum(value["lengths"])
        pictures |= {
            i: buffers[0][end - length : end]
            for i, length, end in zip(value["ids"], value["lengths"], ends, strict=True)
        }
        failed, pending = value["failed"], value["pending"]
        if failed:
            assert failed == [[77, "This image is no longer in the project."]]
    assert sorted(pictures) == [1, 2, 3]
    assert cv2.imdecode(np.frombuffer(pictures[1], np.uint8), cv2.IMREAD_UNCHANGED).shape == (192, 256)


def test_a_broken_file_gives_a_reason(project: Project, gallery: Gallery, three_images: Path) -> None:
    first = three_images / "plate_A01_24h.tif"
    first.write_bytes(first.read_bytes()[:2000])
    browser = Page(gallery)
    failed = dict(until(lambda: browser.ask("thumbs", ids=[1], size=128)[0]["failed"]))
    assert "truncated" in failed[1]


def test_a_size_that_is_not_made_is_refused(gallery: Gallery) -> None:
    with pytest.raises(RuntimeError, match="128, 256, 512"):
        Page(gallery).ask("thumbs", ids=[1], size=300)


def test_outlines_of_a_page_come_as_the_store_keeps_them(project: Project, gallery: Gallery) -> None:
    two = Outlines.concat([SQUARE, Outlines.from_rings([[[(0, 0), (30, 0), (30, 30)]]])])
    result = save(
        project, 1, two, class_name=["spheroid", "debris"], touches_border=[False, True], confidence=[0.9, 0.2]
    )
    browser = Page(gallery)
    value, buffers = until(lambda: (answer := browser.ask("outlines", results=[result, 99]))[0]["results"] and answer)
    assert value["results"] == [result]  # what does not hold, or is not of this project, is left out
    assert buffers[0] == two.to_bytes()
    assert value["objects"] == [2]
    assert list(buffers[1]) == [0, 1]
    assert value["classes"] == ["spheroid", "debris"]
    assert list(buffers[2]) == [0, 3]


def test_a_page_of_outlines_is_two_questions_to_the_store(project: Project, gallery: Gallery) -> None:
    results = [save(project, image_id) for image_id in (1, 2, 3)]
    browser = Page(gallery)
    until(lambda: len(browser.ask("outlines", results=results)[0]["results"]) == 3)
    until(lambda: gallery._reader is None)  # what it reads by itself asks too
    asked: list[str] = []
    sa.event.listen(project.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    browser.ask("outlines", results=results)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2


def test_flags_come_after_the_table_and_follow_it(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    assert set(flags_of(browser)) == {""}
    save(project, 1, touches_border=[True])
    until(lambda: flags_of(browser)[0])
    assert [one.split(BETWEEN) for one in flags_of(browser)] == [
        list(names) or [""] for names in project.flags()["flags"]
    ]
    assert "border" in flags_of(browser)[0]
    project.exclude(image=1, reason="cut off")
    until(lambda: not flags_of(browser)[0])


def test_flags_of_a_large_project_wait_until_they_are_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_flags, "AT_ONCE", 2)
    save(project, 1, touches_border=[True])
    gallery = Gallery(project)
    browser = Page(gallery)
    until(lambda: gallery._reader is None)
    assert gallery.flags_state == "waiting"
    assert set(flags_of(browser)) == {""}
    browser.ask("want_flags")
    until(lambda: gallery.flags_state == "there")
    assert "border" in flags_of(browser)[0]
    gallery.close()


def flags_of(browser: Page) -> list[str]:
    value, buffers = browser.ask("rows", since=0)
    return unpacked(value, buffers[0])["flags"].tolist()


def test_selection_is_a_table_and_can_be_set(project: Project, gallery: Gallery) -> None:
    assert gallery.selected.empty
    gallery.selected_ids = [3, 1, 99]
    assert gallery.selected["name"].tolist() == ["plate_A01_24h.tif", "plate_A03_24h.tif"]
    gallery.selected = project.images().tail(1)
    assert gallery.selected_ids == [3]
    gallery.selected = [2]
    assert gallery.selected["image_id"].tolist() == [2]


def test_opening_calls_back_until_left(gallery: Gallery) -> None:
    opened: list[int] = []
    assert not gallery.opens
    leave = gallery.on_open(opened.append)
    assert gallery.opens
    gallery.set_state({"opened": 2})
    gallery.set_state({"opened": None})
    gallery.set_state({"opened": 2})
    leave()
    gallery.set_state({"opened": 3})
    assert opened == [2, 2]
    assert not gallery.opens


def test_a_callback_that_fails_is_shown_and_stops_no_other(gallery: Gallery) -> None:
    browser = Page(gallery)
    opened: list[int] = []
    gallery.on_open(lambda image_id: 1 / 0)
    gallery.on_open(opened.append)
    gallery.set_state({"opened": 1})
    assert opened == [1]
    event = until(lambda: [m for m, _ in browser.messages if m.get("name") == "problem"])[0]
    assert "ZeroDivisionError" in event["value"]["message"]


def test_an_unreadable_project_is_an_error_and_retry_reads_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> pd.DataFrame:
        raise OSError("the share is gone")

    with monkeypatch.context() as patched:
        patched.setattr(gallery_table, "overview_table", broken)
        gallery = Gallery(project)
        until(lambda: gallery.error)
        assert gallery.error == "the share is gone"
        with pytest.raises(RuntimeError, match="the share is gone"):
            Page(gallery).ask("rows", since=0)
    browser = Page(gallery)
    browser.ask("retry")
    assert gallery.error == ""
    gallery.error = "a reading in the background failed"
    save(project, 1)
    until(lambda: not gallery.error)  # the next one that works takes the card away
    assert browser.ask("rows", since=0)[0]["count"] == 3
    gallery.close()


def test_static_face_shows_pictures_with_outlines(project: Project, gallery: Gallery) -> None:
    save(project, 1)
    gallery.reload()
    page = gallery.static_html()
    assert page.count("<img ") == 3
    assert "http" not in page
    assert "plate_A01_24h.tif" in page
    code = page.split("base64,")[1].split('"')[0]
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(code), np.uint8), cv2.IMREAD_COLOR).astype(int)
    assert np.ptp(picture, axis=2).max() > 60  # a coloured outline on a grey picture
    sheet = gallery.static_png()
    assert sheet is not None
    assert cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR).shape == (120, 3 * 168 - 8, 3)


def test_static_face_of_an_empty_project(tmp_path: Path) -> None:
    empty = open_project(tmp_path / "empty", create=True)
    gallery = Gallery(empty)
    assert "No images yet" in gallery.static_html()
    assert gallery.static_png() is None
    assert Page(gallery).ask("rows", since=0)[0]["count"] == 0
    gallery.close()
    empty.close()


def test_a_closed_gallery_hears_nothing_more(project: Project) -> None:
    gallery = Gallery(project)
    until(lambda: gallery.rows_version)
    gallery.close()
    version = gallery.rows_version
    save(project, 1)
    time.sleep(0.4)
    assert gallery.rows_version == version


def test_a_reading_that_ends_after_the_closing_does_not_follow_a_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening: list[int] = []
    monkeypatch.setattr(Run, "on_change", lambda run, _listener: listening.append(run.id) or (lambda: None))
    shown = Gallery(project)
    until(lambda: shown.rows_version)
    shown.close()
    with project.database.write() as connection:
        model = runs.ensure_model(connection, "m", "1", "00", None)
        runs.create_run(connection, project.id, model, {}, project.images()["image_id"].tolist(), "me")
    shown.reload()
    assert listening == []


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


def test_a_view_set_in_python_decides_what_is_shown(project: Project, gallery: Gallery) -> None:
    project.set_map([{"well": "A01", "condition": "control"}, {"well": "A02", "condition": "drug"}])
    save(project, 1)
    assert gallery.shown["image_id"].tolist() == [1, 2, 3]
    gallery.view = {"facets": {"condition": ["drug", ""]}, "sort": {"by": "name", "descending": True}}
    assert gallery.shown["image_id"].tolist() == [2, 3]
    pd.testing.assert_frame_equal(gallery.shown, project.images().iloc[1:].reset_index(drop=True))
    with pytest.raises(traitlets.TraitError, match="the facet 'conditions' is unknown"):
        gallery.view = {"facets": {"conditions": ["drug"]}}
    assert gallery.view["facets"] == {"condition": ["drug", ""]}
    with pytest.raises(traitlets.TraitError, match="the group 'rows' is unknown"):
        Gallery(project, view={"group": "rows"})


def test_an_expression_is_evaluated_here_and_shown_there(project: Project, gallery: Gallery) -> None:
    save(project, 2)
    gallery.reload()
    gallery.view = {"text": "plate_a"}
    gallery.query("area_um2 > 1e4 and edited == True")
    assert gallery.view == {"text": "plate_a", "expression": "area_um2 > 1e4 and edited == True"}
    assert gallery.shown["image_id"].tolist() == [2]
    value, buffers = Page(gallery).ask("matching", expression="edited == False")
    assert value == {"images": 2}
    assert np.frombuffer(buffers[0], "<i4").tolist() == [1, 3]
    gallery.query("page == 0 and 'late' not in tags and well in ['A03']")  # also of columns that stay in the store
    assert gallery.shown["image_id"].tolist() == [3]
    gallery.query("area_um2 > 1e4 and edited == True")
    with pytest.raises(QueryError, match="there is no column area"):
        gallery.query("area > 3")
    assert gallery.shown["image_id"].tolist() == [2]
    with pytest.raises(RuntimeError, match="there is no column area"):
        Page(gallery).ask("matching", expression="area > 3")
    gallery.query(None)
    assert gallery.view == {"text": "plate_a"}


def test_saved_views_are_kept_shown_and_told(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    assert browser.ask("views")[0] == {"views": []}
    view = {"facets": {"well": ["A02"]}, "group": "plate"}
    expected = [{"name": "second <b>", "view": view}]
    assert browser.ask("save_view", name="second <b>", view=view)[0] == {"views": expected}
    told = until(lambda: [m for m, _ in browser.messages if m.get("name") == "views"])
    assert told[-1]["value"] == {"views": expected}
    gallery.show_view("second <b>")
    assert gallery.view == view
    assert gallery.shown["well"].tolist() == ["A02"]
    with pytest.raises(RuntimeError, match="the range 'area' is unknown"):
        browser.ask("save_view", name="x", view={"ranges": {"area": [0, 1]}})
    assert browser.ask("delete_view", name="second <b>")[0] == {"views": []}
    with pytest.raises(StoreError, match="view second <b>: there is none"):
        gallery.show_view("second <b>")


def test_a_saved_view_does_not_have_the_images_read_again(project: Project, gallery: Gallery) -> None:
    until(lambda: gallery._reader is None and gallery.rows_version)
    asked: list[str] = []
    sa.event.listen(project.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    project.save_view("any", {})
    time.sleep(0.5)
    assert not any("FROM outline" in statement for statement in asked)


def test_static_face_shows_what_the_filters_leave(project: Project, gallery: Gallery) -> None:
    gallery.view = {"text": "a02"}
    page = gallery.static_html()
    assert "plate_A02_24h.tif" in page
    assert "plate_A01_24h.tif" not in page
    assert "1 image" in page
    gallery.view = {"text": "zebra"}
    assert "No image matches the filters" in gallery.static_html()
    assert gallery.static_png() is None


def test_a_gallery_that_only_shows_takes_no_change_whatever_its_page_sets(project: Project) -> None:
    result = save(project, 1)
    gallery = Gallery(project, read_only=True)
    browser = Page(gallery)
    gallery.set_state({"can_act": True, "can_add": True})
    assert not gallery.can_act
    assert not gallery.can_add
    for method, params in {
        "review.decide": {"image": 1, "decision": {"kind": "unusable"}}, "act.delete": {"ids": [1]}, "act.tag": {"ids": [1], "tag": "a"},
        "add_preview": {"path": "."},
    }.items():  # fmt: skip
        with pytest.raises(RuntimeError, match="only shows"):
            browser.ask(method, **params)
    assert project.images()["current_result_id"].iloc[0] == result
    assert project.images()["outcome"].iloc[0] == "measured"
    assert project.tags().empty
    gallery.close()
