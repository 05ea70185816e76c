"""The comparison's pixels: contrast, tiles, what is read and how often, and files that cannot be read."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging import small_copy
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, stretch
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.regions import Whole, open_regions
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets import compare_pixels
from spheroseg_widgets.widgets.compare_pixels import TILE, Pixels, last_level, make_tile

from .compare_subjects import counting, project, scene, side

__all__ = ["project"]  # a fixture
LARGEST_MESSAGE = 4 * 1024 * 1024


def test_a_tile_shows_the_grey_values_under_the_contrast(project: Project) -> None:
    _, browser = side(project)
    tile = browser.tile(1, shared=False)
    assert tile.shape == (128, 192)
    pixels = scene(0)
    expected = 255 * stretch(pixels, limits_of(pixels, Percentiles()))
    assert np.abs(tile - expected).mean() < 2


def test_one_contrast_keeps_brightness_comparable_and_own_ones_do_not(project: Project) -> None:
    _, browser = side(project, 1, 4)
    corner = (slice(0, 40), slice(0, 40))
    dark, bright = (browser.tile(image)[corner].mean() for image in (1, 4))
    limits = limits_of(np.concatenate([scene(0).ravel(), scene(24).ravel()]), Percentiles())
    assert bright - dark == pytest.approx(255 * 20 * 24 / (limits[1] - limits[0]), abs=3)
    own = [browser.tile(image, shared=False)[corner].mean() for image in (1, 4)]
    assert abs(own[1] - own[0]) < (bright - dark) / 2


def test_the_common_contrast_is_that_of_all_pixels_together(project: Project) -> None:
    rows = project.images().head(2).to_dict("records")
    pixels = Pixels(lambda: Percentiles(1, 99))
    together = np.concatenate([scene(0).ravel(), scene(8).ravel()])
    assert pixels.shared_limits(rows) == limits_of(together, Percentiles(1, 99))
    assert pixels.limits(rows[0]) == limits_of(scene(0), Percentiles(1, 99))


def test_images_of_different_kinds_have_each_its_own_contrast(project: Project, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "eight.tif", (scene(0) // 16).astype(np.uint8))
    project.add(tmp_path / "eight.tif")
    _, browser = side(project, 1, 9)
    value, _ = browser.ask("tiles", image=1, level=0, tiles=[[0, 0]], shared=True)
    assert value["contrast"] == "own"
    assert np.abs(browser.tile(1) - browser.tile(1, shared=False)).max() == 0


@pytest.mark.parametrize(("level", "column", "row", "shape"), [
    (0, 0, 0, (512, 512)), (0, 2, 1, (188, 276)), (1, 1, 0, (350, 138)), (2, 0, 0, (175, 325)),
])  # fmt: skip
def test_tiles_cover_the_image_at_every_level(level: int, column: int, row: int, shape: tuple[int, int]) -> None:
    pixels = np.add.outer(np.arange(700) % 50, np.arange(1300) * 2.0).astype(np.float32)
    assert last_level(1300, 700) == 2
    tile = make_tile(Whole(pixels, again=True), (0.0, 2700.0), level, column, row)
    grey = cv2.imdecode(np.frombuffer(tile, np.uint8), cv2.IMREAD_UNCHANGED)
    assert grey.shape == shape
    side = TILE << level
    part = pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
    assert grey.mean() == pytest.approx(255 * part.mean() / 2700, abs=1)
    assert grey[:, -1].mean() - grey[:, 0].mean() == pytest.approx(255 * np.ptp(part[0]) / 2700, abs=4)


@pytest.mark.parametrize(("level", "column", "row"), [(0, 3, 0), (0, 0, -1), (3, 0, 0), (-1, 0, 0)])
def test_a_tile_that_is_not_there_is_refused(level: int, column: int, row: int) -> None:
    with pytest.raises(ValueError, match=f"no tile {column}, {row} at level {level}"):
        make_tile(Whole(np.zeros((700, 1300), np.uint8), again=True), (0.0, 1.0), level, column, row)


def test_a_message_stays_below_four_mebibytes(project: Project, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2560, 3072), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "noise.tif", noise)
    project.add(tmp_path / "noise.tif")
    _, browser = side(project, 1, 9)
    wanted = [[column, row] for row in range(5) for column in range(6)]
    got = []
    while wanted:
        value, buffers = browser.ask("tiles", image=9, level=0, tiles=wanted, shared=True)
        assert 0 < len(buffers[0]) < LARGEST_MESSAGE
        assert value["tiles"] == wanted[: len(value["tiles"])]
        got += value["tiles"]
        wanted = wanted[len(value["tiles"]) :]
    assert len(got) == 30
    assert browser.tile(9, level=3).shape == (320, 384)


def test_a_broken_file_says_why_and_spoils_no_other(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "raw" / "plate_A01_08h.tif"
    broken.write_bytes(broken.read_bytes()[:2000])
    _, browser = side(project)
    value, buffers = browser.ask("tiles", image=2, level=0, tiles=[[0, 0]], shared=True)
    assert "truncated" in value["failed"]
    assert (value["tiles"], buffers) == ([], [])
    assert browser.tile(1).shape == (128, 192)
    broken.unlink()
    value, _ = browser.ask("tiles", image=2, level=0, tiles=[[0, 0]], shared=False)
    assert value["failed"]
    tifffile.imwrite(broken, scene(8, (64, 64)))
    value, _ = browser.ask("tiles", image=2, level=0, tiles=[[0, 0]], shared=False)
    assert value["failed"] == "is of 64 x 64 pixels now, and was of 192 x 128 when it was added"


def test_files_are_read_again_when_they_were_added_again_or_on_retry(project: Project, tmp_path: Path) -> None:
    _, browser = side(project)
    before, pixels = browser.tile(1, shared=False), browser.document()["pixels"]
    tifffile.imwrite(tmp_path / "raw" / "plate_A01_00h.tif", scene(0)[::-1, ::-1])
    assert np.array_equal(browser.tile(1, shared=False), before)
    project.add(tmp_path / "raw")
    assert not np.array_equal(browser.tile(1, shared=False), before)
    assert browser.document()["pixels"] > pixels
    tifffile.imwrite(tmp_path / "raw" / "plate_A01_00h.tif", scene(0))
    browser.ask("retry")
    assert np.array_equal(browser.tile(1, shared=False), before)


def test_an_image_is_read_once_however_many_ask_and_few_are_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = counting(monkeypatch)
    monkeypatch.setattr(compare_pixels, "MOST_BYTES", 2 * scene(0).nbytes)
    rows = project.images().to_dict("records")
    pixels = Pixels(Percentiles)
    threads = [threading.Thread(target=pixels.at, args=(rows[0], 0)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == [1]
    for row in rows[:3]:
        pixels.at(row, 0)
    pixels.at(rows[2], 0)
    assert reads == [1, 2, 3]
    pixels.at(rows[0], 0)  # went when the third came
    assert reads == [1, 2, 3, 1]


def test_large_images_are_read_again_only_where_they_are_looked_at_closely(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = counting(monkeypatch, (1280, 1920))
    monkeypatch.setattr(compare_pixels, "MOST_PIXELS", 800_000)
    monkeypatch.setattr(compare_pixels, "MOST_BYTES", 6_000_000)
    rows = [{**row, "width": 1920, "height": 1280} for row in project.images().head(3).to_dict("records")]
    pixels = Pixels(Percentiles)
    assert pixels.shared_limits(rows) is not None
    for _ in range(2):
        for row in rows:
            coarse, left = pixels.at(row, 2)
            assert (coarse.shape, coarse.dtype, left) == ((640, 960), np.uint16, 1)
            pixels.limits(row)
    assert reads == [1, 2, 3]
    whole = scene(0, (1280, 1920))
    kept, left = pixels.at(rows[0], 2)
    seen = cv2.imdecode(np.frombuffer(make_tile(kept, (0, 5000), left, 0, 0), np.uint8), cv2.IMREAD_UNCHANGED)
    fresh = cv2.imdecode(
        np.frombuffer(make_tile(Whole(whole, again=True), (0, 5000), 2, 0, 0), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert seen.shape == fresh.shape == (320, 480)
    assert np.abs(seen.astype(int) - fresh).max() <= 2
    assert np.array_equal(pixels.at(rows[0], 0)[0].read(slice(0, 1280), slice(0, 1920)), whole)
    assert reads == [1, 2, 3, 1]


@pytest.mark.parametrize("layout", [{"tile": (256, 256)}, {}])
def test_of_huge_images_only_what_is_looked_at_is_read(
    layout: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    height, width = 2100, 2600
    whole = scene(0, (height, width))
    path = tmp_path / "huge.tif"
    tifffile.imwrite(path, whole, **layout)
    monkeypatch.setattr(compare_pixels, "IN_ONE_PIECE", 1_000_000)
    monkeypatch.setattr(compare_pixels, "MOST_PIXELS", 400_000)
    monkeypatch.setattr(small_copy, "BAND_PIXELS", 1_000_000)
    monkeypatch.delattr(compare_pixels, "read_original")
    row = {
        "image_id": 1,
        "path": str(path),
        "series": 0,
        "page": 0,
        "channel": 0,
        "z": "",
        "width": width,
        "height": height,
    }
    pixels = Pixels(Percentiles)
    assert pixels.limits(row) == limits_of(whole, Percentiles())
    source = open_regions(path, Plane())
    most: list[int] = []
    of_file = type(source).read

    def watched(self: Any, rows: slice, columns: slice) -> Any:
        most.append((rows.stop - rows.start) * (columns.stop - columns.start))
        return of_file(self, rows, columns)

    monkeypatch.setattr(type(source), "read", watched)
    limits = (0.0, 5000.0)
    for level, column, line in ((0, 3, 2), (1, 1, 1), (2, 0, 0), (3, 0, 0)):
        shown, left = pixels.at(row, level)
        seen = make_tile(shown, limits, left, column, line)
        wanted = make_tile(Whole(whole, again=True), limits, level, column, line)
        one, other = (
            cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).astype(int) for data in (seen, wanted)
        )
        assert one.shape == other.shape
        assert np.abs(one - other).mean() < 0.2
    assert most == [512 * 512, 1024 * 1024]
    tifffile.imwrite(path, whole[:-1], **layout)
    with pytest.raises(ImageError, match="is of 2600 x 2099 pixels now"):
        Pixels(Percentiles).limits(row)


def test_one_reading_that_fails_fails_for_all_who_wait_and_is_tried_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = project.images().to_dict("records")[0]
    begun, go = threading.Event(), threading.Event()
    failed: list[str] = []

    def read(_row: Any) -> np.ndarray:
        begun.set()
        go.wait(5)
        raise ImageError("a.tif", "the share is gone")

    def ask() -> None:
        with pytest.raises(ImageError, match="the share is gone"):
            pixels.at(row, 0)
        failed.append("so")

    pixels = Pixels(Percentiles)
    with monkeypatch.context() as patched:
        patched.setattr(compare_pixels, "read_original", read)
        threads = [threading.Thread(target=ask) for _ in range(2)]
        threads[0].start()
        begun.wait(5)
        threads[1].start()
        go.set()
        for thread in threads:
            thread.join()
    assert failed == ["so", "so"]
    assert pixels.at(row, 0)[0].shape == (128, 192)
