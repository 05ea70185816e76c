"""Probabilities that mean what they say: of the pixels called 0.7, seven in ten are foreground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor, nn

from .augment import Image, Labels
from .validation import logits_of

MOST_PIXELS = 400_000
"""Of all views together; more say nothing more about two numbers."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A straight line through the logits (Platt 1999): ``slope * logit + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def applied(self, weights: Mapping[str, Tensor], cell: int) -> dict[str, Tensor]:
        """Return a network's weights with the line folded into the foreground's last layer.

        Parameters
        ----------
        weights : mapping
            State of a `ResUNet` whose first output plane is the foreground.
        cell : int
            Its `NetworkConfig.cell`: the foreground's logits of a cell are the first ``cell**2`` planes.
        """
        out = {key: value.clone() for key, value in weights.items()}
        planes = slice(0, cell**2)
        out["final_conv.weight"][planes] *= self.slope
        out["final_conv.bias"][planes] = out["final_conv.bias"][planes] * self.slope + self.intercept
        return out


def fit_calibration(logits: NDArray[np.float32], truth: NDArray[np.bool_]) -> Calibration:
    """Find the line that makes probabilities most likely, by maximum likelihood.

    Parameters
    ----------
    logits : (n,) float32
        Of pixels.
    truth : (n,) bool
        Whether each is foreground.

    Returns
    -------
    Calibration
        The identity where the truth has only one side, which says nothing.
    """
    if truth.all() or not truth.any():
        return Calibration()
    signs = np.where(truth, 1.0, -1.0)

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = signs * (line[0] * logits + line[1])
        slope = -signs * expit(-margin)
        return float(np.logaddexp(0, -margin).mean()), np.array([(slope * logits).mean(), slope.mean()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 20), (-20, 20)])
    return Calibration(float(found.x[0]), float(found.x[1]))


def view_logits(
    network: nn.Module, views: Sequence[tuple[Image, Labels]], stride: int, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Compute the foreground's logits of whole views, and their truth, evenly thinned.

    Parameters
    ----------
    network : nn.Module
        Set to inference, on `device`.
    views : sequence of (image, labels)
        From `validation.whole_views`.
    stride : int
        Sides given to the network are multiples of this.
    device : torch.device
        Where the network lies.

    Returns
    -------
    logits : (n,) float32
    truth : (n,) bool
    """
    each = max(1, MOST_PIXELS // max(1, len(views)))
    logits, truth = [], []
    with torch.inference_mode():
        for image, labels in views:
            found = logits_of(network, image, stride, device)[0, 0].cpu().numpy()
            step = max(1, found.size // each)
            logits.append(found.ravel()[::step])
            truth.append((labels > 0).ravel()[::step])
    return np.concatenate(logits), np.concatenate(truth)


@dataclass(frozen=True, slots=True)
class Reliability:
    """Predicted probability against the observed share of foreground, in bins.

    Parameters
    ----------
    predicted, observed : (k,) float64
        Means of the pixels in each bin that has any.
    count : (k,) int64
        Their number.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    count: NDArray[np.int64]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean difference, weighted by the number of pixels (Guo et al. 2017)."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.count))


def reliability(probability: NDArray[np.float32], truth: NDArray[np.bool_], bins: int = 10) -> Reliability:
    """Compare probabilities (n,) with the truth (n,), in `bins` of equal width."""
    index = np.minimum((probability * bins).astype(np.int64), bins - 1)
    count = np.bincount(index, minlength=bins)
    kept = count > 0
    predicted = np.bincount(index, probability, minlength=bins)[kept] / count[kept]
    observed = np.bincount(index, truth, minlength=bins)[kept] / count[kept]
    return Reliability(predicted, observed, count[kept])
