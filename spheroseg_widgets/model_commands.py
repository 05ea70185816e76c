"""Commands about models: which there are, whether they are whole, and how well they outline annotated images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from spheroseg_widgets.errors import ModelError, SpherosegError

models = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="List, inspect, check and add models.")
console = Console()


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(models, name="models")
    app.command()(evaluate)
    app.command()(fit_threshold)


@models.command("list")
def list_() -> None:
    """List the models that can be named."""
    from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, list_models  # noqa: PLC0415

    table = Table("name", "version", "kind", "weights")
    broken: list[ModelError] = []
    for info in list_models(broken):
        name = f"{info.name} (default)" if info.name == DEFAULT_MODEL else info.name
        table.add_row(name, info.version, info.kind, str(info.weights or "none"))
    console.print(table)
    for error in broken:
        typer.echo(str(error), err=True)


@models.command()
def info(name: Annotated[str, typer.Argument(help="A model's name, or a checkpoint file.")]) -> None:
    """Show what is known of a model: its settings and its card.

    Example:

        spheroseg models info resunet-spheroid
    """
    from spheroseg_widgets.segmentation.registry import find_model  # noqa: PLC0415

    model = find_model(name)
    table = Table(show_header=False)
    rows = {
        "name": model.name, "version": model.version, "kind": model.kind, "weights": model.weights or "none",
        "sha256": model.sha256, **model.settings.get("defaults", {}),
    }  # fmt: skip
    for key, value in rows.items():
        table.add_row(key, str(value))
    console.print(table)
    if model.card is not None and model.card.is_file():
        console.print(Markdown(model.card.read_text(encoding="utf-8")))


@models.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Models; by default all that are there.")] = None,
) -> None:
    """Load models with their hashes checked; exit code 1 when one is missing or damaged."""
    from spheroseg_widgets.segmentation.registry import find_model, list_models  # noqa: PLC0415

    broken: list[ModelError] = []
    chosen = [find_model(name) for name in names] if names else list_models(broken)
    for error in broken:
        typer.echo(str(error), err=True)
    damaged = len(broken)
    for model in chosen:
        if model.weights is None:
            typer.echo(f"{model.name}: needs no weights")
            continue
        try:
            network = model.load()
        except ModelError as error:
            damaged += 1
            typer.echo(f"{model.name}: {error}", err=True)
        else:
            count = sum(parameter.numel() for parameter in network.parameters())
            typer.echo(f"{model.name}: whole, {count / 1e6:.1f} million parameters, sha256 {model.sha256[:12]}...")
    if damaged:
        raise typer.Exit(1)


@models.command()
def add(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of the original platform (.pth, .pth.tar, .pt).")],
    *,
    name: Annotated[str | None, typer.Option(help="What to call it; by default the file's name.")] = None,
) -> None:
    """Add a checkpoint of the original platform, so that it can be named like any other model.

    Example:

        spheroseg models add checkpoint_epoch_9.pth.tar --name lab-2023
    """
    from spheroseg_widgets.segmentation.registry import add_original  # noqa: PLC0415

    added = add_original(checkpoint, name)
    typer.echo(f"{added.name}: {added.weights}")


def evaluate(
    *,
    images: Annotated[list[Path], typer.Option(help="Folder of images; several times for several sets.")],
    masks: Annotated[list[Path], typer.Option(help="Folder of masks or instance labels, one for each --images.")],
    model: Annotated[
        list[str] | None, typer.Option("--model", "-m", help="Models to compare; by default the default one.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for tables and page.")] = Path("evaluation"),
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the network's arithmetic.")] = None,
) -> None:
    """Score models on annotated images, always beside the classical threshold.

    Examples
    --------
        spheroseg evaluate --images plate/images --masks plate/masks

        spheroseg evaluate --images a/images --masks a/labels --images b/images --masks b/masks -m resunet-spheroid -m mine

    Writes `scores.csv` (a row an image), `summary.csv` (a row a set and model) and `evaluation.html` with the worst
    cases. Exit code 2: some pairs could not be used (each named with its reason).
    """
    from spheroseg_widgets.exports.atomic import write_bytes  # noqa: PLC0415
    from spheroseg_widgets.reports.evaluation import write_evaluation  # noqa: PLC0415
    from spheroseg_widgets.segmentation.evaluate import evaluate as scored  # noqa: PLC0415
    from spheroseg_widgets.segmentation.pairs import find_pairs, set_names  # noqa: PLC0415
    from spheroseg_widgets.segmentation.registry import CLASSICAL, DEFAULT_MODEL, find_model  # noqa: PLC0415

    if len(images) != len(masks):
        raise SpherosegError(f"{len(images)} folders of images, but {len(masks)} of masks: one for each is needed")
    chosen = [find_model(name) for name in dict.fromkeys([*(model or [DEFAULT_MODEL]), CLASSICAL])]
    found = [find_pairs(*folders) for folders in zip(images, masks, strict=True)]
    sets = dict(zip(set_names(images), (pairs for pairs, _ in found), strict=True))
    total = len(chosen) * sum(map(len, sets.values()))
    with Progress(*Progress.get_default_columns()[:2], TextColumn("{task.completed} of {task.total}"), TimeElapsedColumn(),
                  console=Console(stderr=True)) as bar:  # fmt: skip
        task = bar.add_task("scoring", total=total)
        evaluation = scored(sets, chosen, threads=threads, watch=lambda *_: bar.advance(task))
    evaluation.problems[:0] = [problem for _, left_out in found for problem in left_out]
    for path, reason in evaluation.problems:
        typer.echo(f"left out: {path}: {reason}", err=True)
    if evaluation.images.empty:
        raise SpherosegError("no pair of image and annotation could be used")
    summary = evaluation.summary()
    shown = Table()
    for title in ("set", "model", "n", "IoU (95 %)", "< 0.5", "F1", "AP", "area"):
        shown.add_column(title, no_wrap=True, justify="left" if title in {"set", "model"} else "right")
    for row in summary.itertuples():
        shown.add_row(
            row.set, row.model, str(row.images), f"{row.iou:.3f} ({row.iou_low:.2f}\u2013{row.iou_high:.2f})",
            f"{row.below_half:.2f}", f"{row.f1:.3f}", f"{row.ap:.3f}", f"{row.area_bias:+.3f}",
        )  # fmt: skip
    console.print(shown)
    scores = evaluation.images.assign(
        f1=evaluation.images["counts"].map(lambda counts: counts[0].f1)
    ).drop(columns="counts")  # fmt: skip
    for name, frame in {"scores.csv": scores, "summary.csv": summary}.items():
        write_bytes(out / name, frame.to_csv(index=False).encode())
    truths = {str(pair.image): pair.truth for pairs in sets.values() for pair in pairs}
    typer.echo(write_evaluation(evaluation, truths, out / "evaluation.html"))
    if evaluation.problems:
        raise typer.Exit(2)


def fit_threshold(
    *,
    images: Annotated[Path, typer.Option(help="Folder of images.")],
    masks: Annotated[Path, typer.Option(help="Folder of masks or instance labels of the same names.")],
    name: Annotated[str, typer.Option(help="What to call the model.")],
) -> None:
    """Fit the classical threshold to a few annotated images: a model without weights and without training.

    Example:

        spheroseg fit-threshold --images few/images --masks few/masks --name our-incucyte
    """
    from spheroseg_widgets.segmentation.fit_threshold import fit_threshold as fitted  # noqa: PLC0415
    from spheroseg_widgets.segmentation.fit_threshold import save_fit  # noqa: PLC0415
    from spheroseg_widgets.segmentation.pairs import find_pairs  # noqa: PLC0415
    from spheroseg_widgets.segmentation.registry import free_name  # noqa: PLC0415

    free_name(name)
    pairs, left_out = find_pairs(images, masks)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("fitting", total=len(pairs))
        fit = fitted(pairs, lambda done, _: bar.update(task, completed=done))
    problems = [*left_out, *fit.left_out]
    for path, reason in problems:
        typer.echo(f"left out: {path}: {reason}", err=True)
    model = save_fit(fit, name)
    typer.echo(f"{model.name}: {', '.join(f'{key} {value}' for key, value in fit.parameters.to_dict().items())}")
    typer.echo(f"mean IoU {fit.iou:.3f} on these {fit.images} images, {fit.usual_iou:.3f} with the usual parameters")
    typer.echo(f"mean IoU {fit.unseen_iou:.3f} on images it was not fitted to: what to expect of new ones")
    if problems:
        raise typer.Exit(2)
