"""The main job from start to end: segment on Dask, measure, compare with the truth, export, show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from spheroseg_widgets.analysis.growth import by_condition, growth_rates
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.outlines.rasterise import to_labels, to_mask
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.reports.page import write_page
from spheroseg_widgets.segmentation.scores import Counts, instance_counts, iou

from .plate import GROWTH_PER_DAY, DemoPlate, make_demo_plate

FORMATS = ("csv", "xlsx", "masks", "labels", "geojson", "coco", "imagej")


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo made.

    Parameters
    ----------
    project : Project
        Open; the next step in a notebook.
    page : Path
        The one-page summary.
    accuracy : DataFrame or None
        Against the truth: one row a condition or special case, with images, mean IoU, instance F1 and area
        error; None for images of one's own.
    growth : DataFrame or None
        Measured and true growth rates.
    files : list of Path
        Exports.
    """

    project: Project
    page: Path
    accuracy: pd.DataFrame | None
    growth: pd.DataFrame | None
    files: list[Path]


def run_demo(
    out: Path,
    *,
    images: str | Path | None = None,
    workers: int | None = None,
    watch: Callable[[Run], object] | None = None,
) -> DemoResult:
    """Run the demo into a folder.

    Parameters
    ----------
    out : Path
        Receives the plate, the project, the exports and the page.
    images : str or Path, optional
        A folder of one's own images, used instead of the synthetic plate.
    workers : int, optional
        Processes of the local cluster.
    watch : callable, optional
        Given the run, once it is started.
    """
    plate = None if images is not None else make_demo_plate(out / "plate")
    project = open_project(out / "project", create=True)
    project.add(plate.images if plate is not None else images or [])
    if plate is not None:
        project.set_map(plate.plate_map)
    run = project.segment(workers=workers)
    if watch:
        watch(run)
    run.wait()
    files = project.export(out / "export", FORMATS)
    accuracy = compare(project, plate) if plate is not None else None
    growth = compare_growth(project) if plate is not None else None
    page = write_page(project, out / "summary.html", accuracy=accuracy, growth=growth)
    return DemoResult(project, page, accuracy, growth, files)


def compare(project: Project, plate: DemoPlate) -> pd.DataFrame:
    """Score the project's outlines against the plate's truth, by condition and special case."""
    truth = plate.table.set_index("file")
    rows = []
    table = project.images()
    for image in table[table["current_result_id"].notna()].itertuples():
        real = read_plane(plate.truth / f"{Path(image.path).stem}.png").pixels.astype(np.int32)
        outlines, objects = project.outlines(int(image.image_id))
        height, width = int(image.height), int(image.width)
        counts = instance_counts(to_labels(outlines, height, width), real)
        expected = truth.loc[image.name]
        largest = objects["area_px2"].max() if len(objects) else 0.0
        # What the image shows of it: a spheroid cut by the border is compared with its visible part.
        visible = np.bincount(real.ravel())[1:].max(initial=0)
        area = largest / visible - 1 if visible else np.nan
        kind = expected["special"] or f"{expected['condition']}, plain"
        rows.append((kind, iou(to_mask(outlines, height, width), real > 0), counts, area))
    scored = pd.DataFrame(rows, columns=["images_of", "iou", "counts", "area_error"])
    grouped = scored.groupby("images_of", sort=True)
    return pd.DataFrame(
        {
            "images": grouped.size(),
            "mean_iou": grouped["iou"].mean(),
            "f1": grouped["counts"].agg(lambda counts: sum(counts, Counts()).f1),
            "mean_area_error": grouped["area_error"].mean(),
        }
    ).reset_index()


def compare_growth(project: Project) -> pd.DataFrame:
    """Set the measured growth of each condition beside the true one."""
    summary = by_condition(growth_rates(project.wells()))
    summary["true_rate"] = summary["condition"].map(GROWTH_PER_DAY)
    return summary
