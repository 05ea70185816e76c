"""How fast this machine computes a network, engine by engine, and whether the engines agree: measured, never guessed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from spheroseg_widgets.outlines.rasterise import to_mask

from .engines import BFLOAT16, CUDA, FLOAT32, TORCH, Choice, make_engine
from .network import NetworkConfig, ResUNet
from .predict import Predictor
from .registry import ModelInfo
from .settings import Settings
from .synthetic import SceneSpec, Spheroid, render

REFERENCE = Choice(TORCH, FLOAT32)
RATE_SIDE = 512
"""Side of the image at which arithmetic is compared with the matrix product's."""
MATRIX_SIDES = (512, 1024, 1536)
AGREE = 0.995
"""Least IoU of the masks of two engines that compute the same."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine on this machine.

    Parameters
    ----------
    choice : Choice
        The engine and its arithmetic.
    ready_s : float
        Seconds to make it ready, its first image included.
    seconds : dict of int to float
        Seconds of the network by the side of a square image, in pixels.
    gflops : float
        Arithmetic reached at `RATE_SIDE`: 1e9 additions and multiplications of the convolutions a second.
    matmul_gflops : float
        What this machine reaches in a matrix product of the same precision with as many threads.
    iou : float
        Of its mask of a synthetic image with that of `REFERENCE`.
    """

    choice: Choice
    ready_s: float
    seconds: dict[int, float]
    gflops: float
    matmul_gflops: float
    iou: float


def synthetic_image(side: int) -> NDArray[np.uint8]:
    """Return an image (side, side) of three spheroids, always the same, with noise, debris and uneven light."""
    spheroids = tuple(
        Spheroid(x * side, y * side, radius * side, roughness=0.6, shape_seed=seed, depth=0.6)
        for seed, (x, y, radius) in enumerate(((0.35, 0.4, 0.2), (0.75, 0.3, 0.1), (0.7, 0.75, 0.14)))
    )
    spec = SceneSpec(side, side, spheroids, blur=1.0, noise=0.02, unevenness=0.2, debris=20)
    return np.asarray(render(spec, np.random.default_rng(side)).pixels, np.uint8)


def network_flops(config: NetworkConfig, height: int, width: int) -> float:
    """Count the additions and multiplications of all convolutions and linear layers for one image.

    Parameters
    ----------
    config : NetworkConfig
        The network's shape.
    height, width : int
        Of the image, divisible by its stride.
    """
    with torch.device("meta"), FlopCounterMode(display=False) as counter:  # shapes only, no arithmetic
        ResUNet(config).eval()(torch.empty(1, config.in_channels, height, width))
    return float(counter.get_total_flops())


def clock_for(threads: int) -> Callable[[], float]:
    """Return the clock to time `threads` threads with.

    One thread is timed by the processor time it takes: the same as the time that passes on a quiet machine, and not
    longer where other programs want the processor too.
    """
    return time.process_time if threads == 1 else time.perf_counter


def best_seconds(call: Callable[[], object], repeats: int, clock: Callable[[], float]) -> float:
    """Return the shortest time of several calls: what others took of the machine makes the longer ones."""
    times = []
    for _ in range(repeats):
        began = clock()
        call()
        times.append(clock() - began)
    return min(times)


def measure_engines(
    info: ModelInfo,
    choices: Sequence[Choice],
    *,
    threads: int = 1,
    sides: Sequence[int] = (512, 1024),
    repeats: int = 3,
    watch: Callable[[Choice], object] | None = None,
) -> list[Measured]:
    """Time engines on this machine with a model, and compare their masks.

    Parameters
    ----------
    info : ModelInfo
        A model with a network.
    choices : sequence of Choice
        Usable ones (see `usable_choices`).
    threads : int
        Threads of the arithmetic; workers of a run have one each.
    sides : sequence of int
        Sides of the square images to time, in pixels.
    repeats : int
        The shortest of so many is taken; half as many at 1024 px, one above.
    watch : callable, optional
        Told each choice before it is measured.

    Returns
    -------
    list of Measured
        In the order of `choices`.

    Raises
    ------
    ModelError
        The model's weights are missing or damaged, or a choice is not usable here.
    """
    reference: NDArray[np.bool_] | None = None
    measured: list[Measured] = []
    for choice in choices:
        if watch is not None:
            watch(choice)
        clock = clock_for(threads) if choice.engine != CUDA else time.perf_counter
        began = time.perf_counter()
        predictor = Predictor(info, threads, engine=choice.engine, precision=choice.precision)
        settings = _settings(info, choice)
        mask = _mask(predictor, settings)
        ready = time.perf_counter() - began
        if reference is None:
            usual = Predictor(info, threads, engine=REFERENCE.engine, precision=REFERENCE.precision)
            reference = mask if choice == REFERENCE else _mask(usual, _settings(info, REFERENCE))
        gflops, matmul = _rates(info, choice, threads, repeats, clock)
        seconds = {}
        for side in sides:
            call = partial(predictor.maps, predictor.working(synthetic_image(side), settings))
            fewer = repeats if side <= RATE_SIDE else max(1, repeats // 2 if side <= 1024 else 1)
            seconds[side] = best_seconds(call, fewer, clock)
        measured.append(Measured(choice, ready, seconds, gflops, matmul, mask_iou(mask, reference)))
    return measured


def mask_iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the intersection over union of two masks (h, w); 1 where both are empty."""
    union = int((one | other).sum())
    return float((one & other).sum()) / union if union else 1.0


def recommended(measured: Sequence[Measured], default: Choice) -> Measured:
    """Return what to recommend: the fastest that agrees with the reference, the default unless it loses a twentieth.

    Parameters
    ----------
    measured : sequence of Measured
        With the default among them.
    default : Choice
        What the rule chooses.
    """

    def total(one: Measured) -> float:
        return sum(one.seconds.values())

    usual = next(one for one in measured if one.choice == default)
    best = min((one for one in measured if one.iou >= AGREE), key=total, default=usual)
    return best if total(best) < 0.95 * total(usual) else usual


def _settings(info: ModelInfo, choice: Choice) -> Settings:
    """Return the model's defaults, computed so."""
    return Settings.from_dict({**info.settings.get("defaults", {}), **asdict(choice)})


def _mask(predictor: Predictor, settings: Settings) -> NDArray[np.bool_]:
    scene = synthetic_image(RATE_SIDE)
    return to_mask(predictor.segment(scene, settings).outlines, *scene.shape)


def _product(factor: Any) -> float:
    """Multiply a matrix by itself; looking at one number waits for a device, and costs nothing beside the product."""
    return float((factor @ factor)[0, 0])


def _rates(
    info: ModelInfo, choice: Choice, threads: int, repeats: int, clock: Callable[[], float]
) -> tuple[float, float]:
    """Return GFLOP/s of the network alone and of a matrix product, both timed by turns in the same moments."""
    network = info.load()
    config = network.config
    engine = make_engine(choice.engine, network, choice.precision, threads)
    planes = np.random.default_rng(0).random((1, config.in_channels, RATE_SIDE, RATE_SIDE), np.float32)
    engine(planes)
    kind = torch.bfloat16 if choice.precision == BFLOAT16 else torch.float32
    device = "cuda" if choice.engine == CUDA else "cpu"
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    factors = [torch.rand(side, side, device=device).to(kind) for side in MATRIX_SIDES]
    network_best, rate = np.inf, 0.0
    try:
        for _ in range(repeats):
            network_best = min(network_best, best_seconds(partial(engine, planes), 1, clock))
            for factor in factors:
                taken = best_seconds(partial(_product, factor), 3, clock)
                rate = max(rate, 2 * len(factor) ** 3 / taken)
    finally:
        torch.set_num_threads(before)
    return network_flops(config, RATE_SIDE, RATE_SIDE) / network_best / 1e9, rate / 1e9
