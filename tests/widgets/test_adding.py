"""Adding images from a page: calls as the browser makes them, interruptions, previews, tables, paths, the demo plate."""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.project import hooks
from spheroseg_widgets.project.known_content import HEAD
from spheroseg_widgets.project.project import Project, open_project
from spheroseg_widgets.widgets.add_images import AddImages
from spheroseg_widgets.widgets.adding import AddsImages
from spheroseg_widgets.widgets.gallery import Gallery

from .page import until

MODIFIED = 1_700_000_000_000
MAP = b"well,condition\nA1,control\nA2,drug\n"


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 80), np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


class Page:
    """What the browser half does, without its looks: calls by the widget's message handler, files in pieces."""

    def __init__(self, widget: AddsImages) -> None:
        self.widget = widget
        self.heard: list[tuple[dict[str, Any], list[bytes]]] = []
        self.number = 0
        widget.rpc._send = lambda content, buffers: self.heard.append((content, [bytes(b) for b in buffers]))

    def start(self, method: str, buffer: bytes | None = None, **params: Any) -> int:
        self.number += 1
        content = json.loads(json.dumps({"kind": "call", "id": self.number, "method": method, "params": params}))
        self.widget._handle_custom_msg(content, [] if buffer is None else [memoryview(buffer)])
        return self.number

    def answer(self, number: int) -> Any:
        found = until(lambda: [m for m, _ in self.heard if m["kind"] in {"result", "error"} and m["id"] == number])[0]
        if found["kind"] == "error":
            raise RuntimeError(f"{found['error']['type']}: {found['error']['message']}")
        json.dumps(found["value"])
        return found["value"]

    def call(self, method: str, buffer: bytes | None = None, **params: Any) -> Any:
        return self.answer(self.start(method, buffer, **params))

    def events(self) -> list[Any]:
        return [m["value"] for m, _ in list(self.heard) if m["kind"] == "event" and m["name"] == "adding"]

    def offer(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        told = [
            [name.split("/"), len(data), MODIFIED, zlib.crc32(data[:HEAD]), data[:16].hex()]
            for name, data in files.items()
        ]
        return self.call("add_offer", files=told)

    def send(
        self, key: str, data: bytes, start: int = 0, stop: int | None = None, piece: int = 2_000
    ) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for at in range(start, stop or len(data), piece):
            part = data[at : min(at + piece, stop or len(data))]
            whole = zlib.crc32(data) if at + len(part) == len(data) else None
            taken = self.call("add_chunk", part, key=key, offset=at, checksum=zlib.crc32(part), whole=whole)
        return taken

    def upload(self, files: dict[str, bytes]) -> list[list[Any]]:
        """Send files whole; returns what `add_images` takes."""
        sent = []
        for (name, data), offer in zip(files.items(), self.offer(files), strict=True):
            assert not offer["refused"]
            if offer["have"] == len(data):
                taken = self.call("add_chunk", key=offer["key"], offset=len(data), checksum=0, whole=zlib.crc32(data))
            else:
                taken = self.send(offer["key"], data, offer["have"])
            assert "stored" in taken
            sent.append([offer["key"], name.split("/")])
        return sent


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = open_project(tmp_path / "project", create=True)
    yield opened
    opened.close()


@pytest.fixture
def page(project: Project) -> Iterator[Page]:
    widget = AddImages(project)
    yield Page(widget)
    widget.close()


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


def test_the_same_files_again_are_known_by_content_and_add_nothing(project: Project, page: Page) -> None:
    page.call("add_images", files=page.upload({"A1.png": picture(1)}), names="auto", sheet=None)
    same = page.offer({"A1.png": picture(1)})[0]
    whole = zlib.crc32(picture(1))
    assert page.call("add_chunk", key=same["key"], offset=same["have"], checksum=0, whole=whole)["known"]
    again = {"renamed.png": picture(1)}
    offer = page.offer(again)[0]
    assert (offer["have"], offer["checksum"]) == (len(picture(1)), zlib.crc32(picture(1)))
    taken = page.call("add_chunk", key=offer["key"], offset=offer["have"], checksum=0, whole=offer["checksum"])
    assert (taken["known"], taken["stored"]) == (True, "A1.png")
    outcome = page.call("add_images", files=[[offer["key"], ["renamed.png"]]], names="auto", sheet=None)
    assert (outcome["added"], outcome["known"]) == (0, 1)
    assert len(project.images()) == 1


def test_half_a_file_is_gone_on_with_after_the_kernel_was_started_again(project: Project, page: Page) -> None:
    data = picture(1)
    key = page.offer({"A1.png": data})[0]["key"]
    assert page.send(key, data, stop=2_000) == {"have": 2_000}
    assert page.call("add_chunk", data[:500], key=key, offset=0, checksum=zlib.crc32(data[:500]))["have"] == 2_000
    early = page.call("add_chunk", data[4_000:], key=key, offset=4_000, checksum=zlib.crc32(data[4_000:]))
    assert early["have"] == 2_000
    damaged = page.call("add_chunk", b"x" * 100, key=key, offset=2_000, checksum=zlib.crc32(b"y" * 100))
    assert damaged["have"] == 2_000
    page.widget.close()
    second = Page(AddImages(project))
    assert second.call("add_state")["unfinished"] == [["A1.png", len(data), 2_000]]
    with pytest.raises(RuntimeError, match="UnknownUploadError"):
        second.call("add_chunk", data[:5], key=key, offset=2_000, checksum=0)
    offer = second.offer({"A1.png": data})[0]
    assert (offer["key"], offer["have"], offer["checksum"]) == (key, 2_000, zlib.crc32(data[:2_000]))
    assert second.send(key, data, 2_000) == {"have": len(data), "stored": "A1.png", "known": False}
    assert second.call("add_images", files=[[key, ["A1.png"]]], names="auto", sheet=None)["added"] == 1
    second.widget.close()


def test_what_arrived_and_was_never_added_is_added_the_next_time(project: Project, page: Page) -> None:
    """The kernel ended between the last byte and the adding."""
    page.upload({"A1.png": picture(1)})
    page.widget.close()
    second = Page(AddImages(project))
    offer = second.offer({"A1.png": picture(1)})[0]
    taken = second.call("add_chunk", key=offer["key"], offset=offer["have"], checksum=0, whole=offer["checksum"])
    assert taken["known"] is False, "it is here, but not in the project"
    assert second.call("add_images", files=[[offer["key"], ["A1.png"]]], names="auto", sheet=None)["added"] == 1
    second.widget.close()


def test_a_full_disk_is_told_and_the_file_goes_on_afterwards(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture(1)
    key = page.offer({"A1.png": data})[0]["key"]
    page.send(key, data, stop=2_000)

    def full(_descriptor: int, _data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RuntimeError, match=r"UploadError: A1\.png: .*No space left on device.*make room and try again"):
        page.send(key, data, 2_000)
    monkeypatch.undo()
    assert "stored" in page.send(key, data, 2_000)


def test_what_is_no_image_is_refused_while_the_others_go_on(page: Page, project: Project) -> None:
    text = b"no image, whatever its name says" * 200
    offers = page.offer({"A1.tif": text, "A2.png": picture(2), "x.exe": b"MZ" * 50, "../../up.png": picture(3)})
    reason = "is named like a TIFF but holds no TIFF, JPEG, PNG or BMP image"
    assert [bool(offer["refused"]) for offer in offers] == [True, False, True, True]
    assert offers[0]["refused"] == reason
    other = picture(4)[:16] + text[16:]
    key = page.offer({"A3.png": other})[0]["key"]
    assert page.send(key, other)["refused"].startswith("the PNG header is damaged")
    lie = page.call("add_offer", files=[[["A1.tif"], len(text), MODIFIED, 0, picture(4)[:16].hex()]])[0]
    assert page.send(lie["key"], text, stop=2_000) == {"have": 0, "refused": reason}
    assert "stored" in page.send(offers[1]["key"], picture(2))
    left = [path.name for path in project.folder.rglob("*") if path.suffix in {".tif", ".exe", ".part"}]
    assert left == []
    assert not (project.folder.parent / "up.png").exists()


def test_a_name_with_other_content_keeps_both_and_what_its_own_name_says(project: Project, page: Page) -> None:
    page.call("add_images", files=page.upload({"p_A1_0h.png": picture(1)}), names="auto", sheet=None)
    other = {"p_A1_0h.png": picture(2)}
    assert page.offer(other)[0]["stored_as"] == "p_A1_0h_2.png"
    told = page.call("add_preview", files=[["p_A1_0h.png"]], names="auto", sheet=None)
    assert told["rows"][0][-2:] == ["taken", "p_A1_0h.png"]
    page.call("add_images", files=page.upload(other), names="auto", sheet=None)
    table = project.images()
    assert table["name"].tolist() == ["p_A1_0h.png", "p_A1_0h_2.png"]
    assert table["well"].tolist() == ["A01", "A01"]


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


def test_what_was_sent_and_not_added_can_be_discarded(project: Project, page: Page) -> None:
    page.call("add_images", files=page.upload({"kept.png": picture(1)}), names="auto", sheet=None)
    sent = page.upload({"d/gone.png": picture(2)})
    half = page.offer({"half.png": picture(3)})[0]["key"]
    page.send(half, picture(3), stop=2_000)
    page.call("add_discard", keys=[key for key, _ in sent])
    assert sorted(path.name for path in (project.folder / "uploads").iterdir())[1:] == ["kept.png"]
    page.call("add_discard", keys=None)
    assert [path.name for path in (project.folder / "uploads").iterdir()] == ["kept.png"]


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
