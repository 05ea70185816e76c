"""A run: started here, kept in the store."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from spheroseg_widgets.errors import ImageError, ShareUnavailableError
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.jobs.dispatcher import Dispatcher, Progress
from spheroseg_widgets.segmentation.predict import Predictor, Settings
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, ModelInfo, find_model
from spheroseg_widgets.segmentation.scale import estimate_scale
from spheroseg_widgets.store import images, runs
from spheroseg_widgets.store.database import Database

SAMPLES = 5
"""Images of a group that are looked at to choose its working scale."""


class Run:
    """One run of a model over images.

    Parameters
    ----------
    database : Database
        The project's store.
    run_id : int
        Its row.
    """

    def __init__(self, database: Database, run_id: int) -> None:
        self.database = database
        self.id = run_id

    def __repr__(self) -> str:
        counts = self.status()["status"].value_counts()
        return f"<Run {self.id}: " + ", ".join(f"{n} {state}" for state, n in counts.items()) + ">"

    def status(self) -> pd.DataFrame:
        """Return one row an image: status, reason, worker, times."""
        with self.database.read() as connection:
            return runs.jobs_frame(connection, self.id)

    def errors(self) -> pd.DataFrame:
        """Return the failed images with their reasons and tracebacks."""
        table = self.status()
        return table[table["status"] == "failed"][["name", "path", "reason", "traceback"]].reset_index(drop=True)


def start_run(
    database: Database,
    project_id: int,
    author: str,
    image_ids: Sequence[int],
    *,
    model: str | None,
    workers: int | None,
    cluster: Any,
    report: Callable[[Progress], None] | None,
    replace_edits: bool,
    settings: dict[str, Any],
) -> Run:
    """Fix every parameter, store the run, and run it."""
    info = find_model(model or DEFAULT_MODEL)
    with database.read() as connection:
        table = images.images_frame(connection, project_id)
    table = table[table["image_id"].isin(list(image_ids))]
    _check_reachable(table)
    chosen = Settings.from_dict({**info.settings.get("defaults", {}), **settings})
    scales = _scales(info, table, chosen, fixed="scale" in settings)
    parameters = {
        "model": str(info.weights) if info.kind == "original" else info.name,
        "model_sha256": info.sha256,
        "settings": chosen.to_dict(),
        "scales": scales,
        "threads": 1,
        "engine": "torch",
        "packages": {name: version(name) for name in ("torch", "numpy", "opencv-python-headless", "scikit-image")},
        "machine": platform.machine(),
    }
    with database.write() as connection:
        model_id = runs.ensure_model(
            connection, info.name, info.version, info.sha256, str(info.card.name) if info.card else None
        )
        run_id = runs.create_run(connection, project_id, model_id, parameters, table["image_id"].tolist(), author)
    Dispatcher(database, project_id, author).run(
        run_id, workers=workers, cluster=cluster, report=report, replace_edits=replace_edits
    )
    return Run(database, run_id)


def _check_reachable(table: pd.DataFrame) -> None:
    """Say once that a share is gone, instead of failing every image."""
    folders = {str(Path(path).parent) for path in table["path"]}
    gone = sorted(folder for folder in folders if not os.path.isdir(folder))  # noqa: PTH112 - thousands of them
    if gone and len(gone) == len(folders):
        raise ShareUnavailableError(
            f"{gone[0]}: the folder of the images is not reachable. Connect the drive or share and try again, or "
            "point the project to its new place with project.relink(old, new). Nothing was changed."
        )


def _scales(info: ModelInfo, table: pd.DataFrame, settings: Settings, *, fixed: bool) -> dict[str, float]:
    """Choose one working scale a plate, or a folder and image size where there are no plates."""
    if fixed:
        return dict.fromkeys(map(str, table["image_id"]), settings.scale)
    folder = table["path"].map(lambda path: str(Path(path).parent))
    group = (
        table["plate"]
        .astype(object)
        .where(
            table["plate"].notna(),
            folder + "|" + table["width"].astype(str) + "x" + table["height"].astype(str),
        )
    )
    predictor = Predictor(info)
    scales: dict[str, float] = {}
    for _, members in table.groupby(group, sort=False):
        step = max(1, len(members) // SAMPLES)
        samples = []
        for row in members.iloc[step // 2 :: step].head(SAMPLES).itertuples():
            z: Any = int(row.z) if str(row.z).isdigit() else (row.z or None)
            try:
                samples.append(read_plane(row.path, Plane(int(row.series), int(row.page), int(row.channel), z)).pixels)
            except ImageError:
                continue  # its own job will say why
        scale = estimate_scale(predictor, samples, settings) if samples else 1.0
        scales.update(dict.fromkeys(map(str, members["image_id"]), scale))
    return scales
