"""Files that a page sends to be added: known by content, gone on with, refused, named alike, discarded."""

from __future__ import annotations

import os
import zlib

import pytest

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.add_images import AddImages

from .adding_page import MODIFIED, Page, page, picture, project

__all__ = ["page", "project"]  # fixtures


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


def test_what_was_sent_and_not_added_can_be_discarded(project: Project, page: Page) -> None:
    page.call("add_images", files=page.upload({"kept.png": picture(1)}), names="auto", sheet=None)
    sent = page.upload({"d/gone.png": picture(2)})
    half = page.offer({"half.png": picture(3)})[0]["key"]
    page.send(half, picture(3), stop=2_000)
    page.call("add_discard", keys=[key for key, _ in sent])
    assert sorted(path.name for path in (project.folder / "uploads").iterdir())[1:] == ["kept.png"]
    page.call("add_discard", keys=None)
    assert [path.name for path in (project.folder / "uploads").iterdir()] == ["kept.png"]
