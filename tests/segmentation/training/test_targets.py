"""What the network learns: each object rises to 1 once, and what nobody has annotated is no edge and no target."""

from __future__ import annotations

import numpy as np

from spheroseg_widgets.segmentation.training.targets import UNKNOWN, inner_distance, training_targets


def test_every_object_rises_to_one_once() -> None:
    labels = np.zeros((60, 90), np.int32)
    labels[10:50, 5:45], labels[20:30, 60:70] = 1, 7  # numbers may have gaps
    foreground, distance = training_targets(labels)
    assert np.array_equal(foreground > 0, labels > 0)
    for number in (1, 7):
        assert distance[labels == number].max() == 1.0
    assert not distance[labels == 0].any()


def test_the_unknown_is_missing_and_no_edge() -> None:
    labels = np.zeros((40, 80), np.int32)
    labels[10:30, 40:60] = 1
    whole = inner_distance(labels)
    labels[:, 55:] = UNKNOWN
    cut = inner_distance(labels)
    assert cut[20, 54] > whole[20, 54] + 3, "towards the unknown the distance grows"
    targets = training_targets(labels)
    assert np.array_equal(np.isnan(targets), np.broadcast_to(labels == UNKNOWN, targets.shape))
    assert targets[1, 20, 54] == 1.0


def test_an_image_of_which_nothing_is_known_has_no_targets() -> None:
    assert np.isnan(training_targets(np.full((8, 8), UNKNOWN, np.int32))).all()
