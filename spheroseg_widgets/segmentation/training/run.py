"""Training on one's own annotated images: a folder that says what was done, goes on, is watched, becomes a model."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spheroseg_widgets.errors import ModelError, TrainingError
from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.registry import ModelInfo, check_name
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER, Settings

from .curve import Row
from .dataset import Dataset, in_one_polarity, split
from .domains import Domain
from .model_folder import write_model
from .record import config_differences, data_differences, describe_sample, versions
from .state import load_state, read_json, write_json
from .trainer import Trainer, TrainingConfig

SYNTHETIC = 0.25
RATE_FROM_A_MODEL = 3e-4
"""Smaller than from random weights: a model that is nearly right should not forget what it knows."""


class TrainingRun:
    """A run on annotated images, in a folder: new, or gone on with where the folder holds one already.

    ```python
    run = TrainingRun(Path("runs/plate-7"), read_dataset(images, masks, "masks"), TrainingConfig(minutes=30))
    run.start()  # returns at once
    run.rows()  # the curve so far, at any time
    run.stop()  # after the step it is at, saved
    run.wait()
    run.export()  # a model in runs/plate-7/model
    ```

    Parameters
    ----------
    folder : Path
        Receives `run.json` (data, hashes, split, versions), `config.json`, `curve.csv`, `last.pt`, `best.pt`.
    dataset : Dataset
        From `read_dataset`.
    config : TrainingConfig
        How to train; with a base its network and polarity are the base's.
    validation : float
        Share of the wells (or images) kept for validation; 0 for none.
    synthetic : float
        Share of the training views that are synthetic scenes, 0 to below 1.
    base : ModelInfo, optional
        A model of the registry to start from, instead of random weights.

    Raises
    ------
    TrainingError
        The folder holds a run with other data or another configuration, or another kind of run, or cannot be
        written; or the data cannot be split.
    ModelError
        The base cannot be loaded, or is not a network that is trained here.
    """

    def __init__(
        self,
        folder: Path,
        dataset: Dataset,
        config: TrainingConfig,
        *,
        validation: float = 0.2,
        synthetic: float = SYNTHETIC,
        base: ModelInfo | None = None,
    ) -> None:
        if not 0 <= synthetic < 1:
            raise TrainingError(f"the synthetic share is {synthetic:g}; it must be at least 0 and below 1")
        self.folder = folder
        self.base = base
        if base is not None:
            polarity = base.settings.get("defaults", {}).get("polarity", AS_IS)
            config = replace(config, network=trained_network(base), polarity=polarity)
        darker = config.polarity == DARKER
        if darker:
            dataset = replace(dataset, samples=in_one_polarity(dataset.samples))
        training, held_out = split(dataset, validation, config.seed)
        self.record: dict[str, Any] = {
            "seed": config.seed,
            "images": str(dataset.images.resolve()), "annotations": str(dataset.annotations.resolve()),
            "kind": dataset.kind, "synthetic": synthetic, "validation": validation,
            "base": None if base is None else {"name": base.name, "version": base.version, "sha256": base.sha256},
            "training": [describe_sample(sample) for sample in training],
            "held_out": [describe_sample(sample) for sample in held_out],
            "left_out": [{"path": path, "reason": reason} for path, reason in dataset.left_out],
            "sittings": [],
        }  # fmt: skip
        self._compare_with_folder(config)
        domains = [Domain.of_images("images", 1 - synthetic, [sample.annotated for sample in training])]
        if synthetic:
            domains.append(Domain.of_scenes(synthetic, darker=darker))
        weights = None if base is None or (folder / "last.pt").exists() else base.load().state_dict()
        self.trainer = Trainer(folder, domains, config, validation=[sample.annotated for sample in held_out])
        self.resumed = self.trainer.resume()
        if weights is not None and not self.resumed:
            self.trainer.start_from(weights)
        write_json(folder / "run.json", self.record)
        self._listeners: list[Callable[[Row], None]] = []
        # Not the thread's own state: Python 3.11 takes a thread for ended when Ctrl-C interrupts a wait for it.
        self._ended = threading.Event()
        self._ended.set()
        self._error: BaseException | None = None
        self._raised = False
        self._asked_to_stop = False

    def rows(self) -> list[Row]:
        """Return the curve so far, also of earlier sittings (see `curve.py`); from any thread."""
        return list(self.trainer.curve.rows)

    def on_row(self, listener: Callable[[Row], None]) -> Callable[[], None]:
        """Have a function called with each new row, in the training thread.

        Returns
        -------
        callable
            Ends it.
        """
        self._listeners.append(listener)

        def leave() -> None:
            with suppress(ValueError):  # a second call finds it gone
                self._listeners.remove(listener)

        return leave

    @property
    def running(self) -> bool:
        """Whether it trains now."""
        return not self._ended.is_set()

    @property
    def stopping(self) -> bool:
        """Whether it still trains but was asked to stop."""
        return self.running and self._asked_to_stop

    @property
    def error(self) -> BaseException | None:
        """What ended the last training, if not its end or a stop; also after `wait` has raised it."""
        return None if self.running else self._error

    def start(self) -> None:
        """Train in a thread of its own.

        Raises
        ------
        TrainingError
            It trains already.
        """
        if self.running:
            raise TrainingError(f"{self.folder}: this run is training already")
        self._error, self._raised, self._asked_to_stop = None, False, False
        self._ended.clear()
        atexit.register(self._end)  # a program that ends, or a notebook that restarts, saves what was reached
        threading.Thread(target=self._train, name="training", daemon=True).start()

    def stop(self) -> None:
        """End after the step it is at, saved; from any thread. A new `start` goes on."""
        if self.running:
            self._asked_to_stop = True
            self.trainer.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end.

        Parameters
        ----------
        timeout : float, optional
            Seconds.

        Returns
        -------
        bool
            Whether it has ended.

        Raises
        ------
        Exception
            What ended the training, if not its end: raised here, once.
        """
        if not self._ended.wait(timeout):
            return False
        if self._error is not None and not self._raised:
            self._raised = True
            raise self._error
        return True

    def export(self, name: str | None = None) -> Path:
        """Write the best averaged weights (without validation the last) as a model.

        With validation the foreground's probabilities are calibrated on it (see `calibration.py`), and so is the
        probability from which an object counts (see `least_confidence.py`).

        Parameters
        ----------
        name : str, optional
            Of the model; by default the folder's.

        Returns
        -------
        Path
            The model's folder, `model` in the run's: with `SPHEROSEG_MODELS` set to the run's folder, `find_model`
            and ``spheroseg segment --model`` find it.

        Raises
        ------
        TrainingError
            Nothing is saved yet, or the folder cannot be written.
        ModelError
            The name is one that cannot be found again.
        """
        called = self.model_name(name)
        best = self.trainer.best_file
        state = load_state(best if self.trainer.validation and best.exists() else self.trainer.state_file)
        score = {"loss": state["loss"], "iou": state["iou"]} if "iou" in state else None
        line, weights = self.trainer.calibrated(state["averaged"])
        training = {
            **read_json(self.folder / "config.json"), "steps": state["step"], "base": self.record["base"],
            "images": len(self.record["training"]), "validation_images": len(self.record["held_out"]),
            "validation": score, "calibration": asdict(line), "versions": versions(),
        }  # fmt: skip
        defaults = dict(self.base.settings.get("defaults", {})) if self.base else {}
        if self.trainer.config.polarity != AS_IS:
            defaults["polarity"] = self.trainer.config.polarity
        least = self.trainer.least_confidence(weights, Settings.from_dict(defaults))
        if least is not None:
            defaults["min_confidence"] = least
        target = self.folder / "model"
        write_model(
            target, called, str(state["step"]), weights, self.trainer.config.network, training,
            defaults=defaults,
            card=_card(called, self.record, training),
        )  # fmt: skip
        return target

    def model_name(self, name: str | None = None) -> str:
        """Return the name its model will have, checked (`ModelError` where it could not be found)."""
        called = self.folder.resolve().name if name is None else name
        check_name(called)
        return called

    def _train(self) -> None:
        began = {
            "began": datetime.now(UTC).isoformat(timespec="seconds"), "from_step": self.trainer.step,
            "device": str(self.trainer.device), "precision": str(self.trainer.precision).removeprefix("torch."),
            "steps": self.trainer.config.steps, "minutes": self.trainer.config.minutes, "versions": versions(),
        }  # fmt: skip
        try:
            self.record["sittings"].append(began)
            write_json(self.folder / "run.json", self.record)
            self.trainer.run(self._tell)
            began["to_step"] = self.trainer.step
            write_json(self.folder / "run.json", self.record)
        except BaseException as error:  # noqa: BLE001 - `wait` raises it where somebody sees it
            self._error = error
        finally:
            self._ended.set()
            atexit.unregister(self._end)

    def _end(self) -> None:
        self.stop()
        self._ended.wait()

    def _tell(self, row: Row) -> bool:
        for listener in list(self._listeners):
            listener(row)
        return True

    def _compare_with_folder(self, config: TrainingConfig) -> None:
        """Take over the sittings of the run that the folder holds; refuse one that is not this run."""
        if (self.folder / "run.json").exists():
            before = read_json(self.folder / "run.json")
            differences = config_differences(read_json(self.folder / "config.json"), asdict(config))
            differences += data_differences(before, self.record)
            if differences:
                raise TrainingError(
                    f"{self.folder}: holds a run that differs ({'; '.join(differences)}); choose another folder, or "
                    "go on with the same data and settings"
                )
            self.record["sittings"] = before.get("sittings", [])
        elif (self.folder / "last.pt").exists():
            raise TrainingError(f"{self.folder}: holds another kind of run (no run.json); choose another folder")


def trained_network(base: ModelInfo) -> NetworkConfig:
    """Return the network of a model that training can start from.

    Raises
    ------
    ModelError
        The classical method, or a checkpoint of the original platform, whose planes are others.
    """
    if base.kind != "resunet":
        raise ModelError(
            f"training cannot start from {base.name}: it is "
            + ("a method without weights" if base.kind == "threshold" else "a checkpoint of the original platform")
        )
    network = NetworkConfig.from_dict(base.settings["network"])
    if (network.in_channels, network.out_channels) != (1, 2):
        raise ModelError(
            f"training cannot start from {base.name}: it reads {network.in_channels} planes and gives "
            f"{network.out_channels} maps, where training needs 1 and 2"
        )
    return network


def _card(name: str, record: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    base = record["base"]
    start = f"the weights of {base['name']}, version {base['version']}" if base else "random weights"
    objects = sum(pair["objects"] for pair in record["training"])
    score = training["validation"]
    if score is None:
        figures = "No image was kept for validation: how good the outlines are was not measured."
    else:
        figures = (
            f"On {training['validation_images']} images kept out of training: mean IoU of the foreground "
            f"{score['iou']:.3f}, loss {score['loss']:.3f}. These weights were chosen among those of the run by "
            "that loss, so the figures are a little too kind."
        )
    sure = (
        "The probabilities were calibrated on the images kept out of training."
        if score
        else "The probabilities are not calibrated, as no image was kept out of training."
    )
    return f"""# {name}, version {training["steps"]}

**Data.** {training["images"]} images with {record["kind"]} ({objects} objects) from `{record["images"]}`; a share of
{record["synthetic"]:g} of the views was synthetic scenes. Files, their sha256, and the split stand in `run.json` of the run's folder.

**Training.** From {start}, {training["steps"]} steps, seed {record["seed"]}; every setting stands in `model.json`. The
weights are a running average.

**Figures.** {figures}

**Meant for** images like those it was trained on, with a person looking at the outlines. {sure}
"""
