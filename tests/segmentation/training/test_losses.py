"""The loss: both sides of an edge weigh the same, and edges more than the rest."""

from __future__ import annotations

import pytest
import torch

from spheroseg_widgets.segmentation.training.losses import EDGE, loss_of


def test_both_sides_of_an_edge_pull_alike() -> None:
    half = torch.zeros(1, 2, 20, 40)
    half[:, :, :, 20:] = 1.0  # as much foreground as background: soft Dice has no side of its own to take
    logits = torch.zeros(1, 2, 20, 40, requires_grad=True)
    cross = loss_of(logits, half)[0]
    (pull,) = torch.autograd.grad(cross, logits)
    across = pull[0, 0, 10].abs()
    outside, inside = across[:20].flip(0), across[20:]
    assert torch.allclose(outside / outside[-1], inside / inside[-1], rtol=0.35)
    assert (outside[:EDGE] > 1.5 * outside[EDGE + 2]).all()
    assert (inside[:EDGE] > 1.5 * inside[EDGE + 2]).all()


def test_an_edge_in_doubt_settles_where_it_is() -> None:
    # One logit for the column outside and one inside: training on a blurred edge must not move it outwards.
    target = torch.zeros(1, 2, 16, 16)
    target[:, 0, :, 8:] = 1.0
    target[:, 1, :, 8:] = 0.05  # near the edge of its object, where the inside once weighed three times
    logit = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([logit], lr=0.05)
    inner = torch.zeros(1, 2, 16, 16)
    inner[:, 0, :, :6], inner[:, 0, :, 10:] = -6.0, 6.0
    for _ in range(200):
        logits = inner.clone()
        logits[:, 0, :, 6:10] = logit  # four columns that look alike, half of them foreground
        optimiser.zero_grad()
        loss_of(logits, target)[1].backward()
        optimiser.step()
    assert abs(torch.sigmoid(logit).item() - 0.5) < 0.1


def test_what_is_unknown_does_not_count() -> None:
    torch.manual_seed(1)
    logits = torch.randn(2, 2, 24, 24, requires_grad=True)
    target = torch.zeros(2, 2, 24, 24)
    target[:, :, 6:18, 4:12] = 1.0
    left = [part.item() for part in loss_of(logits[..., :16], target[..., :16])]
    target[..., 16:] = float("nan")
    partly = loss_of(logits, target)
    assert [part.item() for part in partly] == pytest.approx(left, rel=1e-5)
    (pull,) = torch.autograd.grad(partly[0], logits)
    assert not pull[..., 16:].any()
    assert pull[..., :16].any()


def test_a_batch_of_which_nothing_is_known_pulls_nowhere() -> None:
    logits = torch.randn(1, 2, 8, 8, requires_grad=True)
    total = loss_of(logits, torch.full((1, 2, 8, 8), float("nan")))[0]
    (pull,) = torch.autograd.grad(total, logits)
    assert torch.isfinite(total)
    assert not pull.any()
