"""The expected overlap: what it is by hand, and that it ranks."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.segmentation.confidence import SURE_PEAK, expected_iou, object_confidence

YY, XX = np.mgrid[:120, :120]


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return (XX - x) ** 2 + (YY - y) ** 2 < radius**2


def scene() -> tuple[np.ndarray, np.ndarray]:
    labels = np.zeros((120, 120), np.int32)
    labels[disc(35, 35, 20)] = 1
    labels[disc(85, 85, 12)] = 2
    foreground = np.where(labels == 1, 0.9, np.where(labels == 2, 0.6, 0)).astype(np.float32)
    return foreground, labels


def test_on_a_black_ground_it_is_the_mean_probability() -> None:
    foreground, labels = scene()
    assert expected_iou(foreground, labels > 0, 40) == pytest.approx(foreground[labels > 0].mean(), abs=1e-4)


def test_what_may_have_been_missed_counts_against_it_and_faint_haze_does_not() -> None:
    foreground, labels = scene()
    before = expected_iou(foreground, labels > 0, 40)
    assert expected_iou(np.maximum(foreground, 0.03), labels > 0, 40) == pytest.approx(before)
    missed = disc(15, 105, 10)
    foreground[missed] = 0.4
    area = (labels > 0).sum()
    expected = before * area / (area + 0.4 * missed.sum())
    assert expected_iou(foreground, labels > 0, 40) == pytest.approx(expected, rel=1e-4)


def test_an_image_without_objects() -> None:
    nothing = np.zeros((120, 120), bool)
    assert expected_iou(np.full((120, 120), 0.02, np.float32), nothing, 40) == 1
    doubt = np.where(disc(60, 60, 10), 0.4, 0).astype(np.float32)
    assert expected_iou(doubt, nothing, 40) < 0.3


def test_it_is_the_overlap_with_a_truth_drawn_from_the_probabilities() -> None:
    rng = np.random.default_rng(3)
    foreground = np.clip(1.2 - np.hypot(XX - 60, YY - 60) / 40, 0, 1).astype(np.float32)
    labels = (foreground > 0.5).astype(np.int32)
    real = [foreground > rng.random(foreground.shape) for _ in range(20)]
    overlaps = [(t & (labels > 0)).sum() / (t | (labels > 0)).sum() for t in real]
    assert expected_iou(foreground, labels > 0, 40) == pytest.approx(np.mean(overlaps), abs=0.01)


def pair(apart: float, seam: float) -> tuple[np.ndarray, np.ndarray]:
    """Two discs side by side: their labels, and a centre distance of 0.8 in the middles and `seam` between them."""
    labels = np.zeros((120, 120), np.int32)
    labels[disc(40, 60, 20)] = 1
    labels[disc(40 + apart, 60, 20) & (labels == 0)] = 2
    middle = 40 + apart / 2
    distance = np.where(np.abs(XX - middle) < 6, seam, 0.8).astype(np.float32)
    return labels, np.where(labels > 0, distance, 0).astype(np.float32)


def test_an_object_on_its_own_with_a_sure_middle_has_its_mean_probability() -> None:
    foreground, labels = scene()
    found = object_confidence(labels, foreground, np.where(labels > 0, SURE_PEAK, 0).astype(np.float32))
    assert found[1:] == pytest.approx([0.9, 0.6], abs=1e-4)
    assert object_confidence(labels, foreground, None)[1:] == pytest.approx([0.9, 0.6], abs=1e-4)


def test_a_shallow_border_with_a_neighbour_speaks_against_both() -> None:
    foreground = np.full((120, 120), 0.9, np.float32)
    sure, doubtful, alone = (
        object_confidence(labels, foreground, distance)[1:]
        for labels, distance in (pair(39, 0.1), pair(39, 0.6), pair(50, 0.6))
    )
    assert (sure > 0.8).all()
    assert doubtful == pytest.approx(0.9 * np.sqrt(1 - 0.6 / 0.8), abs=0.03)
    assert (alone > doubtful + 0.2).all()


def test_a_faint_middle_speaks_against_an_object() -> None:
    foreground, labels = scene()
    distance = np.where(labels == 1, 0.8, np.where(labels == 2, 0.2, 0)).astype(np.float32)
    found = object_confidence(labels, foreground, distance)
    assert found[1] == pytest.approx(0.9, abs=1e-3)
    assert found[2] == pytest.approx(0.6 * np.sqrt(0.2 / SURE_PEAK), abs=0.01)


def test_nothing_found_has_no_confidence() -> None:
    empty = np.zeros((20, 30), np.float32)
    assert len(object_confidence(empty.astype(np.int32), empty, empty)) <= 1
