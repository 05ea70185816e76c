"""What training minimises."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def loss_of(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return total, foreground and distance loss of a batch.

    Foreground: binary cross-entropy, heavier where the centre distance is small inside an object (edges and
    the seams between touching ones), plus soft Dice (smoothed over the batch, so that empty views count).
    Distance: cross-entropy against the soft target.

    Parameters
    ----------
    logits, target : (n, 2, h, w) float32
        Of the network, and from `targets.training_targets`.

    Returns
    -------
    total, foreground, distance : () float32
        The first is the sum of the others.
    """
    foreground, distance = target[:, 0], target[:, 1]
    seam = 1.0 + 2.0 * foreground * (distance < 0.15)
    cross = (nn.functional.binary_cross_entropy_with_logits(logits[:, 0], foreground, reduction="none") * seam).mean()
    probability = torch.sigmoid(logits[:, 0])
    overlap = (probability * foreground).sum()
    dice = 1 - (2 * overlap + 1) / (probability.sum() + foreground.sum() + 1)
    apart = nn.functional.binary_cross_entropy_with_logits(logits[:, 1], distance)
    return cross + dice + apart, cross + dice, apart
