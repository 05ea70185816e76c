"""The comparison's kernel half: what is compared, its pixels and contrast, outlines, revisions, series, static face."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile
import traitlets

from spheroseg_widgets.errors import ImageError, StoreError
from spheroseg_widgets.imaging import small_copy
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, stretch
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.regions import Whole, open_regions
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project, open_project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.store import results, runs
from spheroseg_widgets.store.tables import image, now
from spheroseg_widgets.widgets import compare, compare_pixels
from spheroseg_widgets.widgets.compare import Compare
from spheroseg_widgets.widgets.compare_pixels import TILE, Pixels, last_level, make_tile

from .page import Page, until

SQUARE = np.array([(20, 20), (60, 20), (60, 60), (20, 60)], np.float32)
HOURS = (0, 8, 16, 24)
LARGEST_MESSAGE = 4 * 1024 * 1024


class Browser(Page):
    """Calls a comparison as its browser half does."""

    def document(self) -> dict[str, Any]:
        return self.call("document")

    def tile(self, image: int, level: int = 0, column: int = 0, row: int = 0, *, shared: bool = True) -> np.ndarray:
        value, buffers = self.ask("tiles", image=image, level=level, tiles=[[column, row]], shared=shared)
        assert value["failed"] is None
        assert value["lengths"] == [len(buffers[0])]
        decoded = cv2.imdecode(np.frombuffer(buffers[0], np.uint8), cv2.IMREAD_UNCHANGED)
        assert decoded is not None
        return decoded.astype(float)

    def events(self) -> int:
        return sum(content.get("name") == "changed" for content, _ in self.messages)


def scene(hours: float, shape: tuple[int, int] = (128, 192)) -> np.ndarray:
    """A dark disc that grows, on a slope of 12 bits that brightens with time."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    inside = np.hypot(y - shape[0] / 2, x - shape[1] / 2) < 20 + hours / 4
    return np.where(inside, 200, 800 + 2 * x + 20 * hours).astype(np.uint16)


@pytest.fixture
def project(tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Wells A01 and A02 at four times, 192 x 128 px, 2 um a pixel: image_id 1 to 4, and 5 to 8."""
    (tmp_path / "raw").mkdir()
    for well in ("A01", "A02"):
        for hours in HOURS:
            tifffile.imwrite(tmp_path / "raw" / f"plate_{well}_{hours:02}h.tif", scene(hours))
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(tmp_path / "raw", pixel_size_um=2.0)
    yield opened
    opened.close()


def side(project: Project, *images: int) -> tuple[Compare, Browser]:
    shown = Compare(project, images=list(images or (1, 2)))
    return shown, Browser(shown)


def save(project: Project, image_id: int, size: float = 1.0) -> int:
    outlines = Outlines.from_rings([[SQUARE * size]])
    current = project.images().set_index("image_id").loc[image_id, "current_result_id"]
    rows = measure_shape(outlines).assign(class_name="spheroid", touches_border=False)
    return project.save(image_id, outlines, rows, parent=None if pd.isna(current) else int(current))


def segmented(project: Project, model: str, image_id: int, size: float = 1.0) -> tuple[Run, int]:
    """Store what a run of a model would make of an image, and let it hold where it may."""
    outlines = Outlines.from_rings([[SQUARE * size]])
    with project.database.write() as connection:
        known = runs.ensure_model(connection, model, "3", "00", None)
        run = runs.create_run(connection, project.id, known, {}, [image_id], "me")
        rows = measure_shape(outlines).assign(class_name="spheroid", touches_border=False, confidence=0.4)
        made = results.add_revision(connection, image_id, outlines, rows, source="model", author="me", run_id=run)
        results.point_current(connection, image_id, made, author="me")
    project.changes.tell("results", [image_id])
    return Run(project, run), made


def delete(project: Project, *image_ids: int, back: bool = False) -> None:
    with project.database.write() as connection:
        gone = image.update().where(image.c.id.in_(image_ids)).values(deleted_at=None if back else now())
        connection.execute(gone)
    project.changes.tell("restore" if back else "delete", image_ids)


# What is compared


def test_images_come_as_they_were_named(project: Project) -> None:
    shown = Compare(project, images=["plate_A02_24h.tif", 1, "plate_A01_08h"])
    told = Browser(shown).document()
    assert [image["id"] for image in told["images"]] == [8, 1, 2]
    assert [image["time_h"] for image in told["images"]] == [24, 0, 8]
    assert told["images"][0] | {"status": "new"} == {
        "id": 8, "name": "plate_A02_24h.tif", "plate": "plate", "well": "A02", "status": "new", "review": "unreviewed",
        "outcome": "", "reason": "", "width": 192, "height": 128, "time_h": 24.0, "pixel_size_um": 2.0, "excluded": False,
        "result": 0, "objects": -1, "area": None,
    }  # fmt: skip
    assert (told["gone"], told["revisions"]) == ([], [])
    assert shown.images["image_id"].tolist() == [8, 1, 2]
    shown.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"images": [1]}, "2 to 4 images"),
        ({"images": [1, 2, 3, 4, 5]}, "2 to 4 images"),
        ({"images": [1, "plate_A01_00h.tif"]}, "named twice"),
        ({"images": [1, 77]}, "image 77: there is none"),
        ({"images": [1, "plate_A01_0h.tif"]}, "do you mean .*plate_A01_00h.tif"),
        ({}, "name either images"),
        ({"images": [1, 2], "image": 1}, "name either images"),
        ({"images": [1, 2], "results": [1, 2]}, "name it with image="),
        ({"image": 1}, "plate_A01_00h.tif: has no result yet"),
        ({"image": 1, "results": [1]}, "two results"),
        ({"image": 1, "results": [1, 2]}, "there is no revision 1 of this image; it has none"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(
    project: Project, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises((StoreError, ValueError), match=told):
        Compare(project, **arguments)


def test_areas_are_those_of_the_spheroid_and_missing_is_missing(project: Project) -> None:
    save(project, 1)
    save(project, 2)
    project.confirm([2], "absent")
    project.save(3, Outlines.empty(), pd.DataFrame(), parent=None)
    _, browser = side(project, 1, 2, 3, 4)
    images = browser.document()["images"]
    assert [image["outcome"] for image in images] == ["measured", "absent", "not_found", ""]
    assert [image["area"] for image in images] == [1600 * 4, 0, None, None]
    project.set_pixel_size(None)
    assert browser.document()["images"][0]["area"] == 1600


def test_a_change_of_these_images_is_told_and_of_others_is_not(project: Project) -> None:
    _, browser = side(project)
    save(project, 5)
    assert browser.events() == 0
    save(project, 2)
    assert browser.events() == 1
    assert browser.document()["images"][1]["review"] == "corrected"


def test_a_closed_comparison_hears_nothing_more(project: Project) -> None:
    shown, browser = side(project)
    shown.close()
    save(project, 1)
    assert browser.events() == 0


def test_a_deleted_image_keeps_its_place_and_says_so(project: Project) -> None:
    _, browser = side(project)
    browser.document()
    delete(project, 2)
    assert browser.events() == 1
    told = browser.document()
    assert [image["id"] for image in told["images"]] == [1]
    assert told["gone"] == [{"id": 2, "name": "plate_A01_08h.tif", "reason": "This image is no longer in the project."}]
    with pytest.raises(RuntimeError, match="not among the compared"):
        browser.tile(2)
    delete(project, 1)
    with pytest.raises(RuntimeError, match="None of the compared images"):
        browser.document()
    events = browser.events()
    delete(project, 1, 2, back=True)
    until(lambda: browser.events() > events)
    assert [image["id"] for image in browser.document()["images"]] == [1, 2]


# Pixels


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


def counting(monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int] = (128, 192)) -> list[int]:
    """Have files read slowly; gives the ids of the images that were."""
    reads: list[int] = []

    def read(row: Any) -> np.ndarray:
        reads.append(row["image_id"])
        time.sleep(0.1)
        return scene(row["time_h"], shape)

    monkeypatch.setattr(compare_pixels, "read_original", read)
    return reads


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


# Outlines


def test_outlines_are_given_of_these_images_and_nothing_else(project: Project) -> None:
    own, other = save(project, 1), save(project, 5)
    _, browser = side(project)
    browser.document()
    value, buffers = browser.ask("outlines", results=[own, other, 999, 0])
    assert value["results"] == [own]
    outlines = Outlines.from_bytes(buffers[0])
    assert np.allclose(outlines.rings(0)[0].min(axis=0), (20, 20))
    assert (value["classes"], buffers[1], buffers[2]) == (["spheroid"], b"\0", b"\0")


def test_doubtful_outlines_are_marked(project: Project) -> None:
    _, made = segmented(project, "m", 1)
    _, browser = side(project)
    browser.document()
    assert browser.ask("outlines", results=[made])[1][2] == b"\2"


# Revisions


def test_by_default_what_holds_is_compared_with_what_it_was_made_from(project: Project) -> None:
    _, first = segmented(project, "m", 1)
    edited = save(project, 1, 1.1)
    segmented(project, "n", 1, 1.2)  # newer, but it displaces no correction
    shown = Compare(project, image="plate_A01_00h.tif")
    assert (shown.mode, shown.results) == ("swipe", [first, edited])
    told = Browser(shown).document()
    assert [image["id"] for image in told["images"]] == [1]
    assert [(one["source"], one["model"], one["holds"]) for one in told["revisions"]] == [
        ("model", "n", False), ("edit", "", True), ("model", "m", False),
    ]  # fmt: skip
    assert told["revisions"][1]["area"] == pytest.approx(1600 * 1.21 * 4)
    assert pd.Timestamp(told["revisions"][1]["created_at"]).tzinfo is not None
    assert shown.revisions["area_px2"].round().tolist() == [2304, 1936, 1600]


def test_revisions_are_named_by_id_run_or_model(project: Project) -> None:
    run, first = segmented(project, "m", 1)
    _, second = segmented(project, "n", 1)
    again, third = segmented(project, "m", 1)
    assert Compare(project, image=1, results=[first, second]).results == [first, second]
    assert Compare(project, image=1, results=[run, again]).results == [first, third]
    assert Compare(project, image=1, results=["n", "m"]).results == [second, third]
    other, _ = segmented(project, "m", 2)
    for wanted, told in ((other, f"result of run {other.id}"), ("o", "result of a model o"), (77, "revision 77")):
        with pytest.raises(
            StoreError, match=rf"plate_A01_00h.tif: there is no {told} of this image; it has {third} \(m\)"
        ):
            Compare(project, image=1, results=[first, wanted])


def test_one_revision_alone_is_not_compared(project: Project) -> None:
    save(project, 1)
    with pytest.raises(StoreError, match="has one revision"):
        Compare(project, image=1)


def test_results_may_be_set_to_revisions_of_this_image_only(project: Project) -> None:
    _, first = segmented(project, "m", 1)
    second, other = save(project, 1), save(project, 2)
    shown = Compare(project, image=1)
    browser = Browser(shown)
    shown.results = [second, first]
    with pytest.raises(traitlets.TraitError, match=f"there is no revision {other} of this image"):
        shown.results = [first, other]
    assert shown.results == [second, first]
    browser.document()
    assert browser.ask("outlines", results=[first, second, other])[0]["results"] == [first, second]
    third = save(project, 1, 1.2)
    assert browser.events() == 1
    assert [one["id"] for one in browser.document()["revisions"]] == [third, second, first]
    with pytest.raises(traitlets.TraitError, match="of one image"):
        side(project)[0].results = [first, second]


# A well through time


def test_a_well_is_shown_in_the_order_of_its_times(project: Project, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "raw" / "plate_A01_12h.tif", scene(12))
    project.add(tmp_path / "raw")
    shown = Compare.of_well(project, "a1")
    told = Browser(shown).document()
    assert (shown.mode, told["title"]) == ("series", "plate A01")
    assert [image["time_h"] for image in told["images"]] == [0, 8, 12, 16, 24]
    assert {image["well"] for image in told["images"]} == {"A01"}
    assert shown.image_id == 1


def test_a_new_time_joins_the_series_and_a_deleted_one_leaves_it(project: Project, tmp_path: Path) -> None:
    shown = Compare.of_well(project, "A01")
    browser = Browser(shown)
    shown.image_id = 2
    tifffile.imwrite(tmp_path / "raw" / "plate_A01_32h.tif", scene(32))
    project.add(tmp_path / "raw")
    assert browser.events() == 1
    assert len(browser.document()["images"]) == 5
    delete(project, 2)
    told = browser.document()
    assert [image["time_h"] for image in told["images"]] == [0, 16, 24, 32]
    assert (told["gone"], shown.image_id) == ([], None)
    events = browser.events()
    delete(project, 2, back=True)
    until(lambda: browser.events() > events)
    assert len(browser.document()["images"]) == 5


def test_the_image_that_is_looked_at_is_one_of_the_series(project: Project) -> None:
    shown = Compare.of_well(project, "A01")
    shown.image_id = 3
    with pytest.raises(traitlets.TraitError, match="image 5: it is not in the series"):
        shown.image_id = 5
    assert shown.image_id == 3


def test_what_is_no_series_is_refused_with_the_reason(project: Project, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="well B01: there is none of this name"):
        Compare.of_well(project, "B1")
    for name in ("plate_C01_0h.tif", "other_A01_0h.tif", "VID1_D01_1_00d00h00m.tif", "VID1_D01_2_00d00h00m.tif"):
        tifffile.imwrite(tmp_path / name, scene(0))
    project.add(sorted(tmp_path.glob("*.tif")))
    with pytest.raises(StoreError, match="well C01: 1 of its images"):
        Compare.of_well(project, "C01")
    with pytest.raises(
        StoreError, match=r"well A01: it has images of several plates \(other, plate\): name one with plate="
    ):
        Compare.of_well(project, "A01")
    with pytest.raises(StoreError, match="no images of plate third"):
        Compare.of_well(project, "A01", plate="third")
    with pytest.raises(StoreError, match=r"several sites \(1, 2\): name one with site="):
        Compare.of_well(project, "D01")
    assert len(Compare.of_well(project, "A01", plate="plate").images) == 4


def test_a_long_series_finds_its_contrast_from_a_few_of_its_images(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(32, 232, 8):
        tifffile.imwrite(tmp_path / "raw" / f"plate_A01_{hours}h.tif", scene(hours))
    project.add(tmp_path / "raw")
    reads: list[int] = []
    read = compare_pixels.read_original

    def counted(row: Any) -> np.ndarray:
        reads.append(row["image_id"])
        return read(row)

    monkeypatch.setattr(compare_pixels, "read_original", counted)
    browser = Browser(Compare.of_well(project, "A01"))
    ids = [image["id"] for image in browser.document()["images"]]
    assert len(ids) == 29
    browser.tile(ids[3])
    assert len(set(reads)) <= compare_pixels.SHARED_FROM + 1
    assert {ids[0], ids[-1]} <= set(reads)


# How it looks where nothing runs


def test_static_face_of_each_kind(project: Project) -> None:
    _, first = segmented(project, "m", 1)
    save(project, 1, 1.2)
    beside = Compare(project, images=[1, 2])
    swiped = Compare(project, image=1)
    series = Compare.of_well(project, "A01")
    for shown, pictures, said in (
        (beside, 2, "plate_A01_08h.tif"), (swiped, 2, f"m 3, run {swiped.revisions['run'].dropna().astype(int).iloc[0]}"),
        (series, 4, "4 images through time"),
    ):  # fmt: skip
        page = shown.static_html()
        assert page.count("<img ") == pictures
        assert said in page
        assert "http" not in page
        assert "<script" not in page
        sheet = shown.static_png()
        assert sheet is not None
        picture = cv2.imdecode(np.frombuffer(sheet, np.uint8), cv2.IMREAD_COLOR).astype(int)
        assert picture.shape == (160, pictures * 248 - 8, 3)
        assert np.ptp(picture, axis=2).max() > 60  # a coloured outline on grey pictures
    beside.show_outlines = False
    bare = beside.static_png()
    assert bare is not None
    assert np.ptp(cv2.imdecode(np.frombuffer(bare, np.uint8), cv2.IMREAD_COLOR).astype(int), axis=2).max() == 0
    assert "24 h" in series.static_html()
    assert first in swiped.results


def test_a_cell_waits_for_no_slow_pictures(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, browser = side(project)
    reads = counting(monkeypatch)
    monkeypatch.setattr(compare, "FACE_SECONDS", 0.05)
    page = shown.static_html()
    assert (page.count("<img "), page.count("No picture made yet"), page.count("<figcaption")) == (0, 2, 2)
    assert shown.static_png() is None
    browser.tile(2)
    assert sorted(reads) == [1, 2]  # what was read meanwhile is not read again


def test_static_face_of_a_broken_file_says_why(project: Project, tmp_path: Path) -> None:
    (tmp_path / "raw" / "plate_A01_08h.tif").write_bytes(b"II*\0")
    shown, _ = side(project)
    page = shown.static_html()
    assert page.count("<img ") == 1
    assert "damaged" in page or "truncated" in page
    (tmp_path / "raw" / "plate_A01_00h.tif").unlink()
    shown.reload()
    assert shown.static_png() is None


def test_hostile_names_are_harmless(project: Project, tmp_path: Path) -> None:
    name = "<script>alert(1)<.tif"
    tifffile.imwrite(tmp_path / name, scene(0))
    project.add(tmp_path / name)
    shown, browser = side(project, 1, 9)
    assert browser.document()["images"][1]["name"] == name
    assert "<script" not in shown.static_html()
    assert "&lt;script&gt;" in shown.static_html()
