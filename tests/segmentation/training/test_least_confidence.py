"""The least probability of an object: as low as a hesitant model needs, and no lower."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.training.least_confidence import CANDIDATES, fit_least_confidence
from spheroseg_widgets.segmentation.training.targets import training_targets

YY, XX = np.mgrid[:96, :160]


def disc(x: float, y: float, radius: float) -> NDArray[np.bool_]:
    return np.hypot(YY - y, XX - x) < radius


class Says(nn.Module):
    """Gives the probabilities that the image itself holds, and their objects' centre distance."""

    def __init__(self, distance: NDArray[np.float32]) -> None:
        super().__init__()
        self.distance = torch.from_numpy(distance)[None]

    def forward(self, x: Tensor) -> Tensor:
        return torch.logit(torch.stack([x[:, 0], self.distance], dim=1), eps=1e-3)


@pytest.mark.parametrize(
    ("sure", "debris", "best"),
    [(0.95, 0.6, 0.7), (0.68, 0.6, 0.65), (0.57, 0.0, 0.55)],
    ids=["a sure model keeps the usual limit", "a hesitant one: between spheroids and debris", "as low as it goes"],
)
def test_the_limit_lies_under_the_spheroids_and_above_the_debris(sure: float, debris: float, best: float) -> None:
    labels = np.zeros((96, 160), np.int32)
    labels[disc(40, 48, 22)], labels[disc(110, 30, 16)] = 1, 2
    speck = disc(120, 75, 12)
    image = np.where(labels > 0, sure, np.where(speck, debris, 0.02)).astype(np.float32)
    distance = training_targets(labels + 3 * speck.astype(np.int32))[1]
    least = fit_least_confidence(Says(distance).eval(), [(image, labels)], 32, torch.device("cpu"), Settings())
    assert least == best


def test_without_objects_it_is_the_usual_one() -> None:
    image = np.full((96, 160), 0.1, np.float32)
    network = Says(np.zeros((96, 160), np.float32)).eval()
    assert (
        fit_least_confidence(network, [(image, np.zeros((96, 160), np.int32))], 32, torch.device("cpu"), Settings())
        == CANDIDATES[0]
    )
