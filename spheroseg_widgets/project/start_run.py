"""Starting a run: what can be checked before is checked, what holds for all its images is fixed."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import pandas as pd

from spheroseg_widgets.errors import ModelError, SpherosegError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.jobs.cluster import ClusterWish
from spheroseg_widgets.segmentation.engines import FAST_PACKAGES, ONNX, check_usable, choose_engine
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, ModelInfo, find_model
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER, Settings
from spheroseg_widgets.store import images, runs

from .base import ProjectBase
from .run import Run
from .start_work import check_reachable


def start_run(
    project: ProjectBase,
    image_ids: Sequence[int],
    *,
    model: str | None,
    workers: int | tuple[int, int] | None,
    cluster: Any,
    replace_edits: bool,
    detached: bool | None,
    settings: dict[str, Any],
) -> Run:
    """Check what can be checked, fix the parameters, store the run, and start it in the background."""
    wish = ClusterWish.of(workers, cluster)
    info = find_model(model or DEFAULT_MODEL)
    _check_weights(info)
    settings = {name: value for name, value in settings.items() if value is not None}
    unknown = sorted(set(settings) - set(Settings.__dataclass_fields__))
    if unknown:
        raise SpherosegError(
            f"unknown setting {', '.join(unknown)}; there are {', '.join(Settings.__dataclass_fields__)}"
        )
    engine = choose_engine(settings.get("engine"), settings.get("precision"))
    if cluster is None and info.kind != "threshold":
        check_usable(engine)  # workers of another machine say for themselves what they cannot (see `PrepareWorker`)
    chosen = Settings.from_dict({**info.settings.get("defaults", {}), **settings, **asdict(engine)})
    if chosen.polarity not in (AS_IS, DARKER):
        raise SpherosegError(f"polarity is {chosen.polarity!r}; it must be {AS_IS!r} or {DARKER!r}")
    if "inverted" in settings:
        chosen = replace(chosen, polarity=AS_IS)  # who says it need not be asked
    database = project.database
    with database.read() as connection:
        table = images.images_frame(connection, project.id)
    table = table[table["image_id"].isin(list(image_ids))]
    check_reachable(table["path"])
    if chosen.diameter_um is not None:
        _check_diameter(chosen.diameter_um, table)
    packages = ["torch", "numpy", "opencv-python-headless", "scikit-image"]
    if chosen.engine == ONNX:
        packages += [name for name in FAST_PACKAGES if find_spec(name) is not None]
    parameters = {
        "model": str(info.weights) if info.kind == "original" else info.name,
        "model_sha256": info.sha256,
        "model_folder": info.folder,
        "settings": chosen.to_dict(),
        **({"scale": settings["scale"]} if "scale" in settings else {}),  # of all images
        # By image: chosen before the first job starts, never changed afterwards.
        "scales": None,
        "inverted": None,
        "threads": 1,
        "engine": chosen.engine,
        "replace_edits": replace_edits,
        "packages": {name: version(name) for name in packages},
        "machine": platform.machine(),
    }
    with database.write() as connection:
        card = info.card.name if info.card else None
        model_id = runs.ensure_model(connection, info.name, info.version, info.sha256, card)
        run_id = runs.create_run(
            connection, project.id, model_id, parameters, table["image_id"].tolist(), project.author
        )  # fmt: skip
    run = Run(project, run_id)
    run.start(wish, detached=detached)
    return run


def _check_diameter(diameter_um: float, table: pd.DataFrame) -> None:
    """Refuse a diameter that says nothing about pixels."""
    if not diameter_um > 0:
        raise SpherosegError(f"diameter_um is {diameter_um:g}; it must be larger than 0")
    unknown = table[table["pixel_size_um"].isna()]
    if len(unknown):
        raise SpherosegError(
            f"diameter_um needs the pixel size of every image; {len(unknown)} have none, {unknown['name'].iloc[0]} among "
            "them: set it with project.set_pixel_size, or leave diameter_um out"
        )


def _check_weights(info: ModelInfo) -> None:
    """Refuse damaged weights here, where the caller sees it, and not on every worker."""
    if info.weights is None or info.kind == "original":
        return
    if not info.weights.is_file():
        raise ModelError(f"{info.weights}: the weights file is missing; reinstall the package or the model")
    if (found := sha256(info.weights)) != info.sha256:
        raise ModelError(
            f"{info.weights}: the weights are damaged or were replaced (sha256 {found[:12]}..., expected "
            f"{info.sha256[:12]}...); reinstall the package or the model"
        )
