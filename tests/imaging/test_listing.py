from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spheroseg_widgets.errors import ImageError, ShareUnavailableError
from spheroseg_widgets.imaging import listing as listing_module
from spheroseg_widgets.imaging.listing import list_files, probe_many
from spheroseg_widgets.imaging.read import FileInfo

OLD = 1_600_000_000


def make(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (OLD, OLD))
    return path


def names(root: Path, *items: str | Path) -> list[str]:
    return [str(path.relative_to(root)) for path in list_files(items).files]


def test_folders_are_searched_deep_and_sorted_naturally(tmp_path: Path) -> None:
    for name in (
        "A10.png",
        "A2.png",
        "b/A1.TIF",
        "b/c/A1.jpeg",
        "notes.txt",
        ".hidden.png",
        "x.tif.part",
        "b/.git/a.png",
    ):
        make(tmp_path / name)
    assert names(tmp_path, tmp_path) == ["A2.png", "A10.png", "b/A1.TIF", "b/c/A1.jpeg"]


def test_a_name_that_exists_is_never_a_pattern(tmp_path: Path) -> None:
    make(tmp_path / "a[1].png")
    make(tmp_path / "a1.png")
    make(tmp_path / "*.png")
    assert names(tmp_path, tmp_path / "a[1].png") == ["a[1].png"]
    assert names(tmp_path, tmp_path / "*.png") == ["*.png"]
    assert names(tmp_path, tmp_path / "a?.png") == ["a1.png"]


def test_globs_deep_ones_and_those_that_match_folders(tmp_path: Path) -> None:
    for name in ("p1/day1/A1.png", "p1/A2.png", "p2/A3.png", "p2/t.txt", "q/A4.png"):
        make(tmp_path / name)
    assert names(tmp_path, tmp_path / "**" / "*.png") == ["p1/A2.png", "p1/day1/A1.png", "p2/A3.png", "q/A4.png"]
    assert names(tmp_path, tmp_path / "p*") == ["p1/A2.png", "p1/day1/A1.png", "p2/A3.png"]
    found = list_files([tmp_path / "*.jpg"])
    assert not found.files
    assert found.skipped == [(str(tmp_path / "*.jpg"), "no image file matches this pattern")]


def test_the_same_file_is_listed_once(tmp_path: Path) -> None:
    make(tmp_path / "a.png")
    assert names(tmp_path, tmp_path, tmp_path / "a.png", tmp_path / "*.png") == ["a.png"]


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = list_files([tmp_path / "no.png", tmp_path / "empty"])
    assert found.skipped == [
        (str(tmp_path / "no.png"), "does not exist"),
        (str(tmp_path / "empty"), "the folder holds no image files"),
    ]


@pytest.mark.parametrize("item", ["share/plate/day/A1.png", "share/plate/*.png", "share/**/*.tif"])
def test_a_share_that_is_gone_is_one_message_naming_its_top(tmp_path: Path, item: str) -> None:
    with pytest.raises(ShareUnavailableError) as caught:
        list_files([tmp_path / item, tmp_path / item])
    assert str(tmp_path / "share") + " is not there" in str(caught.value)


def test_a_folder_named_like_an_image_is_named(tmp_path: Path) -> None:
    make(tmp_path / "dir.tif" / "inside.png")
    make(tmp_path / "a.png")
    for item in (tmp_path, tmp_path / "*"):
        found = list_files([item])
        assert [path.name for path in found.files] == ["a.png"]
        assert found.skipped == [(str(tmp_path / "dir.tif"), "is a folder named like an image")]


def test_a_file_still_being_written_is_skipped_and_named(tmp_path: Path) -> None:
    make(tmp_path / "done.png")
    growing = tmp_path / "growing.png"
    growing.write_bytes(b"start")
    fresh = tmp_path / "fresh.png"
    fresh.write_bytes(b"complete")
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            with growing.open("ab") as stream:
                stream.write(b"more")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = list_files([tmp_path])
    finally:
        stop.set()
        writer.join()
    assert [path.name for path in found.files] == ["done.png", "fresh.png"]
    assert [path for path, _ in found.skipped] == [str(growing)]
    assert "still being written" in found.skipped[0][1]


def test_loops_of_links_are_survived(tmp_path: Path) -> None:
    make(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert len(list_files([tmp_path]).files) == 1


def test_our_own_output_is_not_taken_for_input(tmp_path: Path) -> None:
    for name in ("raw/1.png", "out/images.csv", "out/masks/1.png", "out/labels/1.png", "other/masks/1.png"):
        make(tmp_path / name)
    for name in ("proj/project.toml", "proj/cache/t.png"):
        make(tmp_path / name)
    assert names(tmp_path, tmp_path) == ["other/masks/1.png", "raw/1.png"]


@pytest.mark.parametrize(
    "name",
    ["a.1.tif", "with space.png", "žluť 球.png", "<script>alert(1)</script>.png".replace("/", "\u2215"), "=cmd().png",
     "new\nline.png", "'quote\".png", "-dash.png", "~tilde.png", "1²2.png", "٣.png", "x" * 200 + ".png"],
)  # fmt: skip
def test_strange_names_pass_intact(tmp_path: Path, name: str) -> None:
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "plain.png")
    target = make(tmp_path / "d" / name, (tmp_path / "plain.png").read_bytes())
    assert list_files([target]).files == [target]
    info = probe_many([target])[0]
    assert isinstance(info, FileInfo)
    assert info.path == str(target)
    if not name.startswith("~"):  # a temporary file's name, skipped in folders
        assert list_files([tmp_path / "d"]).files == [target]


def test_many_are_probed_in_order_and_a_bad_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    for width in (8, 9, 10):
        Image.new("L", (width, 8)).save(tmp_path / f"{width}.png")
    (tmp_path / "zero.png").touch()
    paths = [tmp_path / "8.png", tmp_path / "zero.png", tmp_path / "none.png", tmp_path / "10.png", tmp_path / "9.png"]
    got = probe_many(paths)
    assert [g.width if isinstance(g, FileInfo) else g.reason for g in got] == [
        8, "the file is empty (0 bytes)", "the file does not exist", 10, 9,
    ]  # fmt: skip
    assert isinstance(got[1], ImageError)


@pytest.mark.parametrize("how", ["folder", "glob", "files"])
def test_a_plate_on_a_slow_share_is_listed_and_probed_within_10_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    Image.new("L", (32, 32)).save(tmp_path / "one.tif")
    content = (tmp_path / "one.tif").read_bytes()
    share = tmp_path / "share"
    for day in range(12):
        for well in range(96):
            make(share / f"day{day}" / f"{'ABCDEFGH'[well // 12]}{well % 12 + 1}.tif", content)
    calls = []

    def slow(function):
        def call(*args, **kwargs):
            if args and str(share) in str(args[0]):
                calls.append(args[0])
                time.sleep(0.01)
            return function(*args, **kwargs)

        return call

    for module, name in ((os, "stat"), (os, "lstat"), (os, "scandir"), (os, "open"), (os, "readlink")):
        monkeypatch.setattr(module, name, slow(getattr(module, name)))
    monkeypatch.setattr("io.open", slow(open))
    monkeypatch.setattr("builtins.open", slow(open))
    items: list[str | Path] = {
        "folder": [share],
        "glob": [share / "*" / "*.tif"],
        "files": sorted(share.rglob("*.tif")),
    }[how]
    calls.clear()
    began = time.perf_counter()
    found = list_files(items)
    listed = time.perf_counter() - began
    infos = probe_many(found.files)
    took = time.perf_counter() - began
    assert len(calls) > 2 * 1152, "the latency was not felt"
    assert len(found.files) == 1152
    assert all(isinstance(info, FileInfo) for info in infos)
    assert listed < 5
    assert took < 10


def test_a_folder_that_vanishes_while_listing_is_a_share_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "d" / "a.png")

    def gone(_path):
        raise OSError(107, "Transport endpoint is not connected")

    monkeypatch.setattr(listing_module.os, "scandir", gone)
    with pytest.raises(ShareUnavailableError, match="not connected"):
        list_files([tmp_path])
