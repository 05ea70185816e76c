from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.normalise import Percentiles, limits_of, normalise

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.uint32, np.float32, np.float64])
def test_every_depth_is_stretched_alike(dtype: type) -> None:
    pixels = RNG.normal(120, 15, (200, 300)).clip(0, 255).astype(np.uint8)
    got = normalise(pixels.astype(dtype))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, normalise(pixels), atol=1e-4)
    assert got.min() == 0
    assert got.max() == 1


def test_the_percentiles_are_those_of_numpy() -> None:
    pixels = RNG.integers(0, 60000, (300, 400), np.uint16)
    for low, high in ((0.5, 99.5), (1, 99), (0, 100)):
        expected = np.percentile(pixels, (low, high))
        np.testing.assert_allclose(limits_of(pixels, Percentiles(low, high)), expected, atol=5)


def scenes(seed: int, height: int, width: int, dtype: type) -> np.ndarray:
    """Noise, ramps, few values, a dark frame around little: what makes a sample of the pixels mislead, or not."""
    rng = np.random.default_rng(seed)
    most = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 60000
    share = {
        0: lambda: rng.random((height, width)),
        1: lambda: np.linspace(0, 1, height * width).reshape(height, width),
        2: lambda: rng.integers(0, 3, (height, width)) / 2,
        3: lambda: rng.random((height, width)) * (rng.random((height, width)) < 0.3),
        4: lambda: np.tile(np.arange(width) % 101 == 0, (height, 1)).astype(float),  # in step with the sample
    }[seed % 5]()
    return (share * min(int(most), 60000)).astype(dtype)


PERCENTILES = st.sampled_from([(0.5, 99.5), (0, 100), (2, 97), (10, 90), (40, 60), (0.01, 99.99)])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 400), st.integers(1, 400), PERCENTILES, st.sampled_from([np.uint8, np.uint16]))  # fmt: skip
def test_limits_of_counted_pixels_are_the_least_values_that_reach_the_share(
    seed: int, height: int, width: int, percentiles: tuple[float, float], dtype: type
) -> None:
    pixels = scenes(seed, height, width, dtype)
    reached = np.arange(1, pixels.size + 1)
    expected = [float(np.sort(pixels.ravel())[np.searchsorted(reached, pixels.size * p / 100)]) for p in percentiles]
    if percentiles[0] == 0:  # every value reaches a share of nothing
        expected[0] = 0.0
    assert list(limits_of(pixels, Percentiles(*percentiles))) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 900), st.integers(1, 900), PERCENTILES,
    st.sampled_from([np.float32, np.float64, np.float16, np.int16, np.int32]), st.booleans(),
)  # fmt: skip
def test_limits_of_sorted_pixels_are_numpys_to_the_last_bit(
    seed: int, height: int, width: int, percentiles: tuple[float, float], dtype: type, spoiled: bool
) -> None:
    pixels = scenes(seed, height, width, dtype)
    if spoiled and pixels.dtype.kind == "f":
        pixels.ravel()[:: 1 + seed % 97] = [np.nan, np.inf, -np.inf][seed % 3]
    finite = pixels[np.isfinite(pixels)]
    expected = tuple(float(value) for value in np.percentile(finite, percentiles)) if finite.size else (0.0, 0.0)
    assert limits_of(pixels, Percentiles(*percentiles)) == expected


def test_a_sample_that_misleads_changes_nothing() -> None:
    pixels = np.full((500, 505), 7, np.float32)
    pixels[:, ::101] = RNG.random((500, 5), np.float32)  # all of the sample, and nothing else
    assert limits_of(pixels, Percentiles(2, 98)) == tuple(np.percentile(pixels, (2, 98)))


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_a_constant_image_is_zeros(value: int) -> None:
    assert not normalise(np.full((20, 30), value, np.uint16)).any()
    assert not normalise(np.full((20, 30), value, np.float32)).any()


def test_nan_and_infinite_pixels_do_not_spread() -> None:
    pixels = RNG.normal(size=(50, 60)).astype(np.float32)
    plain = normalise(pixels)
    spoiled = pixels.copy()
    spoiled[0, :3] = np.nan, np.inf, -np.inf
    got = normalise(spoiled)
    assert np.isfinite(got).all()
    assert got[0, :3].tolist() == [0, 1, 0]
    np.testing.assert_allclose(got[1:], plain[1:], atol=0.02)
    assert not normalise(np.full((5, 5), np.nan)).any()


def test_the_original_is_not_changed() -> None:
    pixels = RNG.normal(size=(50, 60)).astype(np.float32)
    before = pixels.copy()
    normalise(pixels)
    np.testing.assert_array_equal(pixels, before)


def test_four_megapixels_are_normalised_in_a_fraction_of_a_second() -> None:
    pixels = RNG.integers(0, 4096, (2000, 2000), np.uint16)
    began = time.process_time()
    normalise(pixels)
    assert time.process_time() - began < 2


def test_the_digest_is_of_the_bytes(tmp_path: Path) -> None:
    content = RNG.bytes(3_000_000)
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_limits_are_set_by_the_environment() -> None:
    code = "from spheroseg_widgets.imaging import limits as l; print(l.MAX_PIXELS, l.MAX_UPLOAD_FILE_MB, l.MAX_UPLOAD_BATCH_MB)"
    run = [sys.executable, "-c", code]
    assert subprocess.check_output(run, text=True, env={}).split() == ["1000000000", "50.0", "500.0"]
    changed = {
        "SPHEROSEG_MAX_PIXELS": "2e6",
        "SPHEROSEG_MAX_UPLOAD_FILE_MB": "7",
        "SPHEROSEG_MAX_UPLOAD_BATCH_MB": "70",
    }
    assert subprocess.check_output(run, text=True, env=changed).split() == ["2000000", "7.0", "70.0"]
