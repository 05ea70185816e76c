"""The working scale: one for a group, by the size of its objects, touching or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.scale import FIRST_SIDE, LEAST_DIAMETER, estimate_scale, scale_of_diameter
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.tiles import StoppedError


def field(side: int, radius: int, centres: list[tuple[int, int]]) -> NDArray[np.uint8]:
    image = np.full((side, side), 200, np.uint8)
    for x, y in centres:
        cv2.circle(image, (x, y), radius, 40, -1, cv2.LINE_AA)
    return image


@pytest.fixture(scope="module")
def classical() -> Predictor:
    return Predictor(find_model("threshold"))


def test_a_large_spheroid_is_looked_at_from_afar(classical: Predictor) -> None:
    image = field(1200, 300, [(600, 600)])
    assert estimate_scale(classical, [image], Settings()) == pytest.approx(FIRST_SIDE / 1200, rel=1e-4)


def test_small_objects_raise_the_scale_until_they_are_large_enough(classical: Predictor) -> None:
    centres = [(x, y) for x in range(100, 1200, 160) for y in range(100, 1200, 160)]
    scale = estimate_scale(classical, [field(1200, 24, centres)], Settings())
    assert LEAST_DIAMETER * 0.85 <= scale * 48 <= LEAST_DIAMETER * 1.45


def test_touching_objects_are_not_taken_for_a_large_one(classical: Predictor) -> None:
    apart = [(x, y) for x in range(100, 1200, 160) for y in range(100, 1200, 160)]
    touching = [(100 + 50 * i, y) for i in range(20) for y in range(100, 1200, 240)]  # chains
    alone = estimate_scale(classical, [field(1200, 26, apart)], Settings())
    crowd = estimate_scale(classical, [field(1200, 26, touching)], Settings())
    assert alone / crowd == pytest.approx(1, abs=0.45)
    assert crowd > 1.2 * FIRST_SIDE / 1200  # the chains as wholes would need no more than the first look


def test_an_empty_group_keeps_the_first_look(classical: Predictor) -> None:
    assert estimate_scale(classical, [np.full((900, 900), 128, np.uint8)], Settings()) == pytest.approx(
        FIRST_SIDE / 900, rel=1e-4
    )


def test_copies_of_other_sizes_are_worked_alike(classical: Predictor) -> None:
    centres = [(x, y) for x in range(60, 400, 90) for y in range(60, 400, 90)]
    image = field(400, 20, centres)
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    double = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    scale = estimate_scale(classical, [image], Settings())
    assert estimate_scale(classical, [half], Settings()) == pytest.approx(2 * scale, rel=1e-5)
    assert estimate_scale(classical, [double], Settings()) == pytest.approx(scale / 2, rel=1e-5)
    # And what is too small to count is too small in each.
    least = Settings().at_scale(scale).least_area_px2
    assert Settings().at_scale(2 * scale).least_area_px2 == pytest.approx(least / 4)
    assert Settings(min_area_px2=70.0).at_scale(2 * scale).least_area_px2 == 70.0


@pytest.mark.parametrize("radius", [8, 24, 150])
def test_a_known_diameter_gives_the_scale_that_a_look_gives(classical: Predictor, radius: int) -> None:
    step = max(120, 3 * radius)
    centres = [(x, y) for x in range(step // 2, 1200, step) for y in range(step // 2, 1200, step)]
    looked = estimate_scale(classical, [field(1200, radius, centres)], Settings())
    told = scale_of_diameter(2 * radius, 1200, by_tiles=False)
    assert told == pytest.approx(looked, rel=0.2)  # at most a quarter octave


class ByTiles(Predictor):
    """The classical method's masks, offered as those of a model that can work by tiles."""

    by_tiles = True  # type: ignore[assignment]  # a property there

    def maps(
        self, working: NDArray[np.float32], *, stop: Callable[[], bool] | None = None, **_: Any
    ) -> NDArray[np.uint8]:
        if stop is not None and stop():
            raise StoppedError
        assert max(working.shape) <= 2048, "too much to look at"
        return np.zeros((0, *working.shape), np.uint8)


def large_field() -> NDArray[np.uint8]:
    """5,000 px with discs of 36 px in one quarter only: 3 px at the first look."""
    centres = [(x, y) for x in range(300, 2200, 120) for y in range(2700, 4800, 120)]
    return field(5000, 18, centres)


def test_a_large_image_goes_to_the_scale_of_its_small_objects_where_tiles_allow_it() -> None:
    scale = estimate_scale(ByTiles(find_model("threshold")), [large_field()], Settings())
    assert scale > 2048 / 5000
    assert LEAST_DIAMETER * 0.85 <= scale * 36 <= LEAST_DIAMETER * 1.45


def test_what_is_worked_in_one_piece_stays_small_enough_for_it(classical: Predictor) -> None:
    assert estimate_scale(classical, [large_field()], Settings()) <= 2048 / 5000 + 1e-6


def test_a_large_spheroid_in_a_large_image_needs_no_tiles() -> None:
    image = field(5000, 1200, [(2500, 2500)])
    scale = estimate_scale(ByTiles(find_model("threshold")), [image], Settings())
    assert scale == pytest.approx(FIRST_SIDE / 5000, rel=1e-3)


def test_an_empty_large_group_keeps_the_first_look() -> None:
    image = np.full((5000, 4500), 128, np.uint8)
    scale = estimate_scale(ByTiles(find_model("threshold")), [image], Settings())
    assert scale == pytest.approx(FIRST_SIDE / 5000, rel=1e-3)


def test_choosing_the_scale_can_be_stopped() -> None:
    with pytest.raises(StoppedError):
        estimate_scale(ByTiles(find_model("threshold")), [large_field()], Settings(), stop=lambda: True)
