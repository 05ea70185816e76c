"""Colours made grey: the mean of three, to the last bit, whatever the depth and layout."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.imaging import decoded
from spheroseg_widgets.imaging.decoded import grey

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_sum_of_three_integers_gives_their_mean(dtype: type) -> None:
    most = int(np.iinfo(dtype).max)
    sums = np.arange(3 * most + 1)
    colours = np.stack([(sums - most * place).clip(0, most) for place in range(3)], axis=-1).astype(dtype)[None]
    got = grey(colours)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, colours.mean(axis=-1, dtype=np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (37, 53)])
def test_the_mean_is_the_same_in_parts_turned_and_with_alpha(
    monkeypatch: pytest.MonkeyPatch, dtype: type, shape: tuple[int, int]
) -> None:
    monkeypatch.setattr(decoded, "GREYED", 200)
    colours = RNG.integers(0, 256, (*shape, 4)).astype(dtype)
    colours.flags.writeable = False
    expected = colours[..., :3].mean(axis=-1, dtype=np.float32)
    np.testing.assert_array_equal(grey(colours), expected)
    np.testing.assert_array_equal(grey(colours[:, ::-1]), expected[:, ::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_stored_as_colour_stays_what_it_is_unless_one_pixel_differs(
    monkeypatch: pytest.MonkeyPatch, dtype: type
) -> None:
    monkeypatch.setattr(decoded, "GREYED", 200)
    flat = RNG.integers(1, 256, (37, 53)).astype(dtype)
    colours = np.repeat(flat[..., None], 3, axis=2)
    got = grey(colours)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, flat)
    colours[-1, -1, 2] -= 1
    assert grey(colours).dtype == np.float32
