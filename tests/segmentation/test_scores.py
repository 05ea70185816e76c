"""Scores against cases counted by hand, and against what published implementations say of the same labels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spheroseg_widgets.segmentation.scores import (
    AP_THRESHOLDS,
    Counts,
    boundary_f1,
    counts_at,
    dice,
    instance_counts,
    iou,
    iou_matrix,
)

DISCS = (
    (30, 30, 14), (30, 75, 10), (30, 120, 18), (85, 40, 20), (85, 100, 12), (85, 160, 25), (135, 60, 9), (135, 120, 15),
)  # fmt: skip
PUBLISHED = (6, 5, 4, 4, 2, 2, 1, 1, 1, 1)
"""Matched of 8 found and 8 true objects at IoU 0.5, 0.55 ... 0.95 by stardist 0.9.2 (`matching`) and by cellpose
4.2.1.1 (`metrics.average_precision`), which agree."""


def discs(shift: int, grow: int) -> NDArray[np.int32]:
    """Draw eight discs; shifted and grown ones lack one and have another instead."""
    labels = np.zeros((160, 200), np.int32)
    ys, xs = np.mgrid[:160, :200]
    number = 0
    for index, (y, x, radius) in enumerate(DISCS):
        if grow and index == 4:
            continue
        number += 1
        reach = radius + grow * (index % 4)
        labels[(ys - y - shift * (index % 3)) ** 2 + (xs - x - shift * (index % 2)) ** 2 <= reach**2] = number
    if grow:
        labels[(ys - 140) ** 2 + (xs - 180) ** 2 <= 64] = number + 1
    return labels


def test_matches_agree_with_published_implementations() -> None:
    truth, found = discs(0, 0), discs(2, 2)
    counts = [instance_counts(found, truth, threshold) for threshold in AP_THRESHOLDS]
    assert AP_THRESHOLDS[0] == 0.5
    assert AP_THRESHOLDS[-1] == 0.95
    assert counts == [Counts(tp, 8 - tp, 8 - tp) for tp in PUBLISHED]
    assert [c.average_precision for c in counts] == pytest.approx([tp / (16 - tp) for tp in PUBLISHED])
    assert counts[0].f1 == counts[0].precision == counts[0].recall == 0.75


def test_a_known_case() -> None:
    truth = np.zeros((20, 20), np.int32)
    truth[:10, :10], truth[12:, 12:] = 1, 2
    found = np.zeros_like(truth)
    found[:10, :8], found[0:3, 15:] = 1, 2
    assert iou_matrix(found, truth)[0, 0] == 0.8
    assert instance_counts(found, truth) == Counts(1, 1, 1)
    assert Counts(1, 1, 1).f1 == 0.5
    shared, union = 80, 100 + 64 + 15
    assert iou(found > 0, truth > 0) == pytest.approx(shared / union)
    assert dice(found > 0, truth > 0) == pytest.approx(2 * shared / (shared + union))


def test_an_object_split_in_halves_is_matched_once() -> None:
    truth = np.ones((10, 10), np.int32)
    halves = truth.copy()
    halves[:, 5:] = 2
    assert instance_counts(halves, truth, 0.5) == Counts(1, 1, 0)


def test_a_greedy_match_would_miss_one() -> None:
    assert counts_at(np.array([[0.9, 0.6], [0.7, 0.0]]), 0.5) == Counts(2, 0, 0)


@pytest.mark.parametrize(("found", "truth"), [(0, 0), (1, 0), (0, 1)])
def test_empty_images(found: int, truth: int) -> None:
    labels = [np.full((8, 8), value, np.int32) for value in (found, truth)]
    perfect = float(found == truth)
    assert iou(labels[0] > 0, labels[1] > 0) == perfect
    assert dice(labels[0] > 0, labels[1] > 0) == perfect
    counts = instance_counts(labels[0], labels[1])
    assert counts == Counts(0, found, truth)
    assert counts.f1 == counts.average_precision == perfect
    assert Counts() + counts == counts


def test_edges_count_where_they_are_near() -> None:
    truth = discs(0, 0) > 0
    assert boundary_f1(truth, truth) == 1
    shifted = np.roll(truth, 1, axis=1)
    assert boundary_f1(shifted, truth, tolerance_px=1) == 1
    assert boundary_f1(np.roll(truth, 6, axis=1), truth, tolerance_px=1) < 0.4
    assert boundary_f1(np.zeros_like(truth), truth) == 0
    assert boundary_f1(np.zeros_like(truth), np.zeros_like(truth)) == 1


def test_the_edge_of_a_square_counted_by_hand() -> None:
    truth, found = np.zeros((30, 30), bool), np.zeros((30, 30), bool)
    truth[10:20, 10:20] = True
    found[10:20, 10:24] = True
    # Of its 44 edge pixels the right side's 10 lie 4 px off, and 2 each of the upper and lower side too far as well.
    precision = 1 - 14 / 44
    # Of the 36 true ones 6 of the right side have no edge within 1 px.
    recall = 1 - 6 / 36
    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f1(found, truth, tolerance_px=1) == pytest.approx(expected)
