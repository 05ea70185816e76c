"""From which mean probability on an object counts: chosen on what training did not see.

A model of few images is seldom as sure as the shipped one; calibrated, it says so, and a limit made for a surer model
would leave out what it has found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from spheroseg_widgets.segmentation.instances import split_objects
from spheroseg_widgets.segmentation.scores import Counts, instance_counts
from spheroseg_widgets.segmentation.settings import LEAST_AREA, Settings

from .augment import Image, Labels
from .validation import logits_of

CANDIDATES = (0.7, 0.8, 0.75, 0.65, 0.6, 0.55)
"""The usual limit first: it stays where no other is better."""


def fit_least_confidence(
    network: nn.Module, views: Sequence[tuple[Image, Labels]], stride: int, device: torch.device, settings: Settings
) -> float:
    """Choose the least mean foreground probability of an object by the F1 of objects at IoU 0.5.

    Parameters
    ----------
    network : nn.Module
        Set to inference, on `device`; foreground and centre distance out.
    views : sequence of (image, labels)
        From `validation.whole_views`.
    stride : int
        Sides given to the network are multiples of this.
    device : torch.device
        Where the network lies.
    settings : Settings
        The model's others.

    Returns
    -------
    float
        One of `CANDIDATES`: the first of those with the best F1.
    """
    counts = dict.fromkeys(CANDIDATES, Counts())
    with torch.inference_mode():
        for image, labels in views:
            foreground, distance = torch.sigmoid(logits_of(network, image, stride, device)[0]).cpu().numpy()
            for least in CANDIDATES:
                found = split_objects(
                    foreground, distance, threshold=settings.threshold, seed_level=settings.seed_level,
                    seam_level=settings.seam_level, min_area=LEAST_AREA, min_confidence=least,
                )  # fmt: skip
                counts[least] += instance_counts(found, np.asarray(labels, np.int32))
    return max(CANDIDATES, key=lambda least: counts[least].f1)
