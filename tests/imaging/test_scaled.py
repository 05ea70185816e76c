"""Large images at working scale: view by view the same as at once."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.imaging import normalise as module
from spheroseg_widgets.imaging import scaled
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, normalise
from spheroseg_widgets.imaging.resize import resized, working_size
from spheroseg_widgets.imaging.scaled import ScaledImage

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.31, 0.0473, 1.6])
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_views_are_parts_of_the_image_scaled_at_once(
    monkeypatch: pytest.MonkeyPatch, scale: float, dtype: type
) -> None:
    monkeypatch.setattr(scaled, "MOST_SOURCE", 5000)  # several steps a view
    pixels = RNG.integers(0, 40000, (331, 478)).astype(dtype)
    percentiles = Percentiles(2, 97)
    image = ScaledImage.of(pixels, percentiles, scale)
    expected = resized(normalise(pixels, percentiles), working_size(pixels.shape, scale))
    assert image.shape == expected.shape
    np.testing.assert_allclose(image.whole(), expected, atol=2e-4)  # OpenCV rounds its linear weights
    h, w = image.shape
    view = image.view(slice(h // 3, h), slice(w // 4, w // 2 + 1))
    np.testing.assert_allclose(view, expected[h // 3 :, w // 4 : w // 2 + 1], atol=2e-4)


def test_grey_values_are_counted_alike_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = RNG.integers(0, 60000, (301, 203), np.uint16)
    whole = limits_of(pixels, Percentiles())
    monkeypatch.setattr(module, "MOST_COUNTED", 1000)
    assert limits_of(pixels, Percentiles()) == whole


def test_a_constant_image_is_dark() -> None:
    assert not ScaledImage.of(np.full((40, 50), 7, np.uint8), Percentiles(), 0.5).whole().any()
