"""How good weights are on images that training never sees: whole views at the scale of inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from spheroseg_widgets.imaging.resize import padded, resized, resized_labels, working_size
from spheroseg_widgets.segmentation.scale import LARGEST_SCALE, LEAST_DIAMETER
from spheroseg_widgets.segmentation.scores import iou

from .augment import Image, Labels
from .domains import Annotated
from .losses import loss_of
from .targets import training_targets

MOST_VIEWS = 64
"""Of more images evenly spaced ones are taken: a round is to be short beside the steps between two."""


@dataclass(frozen=True, slots=True)
class Score:
    """What validation found.

    Parameters
    ----------
    loss : float
        Mean over the views of the loss that training minimises.
    iou : float
        Mean over the views of the intersection over union of the foreground at 0.5.
    """

    loss: float
    iou: float


def whole_view(item: Annotated, side: int) -> tuple[Image, Labels]:
    """Show an image whole, or as much of it as fits around its objects where they would be too small.

    Parameters
    ----------
    item : Annotated
        Normalised pixels and instance labels.
    side : int
        Longest side of the view in pixels, to which an image is at most doubled.

    Returns
    -------
    image, labels : (h, w) float32, (h, w) int32
        With h and w at most `side`.
    """
    scale = min(LARGEST_SCALE, side / max(item.image.shape))
    if item.diameter * scale < LEAST_DIAMETER:
        scale = max(scale, min(LEAST_DIAMETER / item.diameter, LARGEST_SCALE))
    size = working_size(item.image.shape, scale)
    image = resized(item.image, size)
    labels = resized_labels(item.labels, size)
    where = np.nonzero(labels)
    window = []
    for axis in range(2):
        centre = float(where[axis].mean()) if len(where[axis]) else size[axis] / 2
        start = int(np.clip(round(centre - side / 2), 0, max(0, size[axis] - side)))
        window.append(slice(start, start + side))
    return image[tuple(window)], labels[tuple(window)]


def whole_views(items: Sequence[Annotated], side: int) -> list[tuple[Image, Labels]]:
    """Make the views of a validation: one an image, at most 64."""
    step = max(1, -(-len(items) // MOST_VIEWS))
    return [whole_view(item, side) for item in items[::step]]


def logits_of(network: nn.Module, image: Image, stride: int, device: torch.device) -> Tensor:
    """Compute the logits (1, c, h, w) float32 of a view (h, w), in inference mode; see `score`."""
    height, width = image.shape
    planes = torch.from_numpy(padded(image, stride)[None, None]).to(device)
    found: Tensor = network(planes)[:, :, :height, :width].float()
    return found


def score(network: nn.Module, views: Sequence[tuple[Image, Labels]], stride: int, device: torch.device) -> Score:
    """Score a network, in float32 as inference computes.

    Parameters
    ----------
    network : nn.Module
        Set to inference (``eval``), on `device`; one plane in, two logit maps out.
    views : sequence of (image, labels)
        From `whole_views`; at least one.
    stride : int
        Sides given to the network are multiples of this.
    device : torch.device
        Where the network lies.
    """
    losses, overlaps = [], []
    with torch.inference_mode():
        for image, labels in views:
            logits = logits_of(network, image, stride, device)
            target = torch.from_numpy(training_targets(labels)[None]).to(device)
            losses.append(float(loss_of(logits, target)[0]))
            overlaps.append(iou((logits[0, 0] > 0).cpu().numpy(), labels > 0))
    return Score(float(np.mean(losses)), float(np.mean(overlaps)))
