"""The command that trains a model on annotated images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from spheroseg_widgets.errors import SpherosegError

if TYPE_CHECKING:
    from spheroseg_widgets.segmentation.training.curve import Row
    from spheroseg_widgets.segmentation.training.run import TrainingRun

SOME_LEFT_OUT, INTERRUPTED = 2, 130


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(train)


def train(
    *,
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run; called again on it, the run goes on.")],
    masks: Annotated[
        Path | None, typer.Option(help="Folder of 8-bit masks; objects are numbered by connected components.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Folder of 16-bit labels, one number an object.")] = None,
    base: Annotated[
        str | None, typer.Option("--from", help="A model to start from, instead of random weights.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the new model; by default that of the run's folder.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.0, help="Longest time of training, all calls together.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Most steps; by default 6000, or as many as --minutes allow.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.0, help="Learning rate; by default 0.0015, with --from 0.0003.")
    ] = None,
    validation: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share of the wells kept out of training, to choose the weights by.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="Of the split, the weights and the views.")] = 1,
    synthetic: Annotated[
        float, typer.Option(min=0.0, max=0.95, help="Share of the views that are synthetic scenes.")
    ] = 0.25,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of the arithmetic; by default as this machine has.")
    ] = None,
    names: Annotated[
        str, typer.Option(help="How wells are named: auto, incucyte, opera, or a pattern such as {plate}_{well}.tif")
    ] = "auto",
) -> None:
    """Train a model on images with masks or labels; it goes on where it stopped when called again.

    An annotation belongs to the image of the same name; `_mask` or `_labels` may follow it. Wells are kept
    whole: images of one well are all trained on, or all kept for validation. Ctrl-C stops, saves, and writes
    the model of what was reached.

    Examples
    --------
        spheroseg train --images raw/ --masks outlined/masks --out plate-7 --minutes 60

        spheroseg train --images raw/ --labels labels/ --out plate-7 --from resunet-spheroid --steps 500

        SPHEROSEG_MODELS=plate-7 spheroseg segment new/ --model plate-7 --out results

    Exit code 0: all images were used; 2: some were left out (named with their reasons); 130: interrupted, the
    model is of what was reached; 1: nothing could be trained.
    """
    if (masks is None) == (labels is None):
        raise SpherosegError("give the annotations' folder by either --masks or --labels")
    # torch and OpenCV take seconds to import.
    from spheroseg_widgets.segmentation.registry import find_model  # noqa: PLC0415
    from spheroseg_widgets.segmentation.training.dataset import read_dataset  # noqa: PLC0415
    from spheroseg_widgets.segmentation.training.run import RATE_FROM_A_MODEL, TrainingRun  # noqa: PLC0415
    from spheroseg_widgets.segmentation.training.trainer import TrainingConfig  # noqa: PLC0415

    start = None if base is None else find_model(base)
    usual = TrainingConfig()
    config = TrainingConfig(
        # Time alone ends a run of which only the minutes are given.
        steps=steps or (usual.steps if minutes is None else 10_000_000),
        minutes=minutes,
        rate=rate if rate is not None else (usual.rate if start is None else RATE_FROM_A_MODEL),
        seed=seed,
        threads=threads or _cores(),
    )
    with _bar("reading images") as show:
        if masks is not None:
            dataset = read_dataset(images, masks, "masks", names=names, progress=lambda n, of: show("", n / of))
        else:
            assert labels is not None
            dataset = read_dataset(images, labels, "labels", names=names, progress=lambda n, of: show("", n / of))
    for path, reason in dataset.left_out:
        typer.secho(f"left out: {path}: {reason}", err=True, fg="yellow")
    run = TrainingRun(out, dataset, config, validation=validation, synthetic=synthetic, base=start)
    called = run.model_name(name)
    record = run.record
    typer.echo(f"{len(record['training'])} images to train on, {len(record['held_out'])} for validation", err=True)
    if run.resumed:
        over = config.is_over(run.trainer.step, run.trainer.seconds)
        more = "; it has had its steps or minutes: with more of them it goes on" if over else ""
        typer.echo(f"going on from step {run.trainer.step}{more}", err=True)
    interrupted = _train(run)
    folder = run.export(called)
    best = run.trainer.best
    told = "" if best is None else f", IoU {best.iou:.3f} on the validation images"
    typer.echo(f"{called}: {run.trainer.step} steps{told}; {folder}")
    typer.echo(
        f"SPHEROSEG_MODELS={quote(str(out))} spheroseg segment FOLDER --model {quote(called)} --out RESULTS", err=True
    )
    if interrupted:
        typer.secho("interrupted: the same call goes on from here", err=True, fg="yellow")
        raise typer.Exit(INTERRUPTED)
    if dataset.left_out:
        raise typer.Exit(SOME_LEFT_OUT)


def _train(run: TrainingRun) -> bool:
    """Train to the end under a bar; True when Ctrl-C ended it."""
    config = run.trainer.config
    texts = {"loss": "", "validation": ""}
    with _bar("training") as show:

        def tell(row: Row) -> None:
            if "loss" in row:
                texts["loss"] = f"step {row['step']:.0f}, loss {row['loss']:.3f}"
            if "validation_iou" in row:
                texts["validation"] = f"validation IoU {row['validation_iou']:.3f}, loss {row['validation_loss']:.3f}"
            share = max(row["step"] / config.steps, row.get("seconds", 0.0) / 60 / (config.minutes or float("inf")))
            show("; ".join(filter(None, texts.values())), share)

        leave = run.on_row(tell)
        interrupted = False
        run.start()
        while True:
            try:
                # Training runs in its own thread, so that Ctrl-C never cuts a step in two.
                if run.wait(0.2):
                    break
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                run.stop()
                show("stopping after this step", None)
        leave()
    return interrupted


@contextmanager
def _bar(what: str) -> Iterator[Callable[[str, float | None], None]]:
    """Give a function that shows a text and the share that is done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=1.0, text="")
        yield lambda text, share: bar.update(task, completed=share, text=text)


def _cores() -> int:
    """Return how many threads torch would use."""
    import torch  # noqa: PLC0415 - see above

    return int(torch.get_num_threads())
