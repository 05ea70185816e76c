"""Training: mixed domains of annotated images, a resumable loop, curves and configuration on disk."""

from __future__ import annotations

import csv
import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .augment import Image, Labels, ViewRange, random_camera, random_view
from .network import NetworkConfig, ResUNet
from .targets import training_targets

View = Callable[[np.random.Generator, int], tuple[Image, Labels]]


@dataclass(frozen=True, slots=True)
class Annotated:
    """One annotated image: normalised pixels, instance labels, and its typical object diameter (px)."""

    name: str
    image: NDArray[np.float32]
    labels: NDArray[np.int32]
    diameter: float


def typical_diameter(labels: NDArray[np.int32]) -> float:
    """Return the area-weighted typical equivalent diameter of the objects, in pixels.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels.

    Returns
    -------
    float
        Square root of the area-weighted mean of ``4 A / pi``; a quarter of the shorter side when empty.
    """
    areas = np.bincount(labels.ravel())[1:].astype(float)
    if not areas.sum():
        return min(labels.shape) / 4
    return float(np.sqrt(4 / np.pi * (areas**2).sum() / areas.sum()))


@dataclass(frozen=True, slots=True)
class Domain:
    """Images of one kind, and how often they are drawn.

    Parameters
    ----------
    name : str
        Written to the configuration.
    weight : float
        Share of the views, relative to the other domains.
    view : callable
        ``view(rng, size)`` gives a square image (float32, 0..1) and its labels (int32).
    """

    name: str
    weight: float
    view: View

    @classmethod
    def of_images(cls, name: str, weight: float, images: Sequence[Annotated], span: ViewRange | None = None) -> Domain:
        """Make a domain that cuts random views out of annotated images."""
        chosen = span or ViewRange()

        def view(rng: np.random.Generator, size: int) -> tuple[Image, Labels]:
            item = images[int(rng.integers(len(images)))]
            return random_view(item.image, item.labels, item.diameter, size, rng, chosen)

        return cls(name, weight, view)


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides a run besides the data.

    A run ends after `steps` or after `minutes`, whichever comes first. The learning rate rises over `warmup`
    steps, stays, and falls linearly to zero over the last `cooldown` share of the run; one that was stopped
    before its cooldown can be continued at full rate.

    `views` are the kinds of batch, as (side in pixels, views a batch), one of them drawn for each step: small
    views show many objects for little arithmetic, large ones show what fills a frame.

    `compiled` lets torch fuse the network's arithmetic (a C++ compiler must be there): on a CPU a step then takes
    0.7 of the time, after some minutes of compiling.
    """

    steps: int = 6000
    minutes: float | None = None
    warmup: int = 200
    cooldown: float = 0.3
    views: tuple[tuple[int, int], ...] = ((128, 14), (128, 14), (192, 6), (288, 3))
    rate: float = 1.5e-3
    weight_decay: float = 1e-2
    average: float = 0.997
    seed: int = 1
    dropout: float = 0.0
    threads: int = 2
    channels_last: bool = True
    compiled: bool = False
    save_every: int = 100
    network: NetworkConfig = field(default_factory=NetworkConfig)

    def rate_at(self, step: int, seconds: float) -> float:
        """Learning rate at a step, after so many seconds of this sitting."""
        share = step / self.steps
        if self.minutes is not None:
            share = max(share, seconds / 60 / self.minutes)
        rising = min(1.0, (step + 1) / max(1, self.warmup))
        falling = min(1.0, max(0.0, (1 - share) / self.cooldown))
        return self.rate * min(rising, falling)

    def is_over(self, step: int, seconds: float) -> bool:
        """Say whether a run has had its steps or its time."""
        return step >= self.steps or (self.minutes is not None and seconds >= self.minutes * 60)


def loss_of(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return total, foreground and distance loss of a batch.

    Foreground: binary cross-entropy, heavier where the centre distance is small inside an object (edges and
    the seams between touching ones), plus soft Dice (smoothed over the batch, so that empty views count).
    Distance: cross-entropy against the soft target.

    Parameters
    ----------
    logits, target : (n, 2, h, w) float32
    """
    foreground, distance = target[:, 0], target[:, 1]
    seam = 1.0 + 2.0 * foreground * (distance < 0.15)
    cross = (nn.functional.binary_cross_entropy_with_logits(logits[:, 0], foreground, reduction="none") * seam).mean()
    probability = torch.sigmoid(logits[:, 0])
    overlap = (probability * foreground).sum()
    dice = 1 - (2 * overlap + 1) / (probability.sum() + foreground.sum() + 1)
    apart = nn.functional.binary_cross_entropy_with_logits(logits[:, 1], distance)
    return cross + dice + apart, cross + dice, apart


class Trainer:
    """A training run in a folder: start, stop, continue.

    Parameters
    ----------
    folder : Path
        Receives `config.json`, `curve.csv`, `last.pt`.
    domains : sequence of Domain
        What is learned from.
    config : TrainingConfig
        How.
    """

    def __init__(self, folder: Path, domains: Sequence[Domain], config: TrainingConfig) -> None:
        self.folder = folder
        self.domains = tuple(domains)
        self.config = config
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.memory_format = torch.channels_last if config.channels_last else torch.contiguous_format
        self.network = ResUNet(config.network)
        self.network.to(memory_format=self.memory_format)  # type: ignore[call-overload]  # missing in torch's stubs
        for module in self.network.modules():
            if isinstance(module, nn.Dropout):
                module.p = config.dropout
        # One compilation for each size of view: shapes that vary cannot be laid out as well.
        self.forward = torch.compile(self.network, dynamic=False) if config.compiled else self.network
        self.averaged = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=config.rate, weight_decay=config.weight_decay)
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        description: dict[str, Any] = asdict(config) | {"domains": {d.name: d.weight for d in domains}}
        (folder / "config.json").write_text(json.dumps(description, indent=2) + "\n")

    @property
    def state_file(self) -> Path:
        """Where the run's state lies."""
        return self.folder / "last.pt"

    def save(self) -> None:
        """Write the state, whole or not at all."""
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
        }
        partial = self.state_file.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.state_file)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Start from a model's weights instead of at random; the optimiser starts anew."""
        self.network.load_state_dict(dict(weights))
        self.averaged = {k: v.detach().clone() for k, v in self.network.state_dict().items()}

    def resume(self) -> bool:
        """Continue from the folder's state file; False when there is none."""
        if not self.state_file.exists():
            return False
        state = torch.load(self.state_file, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])
        return True

    def batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Draw one batch of one kind: images (n, 1, s, s) and targets (n, 2, s, s)."""
        size, count = self.config.views[int(rng.integers(len(self.config.views)))]
        weights = np.array([d.weight for d in self.domains])
        weights = weights / weights.sum()
        images, targets = [], []
        for pick in rng.choice(len(self.domains), count, p=weights):
            image, labels = self.domains[int(pick)].view(rng, size)
            images.append(random_camera(image, rng))
            targets.append(training_targets(labels))
        return torch.from_numpy(np.stack(images)[:, None]), torch.from_numpy(np.stack(targets))

    def run(self, report: Callable[[dict[str, float]], bool] | None = None) -> None:
        """Train to `config.steps`.

        Parameters
        ----------
        report : callable, optional
            Called every 10 steps with step, losses, rate and seconds; a False answer stops the run, saved.
        """
        queue: Queue[tuple[Tensor, Tensor]] = Queue(maxsize=4)
        stop = threading.Event()
        # The step is part of the seed: a continued run does not see the same views again.
        rng = np.random.default_rng([self.config.seed, self.step])

        def draw() -> None:
            while not stop.is_set():
                queue.put(self.batch(rng))

        threading.Thread(target=draw, daemon=True).start()
        curve = self.folder / "curve.csv"
        fresh = not curve.exists()
        self.network.train()
        began, sums, seen = time.monotonic(), np.zeros(3), 0
        try:
            with curve.open("a", newline="") as stream:
                writer = csv.writer(stream)
                if fresh:
                    writer.writerow(["step", "loss", "foreground", "distance", "rate", "seconds"])
                while not self.config.is_over(self.step, time.monotonic() - began):
                    rate = self.config.rate_at(self.step, time.monotonic() - began)
                    sums += self._one_step(*queue.get(), rate)
                    seen += 1
                    if self.step % 10 == 0:
                        mean = sums / seen
                        row = [self.step, *np.round(mean, 5), rate, round(time.monotonic() - began, 1)]
                        writer.writerow(row)
                        stream.flush()
                        sums[:], seen = 0, 0
                        names = ("step", "loss", "foreground", "distance", "rate", "seconds")
                        if report and not report(dict(zip(names, map(float, row), strict=True))):
                            break
                    if self.step % self.config.save_every == 0:
                        self.save()
        finally:
            stop.set()
            self.save()

    def _one_step(self, images: Tensor, targets: Tensor, rate: float) -> NDArray[np.float64]:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x = images.contiguous(memory_format=self.memory_format)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16_is_fast()):
            logits = self.forward(x)
        losses = loss_of(logits.float(), targets)
        self.optimiser.zero_grad(set_to_none=True)
        losses[0].backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        for key, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.averaged[key].lerp_(value, 1 - keep)
            else:
                self.averaged[key].copy_(value)
        return np.array([float(part.detach()) for part in losses])


def bf16_is_fast() -> bool:
    """Say whether this CPU multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    supported = getattr(torch.backends.cpu, "get_cpu_capability", lambda: "")()
    flags = ""
    if os.path.exists("/proc/cpuinfo"):  # noqa: PTH110 - a pseudo file
        with open("/proc/cpuinfo") as stream:  # noqa: PTH123
            flags = next((line for line in stream if line.startswith("flags")), "")
    return "avx512_bf16" in flags or "amx_bf16" in flags or supported == "AMX"
