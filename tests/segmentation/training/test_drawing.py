"""Batches drawn ahead: in the order of the steps and the same whoever draws them; what goes wrong comes out."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest
import torch

from spheroseg_widgets.segmentation.training import drawing
from spheroseg_widgets.segmentation.training.drawing import Batch, drawn_ahead

CPU = torch.device("cpu")


def draw(rng: np.random.Generator) -> Batch:
    return torch.from_numpy(rng.random((2, 1, 8, 8))), torch.from_numpy(rng.random((2, 2, 8, 8)))


def test_processes_draw_what_a_thread_draws_in_the_order_of_the_steps() -> None:
    with drawn_ahead(draw, 7, 3, CPU) as batches:
        by_thread = list(islice(batches, 9))
    by_processes = list(islice(drawing._by_processes(draw, 7, 3, 2), 9))
    for step, (one, other) in enumerate(zip(by_thread, by_processes, strict=True), 3):
        expected = draw(np.random.default_rng([7, step]))
        for mine, theirs, known in zip(one, other, expected, strict=True):
            assert torch.equal(mine, known)
            assert torch.equal(theirs, known)


def test_what_goes_wrong_in_a_process_comes_out_with_its_reason() -> None:
    def broken(_: np.random.Generator) -> Batch:
        raise MemoryError("no room for a view")

    with pytest.raises(MemoryError, match="no room for a view"):
        next(drawing._by_processes(broken, 1, 0, 2))


def test_nobody_draws_after_the_context() -> None:
    with drawn_ahead(draw, 1, 0, CPU) as batches:
        next(batches)
        assert any(thread.name.startswith("draw") for thread in threading.enumerate())
    assert not any(thread.name.startswith("draw") for thread in threading.enumerate())
