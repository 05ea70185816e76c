"""The expected overlap: what it is by hand, and that it ranks."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.segmentation.confidence import expected_iou, expected_ious

YY, XX = np.mgrid[:120, :120]


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return (XX - x) ** 2 + (YY - y) ** 2 < radius**2


def scene() -> tuple[np.ndarray, np.ndarray]:
    labels = np.zeros((120, 120), np.int32)
    labels[disc(35, 35, 20)] = 1
    labels[disc(85, 85, 12)] = 2
    foreground = np.where(labels == 1, 0.9, np.where(labels == 2, 0.6, 0)).astype(np.float32)
    return foreground, labels


def test_of_objects_on_a_black_ground_it_is_their_mean_probability() -> None:
    foreground, labels = scene()
    assert expected_ious(foreground, labels) == pytest.approx([0.9, 0.6], abs=1e-4)


def test_what_may_have_been_missed_around_an_object_counts_against_it_and_no_other() -> None:
    foreground, labels = scene()
    missed = disc(35, 35, 26) & (labels == 0)
    foreground[missed] = 0.4
    first, second = expected_ious(foreground, labels)
    area = (labels == 1).sum()
    assert first == pytest.approx(0.9 * area / (area + 0.4 * missed.sum()), rel=1e-4)
    assert second == pytest.approx(0.6, abs=1e-4)


def test_far_away_haze_belongs_to_no_object_but_to_the_image() -> None:
    foreground, labels = scene()
    before = expected_ious(foreground, labels), expected_iou(foreground, labels > 0, 40)
    foreground[disc(15, 105, 10)] = 0.4
    assert expected_ious(foreground, labels) == pytest.approx(before[0])
    assert expected_iou(foreground, labels > 0, 40) < before[1] - 0.03


def test_numbers_may_be_missing_from_the_labels() -> None:
    foreground, labels = scene()
    labels[labels == 1] = 3
    found = expected_ious(foreground, labels)
    assert found.shape == (3,)
    assert found[1:] == pytest.approx([0.6, 0.9], abs=1e-4)
    assert found[0] == 0


def test_an_image_without_objects() -> None:
    nothing = np.zeros((120, 120), bool)
    assert expected_ious(np.zeros((120, 120), np.float32), np.zeros((120, 120), np.int32)).shape == (0,)
    assert expected_iou(np.full((120, 120), 0.02, np.float32), nothing, 40) == 1
    doubt = np.where(disc(60, 60, 10), 0.4, 0).astype(np.float32)
    assert expected_iou(doubt, nothing, 40) < 0.3


def test_it_is_the_overlap_with_a_truth_drawn_from_the_probabilities() -> None:
    rng = np.random.default_rng(3)
    foreground = np.clip(1.2 - np.hypot(XX - 60, YY - 60) / 40, 0, 1).astype(np.float32)
    labels = (foreground > 0.5).astype(np.int32)
    real = [foreground > rng.random(foreground.shape) for _ in range(20)]
    overlaps = [(t & (labels > 0)).sum() / (t | (labels > 0)).sum() for t in real]
    assert expected_ious(foreground, labels)[0] == pytest.approx(np.mean(overlaps), abs=0.01)
    assert expected_iou(foreground, labels > 0, 40) == pytest.approx(np.mean(overlaps), abs=0.01)
