"""The expected overlap: what it is by hand, and that it ranks."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.segmentation.confidence import expected_iou

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
