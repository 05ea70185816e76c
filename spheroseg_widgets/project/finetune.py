"""Adapt a model to a project: its reviewed images teach a copy, held-out wells judge it, a new model comes of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError, TrainingError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.planes import Plane
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.jobs.per_plate import alike
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, ModelInfo, find_model, free_name, new_model

from .base import ProjectBase
from .hooks import hook

if TYPE_CHECKING:
    from spheroseg_widgets.segmentation.training.curve import Row
    from spheroseg_widgets.segmentation.training.dataset import Dataset

FOLDER = "finetuning"
COMPLETE = ("approved", "corrected")
"""Review states that say: every spheroid of this image has its outline."""


class FineTuning:
    """A model being adapted to a project's reviewed images; made by `Project.finetune`.

    ```python
    tuning = project.finetune("line-7", minutes=15)  # returns at once
    tuning  # shows it live in a notebook, with buttons to stop and to go on
    tuning.rows()  # the curve so far
    tuning.wait()  # to its end; registers the model "line-7"
    tuning.comparison()  # the old and the new one on wells that neither was tuned on
    project.segment(model="line-7")
    ```

    Parameters
    ----------
    project : ProjectBase
    name : str
        Of the new model.
    base : str
        The model to start from.
    images : sequence of int, optional
        image_id of those to learn from; by default all that are complete: approved, corrected, or confirmed absent
        (those teach what is no spheroid).
    minutes : float
        Longest time of training, all calls together. Reading the images, and judging the result, come to it: by default all is
        done within twenty on two cores.
    validation : float
        Share of the wells that are only judged by.
    synthetic : float
        Share of the views that are synthetic scenes, so that the model keeps what it knows of others.
    seed : int
        Of the split and the views.
    threads : int, optional
        Of the arithmetic; by default as this machine has.

    Raises
    ------
    ModelError
        No such base, one that cannot be trained, or the name is taken.
    TrainingError
        Too few complete images, all of one well, or the folder holds a run with other data.
    """

    def __init__(
        self,
        project: ProjectBase,
        name: str,
        *,
        base: str = DEFAULT_MODEL,
        images: Sequence[int] | None = None,
        minutes: float = 18,
        validation: float = 0.25,
        synthetic: float = 0.3,
        seed: int = 1,
        threads: int | None = None,
        **training: Any,
    ) -> None:
        import torch  # noqa: PLC0415 - takes a second; only who trains needs it

        from spheroseg_widgets.segmentation.training.run import RATE_FROM_A_MODEL, TrainingRun  # noqa: PLC0415
        from spheroseg_widgets.segmentation.training.trainer import TrainingConfig  # noqa: PLC0415

        free_name(name)
        self.name = name
        self.base = find_model(base)
        self._project = project
        self._model: ModelInfo | None = None
        table = complete_images(project, images)
        config = TrainingConfig(
            **{
                "steps": 10_000_000, "minutes": minutes, "rate": RATE_FROM_A_MODEL, "warmup": 20, "validate_every": 25, "seed": seed,
                "threads": threads or int(torch.get_num_threads()), **training,
            }
        )  # fmt: skip
        dataset, self._rows = read_images(project, table)
        self.training = TrainingRun(
            project.folder / FOLDER / name, dataset, config, validation=validation, synthetic=synthetic, base=self.base
        )
        self.training.start()

    def __repr__(self) -> str:
        trainer = self.training.trainer
        state = "training" if self.training.running else "not training"
        return (
            f"<FineTuning of {self.base.name} to {self.name!r}: step {trainer.step}, {trainer.seconds:.0f} s, {state}>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        """Show the live monitor in a notebook, where there is one."""
        display = hook("display_finetuning")
        return {"text/plain": repr(self)} if display is None else display(self, include=include, exclude=exclude)

    def rows(self) -> list[Row]:
        """Return the curve so far: losses and rate, and now and then loss and IoU on the held-out wells."""
        return self.training.rows()

    def stop(self) -> None:
        """End after the step it is at, saved; the same `Project.finetune` call goes on from there."""
        self.training.stop()

    def resume(self) -> None:
        """Go on after a stop, or after what ended it; returns at once.

        Raises
        ------
        TrainingError
            It trains already, has had its minutes or steps, or is registered with what it had reached.
        """
        trainer = self.training.trainer
        if self._model is not None:
            raise TrainingError(
                f"{self.name}: is a model already, of the steps it had then; to learn more, call finetune with another "
                f"name and base={self.name!r}"
            )
        if trainer.config.is_over(trainer.step, trainer.seconds):
            raise TrainingError(f"{self.name}: has had its minutes; the same call with more of them goes on")
        self.training.start()

    def wait(self) -> ModelInfo:
        """Wait for the end and register the model.

        Raises
        ------
        TrainingError
            It was stopped before its end: nothing is registered, so that the same call can go on.
        ModelError
            See `register`.
        Exception
            What ended the training, if not its end.
        """
        self.training.wait()
        trainer = self.training.trainer
        if not trainer.config.is_over(trainer.step, trainer.seconds):
            raise TrainingError(
                f"{self.name}: stopped after step {trainer.step}; the same call goes on from there, register() takes what is "
                "reached"
            )
        return self.register()

    def register(self) -> ModelInfo:
        """Make the best weights so far a model of the user; the default model stays what it is. A second call gives it.

        Raises
        ------
        ModelError
            A model of this name came meanwhile, or it cannot be written.
        """
        if self._model is None:
            made = self.training.export(self.name)
            with new_model(self.name) as folder:
                shutil.copytree(made, folder, dirs_exist_ok=True)
            self._model = find_model(self.name)
        return self._model

    def comparison(self) -> pd.DataFrame:
        """Score the base and the new model on the held-out wells, as a run would segment them.

        Returns
        -------
        DataFrame
            One row a model: model, images, iou (mean), precision, recall, f1 (of all objects at IoU 0.5), area_bias
            (median). The new weights were chosen by the loss on these wells, so its figures are a little too kind.

        Raises
        ------
        TrainingError
            There are no held-out wells.
        ModelError
            The new model is not registered yet.
        ImageError
            A held-out image cannot be read any more.
        """
        from spheroseg_widgets.segmentation.evaluate import ready, score_image  # noqa: PLC0415
        from spheroseg_widgets.segmentation.scores import Counts  # noqa: PLC0415

        names = [sample["image"] for sample in self.training.record["held_out"]]
        if not names:
            raise TrainingError("no wells were held out, so nothing can be compared")
        rows = []
        for model in (self.base, find_model(self.name)):
            samples = [read_image(self._project, self._rows[name])[0] for name in names[:5]]
            predictor, settings = ready(model, samples)
            scores = pd.DataFrame(
                [score_image(*read_image(self._project, self._rows[name]), predictor, settings)[0] for name in names]
            )
            counts = sum((each[0] for each in scores["counts"]), Counts())
            rows.append(
                {
                    "model": model.name, "images": len(scores), "iou": scores["iou"].mean(),
                    "precision": counts.precision, "recall": counts.recall, "f1": counts.f1,
                    "area_bias": scores["area_bias"].median(),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)


def complete_images(project: ProjectBase, images: Sequence[int] | None) -> pd.DataFrame:
    """Return the rows of images that a person looked through wholly.

    Raises
    ------
    TrainingError
        One that was asked for is not among them.
    """
    table = project.images()
    absent = table["confirmed_outcome"] == "absent"
    outlined = table["review"].isin(COMPLETE) & table["current_result_id"].notna()
    unusable = table["confirmed_outcome"] == "unusable"
    table = table[(outlined | absent) & ~unusable & ~table["excluded"].astype(bool)]
    if images is None:
        return table
    if missing := sorted(set(map(int, images)) - set(table["image_id"])):
        raise TrainingError(
            f"images {', '.join(map(str, missing[:10]))}: not approved, corrected or confirmed absent, or excluded; only "
            "images whose outlines are complete can be learned from"
        )
    return table[table["image_id"].isin(list(images))]


def read_image(project: ProjectBase, row: Any) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Read an image's grey values (h, w), and the instance labels (h, w) of the outlines that hold for it.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    pixels = read_plane(row.path, Plane.of(row.series, row.page, row.channel, row.z)).pixels
    if row.confirmed_outcome == "absent":
        return pixels, np.zeros(pixels.shape, np.int32)
    return pixels, to_labels(project.outlines(int(row.image_id))[0], *pixels.shape)


def read_images(project: ProjectBase, table: pd.DataFrame) -> tuple[Dataset, dict[str, Any]]:
    """Read images and rasterise their outlines.

    Returns
    -------
    dataset : Dataset
        For training; what cannot be read is named in `left_out`.
    rows : dict
        Rows of the table that can be used, by stem.

    Raises
    ------
    TrainingError
        Fewer than four images can be used, or none of them holds an object.
    """
    from spheroseg_widgets.segmentation.training.dataset import (  # noqa: PLC0415 - brings torch
        Dataset,
        Sample,
        annotate,
        most_pixels,
        refuse_too_few,
    )

    dataset = Dataset(project.folder, project.folder, "outlines")
    rows: dict[str, Any] = {}
    groups = alike(table)
    for row in table.itertuples():
        try:
            pixels, labels = read_image(project, row)
        except ImageError as error:
            dataset.left_out.append((error.path, error.reason))
            continue
        named = [text for text in (row.plate, row.well) if isinstance(text, str)]
        group = " ".join(named) if isinstance(row.well, str) else row.stem
        annotated = annotate(row.stem, pixels, labels, most_pixels=most_pixels(len(table)))
        of_image = row.sha256 if isinstance(row.sha256, str) else sha256(row.path)
        of_labels = hashlib.sha256(labels.tobytes()).hexdigest()
        dataset.samples.append(Sample(row.stem, group, row.stem, of_image, of_labels, annotated, groups[row.Index]))
        rows[row.stem] = row
    refuse_too_few(dataset)
    return dataset, rows
