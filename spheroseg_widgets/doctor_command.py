"""The command that looks at a machine: what is installed, what can compute, how fast. It changes nothing."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from spheroseg_widgets.errors import ModelError
    from spheroseg_widgets.segmentation.registry import ModelInfo

PACKAGES = (
    "torch",
    "onnxruntime",
    "onnx",
    "numpy",
    "opencv-python-headless",
    "dask",
    "jupyterlab",
    "ipykernel",
    "anywidget",
    "psycopg",
)
SIDES = (512, 1024)
DAMAGED = 1
console = Console()


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)


def doctor(
    project: Annotated[
        Path | None, typer.Argument(help="A project's folder, to look at its store as well.", show_default=False)
    ] = None,
    *,
    measure: Annotated[
        bool, typer.Option("--measure", help="Time every engine with a model and recommend one; about a minute.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="The model to measure; by default the default one.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads to measure with; workers have one each.")] = 1,
) -> None:
    """Show what this machine has: versions, processor, engines, models; of a project, its store. Nothing is changed.

    Examples
    --------
        spheroseg doctor

        spheroseg doctor --measure

        spheroseg doctor plate-7

    Exit code 1: a model's weights are missing or damaged, or the project's store cannot be opened.
    """
    from spheroseg_widgets import __version__  # noqa: PLC0415
    from spheroseg_widgets.jobs.cluster import cgroup_cores, default_workers, memory_bytes  # noqa: PLC0415
    from spheroseg_widgets.segmentation.engines import BFLOAT16, CUDA, ENGINES, Choice, choose_engine, why_not  # noqa: PLC0415
    from spheroseg_widgets.segmentation.processor import multiplies_bfloat16, processor_flags, processor_name  # noqa: PLC0415
    from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model, list_models  # noqa: PLC0415

    facts = Table(show_header=False, box=None)
    facts.add_row(
        "spheroseg_widgets",
        f"{__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}",
    )
    facts.add_row("packages", ", ".join(f"{name} {_version(name)}" for name in PACKAGES))
    facts.add_row("processor", processor_name())
    facts.add_row("flags that matter", ", ".join(sorted(processor_flags())) or "not listed by this system")
    facts.add_row("bfloat16", "multiplied here" if multiplies_bfloat16() else "not multiplied here")
    granted = cgroup_cores()
    facts.add_row(
        "granted",
        f"{_cores()} cores{'' if granted is None else f', {granted} by the container'}, {memory_bytes() / 1e9:.1f} GB of memory",
    )
    facts.add_row("workers of a run", f"{default_workers()}, one thread each, unless told otherwise")
    console.print(facts)

    default = choose_engine()
    engines = Table("engine", "precision", "here", title="Engines", title_justify="left")
    for name in ENGINES:
        for choice in [Choice(name)] + ([Choice(name, BFLOAT16)] if name == "torch" else []):
            reason = why_not(choice)
            told = f"no: {reason}" if reason else ("the default" if choice == default else "yes")
            engines.add_row(
                choice.engine, choice.precision, told + (" (not tested)" if name == CUDA and not reason else "")
            )
    console.print(engines)

    broken: list[ModelError] = []
    table = Table("model", "version", "kind", "weights", title="Models", title_justify="left")
    damaged = 0
    for info in list_models(broken):
        told = _weights(info)
        damaged += told in {"missing", "damaged"}
        table.add_row(
            f"{info.name} (default)" if info.name == DEFAULT_MODEL else info.name, info.version, info.kind, told
        )
    console.print(table)
    for error in broken:
        typer.echo(str(error), err=True)
    if project is not None:
        _look_at_store(project)
    if measure:
        _measure(find_model(model or DEFAULT_MODEL), threads)
    if damaged or broken:
        raise typer.Exit(DAMAGED)


def _look_at_store(project: Path) -> None:
    from spheroseg_widgets.project.description import read_description  # noqa: PLC0415
    from spheroseg_widgets.store.condition import look_at  # noqa: PLC0415

    told = read_description(project.expanduser().resolve())
    seen = look_at(told.store, told.name, told.key)
    schema = (
        f"{seen.schema}, up to date" if seen.schema == seen.newest
        else f"{seen.schema or 'none yet'}; opening the project makes it {seen.newest}"
    )  # fmt: skip
    table = Table(show_header=False, box=None, title=f"Store of {told.name}", title_justify="left")
    table.add_row("where", seen.where)
    table.add_row("kind", seen.kind)
    table.add_row("schema", schema)
    if seen.schema == seen.newest:
        table.add_row("project", "not in it yet" if seen.images is None else f"{seen.images} images")
    console.print(table)


def _measure(info: ModelInfo, threads: int) -> None:
    from spheroseg_widgets.errors import ModelError  # noqa: PLC0415
    from spheroseg_widgets.segmentation.engines import choose_engine, usable_choices  # noqa: PLC0415
    from spheroseg_widgets.segmentation.speed import AGREE, measure_engines, recommended  # noqa: PLC0415

    if info.kind == "threshold":
        raise ModelError(f"{info.name} has no network: there is nothing to measure")
    measured = measure_engines(
        info, usable_choices(), threads=threads, sides=SIDES,
        watch=lambda choice: typer.echo(f"measuring {choice} ...", err=True),
    )  # fmt: skip
    table = Table(
        "engine", "precision", *(f"{side} px" for side in SIDES), "GFLOP/s", "of a matrix product", "ready after", "IoU",
        title=f"{info.name} with {threads} thread{'s' if threads > 1 else ''}", title_justify="left",
    )  # fmt: skip
    for one in measured:
        table.add_row(
            one.choice.engine, one.choice.precision, *(f"{one.seconds[side] * 1e3:.0f} ms" for side in SIDES),
            f"{one.gflops:.0f}", f"{one.gflops / one.matmul_gflops:.2f}", f"{one.ready_s:.1f} s", f"{one.iou:.4f}",
        )  # fmt: skip
    console.print(table)
    default = choose_engine()
    best = recommended(measured, default)
    if best.choice == default:
        typer.echo(f"Recommended: the default ({default}); no option is needed.")
    else:
        typer.echo(f"Recommended: --engine {best.choice.engine} --precision {best.choice.precision}")
    typer.echo(
        f"Its mask of a synthetic image has an IoU of {best.iou:.4f} with torch in float32; {AGREE} is asked for."
    )
    typer.echo("Nothing was changed: a run takes the default unless it is told otherwise.")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _cores() -> int:
    import os  # noqa: PLC0415

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _weights(info: ModelInfo) -> str:
    from spheroseg_widgets.imaging.digest import sha256  # noqa: PLC0415

    if info.weights is None:
        return "needs none"
    if not info.weights.is_file():
        return "missing"
    return "whole" if sha256(info.weights) == info.sha256 else "damaged"
