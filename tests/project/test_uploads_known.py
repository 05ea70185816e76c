"""Files sent from a browser that are here already: known by content under any name, and none written over."""

from __future__ import annotations

import zlib
from pathlib import Path

from spheroseg_widgets.project.uploads import Uploads

from .sending import MODIFIED, ONE, OTHER, left, picture, send, upload, uploads, used, wanted

__all__ = ["uploads", "used"]  # fixtures


def test_the_same_content_is_known_under_any_name(
    uploads: Uploads, used: list[tuple[Path, int]], tmp_path: Path
) -> None:
    path = upload(uploads, "A01.png", ONE)
    copy = wanted("copy of A01.png", ONE, MODIFIED + 5)
    offer = uploads.offer([copy])[0]
    assert (offer.have, offer.checksum, offer.stored_as) == (len(ONE), zlib.crc32(ONE), "")
    stored = uploads.finish(copy.key, zlib.crc32(ONE))
    assert stored is not None
    assert (stored.path, stored.known) == (path, True)
    elsewhere = tmp_path / "raw.png"
    elsewhere.write_bytes(OTHER)
    used.append((elsewhere, len(OTHER)))
    assert upload(uploads, "B01.png", OTHER) == elsewhere
    assert left(uploads) == ["A01.png"]


def test_a_file_that_arrived_whole_and_was_never_put_in_place_is_not_its_own_copy(uploads: Uploads) -> None:
    """The kernel ended with the last byte."""
    file = wanted("A01.png", ONE)
    uploads.offer([file])
    send(uploads, file, ONE)
    again = Uploads(uploads.folder, list)
    assert again.offer([file])[0].have == len(ONE)
    stored = again.finish(file.key, zlib.crc32(ONE))
    assert stored is not None
    assert (stored.known, stored.path.read_bytes()) == (False, ONE)
    assert left(again) == ["A01.png"]


def test_a_file_that_stands_for_two_stays_while_one_of_them_does(uploads: Uploads) -> None:
    path = upload(uploads, "a.png", ONE)
    assert upload(uploads, "b.png", ONE) == path
    uploads.discard([wanted("a.png", ONE).key])
    assert path.exists()


def test_files_sent_twice_at_once_become_one(uploads: Uploads) -> None:
    first, second = wanted("a.png", ONE), wanted("b.png", ONE)
    uploads.offer([first, second])
    stored = []
    for file in (first, second):
        send(uploads, file, ONE)
        stored.append(uploads.finish(file.key, zlib.crc32(ONE)))
    assert [bool(one and one.known) for one in stored] == [False, True]
    assert left(uploads) == ["a.png"]


def test_a_name_with_other_content_keeps_both(uploads: Uploads) -> None:
    first = upload(uploads, "A01.png", ONE)
    offer = uploads.offer([wanted("a01.png", OTHER)])[0]
    assert (offer.stored_as, offer.taken) == ("a01_2.png", True), "also where case does not count"
    second = upload(uploads, "a01.png", OTHER)
    assert second.name == "a01_2.png"
    assert (first.read_bytes(), second.read_bytes()) == (ONE, OTHER)
    assert upload(uploads, ("day 2", "A01.png"), picture(3)).name == "A01.png", "another folder is another place"


def test_a_known_file_that_changed_is_no_longer_known(uploads: Uploads) -> None:
    path = upload(uploads, "A01.png", ONE)
    path.write_bytes(OTHER.ljust(len(ONE), b"\0")[: len(ONE)])
    assert upload(uploads, "A01.png", ONE).name == "A01_2.png"
