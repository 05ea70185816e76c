"""Large images by tiles: faded without a seam, objects whole over every border, stoppable, little memory."""

from __future__ import annotations

import gc
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.clusters import find_clusters
from spheroseg_widgets.segmentation.disk_maps import STALE_SECONDS, DiskMaps, sweep
from spheroseg_widgets.segmentation.objects import Segmentation, outline_maps
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.tiles import StoppedError, Tiling, spans, tile_count, tiled
from spheroseg_widgets.segmentation.training.targets import training_targets

WHOLE = Tiling(one_piece=10**9)
SMALL = Tiling(tile=128, overlap=48, blind=8, one_piece=100, window=96, reach=64)
SETTINGS = Settings(min_area_px2=40)


def discs(shape: tuple[int, int], places: list[tuple[float, float, float]]) -> NDArray[np.int32]:
    labels = np.zeros(shape, np.int32)
    ys, xs = np.mgrid[: shape[0], : shape[1]] + 0.5
    for number, (y, x, radius) in enumerate(places, start=1):
        labels[(np.hypot(ys - y, xs - x) <= radius) & (labels == 0)] = number
    return labels


def scattered(shape: tuple[int, int], seed: int, count: int, closest: float) -> NDArray[np.int32]:
    """Discs of 5 to 20 px, some of them touching, some cut by the image's edge."""
    rng = np.random.default_rng(seed)
    places: list[tuple[float, float, float]] = []
    for _ in range(count):
        y, x, radius = rng.uniform(0, shape[0]), rng.uniform(0, shape[1]), rng.uniform(5, 20)
        if all(np.hypot(y - a, x - b) > closest * (radius + c) for a, b, c in places):
            places.append((y, x, radius))
    return discs(shape, places)


def maps_of(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    return np.rint(np.stack(training_targets(labels)) * 255).astype(np.uint8)


def assert_same(tiled_result: Segmentation, whole: Segmentation, shape: tuple[int, int]) -> None:
    """The same objects, whatever their order: each one's pixels, confidence and flag."""
    assert len(tiled_result.outlines) == len(whole.outlines)
    ours, theirs = (np.lexsort(r.outlines.bounds()[:, :2].round(2).T) for r in (tiled_result, whole))
    one, other = tiled_result.outlines.subset(ours), whole.outlines.subset(theirs)
    np.testing.assert_array_equal(to_labels(one, *shape), to_labels(other, *shape))
    np.testing.assert_allclose(one.bounds(), other.bounds(), atol=2e-3)
    np.testing.assert_allclose(tiled_result.confidence[ours], whole.confidence[theirs], atol=1e-5)
    np.testing.assert_array_equal(tiled_result.touches_border[ours], whole.touches_border[theirs])


@pytest.mark.parametrize("length", [100, 128, 129, 200, 320, 511, 1000])
def test_the_tiles_of_a_row_share_every_pixel_out_without_rest(length: int) -> None:
    total, seen = np.zeros(length), 0
    for start, stop, share in spans(length, SMALL):
        assert stop - start <= SMALL.tile
        assert start <= seen
        total[start:stop] += share
        seen = stop
    assert seen == length
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_a_tile_decides_nothing_where_it_sees_too_little() -> None:
    first, second, *_ = spans(300, SMALL)
    assert not first.share[-SMALL.blind :].any()
    assert not second.share[: SMALL.blind].any()
    assert first.share[0] == 1  # the image's own edge is no tile's edge


@pytest.mark.parametrize("shape", [(90, 110), (90, 400), (401, 130), (333, 517)])
def test_tiles_put_together_are_the_whole(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(1).random(shape, np.float32)
    out = np.zeros((2, *shape), np.uint8)
    counted: list[int] = []

    def forward(view: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([view, 1 - view])

    tiled(forward, lambda r, c: image[r, c], shape, out, 2, SMALL, progress=counted.append)
    expected = np.stack([image, 1 - image]) * 255
    assert np.abs(out - expected).max() <= 0.501
    assert counted == list(range(1, tile_count(shape, SMALL) + 1))


def test_tiles_stop_when_asked() -> None:
    image = np.zeros((600, 600), np.float32)
    done: list[int] = []
    with pytest.raises(StoppedError):
        tiled(
            lambda view: view[None].copy(), lambda r, c: image[r, c], image.shape, np.zeros((1, 600, 600), np.uint8), 1,
            SMALL, stop=lambda: len(done) == 3, progress=done.append,
        )  # fmt: skip
    assert done == [1, 2, 3]


@pytest.mark.parametrize("band", [16, 37, 400])
def test_groups_over_the_borders_of_bands_are_one(band: int) -> None:
    # A spiral crosses every band many times; a dot two pixels away from it belongs to it, another does not.
    mask = np.zeros((120, 120), bool)
    turn = np.linspace(0.5, 8 * np.pi, 6000)
    mask[(60 + 2 * turn * np.sin(turn)).astype(int), (60 + 2 * turn * np.cos(turn)).astype(int)] = True
    alone = np.argwhere(mask)
    mask[2:4, 2:4] = True
    found = find_clusters(lambda a, b: mask[a:b], mask.shape, lambda: None, band)
    assert len(found) == 2
    assert found.boxes[0].tolist() == [1, 1, 5, 5]
    assert found.boxes[1].tolist() == [*(alone.min(axis=0) - 1), *(alone.max(axis=0) + 2)]
    assert found.anchors[0].tolist() == [1, 1]
    mask[5, 5:8] = True  # one pixel of gap
    assert find_clusters(lambda a, b: mask[a:b], mask.shape, lambda: None, band).boxes[0].tolist() == [1, 1, 7, 9]


@pytest.mark.parametrize(
    ("closest", "with_distance", "step"), [(1.3, True, 1), (0.95, True, 1), (0.95, True, 24), (1.3, False, 1)]
)
def test_objects_by_windows_are_those_of_the_whole(*, closest: float, with_distance: bool, step: int) -> None:
    shape = (300, 410)
    maps = maps_of(scattered(shape, 4, 130, closest))[: 1 + with_distance] // step * step  # coarse steps: plateaus
    image = (600, 820)
    whole = outline_maps(maps, image, SETTINGS, tiling=WHOLE)
    assert len(whole.outlines) > 35
    assert whole.touches_border.any()
    assert_same(outline_maps(maps, image, SETTINGS, tiling=SMALL), whole, image)


def test_a_crowd_larger_than_any_window_is_told_apart_as_in_the_whole() -> None:
    # A carpet of touching discs: one group without a gap, many windows wide.
    radius, places = 10, []
    for i, y in enumerate(np.arange(12, 380, 18.0)):
        places += [(float(y), float(x), radius) for x in np.arange(12 + 10 * (i % 2), 380, 20.0)]
    labels = discs((380, 380), places)
    maps = maps_of(labels)
    whole = outline_maps(maps, (380, 380), SETTINGS, tiling=WHOLE)
    assert len(whole.outlines) > 0.95 * len(places)
    groups = find_clusters(lambda a, b: maps[0, a:b] > 127, labels.shape, lambda: None)
    assert len(groups) == 1
    assert_same(outline_maps(maps, (380, 380), SETTINGS, tiling=SMALL), whole, (380, 380))


def test_an_object_larger_than_any_window_is_one_object() -> None:
    shape = (900, 900)
    small = [(float(y), float(x), 12.0) for y in (40, 860) for x in range(40, 880, 60)]
    labels = discs(shape, [(450, 450, 300.0), *small])
    found = outline_maps(maps_of(labels), shape, SETTINGS, tiling=SMALL)
    assert len(found.outlines) == 1 + len(small)
    sizes = sorted(found.outlines.shapely(i).area for i in range(len(found.outlines)))
    assert sizes[-1] == pytest.approx(np.pi * 300**2, rel=0.005)
    assert sizes[0] == pytest.approx(np.pi * 12**2, rel=0.05)
    assert not found.touches_border.any()


def test_empty_maps_give_no_outlines() -> None:
    found = outline_maps(np.zeros((2, 300, 300), np.uint8), (300, 300), SETTINGS, tiling=SMALL)
    assert len(found.outlines) == 0
    assert found.confidence.shape == (0,)


def test_maps_of_a_killed_process_are_swept_up_and_no_others(tmp_path: Path) -> None:
    mine = DiskMaps((2, 64, 64), str(tmp_path))
    other = "from spheroseg_widgets.segmentation.disk_maps import DiskMaps\nimport os, signal\n"
    other += f"kept = DiskMaps((2, 64, 64), {str(tmp_path)!r})\nos.kill(os.getpid(), signal.SIGKILL)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", other], check=False)
    left = sorted(each for each in tmp_path.iterdir() if str(each) != mine.folder)
    assert len(left) == 2
    foreign = tmp_path / left[0].name.replace(platform.node(), "elsewhere")
    foreign.mkdir()
    for folder in (left[0], foreign, Path(mine.folder)):
        os.utime(folder, (time.time() - 2 * STALE_SECONDS,) * 2)
    assert sweep(tmp_path) == [left[0]]  # the younger one, the one of another machine, and a living process's stay
    assert sorted(tmp_path.iterdir()) == sorted([left[1], foreign, Path(mine.folder)])


def test_maps_on_disk_are_chunked_and_go_with_their_object(tmp_path: Path) -> None:
    maps = DiskMaps((2, 300, 500), str(tmp_path), chunk=128)
    values = np.random.default_rng(2).integers(0, 255, (2, 300, 500), np.uint8)
    maps[:, 10:200, :] = values[:, 10:200]
    assert maps.chunks == (1, 128, 128)
    np.testing.assert_array_equal(maps[1, 50:150, 100:300], values[1, 50:150, 100:300])
    assert not maps[:, 200:].any()
    folder = Path(maps.folder)
    assert folder.parent == tmp_path
    assert sum(1 for path in folder.rglob("*") if path.is_file()) > 4
    del maps
    gc.collect()
    assert not folder.exists()


@pytest.fixture(scope="module")
def network() -> Predictor:
    return Predictor(
        find_model("resunet-spheroid"), threads=1, tiling=Tiling(tile=160, overlap=64, blind=16, one_piece=1)
    )


def test_a_large_image_keeps_its_maps_on_disk_and_says_how_far_it_is(network: Predictor) -> None:
    labels = discs((230, 250), [(60, 70, 25), (150, 120, 30), (90, 190, 22)])  # two of them over a tile's border
    pixels = np.where(labels > 0, 60, 190).astype(np.uint8)
    steps: list[tuple[int, int]] = []
    found = network.segment(pixels, SETTINGS, progress=lambda *step: steps.append(step))
    assert isinstance(found.maps, DiskMaps)
    assert found.maps.shape == (2, 230, 250)
    assert len(found.outlines) == 3
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1][0] == steps[-1][1] > 4
    assert len({total for _, total in steps}) == 1
    truth = labels > 0
    both = truth & (to_labels(found.outlines, 230, 250) > 0)
    assert both.sum() > 0.85 * truth.sum()


def test_stopping_a_large_image_leaves_no_folder(
    network: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    steps: list[int] = []
    with pytest.raises(StoppedError):
        network.segment(
            np.full((230, 250), 90, np.uint8),
            SETTINGS,
            stop=lambda: bool(steps),
            progress=lambda done, _: steps.append(done),
        )
    assert steps == [1]
    assert not list(tmp_path.iterdir())


def test_stopping_does_not_wait_for_a_slow_tile() -> None:
    predictor = Predictor(find_model("resunet-spheroid"), threads=1)
    released, asked = threading.Event(), []

    def slow(planes: NDArray[np.float32]) -> NDArray[np.float32]:
        released.wait(30)
        return np.zeros((1, 2, *planes.shape[2:]), np.float32)

    def stop() -> bool:
        asked.append(time.perf_counter())
        return len(asked) > 3

    predictor.engine = slow
    try:
        with pytest.raises(StoppedError):
            predictor.segment(np.full((64, 64), 90, np.uint8), SETTINGS, stop=stop)
        assert time.perf_counter() - asked[-1] < 2
    finally:
        released.set()
    found = predictor.segment(np.full((64, 64), 90, np.uint8), SETTINGS, stop=lambda: False)  # and goes on afterwards
    assert len(found.outlines) == 0


def test_outlines_come_in_the_order_of_their_place() -> None:
    maps = maps_of(scattered((300, 300), 8, 60, 1.2))
    found = outline_maps(maps, (300, 300), SETTINGS, tiling=SMALL).outlines
    tops = found.bounds()[:, 1]
    assert np.all(np.diff(tops) >= 0)
    again = outline_maps(maps, (300, 300), SETTINGS, tiling=Tiling(one_piece=1, window=160, reach=64)).outlines
    assert isinstance(again, Outlines)
    np.testing.assert_allclose(again.bounds(), found.bounds(), atol=2e-3)
