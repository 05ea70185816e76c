"""Files sent from a browser: pieces in any order, interruptions, what is refused, names, and what is removed again."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from spheroseg_widgets.errors import ImageError, UnknownUploadError, UploadError
from spheroseg_widgets.imaging import limits
from spheroseg_widgets.project.upload_offers import Wanted, safe_parts
from spheroseg_widgets.project.uploads import KEPT_DAYS, Uploads

from .sending import MODIFIED, ONE, OTHER, left, picture, send, upload, uploads, used, wanted

__all__ = ["uploads", "used"]  # fixtures


def test_a_file_arrives_whole_with_its_name_folders_and_time(uploads: Uploads) -> None:
    path = upload(uploads, ("day 3", "A01.png"), ONE)
    assert path == uploads.folder / "day 3" / "A01.png"
    assert path.read_bytes() == ONE
    assert path.stat().st_mtime == MODIFIED / 1000
    assert left(uploads) == ["day 3/A01.png"]


def test_half_a_file_is_gone_on_with_by_another_kernel(uploads: Uploads, tmp_path: Path) -> None:
    file = wanted("A01.png", ONE)
    assert uploads.offer([file])[0].have == 0
    assert send(uploads, file, ONE, stop=5_000) == 5_000
    assert uploads.finish(file.key, zlib.crc32(ONE)) is None
    again = Uploads(uploads.folder, list)
    assert [(part.name, part.size, part.have) for part in again.unfinished()] == [("A01.png", len(ONE), 5_000)]
    with pytest.raises(UnknownUploadError, match="offer the file again"):
        again.write(file.key, 5_000, b"x", zlib.crc32(b"x"))
    offer = again.offer([file])[0]
    assert (offer.have, offer.checksum) == (5_000, zlib.crc32(ONE[:5_000]))
    assert send(again, file, ONE, offer.have) == len(ONE)
    stored = again.finish(file.key, zlib.crc32(ONE))
    assert stored is not None
    assert not stored.known
    assert stored.path.read_bytes() == ONE
    assert left(again) == ["A01.png"]


def test_pieces_twice_too_early_and_too_long_change_nothing(uploads: Uploads) -> None:
    file = wanted("A01.png", ONE)
    uploads.offer([file])
    first, second = ONE[:3_000], ONE[3_000:6_000]
    assert uploads.write(file.key, 3_000, second, zlib.crc32(second)) == 0
    assert uploads.write(file.key, 0, first, zlib.crc32(first)) == 3_000
    assert uploads.write(file.key, 0, first, zlib.crc32(first)) == 3_000
    assert uploads.write(file.key, 3_000, second, zlib.crc32(second)) == 6_000
    rest = ONE[6_000:] + b"more"
    assert uploads.write(file.key, 6_000, rest, zlib.crc32(rest)) == 6_000
    assert send(uploads, file, ONE, 6_000) == len(ONE)
    stored = uploads.finish(file.key, zlib.crc32(ONE))
    assert stored is not None
    assert stored.path.read_bytes() == ONE
    assert uploads.finish(file.key, zlib.crc32(ONE)) == stored, "an answer that was lost is asked for again"


def test_a_piece_damaged_on_its_way_is_asked_for_again(uploads: Uploads) -> None:
    file = wanted("A01.png", ONE)
    uploads.offer([file])
    damaged = b"\0" + ONE[1:4_000]
    assert uploads.write(file.key, 0, damaged, zlib.crc32(ONE[:4_000])) == 0
    assert left(uploads) == []


def test_a_whole_that_is_another_than_was_sent_begins_anew(uploads: Uploads) -> None:
    """A file of the same name, size and time but with other content, gone on with after an interruption."""
    file = wanted("A01.png", ONE)
    uploads.offer([file])
    send(uploads, file, ONE, stop=4_000)
    offer = uploads.offer([file])[0]
    changed = ONE[:100] + b"\0" * 100 + ONE[200:]
    assert offer.checksum != zlib.crc32(changed[:4_000]), "the page can see it"
    send(uploads, file, changed, 4_000)
    assert uploads.finish(file.key, zlib.crc32(changed)) is None
    assert left(uploads) == []
    assert send(uploads, file, changed) == len(ONE)
    stored = uploads.finish(file.key, zlib.crc32(changed))
    assert stored is not None
    assert stored.path.read_bytes() == changed


def test_two_pages_that_send_one_file_make_one_file(uploads: Uploads) -> None:
    file = wanted("A01.png", ONE)
    page, other = uploads, Uploads(uploads.folder, list)
    page.offer([file])
    other.offer([file])
    send(page, file, ONE, stop=4_000)
    assert send(other, file, ONE, stop=4_000) == 4_000
    send(other, file, ONE, 4_000)
    assert send(page, file, ONE, 4_000) == len(ONE)
    assert page.finish(file.key, zlib.crc32(ONE)) is not None
    stored = other.finish(file.key, zlib.crc32(ONE))
    assert stored is None or stored.known
    assert left(uploads) == ["A01.png"]


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """Let every write beyond so many bytes of a file fail, for root too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_one_clear_error_and_what_arrived_is_kept(uploads: Uploads, tmp_path: Path) -> None:
    file = wanted("A01.png", ONE)
    uploads.offer([file])
    with little_room(5_000):
        with pytest.raises(OSError, match="File too large"):  # the fault is real
            (tmp_path / "probe").write_bytes(b"x" * 6_000)
        assert send(uploads, file, ONE, stop=4_000) == 4_000
        with pytest.raises(UploadError, match=r"A01\.png: cannot be written to .*make room and try again"):
            send(uploads, file, ONE, 4_000)
    assert [part.have for part in uploads.unfinished()] == [4_000]
    assert send(uploads, file, ONE, 4_000) == len(ONE)
    assert uploads.finish(file.key, zlib.crc32(ONE)) is not None


def test_a_disk_that_takes_half_a_piece_keeps_none_of_it(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    file = wanted("A01.png", ONE)
    uploads.offer([file])
    send(uploads, file, ONE, stop=1_000)
    real = os.write

    def full(descriptor: int, data: memoryview) -> int:
        if len(data) < 500:
            raise OSError(28, "No space left on device")
        return real(descriptor, data[:500])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UploadError, match="No space left on device"):
        uploads.write(file.key, 1_000, ONE[1_000:2_200], zlib.crc32(ONE[1_000:2_200]))
    monkeypatch.undo()
    offer = Uploads(uploads.folder, list).offer([file])[0]
    assert (offer.have, offer.checksum) == (1_000, zlib.crc32(ONE[:1_000]))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UploadError, match="the folder cannot be made"):
        Uploads(tmp_path / "file" / "uploads", list).offer([wanted("a.png", ONE)])


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("A01.tif", b"no image at all" * 400, "is named like a TIFF but holds no TIFF, JPEG, PNG or BMP image"),
        ("A01.png", ONE[:16] + b"\0" * 5_000, "header is damaged"),
        ("bomb.bmp", b"BM" + (70).to_bytes(4, "little") + b"\0" * 4 + (54).to_bytes(4, "little")
         + (40).to_bytes(4, "little") + (200_000).to_bytes(4, "little") * 2 + b"\1\0\x08\0" + b"\0" * 40, "over the limit"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_refused_and_nothing_of_it_stays(
    uploads: Uploads, name: str, data: bytes, reason: str
) -> None:
    # Whatever was said of it before.
    file = replace(wanted(name, data), first=ONE[:16])
    assert not uploads.offer([file])[0].refused
    with pytest.raises(ImageError, match=reason) as caught:  # noqa: PT012 - with the first piece, or with the last
        send(uploads, file, data)
        uploads.finish(file.key, zlib.crc32(data))
    assert caught.value.path == name
    assert left(uploads) == []
    assert upload(uploads, "good.png", ONE).exists(), "the rest goes on"


def test_sizes_and_kinds_are_refused_before_anything_is_sent(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UPLOAD_FILE_MB", 0.02)
    monkeypatch.setattr(limits, "MAX_UPLOAD_BATCH_MB", 0.035)
    files = [
        Wanted((name,), size, MODIFIED, 0, ONE[:16])
        for name, size in (
            ("a.png", 15_000),
            ("large.png", 21_000),
            ("b.png", 15_000),
            ("c.png", 9_000),
            ("no.png", 0),
            ("x.exe", 9),
        )
    ]
    offers = uploads.offer(files)
    assert [bool(offer.refused) for offer in offers] == [False, True, False, True, True, True]
    assert "0.021 MB are over the limit of 0.02 MB" in offers[1].refused
    assert "0.035 MB for what is sent from the browser at once" in offers[3].refused
    assert "empty" in offers[4].refused
    assert "not named like" in offers[5].refused
    assert uploads.offer(files[:1], before=30_000)[0].refused
    assert "is named like a PNG but holds no" in uploads.offer([wanted("a.png", b"no image at all")])[0].refused


def test_a_disk_without_room_is_said_before_anything_is_sent(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(10**9, 10**9 - 25_000, 25_000))
    offers = uploads.offer([Wanted((f"{n}.png",), 20_000, MODIFIED, 0, ONE[:16]) for n in range(2)])
    assert offers[0].refused == ""
    assert "needs 0.02 MB" in offers[1].refused
    assert "has 0.005 MB left" in offers[1].refused


@pytest.mark.parametrize(
    ("parts", "stored"),
    [
        (("../../etc/a.png",), ".._.._etc_a.png"),
        (("/etc/a.png",), "_etc_a.png"),
        (("..\\a.png",), ".._a.png"),
        (("C:\\a.png",), "C__a.png"),
        (("a\0b.png",), "a_b.png"),
        (("con.png",), "_con.png"),
        (("NUL.a.png",), "_NUL.a.png"),
        (("com1", "A01.png"), "_com1/A01.png"),
        (("day 3.", "A01.PNG"), "day 3/A01.PNG"),
        (("🧫 球体.png",), "🧫 球体.png"),
        (("<script>.png",), "_script_.png"),
        (("=cmd().png",), "=cmd().png"),
        (("a.1.png",), "a.1.png"),
        (("\ud800.png",), "_.png"),
    ],
)
def test_no_name_leads_out_of_the_folder(uploads: Uploads, parts: tuple[str, ...], stored: str) -> None:
    path = upload(uploads, parts, ONE)
    assert path.relative_to(uploads.folder).as_posix() == stored
    assert path.resolve().is_relative_to(uploads.folder.resolve())
    assert path.read_bytes() == ONE


@pytest.mark.parametrize("parts", [(), ("",), ("..",), (".", "a.png"), ("..", "a.png"), ("", "a.png"), ("d",) * 14])
def test_what_is_no_name_is_refused(uploads: Uploads, parts: tuple[str, ...]) -> None:
    with pytest.raises(ImageError):
        safe_parts(parts)
    assert uploads.offer([Wanted(parts, 100, MODIFIED, 0, ONE[:16])])[0].refused


def test_a_very_long_name_is_shortened_and_told(uploads: Uploads) -> None:
    name = "球" * 300 + ".png"
    offer = uploads.offer([wanted(name, ONE)])[0]
    path = upload(uploads, name, ONE)
    assert (path.name, offer.taken) == (offer.stored_as, False)
    assert len(path.name.encode()) < 200
    assert upload(uploads, "球" * 301 + ".png", OTHER) != path


def test_a_folder_that_is_a_link_elsewhere_is_not_followed(uploads: Uploads, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    uploads.folder.mkdir()
    (uploads.folder / "day").symlink_to(outside)
    with pytest.raises(ImageError, match="by a link"):
        upload(uploads, ("day", "deep", "A01.png"), ONE)
    assert list(outside.iterdir()) == []


def test_a_time_that_no_disk_can_hold_is_left_out(uploads: Uploads) -> None:
    assert upload(uploads, "a.png", ONE, 10**22).read_bytes() == ONE


def test_what_is_discarded_is_gone_and_what_the_project_uses_stays(
    uploads: Uploads, used: list[tuple[Path, int]]
) -> None:
    kept, dropped = upload(uploads, ("d", "a.png"), ONE), upload(uploads, ("e", "b.png"), OTHER)
    used.append((kept, len(ONE)))
    half = wanted("c.png", picture(4))
    uploads.offer([half])
    send(uploads, half, picture(4), stop=4_000)
    uploads.discard([wanted(("d", "a.png"), ONE).key, wanted(("e", "b.png"), OTHER).key, half.key, "unknown"])
    assert left(uploads) == ["d/a.png"]
    assert not dropped.parent.exists()
    assert uploads.offer([half])[0].have == 0
    send(uploads, half, picture(4), stop=4_000)
    Uploads(uploads.folder, list).discard([half.key])
    assert left(uploads) == ["d/a.png"], "of an earlier kernel as well"


def test_what_nobody_goes_on_with_is_removed_after_a_week(uploads: Uploads) -> None:
    for number, age in enumerate((KEPT_DAYS - 1, KEPT_DAYS + 1)):
        file = wanted(f"{number}.png", ONE)
        uploads.offer([file])
        send(uploads, file, ONE, stop=4_000)
        part = next(uploads.folder.glob(f"{file.key}*"))
        os.utime(part, (time.time() - age * 86_400,) * 2)
    uploads.offer([wanted("new.png", ONE)])
    assert [part.name for part in uploads.unfinished()] == ["0.png"]
    uploads.discard_unfinished()
    assert left(uploads) == []
