"""Batches drawn ahead of the step that needs them: beside a CPU by one thread, for a GPU by a process a core."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

Batch = tuple[Tensor, Tensor]
Draw = Callable[[np.random.Generator], Batch]
AHEAD = 4
"""Batches drawn before they are needed, by each that draws."""


@contextmanager
def drawn_ahead(draw: Draw, seed: int, first: int, device: torch.device) -> Iterator[Iterator[Batch]]:
    """Draw batches ahead while the context lasts; the step is their seed, so a continued run sees what an unbroken one would.

    Threads would hold up the one that feeds a GPU with small pieces of work; processes do not. Where they cannot be
    forked, and on a CPU, which is busy with the network anyway, one thread draws.

    Parameters
    ----------
    draw : callable
        ``draw(rng)`` gives one batch.
    seed, first : int
        Of the run, and the step to begin with.
    device : torch.device
        What the batches are drawn for.
    """
    if device.type == "cuda" and "fork" in multiprocessing.get_all_start_methods():
        yield _by_processes(draw, seed, first, _cores())
        return
    with ThreadPoolExecutor(1, thread_name_prefix="draw") as pool:
        try:
            yield _by_threads(draw, seed, first, pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _generator(seed: int, step: int) -> np.random.Generator:
    return np.random.default_rng([seed, step])


def _by_threads(draw: Draw, seed: int, first: int, pool: ThreadPoolExecutor) -> Iterator[Batch]:
    ahead: deque[Future[Batch]] = deque()
    for step in itertools.count(first):
        ahead.append(pool.submit(draw, _generator(seed, step)))
        if len(ahead) >= AHEAD:
            yield ahead.popleft().result()


class _Batches(Dataset[Batch]):
    """Batches by the number of their step."""

    def __init__(self, draw: Draw, seed: int) -> None:
        self.draw, self.seed = draw, seed

    def __getitem__(self, step: int) -> Batch:
        return self.draw(_generator(self.seed, step))


def _by_processes(draw: Draw, seed: int, first: int, processes: int) -> Iterator[Batch]:
    loader = DataLoader(
        _Batches(draw, seed), batch_size=None, sampler=itertools.count(first), num_workers=processes,
        prefetch_factor=AHEAD, multiprocessing_context="fork", pin_memory=torch.cuda.is_available(),
    )  # fmt: skip
    # OpenCV's threads do not come along into a fork, which would wait for them.
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        batches = iter(loader)
    finally:
        cv2.setNumThreads(threads)
    yield from batches


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
