"""Training: mixed domains of annotated images, a resumable loop, curves and configuration on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spheroseg_widgets.errors import TrainingError
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER, Settings

from .augment import random_camera
from .calibration import Calibration, fit_calibration, view_logits
from .curve import Curve, Row
from .device import best_device, multiplies_bf16
from .domains import Annotated, Domain
from .drawing import Batch, drawn_ahead
from .least_confidence import fit_least_confidence
from .losses import loss_of
from .state import first_line, load_state, save_state, write_json, writing
from .targets import training_targets
from .validation import Score, score, whole_views

Report = Callable[[Row], bool]
ROW_EVERY = 10
INVERTED = {AS_IS: 0.25, DARKER: 0.1}
"""Share of inverted views, by polarity."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides a run besides the data.

    A run ends after `steps` or after `minutes` of training, whichever comes first. The learning rate rises over
    `warmup` steps, stays, and falls linearly to zero over the last `cooldown` share of the run; one that was
    stopped before its cooldown can be continued at full rate, with more steps or minutes.

    `views` are the kinds of batch, as (side in pixels, views a batch), one of them drawn for each step: small
    views show many objects for little arithmetic, large ones show what fills a frame. Sides that the network cannot
    take are rounded up.

    Validation, where there are images for it, looks every `validate_every` steps, with the averaged weights, at
    whole images whose longest side is `validation_side` pixels.

    `polarity` is that of the views that the domains give, and of the model that comes of it (see `Settings`).

    `compiled` lets torch fuse the network's arithmetic (a C++ compiler must be there): on a CPU a step then takes
    0.7 of the time, after some minutes of compiling.
    """

    steps: int = 6000
    minutes: float | None = None
    warmup: int = 200
    cooldown: float = 0.3
    views: tuple[tuple[int, int], ...] = ((160, 9), (256, 4), (256, 4), (384, 2))
    rate: float = 1.5e-3
    weight_decay: float = 1e-2
    average: float = 0.997
    seed: int = 1
    dropout: float = 0.0
    polarity: str = AS_IS
    threads: int = 2
    channels_last: bool = True
    compiled: bool = False
    save_every: int = 100
    validate_every: int = 100
    validation_side: int = 384
    network: NetworkConfig = field(default_factory=NetworkConfig)

    @property
    def inverted(self) -> float:
        """Share of the views in which light and dark change places: rarer where it happens by mistake alone."""
        return INVERTED[self.polarity]

    def rate_at(self, step: int, seconds: float) -> float:
        """Learning rate at a step, after so many seconds of training."""
        share = step / self.steps
        if self.minutes is not None:
            share = max(share, seconds / 60 / self.minutes)
        rising = min(1.0, (step + 1) / max(1, self.warmup))
        falling = min(1.0, max(0.0, (1 - share) / self.cooldown))
        return self.rate * min(rising, falling)

    def is_over(self, step: int, seconds: float) -> bool:
        """Say whether a run has had its steps or its time."""
        return step >= self.steps or (self.minutes is not None and seconds >= self.minutes * 60)


class Trainer:
    """A training run in a folder: start, watch, stop, continue.

    Parameters
    ----------
    folder : Path
        Receives `config.json`, `curve.csv`, `last.pt` (the state), and `best.pt` (the averaged weights with the
        least validation loss).
    domains : sequence of Domain
        What is learned from.
    config : TrainingConfig
        How.
    validation : sequence of Annotated
        Images that are in none of the domains; without any there is no `best.pt`.
    device : torch.device, optional
        By default CUDA where there is one.

    Raises
    ------
    TrainingError
        The folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        domains: Sequence[Domain],
        config: TrainingConfig,
        *,
        validation: Sequence[Annotated] = (),
        device: torch.device | None = None,
    ) -> None:
        self.folder = folder
        self.domains = tuple(domains)
        self.config = config
        self.device = device or best_device()
        self.precision = torch.bfloat16 if multiplies_bf16(self.device) else torch.float32
        torch.manual_seed(config.seed)
        self.memory_format = torch.channels_last if config.channels_last else torch.contiguous_format
        self.network = ResUNet(config.network).to(self.device)
        self.network.to(memory_format=self.memory_format)  # type: ignore[call-overload]  # missing in torch's stubs
        for module in self.network.modules():
            if isinstance(module, nn.Dropout):
                module.p = config.dropout
        # One compilation for each size of view: shapes that vary cannot be laid out as well.
        self.forward = torch.compile(self.network, dynamic=False) if config.compiled else self.network
        self.averaged = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=config.rate, weight_decay=config.weight_decay)
        self.validation = whole_views(validation, config.validation_side)
        self.judged = ResUNet(config.network).to(self.device).eval() if self.validation else None
        self.best: Score | None = None
        self.step = 0
        self.seconds = 0.0
        self._stop = threading.Event()
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        description: dict[str, Any] = asdict(config) | {"domains": {d.name: d.weight for d in domains}}
        write_json(folder / "config.json", description)
        self.curve = Curve(folder / "curve.csv")

    @property
    def state_file(self) -> Path:
        """Where the run's state lies."""
        return self.folder / "last.pt"

    @property
    def best_file(self) -> Path:
        """Where the best averaged weights lie, once validation has looked."""
        return self.folder / "best.pt"

    def save(self) -> None:
        """Write the state, whole or not at all."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "optimiser": self.optimiser.state_dict(),
        }
        save_state(state, self.state_file)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Start from a model's weights instead of at random; the optimiser starts anew."""
        self.network.load_state_dict(dict(weights))
        self.averaged = {k: v.detach().clone() for k, v in self.network.state_dict().items()}

    def resume(self) -> bool:
        """Continue from the folder's state file; False when there is none.

        Raises
        ------
        TrainingError
            The state is damaged or belongs to another network.
        """
        if not self.state_file.exists():
            return False
        state = load_state(self.state_file, self.device)
        try:
            self.network.load_state_dict(state["network"])
            self.averaged = state["averaged"]
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds = int(state["step"]), float(state.get("seconds", 0.0))
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(f"{self.state_file}: belongs to another network ({first_line(error)})") from error
        if self.validation and self.best_file.exists():
            kept = load_state(self.best_file, self.device)
            self.best = Score(kept["loss"], kept["iou"])
        with writing(self.curve.path):
            self.curve.cut(self.step)
        return True

    def stop(self) -> None:
        """End the run after the step it is at, saved; may be called from any thread."""
        self._stop.set()

    def batch(self, rng: np.random.Generator) -> Batch:
        """Draw one batch of one kind: images (n, 1, s, s) and targets (n, 2, s, s)."""
        size, count = self.config.views[int(rng.integers(len(self.config.views)))]
        size += -size % self.config.network.stride
        weights = np.array([d.weight for d in self.domains])
        weights = weights / weights.sum()
        images, targets = [], []
        for pick in rng.choice(len(self.domains), count, p=weights):
            image, labels = self.domains[int(pick)].view(rng, size)
            images.append(random_camera(image, rng, self.config.inverted))
            targets.append(training_targets(labels))
        return torch.from_numpy(np.stack(images)[:, None]), torch.from_numpy(np.stack(targets))

    def run(self, report: Report | None = None) -> None:
        """Train until the configuration's end, or until `stop`.

        Parameters
        ----------
        report : callable, optional
            Called with each new row of the curve (see `curve.py`): every 10 steps, and after each validation; a
            False answer stops the run, saved.

        Raises
        ------
        TrainingError
            The folder cannot be written, or the loss is not a number any more.
        """
        torch.set_num_threads(self.config.threads)
        self.network.train()
        sums, seen, before = np.zeros(3), 0, self.seconds
        if self.step == 0:
            with writing(self.curve.path):  # what an earlier run left that was killed before it saved
                self.curve.cut(-1)
        began = time.monotonic()
        try:
            if self.step == 0 and self.validation:  # what training starts from is a candidate as well
                self._stop_if(self._tell({"step": 0}, report))
            with drawn_ahead(self.batch, self.config.seed, self.step, self.device) as batches:
                while not self._stop.is_set() and not self.config.is_over(self.step, self.seconds):
                    rate = self.config.rate_at(self.step, self.seconds)
                    sums += self._one_step(*next(batches), rate)
                    seen += 1
                    self.seconds = before + time.monotonic() - began
                    over = self._stop.is_set() or self.config.is_over(self.step, self.seconds)
                    judges = bool(self.validation) and (over or self.step % self.config.validate_every == 0)
                    if self.step % ROW_EVERY == 0 or judges:
                        losses = zip(("loss", "foreground", "distance"), np.round(sums / seen, 5).tolist(), strict=True)
                        row = {"step": self.step, **dict(losses), "rate": rate, "seconds": round(self.seconds, 1)}
                        sums[:], seen = 0, 0
                        self._stop_if(self._tell(row, report, judges=judges))
                    if self.step % self.config.save_every == 0:
                        self.save()
        finally:
            self._stop.clear()
            self.save()

    def _stop_if(self, wanted: bool) -> None:  # noqa: FBT001 - the name says it
        if wanted:
            self._stop.set()

    def _tell(self, row: Row, report: Report | None, *, judges: bool = True) -> bool:
        """Complete a row by validation, write it, show it; True when the run is to stop."""
        if judges:
            found = self._judge()
            row |= {"validation_loss": round(found.loss, 5), "validation_iou": round(found.iou, 5)}
        with writing(self.curve.path):
            self.curve.append(row)
        return report is not None and not report(row)

    def _judge(self) -> Score:
        """Score the averaged weights, and keep them where they are the best so far."""
        assert self.judged is not None
        self.judged.load_state_dict(self.averaged)
        found = score(self.judged, self.validation, self.config.network.stride, self.device)
        # By the loss: it counts both maps, the overlap only the foreground.
        if self.best is None or found.loss < self.best.loss:
            self.best = found
            kept = {"step": self.step, "loss": found.loss, "iou": found.iou, "averaged": self.averaged}
            save_state(kept, self.best_file)
        return found

    def calibrated(self, weights: Mapping[str, Tensor]) -> tuple[Calibration, Mapping[str, Tensor]]:
        """Calibrate weights of this network on the validation images; without any they stay what they are.

        Returns
        -------
        calibration : Calibration
            The line through the logits.
        weights : mapping
            With the line folded in.
        """
        if self.judged is None:
            return Calibration(), weights
        self.judged.load_state_dict(dict(weights))
        logits, truth = view_logits(self.judged, self.validation, self.config.network.stride, self.device)
        line = fit_calibration(logits, truth)
        return line, line.applied(weights, self.config.network.cell)

    def least_confidence(self, weights: Mapping[str, Tensor], settings: Settings) -> float | None:
        """Return the limit of `fit_least_confidence` for weights of this network; None without validation images."""
        if self.judged is None:
            return None
        self.judged.load_state_dict(dict(weights))
        return fit_least_confidence(self.judged, self.validation, self.config.network.stride, self.device, settings)

    def _one_step(self, images: Tensor, targets: Tensor, rate: float) -> NDArray[np.float64]:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x = images.to(self.device, non_blocking=True).contiguous(memory_format=self.memory_format)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16):
            logits = self.forward(x)
        losses = loss_of(logits.float(), targets.to(self.device, non_blocking=True))
        if not torch.isfinite(losses[0]):
            raise TrainingError(f"{self.folder}: the loss is not a number after step {self.step}; use a smaller --rate")
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
