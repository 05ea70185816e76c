"""Outlines of an open editor are read, added, changed, deleted and replaced from a notebook, as a person would do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from shapely import Polygon, box

from spheroseg_widgets.errors import ConflictError, OutlineError, StoreError
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.editor import Editor

from .page import Page, until

HOLED = Polygon(box(20, 30, 80, 90).exterior.coords, [box(40, 50, 50, 60).exterior.coords])


@pytest.fixture
def project(three_images: Path, tmp_path: Path) -> Iterator[Project]:
    opened = open_project(tmp_path / "project", create=True)
    opened.add(three_images, pixel_size_um=2.0)
    yield opened
    opened.close()


@pytest.fixture
def editor(project: Project) -> Iterator[Editor]:
    shown = Editor(project)
    yield shown
    shown.close()


def test_an_outline_is_added_changed_and_deleted(project: Project, editor: Editor) -> None:
    page = Page(editor)
    changed: list[int] = []
    stop = editor.on_change(changed.append)
    first = editor.add(HOLED)
    second = editor.add(box(100, 100, 120, 120), "debris")
    table = editor.outlines.set_index("outline_id")
    assert table["class"].to_dict() == {first: "spheroid", second: "debris"}
    assert table.loc[first, "geometry"].equals(HOLED)
    assert table.loc[first, "area_px2"] == 3500
    assert table.loc[first, "area_um2"] == 14_000
    editor.update(2, class_name="core")  # counted as the list of objects counts
    editor.update(first, box(10, 10, 60, 60))
    assert editor.outlines["class"].tolist() == ["spheroid", "core"]
    assert editor.outlines["area_px2"].tolist() == [2500, 400]
    editor.delete(1)
    assert editor.outlines["outline_id"].tolist() == [second]
    assert changed == [editor.image_id] * 5
    stop()
    until(lambda: [m for m, _ in page.messages if m.get("name") == "version"])  # the page hears of it
    editor.save()
    assert project.outlines(editor.image_id)[1]["class_name"].tolist() == ["core"]
    assert changed == [editor.image_id] * 5


def test_outlines_are_replaced_as_a_whole(editor: Editor) -> None:
    kept, gone = editor.add(box(10, 10, 30, 30), "debris"), editor.add(box(50, 50, 70, 70))
    rows = editor.outlines.iloc[[0]]
    new = pd.DataFrame({"outline_id": [None], "geometry": [box(80, 80, 90, 90)], "class": [None]})
    editor.outlines = pd.concat([rows, new], ignore_index=True)
    table = editor.outlines
    assert table["outline_id"].iloc[0] == kept
    assert gone not in table["outline_id"].tolist()
    assert table["class"].tolist() == ["debris", "spheroid"]
    assert table["area_px2"].tolist() == [400, 100]
    with pytest.raises(OutlineError, match="would cross itself"):  # all or nothing
        editor.outlines = pd.DataFrame({"geometry": [box(0, 0, 9, 9), Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])]})
    assert editor.outlines["area_px2"].tolist() == [400, 100]


def test_one_is_selected_and_gone_to(editor: Editor) -> None:
    page = Page(editor)
    ids = [editor.add(box(10 * n, 10, 10 * n + 8, 18)) for n in (1, 2, 3)]
    editor.selected = [3, ids[0]]
    assert editor.selected_ids == [ids[2], ids[0]]
    editor.selected = editor.outlines.iloc[[1]]
    assert editor.selected["outline_id"].tolist() == [ids[1]]
    editor.goto(3)
    assert editor.selected_ids == [ids[2]]
    until(lambda: [m for m, _ in page.messages if m.get("name") == "goto" and m["value"] == {"outline": ids[2]}])
    with pytest.raises(StoreError, match="outline 9: the open image has none of this name; it has 3"):
        editor.goto(9)


def test_what_cannot_be_taken_is_said_by_name(project: Project, editor: Editor) -> None:
    with pytest.raises(OutlineError, match=r"\.tif: Not done: the outline would cross itself"):
        editor.add(Polygon([(0, 0), (50, 50), (50, 0), (0, 50)]))
    with pytest.raises(OutlineError, match="outside the image"):
        editor.add(box(5000, 5000, 5010, 5010))
    with pytest.raises(OutlineError, match="a shapely Polygon"):
        editor.add(Polygon())
    with pytest.raises(StoreError, match="'none'"):
        editor.delete("none")
    assert editor.outlines.empty
    looking = Editor(project, read_only=True)
    with pytest.raises(StoreError, match="read_only"):
        looking.add(HOLED)
    looking.close()
    other = Editor(project)
    other.presence_owner = "another kernel"
    editor.add(HOLED)
    with pytest.raises(ConflictError, match="take over"):
        other.add(HOLED)
    other.close()
