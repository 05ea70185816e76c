"""Residuals of sizes to their neighbours in time: growth has none, a wrong size has all of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spheroseg_widgets.analysis.size_jumps import size_residuals


def residuals(logs: list[float] | NDArray[np.float64], times: list[float] | None = None) -> NDArray[np.float64]:
    """Return the residuals of one series of logarithms of sizes."""
    t = np.arange(len(logs), dtype=float) if times is None else np.array(times, float)
    return size_residuals(np.zeros(len(logs), int), t, np.exp(np.array(logs, float)))[0]


@given(
    st.floats(-0.5, 0.5), st.floats(0, 15), st.lists(st.floats(0.5, 40), min_size=3, max_size=15), st.randoms(),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_growth_at_any_rate_and_any_times_has_no_residual(
    rate: float, start: float, gaps: list[float], chance: object
) -> None:
    times = list(np.cumsum(gaps))
    chance.shuffle(times)  # type: ignore[attr-defined]
    off = residuals([start + rate * t for t in times], times)
    np.testing.assert_allclose(off, 0, atol=1e-9)


@given(
    st.integers(5, 16), st.integers(0, 15), st.floats(0.3, 2), st.sampled_from([-1, 1]), st.floats(-0.1, 0.1),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_one_wrong_size_has_the_residual_and_no_other_has_one(
    count: int, place: int, jump: float, sign: int, rate: float
) -> None:
    place %= count
    logs = rate * np.arange(count)
    logs[place] += sign * jump
    off = residuals(logs)
    others = np.delete(off, place)
    np.testing.assert_allclose(others, 0, atol=abs(rate) + 1e-9)
    assert off[place] * sign > jump - abs(rate) - 1e-9


def test_in_short_series_a_wrong_size_does_not_make_its_neighbours_wrong() -> None:
    np.testing.assert_allclose(residuals([0, 1, 0]), [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(residuals([1, 0, 0]), [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(residuals([0, 1, 0, 0]), [0, 1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(residuals([0, 0, 0, -1]), [0, 0, 0, -1], atol=1e-12)


def test_two_wrong_sizes_in_a_row_both_have_one() -> None:
    off = residuals([0, 0, 0, 0, 1, 1, 0, 0, 0, 0])
    assert (off[[4, 5]] >= 0.5).all()
    np.testing.assert_allclose(np.delete(off, [4, 5]), 0, atol=1e-12)


@pytest.mark.parametrize("turn", range(1, 11))
def test_a_treatment_that_turns_growth_into_shrinkage_is_off_by_half_the_change_of_a_step_at_most(turn: int) -> None:
    time = np.arange(12)
    logs = 0.1 * np.minimum(time, turn) - 0.2 * np.maximum(time - turn, 0)
    off = np.abs(residuals(logs))
    assert off[1:-1].max() <= 0.15 + 1e-9
    assert off[[0, -1]].max() <= 0.2 + 1e-9  # what comes after an end is not known: all of its last step


def test_a_size_that_stays_after_a_jump_is_off_on_both_sides() -> None:
    off = residuals([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    assert np.flatnonzero(np.abs(off) > 0.3).tolist() == [5, 6]


def test_few_sizes_no_times_and_missing_sizes_say_nothing() -> None:
    assert np.isnan(residuals([0, 3])).all()
    assert np.isnan(residuals([0, 3, 0], [np.nan] * 3)).all()
    off, step = size_residuals(np.zeros(5, int), np.arange(5.0), np.array([1, np.nan, 0, 1, 1]))
    np.testing.assert_allclose(off, [0, np.nan, np.nan, 0, 0], atol=1e-12)
    np.testing.assert_allclose(step, [np.nan, np.nan, np.nan, 0, np.nan], atol=1e-12)
    for nothing in size_residuals(np.zeros(0, int), np.zeros(0), np.zeros(0)):
        assert len(nothing) == 0


def test_images_of_the_same_time_are_no_reason_to_stop() -> None:
    off = residuals([0, 0, 0, 1, 0, 0, 0], [0, 1, 2, 2, 2, 3, 4])
    assert np.isfinite(off).all()
    assert np.argmax(off) == 3
    assert np.isnan(residuals([0, 1, 2], [5, 5, 5])).all()  # no time passes: nothing to compare along


def test_series_do_not_mix() -> None:
    series = np.array([3, 1] * 6)
    time = np.repeat(np.arange(6.0), 2)
    size = np.where(series == 3, 100.0, 1.0)
    size[4] = 200.0
    off, _ = size_residuals(series, time, size)
    assert off[4] == pytest.approx(np.log(2))
    np.testing.assert_allclose(np.delete(off, 4), 0, atol=1e-12)
