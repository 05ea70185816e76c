"""Adding images from a page: calls as the browser makes them, previews, tables, paths, the demo plate."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.project import hooks
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.add_images import AddImages
from spheroseg_widgets.widgets.adding import AddsImages
from spheroseg_widgets.widgets.gallery import Gallery

from .adding_page import Page, page, picture, project
from .page import until

__all__ = ["page", "project"]  # fixtures
MAP = b"well,condition\nA1,control\nA2,drug\n"


def test_files_are_sent_added_and_in_the_project_with_what_their_names_say(project: Project, page: Page) -> None:
    assert page.call("add_state")["empty"]
    files = {f"p_{well}_{hours}h.png": picture(n) for n, (well, hours) in enumerate([("A1", 0), ("A1", 24), ("A2", 0)])}
    told = page.call("add_preview", files=[[name] for name in files], names="auto", sheet=None)
    assert told["counts"] == {"files": 3, "plates": 1, "wells": 2, "times": 2, "sites": 1, "channels": 0}
    assert told["gaps"] == [1, ["A02 at 24 h"]]
    sent = page.upload(files)
    outcome = page.call("add_images", files=sent, names="auto", sheet=None, pixel_size_um=2.5, modality="brightfield")
    assert (outcome["added"], outcome["known"], outcome["failed"]["n"]) == (3, 0, 0)
    table = project.images()
    assert sorted(zip(table["name"], table["plate"], table["well"], table["time_h"], strict=True)) == [
        ("p_A1_0h.png", "p", "A01", 0.0), ("p_A1_24h.png", "p", "A01", 24.0), ("p_A2_0h.png", "p", "A02", 0.0),
    ]  # fmt: skip
    assert table["pixel_size_um"].tolist() == [2.5] * 3
    assert {Path(path).parent for path in table["path"]} == {project.folder / "uploads"}
    state = page.call("add_state")
    assert not state["empty"]
    assert state["outcome"] == outcome
    until(lambda: page.events()[-1] == {"progress": None, "outcome": outcome})


def test_folders_say_plate_and_day(project: Project, page: Page) -> None:
    files = {"plate 1/day 2/A1.png": picture(1), "plate 1/day 3/A1.png": picture(2), "B1.png": picture(3)}
    page.call("add_images", files=page.upload(files), names="auto", sheet=None)
    table = project.images().set_index("well")
    assert table.loc["A01", "time_h"].tolist() == [48.0, 72.0]
    assert set(table.loc["A01", "plate"]) == {"plate 1"}
    assert table.loc["B01", "plate"] == project.folder.name, "and not the folder of the uploads"


def test_a_wrong_pattern_is_said_and_a_right_one_read(page: Page) -> None:
    with pytest.raises(RuntimeError, match=r"ValueError: unknown field \{wel\} in the name pattern"):
        page.call("add_preview", files=[["A1.png"]], names="{wel}", sheet=None)
    told = page.call("add_preview", files=[["p-A1-d2.png"]], names="{plate}-{well}-d{day}", sheet=None)
    assert told["rows"] == [["p-A1-d2.png", "p", "A01", 48.0, 1, None, None, "", ""]]


def test_a_plate_map_is_shown_entered_and_stops_while_it_is_wrong(project: Project, page: Page) -> None:
    files = {"p_A1_0h.png": picture(1), "p_A2_0h.png": picture(2)}
    told = page.call("add_preview", MAP, files=[[name] for name in files], names="auto", sheet="map.csv")["sheet"]
    assert (told["of_images"], told["wells"], told["problems"]) == (False, 2, [])
    wrong = b"well,condition,concentration\nA1,a,ten\n"
    problems = page.call("add_preview", wrong, files=[], names="auto", sheet="map.csv")["sheet"]["problems"]
    assert problems == [[2, "concentration", "is 'ten', and not a number"]]
    assert "error" in page.call("add_preview", b"", files=[], names="auto", sheet="map.csv")["sheet"]
    sent = page.upload(files)
    with pytest.raises(RuntimeError, match=r"map\.csv: line 2, concentration"):
        page.call("add_images", wrong, files=sent, names="auto", sheet="map.csv")
    assert project.images().empty
    outcome = page.call("add_images", MAP, files=sent, names="auto", sheet="map.csv")
    assert (outcome["added"], outcome["wells"], outcome["map_problem"]) == (2, 2, "")
    assert project.map().set_index("well")["condition"].to_dict() == {"A01": "control", "A02": "drug"}
    later = page.call("add_images", b"well,condition\nA1,other\n", files=[], names="auto", sheet="map.csv")
    assert (later["added"], later["wells"]) == (0, 1)
    assert project.map().set_index("well").loc["A01", "condition"] == "other"


def test_a_map_for_several_plates_asks_which(project: Project, page: Page) -> None:
    files = {"p1_A1_0h.png": picture(1), "p2_A1_0h.png": picture(2)}
    told = page.call("add_preview", MAP, files=[[name] for name in files], names="auto", sheet="map.csv")["sheet"]
    assert told["open_plates"] == ["p1", "p2"]
    outcome = page.call("add_images", MAP, files=page.upload(files), names="auto", sheet="map.csv")
    assert outcome["added"] == 2, "the images are there"
    assert "several plates" in outcome["map_problem"]


def test_a_table_of_images_says_what_names_do_not(project: Project, page: Page) -> None:
    table = b"file,well,time_h,condition\none.png,A1,6,control\ntwo,B2,,drug\ngone.png,C3,,drug\n"
    files = {"one.png": picture(1), "two.png": picture(2), "three.png": picture(3)}
    told = page.call("add_preview", table, files=[[name] for name in files], names="auto", sheet="i.csv")
    assert (told["sheet"]["matched"], told["sheet"]["without_file"]) == (2, [1, ["gone.png (4)"]])
    assert [row[2:4] for row in told["rows"]] == [["A01", 6.0], ["B02", None], [None, None]]
    page.call("add_images", table, files=page.upload(files), names="auto", sheet="i.csv")
    images = project.images().set_index("name")
    assert images.loc["one.png", ["well", "time_h"]].tolist() == ["A01", 6.0]
    assert images.loc["two.png", "well"] == "B02"
    assert pd.isna(images.loc["three.png", "well"])
    assert project.map().set_index("well").loc["B02", "condition"] == "drug"


def test_a_folder_of_the_kernels_is_looked_into_and_added_where_it_lies(
    project: Project, page: Page, three_images: Path
) -> None:
    (three_images / "broken.tif").write_text("no image")
    told = page.call("add_preview", path=str(three_images), names="auto", sheet=None)
    assert told["counts"]["files"] == 4
    assert told["rows"][0][0] == "broken.tif", "without what all paths share"
    outcome = page.call("add_images", path=str(three_images), names="auto", sheet=None)
    assert (outcome["added"], outcome["failed"]["n"]) == (3, 1)
    assert "broken.tif" in outcome["failed"]["some"][0][0]
    assert project.images()["path"].tolist() == sorted(map(str, three_images.glob("plate*")))
    assert list((project.folder / "uploads").iterdir()) == []
    again = page.call("add_preview", path=str(three_images), names="auto", sheet=None, again=True)
    assert again["known"][0] == 4
    with pytest.raises(RuntimeError, match=r"ShareUnavailableError: .*is not there"):
        page.call("add_preview", path=str(three_images / "no" / "such"), names="auto", sheet=None)
    nothing = page.call("add_preview", path=str(three_images / "*.png"), names="auto", sheet=None)
    assert nothing["skipped"] == {"n": 1, "some": [[str(three_images / "*.png"), "no image file matches this pattern"]]}


def test_a_table_serves_a_folder_too(project: Project, page: Page, three_images: Path) -> None:
    table = b"file,time_h\nplate_A01_24h.tif,99\n"
    page.call("add_images", table, path=f"{three_images}/*A0[12]*", names="auto", sheet="i.csv")
    assert sorted(project.images()["time_h"]) == [24.0, 99.0]


def test_adding_tells_its_progress_and_stops_where_it_is_called_off(
    project: Project, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raw").mkdir()
    data = picture(1)
    for number in range(250):
        (tmp_path / "raw" / f"{number:03d}.png").write_bytes(data)
    real, first = Project.add, threading.Event()

    def add(self: Project, *args: Any, **kwargs: Any) -> Any:
        done = real(self, *args, **kwargs)
        if first.is_set():
            page.widget.rpc.receive({"kind": "cancel", "id": page.number})
        first.set()
        return done

    monkeypatch.setattr(Project, "add", add)
    number = page.start("add_images", path=str(tmp_path / "raw"), names="auto", sheet=None)
    until(lambda: page.events() and page.events()[-1]["progress"] is None)
    assert page.events()[0] == {"progress": {"stage": "reading", "done": 0, "total": 250}, "outcome": None}
    assert len(project.images()) == 200, "what was added stays"
    assert not [m for m, _ in page.heard if m.get("id") == number]
    assert page.call("add_state")["progress"] is None
    monkeypatch.undo()
    assert page.call("add_images", path=str(tmp_path / "raw"), names="auto", sheet=None)["added"] == 50


def test_the_demo_plate_is_made_in_the_project_and_added_with_its_map(
    project: Project, page: Page, three_images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def make(folder: Path) -> Any:
        asked.append(folder)
        return SimpleNamespace(images=three_images, plate_map=pd.DataFrame({"well": ["A1"], "condition": ["control"]}))

    monkeypatch.setitem(hooks.HOOKS, "demo_plate", make)
    outcome = page.call("add_demo")
    assert asked == [project.folder / "demo plate"]
    assert (outcome["added"], outcome["wells"]) == (3, 1)


def test_the_demo_plate_is_the_real_one_by_default() -> None:
    from spheroseg_widgets.demo.plate import make_demo_plate

    assert sw.AddImages is AddImages
    assert hooks.hook("demo_plate") is make_demo_plate


def test_a_page_that_only_shows_adds_nothing(project: Project, three_images: Path) -> None:
    widget = AddImages(project, from_paths=False)
    page = Page(widget)
    with pytest.raises(RuntimeError, match="not open to this page"):
        page.call("add_preview", path=str(three_images), names="auto", sheet=None)
    with pytest.raises(RuntimeError, match="not open to this page"):
        page.call("add_images", path=str(three_images), names="auto", sheet=None)
    widget.can_add = False
    calls: list[tuple[str, dict[str, Any]]] = [
        ("add_offer", {"files": []}), ("add_chunk", {"key": "k", "offset": 0}), ("add_discard", {"keys": None}),
        ("add_preview", {"files": []}), ("add_images", {"files": []}), ("add_demo", {}),
    ]  # fmt: skip
    for method, params in calls:
        with pytest.raises(RuntimeError, match="only shows the project"):
            page.call(method, **params)
    widget.close()


def test_it_says_what_it_is_where_no_kernel_runs(project: Project, three_images: Path) -> None:
    project.add(three_images)
    widget = AddImages(project)
    assert "project: it has 3 images" in widget.static_html()
    widget.close()


def test_a_gallery_takes_it_in_beside_its_own_calls(project: Project) -> None:
    class Both(Gallery, AddsImages):
        """As the gallery will be declared."""

    both = Both(project)
    page = Page(both)
    assert both.strings["add.drop"]
    assert both.strings["gallery.title"]
    assert page.call("add_state")["empty"]
    assert page.call("rows", since=0)["count"] == 0
    page.call("add_images", files=page.upload({"A1.png": picture(1)}), names="auto", sheet=None)
    until(lambda: page.call("rows", since=0)["count"] == 1)
    both.close()
