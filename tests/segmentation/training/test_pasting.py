"""Pasted objects: whole ones, apart from or barely over others, labelled as new ones, at the light of where they come to lie."""

from __future__ import annotations

import cv2
import numpy as np

from spheroseg_widgets.segmentation.training.domains import Annotated, Domain
from spheroseg_widgets.segmentation.training.pasting import MOST_COVERED, paste_objects
from spheroseg_widgets.segmentation.training.targets import UNKNOWN

SIDE = 120


def view(*circles: tuple[int, int, int], light: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    for number, (x, y, radius) in enumerate(circles, 1):
        cv2.circle(labels, (x, y), radius, number, -1)
    return np.where(labels > 0, light - 0.4, light).astype(np.float32), labels.astype(np.int32)


def pasted(here: tuple[np.ndarray, np.ndarray], there: tuple[np.ndarray, np.ndarray], seed: int = 0):
    return paste_objects(*here, *there, np.random.default_rng(seed))


def always(here: tuple[np.ndarray, np.ndarray], there: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    return [pasted(here, there, seed)[1] for seed in range(12)]


def test_an_object_comes_whole_with_a_number_of_its_own_and_leaves_the_rest() -> None:
    here, there = view((30, 30, 15)), view((85, 85, 20), light=0.6)
    came = 0
    for seed in range(12):
        image, labels = pasted(here, there, seed)
        assert np.array_equal(labels == 1, here[1] == 1)
        assert np.allclose(image[:50, :50], here[0][:50, :50])
        if labels.max() > 1:
            came += 1
            assert np.array_equal(labels > 1, there[1] == 1)
            assert abs(image[85, 85] - 0.4) < 1e-5, "as much darker than its surroundings as it was"
            assert np.abs(image[labels == 0] - 0.8).max() < 0.01, "no seam in the background"
    assert 2 < came < 12, "by a coin's throw"


def test_what_a_border_cuts_stays_where_it_is() -> None:
    assert not any(labels.any() for labels in always(view(), view((2, 60, 20))))
    image, labels = view((60, 60, 20))
    labels[:, 70:] = UNKNOWN
    assert not any((found > 0).any() for found in always(view(), (image, labels)))


def test_nothing_comes_to_lie_where_nothing_is_annotated() -> None:
    here = view()
    here[1][:, 60:] = UNKNOWN
    assert not any((found > 0).any() for found in always(here, view((60, 60, 20))))
    assert any((found > 0).any() for found in always(here, view((30, 60, 20))))


def test_neighbours_may_touch_but_hardly_cover() -> None:
    here = view((40, 60, 20))
    assert all(labels.max() == 1 for labels in always(here, view((55, 60, 20))))
    touching = [labels for labels in always(here, view((76, 60, 20))) if labels.max() > 1]
    assert touching
    for labels in touching:
        assert (labels == 1).sum() >= (1 - MOST_COVERED) * (here[1] == 1).sum()
    assert all(labels.max() == 1 for labels in always(view((60, 60, 8)), view((60, 60, 40)))), (
        "none vanishes below another"
    )


def test_a_domain_pastes_as_often_as_it_is_told() -> None:
    image, labels = view((60, 60, 12))
    for share in (0.0, 1.0):
        domain = Domain.of_images("one", 1.0, [Annotated("one", image, labels, 24.0)], pasted=share)
        counts = [len(np.unique(domain.view(np.random.default_rng(seed), 160)[1].clip(0))) - 1 for seed in range(30)]
        assert (max(counts) > 1) == (share > 0)
