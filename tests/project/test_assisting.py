"""An object that was missed: by the network on a crop, or from kept maps without it; the same well at the time before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.imaging import pyramid
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, stretch
from spheroseg_widgets.imaging.pyramid import Pyramid, open_pyramid
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.imaging.regions import Whole
from spheroseg_widgets.imaging.resize import resized, working_size
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.project import assisting
from spheroseg_widgets.project.assisting import propose
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import DARKER
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.segmentation.tiles import StoppedError

BOX = (128 - 45, 96 - 45, 128 + 45, 96 + 45)


def truth() -> np.ndarray:
    """Return where the spheroid of the first of the three images is."""
    spheroid = Spheroid(128, 96, 34, roughness=0.3, shape_seed=0, depth=0.6)
    return render(SceneSpec(192, 256, (spheroid,)), np.random.default_rng(0)).labels > 0


def pyramid_of(pixels: np.ndarray) -> Pyramid:
    return open_pyramid(Whole(pixels, again=True), 0, Percentiles(), "image", Path("unused: it is small"))


def overlap(found: assisting.Proposal | None) -> float:
    assert found is not None
    mask = to_labels(found.outlines(), 192, 256) > 0
    return float((mask & truth()).sum() / (mask | truth()).sum())


def test_the_network_finds_it_on_a_crop_and_kept_maps_without_the_network(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = project.images().iloc[0].to_dict()
    stages: list[str] = []

    def picture() -> Pyramid:
        return pyramid_of(read_plane(row["path"]).pixels)

    for box in ((128, 96, 128, 96), BOX):
        found = propose(project, row, box, picture, tell=stages.append)
        print(f"by the network, {box}: IoU {overlap(found):.3f}")
        assert overlap(found) > 0.9
        assert found is not None
        assert (found.by, found.model) == ("network", DEFAULT_MODEL)
    assert stages == ["maps", "reading", "model", "network"] * 2
    assert propose(project, row, (5, 5, 5, 5), picture) is None
    with pytest.raises(StoppedError):
        propose(project, row, BOX, picture, stop=lambda: True)

    project.segment(cluster=client, threshold=0.6).wait(120)
    row = project.images().iloc[0].to_dict()
    assert assisting.guide_of(project, row, BOX).settings.threshold == 0.6
    monkeypatch.setattr(assisting, "predictor_for", None)
    for box in ((128, 96, 128, 96), BOX):
        found = propose(project, row, box, picture)
        print(f"from kept maps, {box}: IoU {overlap(found):.3f}")
        assert overlap(found) > 0.9
        assert found is not None
        assert (found.by, found.field.level) == ("maps", 0.6)


def test_a_negative_is_shown_to_the_network_the_right_way_round(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = find_model(DEFAULT_MODEL)
    defaults = {**usual.settings["defaults"], "polarity": DARKER}
    monkeypatch.setattr(
        assisting, "find_model", lambda *_, **__: replace(usual, settings={**usual.settings, "defaults": defaults})
    )
    row = project.images().iloc[0].to_dict()
    pixels = read_plane(row["path"]).pixels
    shown: list[np.ndarray] = []
    network = Predictor.maps

    def maps(self: Predictor, working: np.ndarray, **options: Any) -> np.ndarray:
        shown.append(working)
        return network(self, working, **options)

    monkeypatch.setattr(Predictor, "maps", maps)
    for given in (pixels, 255 - pixels):
        assert overlap(propose(project, row, BOX, partial(pyramid_of, given))) > 0.9
    np.testing.assert_allclose(shown[0], shown[1], atol=1e-6)

    # What a run has decided holds, whatever the image looks like.
    project.segment(cluster=client, inverted=True, wait=True)
    monkeypatch.setattr(assisting, "_from_maps", lambda *_: None)
    propose(project, project.images().iloc[0].to_dict(), BOX, partial(pyramid_of, pixels))
    assert shown[-1].mean() == pytest.approx(1 - shown[0].mean(), abs=0.2)
    assert shown[-1].mean() < 0.5 < shown[0].mean()

    # Where another version of the model stands in for the run's, it is asked anew.
    assert assisting.guide_of(project, row, BOX).settings.inverted
    monkeypatch.setattr(assisting, "find_model", lambda *_, **__: replace(usual, sha256="of another version"))
    settings = assisting.guide_of(project, row, BOX).settings
    assert (settings.polarity, settings.inverted) == (DARKER, False)


class Noticing(Whole):
    """A plane that notices how much of it is read at once."""

    most = 0

    def read(self, rows: slice, columns: slice) -> np.ndarray:
        part = super().read(rows, columns)
        self.most = max(self.most, part.size)
        return part


def test_a_click_in_a_large_image_reads_what_lies_around_it(
    project: sw.Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The spheroid far from the corner of an image that is much larger; the network sees the same crop of it."""
    row = project.images().iloc[0].to_dict()
    small = read_plane(row["path"]).pixels
    large = np.tile(small, (8, 6))
    monkeypatch.setattr(pyramid, "IN_MEMORY", 0)
    monkeypatch.setattr(pyramid, "BAND_PIXELS", large.shape[1] * 32)
    source = Noticing(large, again=True)
    made = open_pyramid(source, 2, Percentiles(), "large", tmp_path / "kept")
    x, y = 256 * 3 + 128, 192 * 4 + 96
    box = (x - 45, y - 45, x + 45, y + 45)
    asked: list[np.ndarray] = []
    network = Predictor.maps

    def maps(self: Predictor, working: np.ndarray, **options: Any) -> np.ndarray:
        asked.append(working)
        return network(self, working, **options)

    monkeypatch.setattr(Predictor, "maps", maps)
    monkeypatch.setattr(assisting, "CROP", 128)
    source.most = 0
    found = propose(project, {**row, "height": large.shape[0], "width": large.shape[1]}, box, lambda: made)
    assert found is not None
    assert source.most < large.size / 8
    scale = assisting.guide_of(project, {**row, "height": large.shape[0], "width": large.shape[1]}, box).settings.scale
    left, top, right, bottom = assisting._around(box, 128 / scale, large.shape)
    whole = stretch(large, limits_of(large, Percentiles()))[top:bottom, left:right]
    np.testing.assert_array_equal(asked[0], resized(whole, working_size(whole.shape, scale)))
    mask = to_labels(found.outlines().transformed(1, 1, 128 - x, 96 - y), 192, 256) > 0
    assert (mask & truth()).sum() / (mask | truth()).sum() > 0.9


def test_a_part_too_large_for_one_piece_is_made_from_a_smaller_copy(tmp_path: Path) -> None:
    scene = render(SceneSpec(1600, 1900, [Spheroid(900, 700, 330, depth=0.6)]), np.random.default_rng(4)).pixels
    made = open_pyramid(Whole(scene, again=True), 3, Percentiles(), "k", tmp_path)
    limits, crop = limits_of(scene, Percentiles()), (101, 53, 1900, 1595)
    for scale, level in ((0.1, 2), (0.2, 1)):
        whole, place = assisting._working(made, crop, limits, scale)
        assert place == crop
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(assisting, "WHOLE_PIXELS", 0)
            copied, about = assisting._working(made, crop, limits, scale)
        wide = 1 << level
        assert about == (101 // wide * wide, 53 // wide * wide, 1900, -(-1595 // wide) * wide)
        assert abs(np.array(copied.shape) - whole.shape).max() <= 1
        away = np.abs(cv2.resize(copied, whole.shape[::-1]) - whole)
        print(f"scale {scale}: {away.mean():.4f} on average, at most {away.max():.3f}")
        assert away.mean() < 0.01


def test_a_box_around_much_of_a_huge_image_is_looked_at_from_farther_away(
    project: sw.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = project.images().iloc[0].to_dict()
    asked: list[tuple[int, ...]] = []

    def maps(_self: Predictor, working: np.ndarray, **_: Any) -> np.ndarray:
        asked.append(working.shape)
        return np.zeros((2, *working.shape), np.uint8)

    monkeypatch.setattr(Predictor, "maps", maps)
    monkeypatch.setattr(assisting, "MOST_WORKING", 100 * 100)
    assert propose(project, row, BOX, lambda: pyramid_of(read_plane(row["path"]).pixels)) is None
    assert asked
    assert max(height * width for height, width in asked) <= 101 * 101
