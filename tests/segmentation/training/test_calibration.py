"""Calibration: a known distortion is found and undone, in the weights themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import expit, logit

from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.training.calibration import Calibration, fit_calibration, reliability, view_logits


def pixels(slope: float, intercept: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits of a network that is too sure by `slope` and shifted by `intercept`, and a truth."""
    rng = np.random.default_rng(1)
    real = rng.uniform(0.02, 0.98, 200_000)
    return ((logit(real) - intercept) / slope).astype(np.float32), rng.random(real.shape) < real


def test_a_known_distortion_is_found() -> None:
    found = fit_calibration(*pixels(0.5, -0.8))
    assert found.slope == pytest.approx(0.5, abs=0.01)
    assert found.intercept == pytest.approx(-0.8, abs=0.02)


def test_calibrated_probabilities_are_reliable() -> None:
    logits, truth = pixels(0.4, 0.5)
    line = fit_calibration(logits, truth)
    before = reliability(expit(logits), truth)
    after = reliability(expit(line.slope * logits + line.intercept), truth)
    assert before.error > 0.05
    assert after.error < 0.01
    assert after.count.sum() == len(truth)
    assert np.abs(after.predicted - after.observed).max() < 0.02


def test_a_truth_with_one_side_changes_nothing() -> None:
    logits = np.array([-1.0, 2.0], np.float32)
    assert fit_calibration(logits, np.zeros(2, bool)) == Calibration()
    assert fit_calibration(logits, np.ones(2, bool)) == Calibration()


@pytest.mark.parametrize("cell", [1, 2])
def test_it_is_folded_into_the_weights_of_the_foreground_alone(cell: int) -> None:
    config = NetworkConfig(widths=(8,), bottleneck=8, cell=cell)
    torch.manual_seed(0)
    network = ResUNet(config).eval()
    image = np.random.default_rng(0).random((16, 16)).astype(np.float32)
    view = [(image, np.eye(16, dtype=np.int32))]
    before, truth = view_logits(network, view, config.stride, torch.device("cpu"))
    with torch.inference_mode():
        distance = network(torch.from_numpy(image[None, None]))[0, 1]
    network.load_state_dict(Calibration(0.5, 0.25).applied(network.state_dict(), cell))
    after, _ = view_logits(network, view, config.stride, torch.device("cpu"))
    assert after == pytest.approx(0.5 * before + 0.25, abs=1e-5)
    assert truth.sum() == 16
    with torch.inference_mode():
        assert torch.equal(network(torch.from_numpy(image[None, None]))[0, 1], distance)
