"""What training minimises."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EDGE = 2
"""Pixels on either side of an edge that weigh more."""
OVERLAP = 0.3
"""Weight of the Dice loss: where truth is in doubt it favours outlines that are too large, and probabilities too sure."""


def loss_of(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return total, foreground and distance loss of a batch.

    Foreground: binary cross-entropy, heavier near edges, plus a share of soft Dice (smoothed over the batch, so that
    empty views count). Both sides of an edge weigh the same: with more weight inside, outlines come out too large.
    Distance: cross-entropy against the soft target. Pixels whose target is missing (NaN) do not count.

    Parameters
    ----------
    logits, target : (n, 2, h, w) float32
        Of the network, and from `targets.training_targets`.

    Returns
    -------
    total, foreground, distance : () float32
        The first is the sum of the others.
    """
    known = torch.isfinite(target[:, 0])
    foreground, distance = torch.nan_to_num(target).unbind(1)
    cross = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], foreground, reduction="none")
    cross = _mean(cross * (1.0 + 2.0 * _edges(foreground)), known)
    probability = torch.sigmoid(logits[:, 0]) * known
    overlap = (probability * foreground).sum()
    dice = OVERLAP * (1 - (2 * overlap + 1) / (probability.sum() + foreground.sum() + 1))
    apart = nn.functional.binary_cross_entropy_with_logits(logits[:, 1], distance, reduction="none")
    apart = _mean(apart, known)
    return cross + dice + apart, cross + dice, apart


def _mean(values: Tensor, known: Tensor) -> Tensor:
    """Mean over what is known; 0 where nothing is."""
    return (values * known).sum() / known.sum().clamp(min=1)


def _edges(foreground: Tensor) -> Tensor:
    """Return 1 within `EDGE` pixels of an edge, on either side, and 0 elsewhere; (n, h, w) as given."""
    grown = nn.functional.max_pool2d(foreground, 2 * EDGE + 1, stride=1, padding=EDGE)
    shrunk = -nn.functional.max_pool2d(-foreground, 2 * EDGE + 1, stride=1, padding=EDGE)
    return grown - shrunk
