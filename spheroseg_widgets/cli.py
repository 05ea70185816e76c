"""The command line: the same verbs as in a notebook."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from spheroseg_widgets import __version__, commands, dispatch_command, doctor_command, model_commands, training_command
from spheroseg_widgets.errors import ExportError, SpherosegError

if TYPE_CHECKING:
    from spheroseg_widgets.project.run import Run
    from spheroseg_widgets.store.progress import RunProgress

# Dask starts workers by importing the main module again; heavy imports wait until a command runs.
app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", pretty_exceptions_enable=False)
console = Console(stderr=True)
NOTHING_RAN, SOME_FAILED, INTERRUPTED = 1, 2, 130
FORMAT_NAME = re.compile("csv|xlsx|masks|labels|geojson|coco|imagej")

Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes of the local Dask cluster; by default as this machine allows."),
]


def say(what: object, style: str | None = None) -> None:
    """Tell the user something: as it is, on lines as long as they are, so that a path can be copied."""
    console.print(str(what), markup=False, highlight=False, soft_wrap=True, style=style)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's signature
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Outline and measure tumour spheroids in microscope images."""


@app.command()
def segment(
    paths: Annotated[list[str], typer.Argument(help="Images, folders or glob patterns, by path or URL.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")],
    model: Annotated[str | None, typer.Option(help="A model's name, or a checkpoint of the original platform.")] = None,
    pixel_size: Annotated[
        float | None, typer.Option(min=0.0, help="Micrometres a pixel; by default what the files say.")
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            help="csv, xlsx, masks, labels, geojson, coco, imagej; several, or separated by spaces or commas."
        ),
    ] = None,
    names: Annotated[
        str, typer.Option(help="auto, incucyte, opera, or a pattern such as {plate}_{well}_{time}h.tif")
    ] = "auto",
    channel: Annotated[int, typer.Option(min=0, help="The channel to segment, from 0.")] = 0,
    workers: Workers = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, instead of a local cluster.")
    ] = None,
    exclude_border: Annotated[bool, typer.Option(help="Leave out objects that touch the image's edge.")] = False,
    diameter_um: Annotated[
        float | None,
        typer.Option(help="Diameter of typical spheroids in micrometres; by default some images are looked at."),
    ] = None,
    inverted: Annotated[
        bool | None,
        typer.Option(
            "--inverted/--not-inverted",
            help="Whether light and dark change places for the model; by default some images of each plate are looked at.",
        ),
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="torch, onnxruntime or cuda; by default the fast one that is installed.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="float32, or bfloat16 where the processor multiplies it.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            help="A SQLite file elsewhere, or postgresql://ROLE@HOST/DATABASE with the password in ~/.pgpass or "
            "PGPASSWORD; by default a file in the folder of the results."
        ),
    ] = None,
) -> None:
    """Segment images, measure what is found, and write tables and masks.

    Examples
    --------
        spheroseg segment raw/ --out results

        spheroseg segment "raw/*.tif" --out results --pixel-size 1.24 --formats csv xlsx imagej

        spheroseg segment s3://bucket/plate --out results

    Exit code 0: all worked; 2: some images or files failed (named with their reasons); 1: nothing could run.
    """
    from spheroseg_widgets.exports.registry import formats as known_formats  # noqa: PLC0415
    from spheroseg_widgets.project.opening import open_project  # noqa: PLC0415
    from spheroseg_widgets.store.database import is_url  # noqa: PLC0415

    wanted = [name for text in formats or ["csv", "masks", "labels"] for name in text.replace(",", " ").split()]
    if unknown := [name for name in wanted if name not in known_formats()]:
        raise SpherosegError(f"unknown format {', '.join(unknown)}; known are {', '.join(known_formats())}")
    if "csv" not in wanted:
        wanted.insert(0, "csv")  # the list of images and their reasons is always written
    shared = store is not None and is_url(store)  # where every folder's project would be called "project"
    project = open_project(
        out / "project",
        create=True,
        store=str(Path(store).absolute()) if store is not None and not shared else store,
        name=out.resolve().name if shared else None,
    )
    added = project.add(paths, names=names, pixel_size_um=pixel_size, channel=channel, check=say)
    say(added.outcome())
    if pixel_size is not None:
        project.set_pixel_size(pixel_size)
    if project.images().empty:
        raise SpherosegError("there is no image to segment")
    with _progress_of_runs() as watch:
        run = project.segment(
            model=model,
            workers=workers,
            cluster=cluster,
            engine=engine,
            precision=precision,
            diameter_um=diameter_um,
            inverted=inverted,
        )
        watch(run)
        _wait(run)
    not_written: list[str] = []
    try:
        files = project.export(out, wanted, exclude_border=exclude_border)
    except ExportError as error:
        if not error.written:
            raise
        say(str(error), style="red")
        files, not_written = error.written, error.failed
    listed = project.bundle().images_table
    failed = _say_failed(listed)
    done = int((listed["status"] == "done").sum())
    say(f"{done} images segmented, {failed} failed; {len(files)} files in {out}")
    if done == 0:
        raise typer.Exit(NOTHING_RAN)
    if failed or added.skipped or not_written:
        raise typer.Exit(SOME_FAILED)


@app.command()
def demo(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for everything the demo makes.")] = Path(
        "demo-output"
    ),
    images: Annotated[
        str | None, typer.Option(help="A folder of your own images, by path or URL, instead of the synthetic plate.")
    ] = None,
    workers: Workers = None,
) -> None:
    """Run the main job on a synthetic plate with known truth, or on a folder of yours.

    Example:

        spheroseg demo --images my-images
    """
    from spheroseg_widgets.demo.demo import run_demo  # noqa: PLC0415

    with _progress_of_runs() as watch:
        result = run_demo(out, images=images, workers=workers, watch=watch)
    for title, frame in (
        ("Against the known truth", result.accuracy),
        ("Growth of the volume a day", result.growth),
    ):
        if frame is not None:
            _print_table(title, frame)
    _say_failed(result.project.images())
    counts = result.project.summary()
    say(f"{counts['images']} images, {counts['objects']} objects, {counts['wells']} wells")
    for line in (
        f"Summary page    {result.page}",
        f"Tables, masks   {out / 'export'}",
        f"Project         {out / 'project'}",
        "Next: open the summary page in a browser; then",
        f"      make lab, or spheroseg lab {out}    JupyterLab on the quickstart notebook",
        f"      spheroseg report {out / 'project'} -o report.html",
        f"      spheroseg dashboard {out / 'project'}",
        "      spheroseg segment FOLDER --out RESULTS    images of your own",
    ):
        say(line)


@contextmanager
def _progress_of_runs() -> Iterator[Callable[[Run], object]]:
    """Give a function that shows a run's progress as a bar."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("segmenting", total=None, failed="")

        def show(seen: RunProgress) -> None:
            text = "preparing" if seen.stage in {"waiting", "preparing"} else "segmenting"
            failed = f"{seen.failed} failed" if seen.failed else ""
            bar.update(task, description=text, completed=seen.done + seen.failed, total=seen.total, failed=failed)

        watched: list[tuple[Run, Callable[[], None]]] = []
        yield lambda run: watched.append((run, run.on_change(show)))
        for run, leave in watched:
            leave()
            show(run.progress())  # the end may not have been told yet


def _wait(run: Run) -> None:
    """Wait for a run; Ctrl-C cancels what is left of it and keeps what is done."""
    try:
        run.wait()
    except KeyboardInterrupt:
        left = run.cancel()
        say(f"interrupted: {left} images were not segmented; what was done is kept", style="yellow")
        raise typer.Exit(INTERRUPTED) from None


def _say_failed(images: pd.DataFrame) -> int:
    """Name the images that failed, and why; returns how many."""
    failed = images[images["status"] == "failed"]
    for row in failed.itertuples():
        say(f"failed: {row.path}: {row.reason}", style="red")
    return len(failed)


def _print_table(title: str, frame: pd.DataFrame) -> None:
    table = Table(title=title, title_justify="left")
    for column in frame.columns:
        table.add_column(
            str(column).replace("_", " "), justify="left" if frame[column].dtype.kind not in "if" else "right"
        )
    for row in frame.itertuples(index=False, name=None):
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row))
    Console().print(table)


commands.register(app)
model_commands.register(app)
training_command.register(app)
dispatch_command.register(app)
doctor_command.register(app)


def joined_formats(arguments: list[str]) -> list[str]:
    """Let `--formats csv xlsx` take several values: the names after it become one, `csv,xlsx`."""
    out: list[str] = []
    for argument in arguments:
        follows = len(out) > 1 and out[-2] == "--formats" and FORMAT_NAME.fullmatch(argument) is not None
        if follows:
            out[-1] += f",{argument}"
        else:
            out.append(argument)
    return out


def main() -> None:
    """Run the command line; an expected error is one line, not a traceback."""
    try:
        app(args=joined_formats(sys.argv[1:]))
    except SpherosegError as error:
        say(f"Error: {error}", style="red")
        sys.exit(NOTHING_RAN)


if __name__ == "__main__":
    main()
