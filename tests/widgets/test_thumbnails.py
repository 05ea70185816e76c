"""Thumbnails: what they look like, where they lie, and that losing them loses nothing."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.imaging import small_copy
from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.imaging.read import Plane, ReadResult, read_plane
from spheroseg_widgets.store.pack import Pack
from spheroseg_widgets.widgets import thumbnails
from spheroseg_widgets.widgets.thumbnails import LARGE, QUALITY, SIZES, Picture, Thumbnails, make_thumbnails


def decoded(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def jpeg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


@pytest.fixture
def gradient(tmp_path: Path) -> Path:
    """A 12-bit ramp in 16 bits, 600 x 400, one hot pixel."""
    pixels = np.tile(np.linspace(500, 1500, 600), (400, 1)).astype(np.uint16)
    pixels[0, 0] = 4095
    path = tmp_path / "ramp.tif"
    tifffile.imwrite(path, pixels)
    return path


def test_all_sizes_keep_the_aspect_and_enlarge_nothing() -> None:
    made = make_thumbnails(np.random.default_rng(0).integers(0, 255, (300, 200), np.uint8))
    assert {size: decoded(data).shape for size, data in made.items()} == {
        128: (128, 85),
        256: (256, 171),
        512: (300, 200),
    }


def test_small_ones_are_smaller_by_codes_of_their_own_and_show_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (400, 600), np.uint8), (0, 0), 2)
    made = make_thumbnails(pixels)
    monkeypatch.setattr("spheroseg_widgets.widgets.thumbnails.BY_THE_SCREENFUL", 0)
    plain = make_thumbnails(pixels)
    assert made[512] == plain[512]
    for size in (128, 256):
        np.testing.assert_array_equal(decoded(made[size]), decoded(plain[size]))
        assert len(made[size]) < 0.98 * len(plain[size])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_contrast_is_that_of_the_run(dtype: type) -> None:
    rng = np.random.default_rng(1)
    smooth = cv2.GaussianBlur(rng.random((256, 256)).astype(np.float32), (0, 0), 12)
    pixels = (100 + 100 * (smooth - smooth.min()) / np.ptp(smooth)).astype(dtype)
    for percentiles in (Percentiles(), Percentiles(10, 90)):
        shown = decoded(make_thumbnails(pixels, percentiles)[256]).astype(float)
        expected = normalise(pixels, percentiles) * 255
        assert np.abs(shown - expected).mean() < 3


@pytest.mark.parametrize("shape", [(300, 200), (1040, 1392), (1039, 1391), (2048, 2048), (700, 5)])
@pytest.mark.parametrize(("dtype", "low", "range_"), [
    (np.uint8, 0, 255), (np.uint8, 100, 20), (np.uint16, 500, 4000), (np.uint16, 65000, 500), (np.float32, -1, 3),
    (np.int32, -500, 4000), (np.uint32, 100, 3000),
])  # fmt: skip
def test_the_quick_way_shows_what_stretching_and_shrinking_in_floats_shows(
    shape: tuple[int, int], dtype: type, low: int, range_: int
) -> None:
    rng = np.random.default_rng(2)
    smooth = cv2.GaussianBlur(rng.random(shape).astype(np.float32), (0, 0), max(shape) / 50)
    noisy = (smooth - smooth.min()) / np.ptp(smooth) + rng.normal(0, 0.02, shape)
    pixels = (low + range_ * noisy.clip(0, 1)).astype(dtype)
    stretched = normalise(pixels) * np.float32(255)
    for size, data in make_thumbnails(pixels).items():
        shown = decoded(data)
        exact = np.rint(cv2.resize(stretched, shown.shape[::-1], interpolation=cv2.INTER_AREA)).astype(np.uint8)
        apart = np.abs(shown - decoded(jpeg(exact)).astype(float))
        assert apart.mean() < 3, size
        assert apart.max() < 30, size


def test_pixels_without_a_value_are_dark_and_spoil_nothing_around_them() -> None:
    pixels = np.tile(np.linspace(1, 2, 1024, dtype=np.float32), (1024, 1))
    spoiled = pixels.copy()
    spoiled[:128, :128] = np.nan
    whole, holed = (decoded(make_thumbnails(some)[128]).astype(float) for some in (pixels, spoiled))
    assert holed[:12, :12].max() < 8
    assert np.abs(holed - whole)[24:, 24:].max() < 8


def test_a_constant_image_and_one_row_have_thumbnails() -> None:
    assert decoded(make_thumbnails(np.full((40, 40), 7, np.uint8))[128]).max() == 0
    assert decoded(make_thumbnails(np.zeros((1, 4000), np.uint16))[128]).shape == (1, 128)


def test_made_once_then_cached(gradient: Path, tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "cache")
    picture = Picture(str(gradient), Plane(), "a" * 64)
    first = thumbnails.fetch({5: picture}, 256, seconds=10)
    gradient.unlink()  # what is cached does not need the file
    again = {size: thumbnails.fetch({5: picture}, size, seconds=10) for size in SIZES}
    assert again[256].pictures == first.pictures
    assert all(list(fetched.pictures) == [5] for fetched in again.values())
    thumbnails.close()


def test_a_large_picture_is_read_when_it_is_asked_for_and_not_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    pixels = cv2.resize(rng.integers(0, 255, (75, 100), np.uint8), (2000, 1500), interpolation=cv2.INTER_CUBIC)
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, pixels)
    thumbs = Thumbnails(tmp_path / "cache")
    for _ in range(2):
        shown = decoded(thumbs.fetch({1: Picture(str(path), Plane())}, LARGE, seconds=30).pictures[1])
        assert shown.shape == (768, 1024)
        smooth = cv2.resize(normalise(pixels) * 255, (1024, 768), interpolation=cv2.INTER_AREA)
        assert np.abs(shown.astype(float) - smooth).mean() < 3
    path.unlink()
    gone = thumbs.fetch({1: Picture(str(path), Plane())}, LARGE, seconds=30)
    assert gone.failed[1] == "the file does not exist"
    assert not thumbs.fetch({1: Picture(str(path), Plane())}, 512, seconds=30).pictures
    thumbs.close()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("layout", [{"tile": (256, 256)}, {"rowsperstrip": 100}])
def test_a_huge_plane_is_read_a_band_at_a_time(
    dtype: type, layout: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    smooth = cv2.resize(rng.random((15, 21), np.float32), (4100, 3000), interpolation=cv2.INTER_CUBIC)
    pixels = (np.clip(smooth, 0, 1) * 250 * (1 if dtype == np.uint8 else 100)).astype(dtype)
    path = tmp_path / "huge.tif"
    tifffile.imwrite(path, pixels, **layout)
    wanted = make_thumbnails(pixels)
    read: list[int] = []
    opened = thumbnails.open_regions

    def watched(path: str, plane: Plane) -> Any:
        source = opened(path, plane)
        of_file = source.read
        monkeypatch.setattr(
            source, "read", lambda rows, columns: read.append(rows.stop - rows.start) or of_file(rows, columns)
        )
        return source

    monkeypatch.setattr(thumbnails, "open_regions", watched)
    monkeypatch.setattr(small_copy, "BAND_PIXELS", 2_000_000)
    monkeypatch.delattr(thumbnails, "read_plane")
    monkeypatch.setattr(thumbnails, "IN_ONE_PIECE", 10_000_000)
    thumbs = Thumbnails(tmp_path / "cache")
    picture = Picture(str(path), Plane(), pixels=pixels.size)
    for size in (*SIZES, LARGE):
        shown = decoded(thumbs.fetch({1: picture}, size, seconds=30).pictures[1]).astype(float)
        there = decoded((wanted if size in SIZES else make_thumbnails(pixels, sizes=(LARGE,)))[size])
        assert shown.shape == there.shape
        assert np.abs(shown - there).mean() < 1.5
    assert len(read) == 2 * -(-3000 // read[0])
    assert max(read) < 1000
    thumbs.close()


def test_another_plane_file_or_contrast_is_another_thumbnail(tmp_path: Path) -> None:
    pictures = [
        Picture("a.tif", Plane(), "1" * 64),
        Picture("a.tif", Plane(t=1), "1" * 64),
        Picture("a.tif", Plane(z="max"), "1" * 64),
        Picture("a.tif", Plane(), "2" * 64),
        Picture("a.tif", Plane(), None, 10, 1.0),
        Picture("a.tif", Plane(), None, 10, 2.0),
        Picture("b.tif", Plane(), None, 10, 1.0),
    ]
    keys = [picture.keys(Percentiles())[0] for picture in pictures]
    keys.append(pictures[0].keys(Percentiles(1, 99))[0])
    assert len(set(keys)) == len(keys)


def test_a_moved_file_of_known_content_keeps_its_thumbnail_and_so_does_one_whose_hash_comes_later() -> None:
    plane, contrast = Plane(), Percentiles()
    moved = [Picture(path, plane, "1" * 64).keys(contrast)[0] for path in ("old/a.tif", "new/a.tif")]
    assert moved[0] == moved[1]
    before = Picture("a.tif", plane, None, 10, 1.0).keys(contrast)
    after = Picture("a.tif", plane, "1" * 64, 10, 1.0).keys(contrast)
    assert before[0] in after


def test_a_broken_file_gives_its_reason_and_the_others_come(gradient: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tif"
    cut.write_bytes(gradient.read_bytes()[:9000])
    thumbnails = Thumbnails(tmp_path / "cache")
    wanted = {1: Picture(str(cut), Plane()), 2: Picture(str(gradient), Plane()), 3: Picture("gone.tif", Plane())}
    fetched = thumbnails.fetch(wanted, 128, seconds=10)
    assert list(fetched.pictures) == [2]
    assert "truncated" in fetched.failed[1]
    assert set(fetched.failed) == {1, 3}
    cut.write_bytes(gradient.read_bytes())  # mended: nothing remembers that it was broken
    assert list(thumbnails.fetch({1: wanted[1]}, 128, seconds=10).pictures) == [1]
    thumbnails.close()


def test_deleting_the_cache_while_it_is_open_loses_nothing(gradient: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    thumbnails = Thumbnails(cache)
    picture = Picture(str(gradient), Plane(), "a" * 64)
    first = thumbnails.fetch({1: picture}, 128, seconds=10).pictures
    for path in cache.iterdir():
        path.unlink()
    cache.rmdir()
    assert thumbnails.fetch({1: picture}, 128, seconds=10).pictures == first
    assert sorted(path.name for path in cache.glob("*.sqlite")) == sorted(f"thumbnails-{s}.sqlite" for s in SIZES)
    thumbnails.close()


def test_a_damaged_pack_is_made_anew(gradient: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "thumbnails-128.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(sqlite3.DatabaseError):  # the fault is real
        sqlite3.connect(cache / "thumbnails-128.sqlite").execute("SELECT * FROM piece")
    thumbnails = Thumbnails(cache)
    picture = Picture(str(gradient), Plane(), "a" * 64)
    assert list(thumbnails.fetch({1: picture}, 128, seconds=10).pictures) == [1]
    thumbnails.fetch({2: Picture(str(gradient), Plane(), "b" * 64)}, 128, seconds=10)
    thumbnails.close()
    kept = Pack(cache / "thumbnails-128.sqlite").get(Picture("", Plane(), "b" * 64).keys(Percentiles()))
    assert len(kept) == 1


def test_without_a_place_for_the_cache_pictures_are_made_all_the_same(gradient: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("a file where a folder should be")
    with pytest.raises(OSError, match="directory"):  # the fault is real
        (in_the_way / "cache").mkdir()
    thumbnails = Thumbnails(in_the_way / "cache")
    assert list(thumbnails.fetch({1: Picture(str(gradient), Plane())}, 128, seconds=10).pictures) == [1]
    thumbnails.close()


def test_a_full_pack_loses_its_oldest(tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack.sqlite", most_bytes=200_000)
    for number in range(60):
        pack.put({number.to_bytes(16, "big"): bytes(10_000)})
    kept = pack.get(number.to_bytes(16, "big") for number in range(60))
    newest = (59).to_bytes(16, "big")
    assert newest in kept
    assert (0).to_bytes(16, "big") not in kept
    assert 5 < len(kept) < 25
    pack.close()


def test_what_is_not_ready_in_time_is_pending_and_comes_later(
    gradient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(*args: object) -> dict[int, bytes]:
        gate.wait(10)
        return make_thumbnails(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("spheroseg_widgets.widgets.thumbnails.make_thumbnails", slow)
    thumbnails = Thumbnails(tmp_path / "cache", threads=1)
    wanted = {n: Picture(str(gradient), Plane(), str(n) * 64) for n in range(3)}
    first = thumbnails.fetch(wanted, 128, seconds=0.05)
    assert first.pending == [0, 1, 2]
    gate.set()
    assert list(thumbnails.fetch(wanted, 128, seconds=10).pictures) == [0, 1, 2]
    thumbnails.close()


def test_the_page_asked_for_last_is_made_first(gradient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[str] = []
    gate = threading.Event()

    def slow(path: str, plane: Plane) -> ReadResult:
        began.append(path[0])
        gate.wait(10)
        return read_plane(str(gradient), plane)

    monkeypatch.setattr("spheroseg_widgets.widgets.thumbnails.read_plane", slow)
    thumbnails = Thumbnails(tmp_path / "cache", threads=1)
    pages = {name: {n: Picture(f"{name}{n}", Plane()) for n in range(20)} for name in ("old", "new")}
    old = threading.Thread(target=thumbnails.fetch, args=(pages["old"], 128), kwargs={"seconds": 10})
    old.start()
    while not began:
        time.sleep(0.001)
    threading.Timer(0.1, gate.set).start()
    assert len(thumbnails.fetch(pages["new"], 128, seconds=10).pictures) == 20
    assert "".join(began[:21]) == "o" + "n" * 20
    old.join(10)
    thumbnails.close()


def test_thumbnails_made_elsewhere_are_taken_over_in_bulk(tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "cache")
    pictures = {n: Picture(f"{n}.tif", Plane(), None, 10, 1.0) for n in range(300)}  # files that are not there
    made = {n: make_thumbnails(np.full((40, 50), n % 256, np.uint8) + np.eye(40, 50, dtype=np.uint8)) for n in pictures}
    thumbnails.keep((pictures[n], made[n]) for n in pictures)
    for size in SIZES:
        assert thumbnails.fetch(pictures, size).pictures == {n: made[n][size] for n in pictures}
    thumbnails.close()


def test_half_a_thumbnail_is_made_anew(gradient: Path, tmp_path: Path) -> None:
    thumbnails = Thumbnails(tmp_path / "cache")
    picture = Picture(str(gradient), Plane(), "a" * 64)
    whole = thumbnails.fetch({1: picture}, 128, seconds=10).pictures[1]
    thumbnails.keep([(picture, {128: whole[: len(whole) // 2] + bytes(len(whole) // 2)})])
    assert thumbnails.fetch({1: picture}, 128, seconds=10).pictures == {1: whole}
    thumbnails.close()


def test_nobody_waits_any_more_so_nothing_more_is_made(
    gradient: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[int] = []
    gate = threading.Event()

    def slow(*args: object) -> dict[int, bytes]:
        began.append(1)
        gate.wait(10)
        return make_thumbnails(*args)  # type: ignore[arg-type]

    def cancelled() -> None:
        raise CancelledError

    monkeypatch.setattr("spheroseg_widgets.widgets.thumbnails.make_thumbnails", slow)
    thumbnails = Thumbnails(tmp_path / "cache", threads=1)
    wanted = {n: Picture(str(gradient), Plane(), str(n) * 64) for n in range(5)}
    with pytest.raises(CancelledError):
        thumbnails.fetch(wanted, 128, seconds=10, check=cancelled)
    gate.set()
    thumbnails.close()
    assert len(began) == 1  # the one that had begun
