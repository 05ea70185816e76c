"""From maps to objects: what touches is told apart, what is one stays one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from spheroseg_widgets.segmentation import instances
from spheroseg_widgets.segmentation.instances import _flooded, merge_pieces, split_objects
from spheroseg_widgets.segmentation.training.targets import training_targets


def discs(*centres: tuple[int, int, int], shape: tuple[int, int] = (96, 160)) -> NDArray[np.int32]:
    """Draw discs of (x, y, radius) as labels 1..n."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.int32)
    for number, (cx, cy, radius) in enumerate(centres, 1):
        labels[((x - cx) ** 2 + (y - cy) ** 2 <= radius**2) & (labels == 0)] = number
    return labels


@pytest.mark.parametrize("radii", [(20, 20), (28, 12), (10, 9)])
def test_two_that_touch_are_two(radii: tuple[int, int]) -> None:
    truth = discs((50, 48, radii[0]), (50 + sum(radii) - 2, 48, radii[1]))
    found = split_objects(*training_targets(truth))
    assert found.max() == 2
    assert (found[truth == 1] == found[48, 50]).mean() > 0.97


def test_a_plateau_with_ripples_is_one() -> None:
    """An uncertain network gives one object several cores; the valleys between them are shallow."""
    truth = discs((80, 48, 36))
    foreground, distance = training_targets(truth)
    ripples = 1 + 0.22 * np.cos(np.arange(160) / 3)[None]
    uncertain = (0.5 * ripples * np.sqrt(distance)).astype(np.float32)
    assert split_objects(foreground, uncertain, seam_level=1.0).max() > 1
    assert split_objects(foreground, uncertain).max() == 1


def test_pieces_of_one_join_beside_another() -> None:
    truth = discs((40, 48, 30), (100, 48, 31))
    distance = training_targets(truth)[1]
    pieces = np.where((truth == 1) & (np.arange(160)[None] > 40), 3, truth).astype(np.int32)
    joined = merge_pieces(pieces, distance, 0.7)
    assert joined.max() == 2
    assert joined[48, 20] == joined[48, 60] != joined[48, 100]
    assert not joined[truth == 0].any()


def test_a_ring_is_one() -> None:
    """A core with a hole: where pieces of a ring meet, the distance is low at both edges and high between them."""
    truth = discs((80, 48, 38))
    truth[discs((80, 48, 14)) > 0] = 0
    foreground, distance = training_targets(truth)
    angle = np.arctan2(*(np.mgrid[:96, :160] - np.array([48, 80])[:, None, None]))
    uncertain = (distance * (0.5 + 0.06 * np.cos(3 * angle))).astype(np.float32)
    assert split_objects(foreground, uncertain, seed_level=0.5, seam_level=1.0).max() > 1
    assert split_objects(foreground, uncertain, seed_level=0.5).max() == 1


def test_nothing_found_is_all_zero() -> None:
    empty = np.zeros((32, 40), np.float32)
    assert not split_objects(empty, empty).any()
    assert not merge_pieces(empty.astype(np.int32), empty, 0.7).any()


def test_small_objects_are_left_out_and_numbers_close_up() -> None:
    truth = discs((20, 20, 3), (60, 48, 20), (120, 48, 18))
    found = split_objects(*training_targets(truth), min_area=100)
    assert np.unique(found).tolist() == [0, 1, 2]
    assert not found[truth == 1].any()


def test_what_the_network_hesitates_over_is_left_out() -> None:
    truth = discs((40, 48, 20), (110, 48, 24))
    foreground, distance = training_targets(truth)
    foreground[truth == 1] = 0.6
    found = split_objects(foreground, distance)
    assert found.max() == 1
    assert not found[truth == 1].any()
    assert split_objects(foreground, distance, min_confidence=0.5).max() == 2


def test_clumps_in_one_image_are_each_divided_on_their_own() -> None:
    """Only clumps are divided by a watershed, within their own box: boxes overlap, numbers must not."""
    places = [
        (20, 20, 14), (46, 20, 13), (110, 24, 16), (110, 53, 14), (30, 80, 18), (135, 80, 9), (62, 64, 12), (84, 76, 14)
    ]  # fmt: skip
    truth = discs(*places)
    found = split_objects(*training_targets(truth))
    assert np.unique(found).tolist() == list(range(len(places) + 1))
    for number in range(1, len(places) + 1):
        _, counts = np.unique(found[truth == number], return_counts=True)
        assert counts.max() / counts.sum() > 0.97, number
    # Each found object answers to one disc only.
    best = [np.bincount(found[truth == number]).argmax() for number in range(1, len(places) + 1)]
    assert sorted(best) == list(range(1, len(places) + 1))


def test_flooding_without_the_middle_of_seeds_is_a_watershed() -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        distance = cv2.GaussianBlur(random.random((90, 120), np.float32), (0, 0), 4.0)
        mask = distance > np.quantile(distance, 0.2)
        seeds = ndimage.label(distance > np.quantile(distance, 0.6))[0].astype(np.int32)
        seeds[seeds == 1] = 0  # a core of another component
        assert seeds.max() > 3
        np.testing.assert_array_equal(_flooded(seeds, distance, mask), watershed(-distance, seeds, mask=mask))


def test_several_clumps_are_each_divided_by_their_own_cores() -> None:
    truth = discs((25, 25, 16), (55, 25, 16), (30, 75, 16), (60, 75, 16), (110, 25, 18), (115, 75, 18), (142, 75, 12))
    assert len(np.unique(ndimage.label(truth)[0])) - 1 == 4
    found = split_objects(*training_targets(truth))
    assert found.max() == 7
    for number in range(1, 8):
        inside = found[truth == number]
        assert np.bincount(inside).max() > 0.9 * len(inside)


def test_large_clumps_are_divided_as_at_the_whole_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are at half the size; their seams are found at the whole one."""
    truth = discs((200, 203, 150), (460, 180, 130), (421, 430, 141), (151, 460, 121), shape=(601, 653))
    random = np.random.default_rng(5)
    foreground, distance = training_targets(truth)
    uneven = 1 + cv2.GaussianBlur(random.normal(0, 6, truth.shape).astype(np.float32), (0, 0), 8.0)
    distance = np.clip(distance * uneven, 0, 1).astype(np.float32)
    halves: list[tuple[int, int]] = []
    flooded = instances._flooded
    monkeypatch.setattr(instances, "_flooded", lambda *maps: halves.append(maps[2].shape) or flooded(*maps))
    found = split_objects(foreground, distance)
    assert max(map(max, halves[:1])) < 400
    monkeypatch.setattr(instances, "LARGE", truth.size)
    at_whole_size = split_objects(foreground, distance)
    assert found.max() == at_whole_size.max() == 4
    np.testing.assert_array_equal(found > 0, at_whole_size > 0)
    # Seams were exact to the pixel but for what lies level with both sides.
    assert (found != at_whole_size).sum() < 30
    for number in range(1, 5):
        assert np.bincount(found[truth == number]).max() > 0.99 * (truth == number).sum()


def test_what_hangs_on_a_clump_by_a_corner_is_no_part_of_another_object() -> None:
    """Components hang together by corners, and flooding goes by edges: such a pixel once took the number before."""
    truth = discs((30, 48, 18), (90, 48, 20), (128, 48, 19))
    foreground, distance = training_targets(truth)
    edge = int(np.flatnonzero(foreground[48] > 0.5)[-1])
    foreground[48 - 1 : 48 + 2, edge + 1 :] = 0
    foreground[48 - 1, edge + 1] = foreground[48 - 2, edge + 2] = 1
    found = split_objects(foreground, distance)
    assert found.max() == 3
    for number in range(1, 4):
        assert ndimage.label(found == number, np.ones((3, 3)))[1] == 1
