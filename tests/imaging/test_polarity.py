"""Whether details are darker or lighter than what is around them: one answer for a plate, the other for its negative."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.imaging.polarity import lighter, skewness
from spheroseg_widgets.imaging.scaled import ScaledImage
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render


def scene(look: str, seed: int, unevenness: float = 0.1) -> np.ndarray:
    spheroids = [Spheroid(60 + 70 * i, 60 + 20 * i, 18 + 3 * seed, shape_seed=seed + i, depth=0.7) for i in range(2)]
    spec = SceneSpec(160, 240, spheroids, look=look, unevenness=unevenness)
    return render(spec, np.random.default_rng(seed)).pixels


@pytest.mark.parametrize(("look", "expected"), [("brightfield", False), ("fluorescence", True)])
def test_spheroids_are_darker_in_transmitted_light_and_lighter_in_fluorescence(look: str, expected: bool) -> None:
    images = [normalise(scene(look, seed)) for seed in range(4)]
    assert [lighter([image]) for image in images] == [expected] * 4
    assert lighter(images) == expected
    assert lighter([1 - image for image in images]) != expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_negative_has_the_same_number_with_the_other_sign(dtype: type) -> None:
    pixels = scene("phase", 3).astype(np.float64)
    most = 255 if dtype == np.uint8 else 40_000
    pixels = (pixels / pixels.max() * most).astype(dtype)
    found = skewness(normalise(pixels))
    assert abs(found) > 0.05
    assert skewness(normalise((most - pixels).astype(dtype))) == pytest.approx(-found, rel=0.02)
    assert skewness(normalise(pixels, inverted=True)) == pytest.approx(-found, rel=1e-3)


def test_uneven_light_is_no_detail() -> None:
    slope = np.linspace(0.4, 1.0, 240, dtype=np.float32)
    bright_corner = cv2.GaussianBlur(np.eye(160, 240, dtype=np.float32), (0, 0), 60)
    for light in (slope, bright_corner / bright_corner.max()):
        assert not lighter([normalise(scene("brightfield", 1) * (0.3 + light))])


def test_one_image_of_another_kind_does_not_turn_a_plate() -> None:
    plate = [normalise(scene("brightfield", seed)) for seed in range(4)]
    assert not lighter([*plate, normalise(scene("fluorescence", 1))])


def test_size_does_not_matter_and_an_empty_field_says_nothing() -> None:
    image = normalise(scene("brightfield", 2))
    large = cv2.resize(image, (960, 640))
    assert skewness(large) == pytest.approx(skewness(image), rel=0.1)
    assert skewness(np.zeros((40, 60), np.float32)) == 0
    assert not lighter([np.zeros((1, 1), np.float32)])
    assert not lighter([])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_an_inverted_image_is_one_less_the_image(dtype: type) -> None:
    pixels = scene("phase", 5).astype(dtype)
    usual = normalise(pixels)
    assert np.allclose(normalise(pixels, inverted=True), 1 - usual, atol=1e-6)
    for scale in (0.4, 1.3):
        parts = [ScaledImage.of(pixels, Percentiles(), scale, inverted=way).whole() for way in (False, True)]
        assert np.allclose(parts[1], 1 - parts[0], atol=1e-5)
    assert not normalise(np.full((4, 5), 7, dtype), inverted=True).any()
