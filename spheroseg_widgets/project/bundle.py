"""What an export is made of: the tables, the images one by one, and where it all comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from spheroseg_widgets.analysis.wells import wells_table
from spheroseg_widgets.exports.bundle import ExportBundle, ExportImage
from spheroseg_widgets.exports.stems import unique_stems
from spheroseg_widgets.store import results, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import known_sources
from spheroseg_widgets.store.tables import COMPUTED

from .tables import images_and_objects, measurements_table, wells_map

IMAGES_COLUMNS = (
    "path", "page", "stem", "sha256", "width", "height", "pixel_size_um", "pixel_size_source", "status", "reason",
    "n_objects", "seconds", "model", "model_sha256",
)  # fmt: skip
MORE_COLUMNS = (
    "name", "plate", "well", "time_h", "site", "outcome", "review", "excluded", "result_source", "model_version", *COMPUTED,
)  # fmt: skip


def make_bundle(
    database: Database,
    project_id: int,
    name: str,
    *,
    exclude_border: bool = False,
    image_ids: Sequence[int] | None = None,
) -> ExportBundle:
    """Collect what an export writes.

    Parameters
    ----------
    exclude_border : bool
        Leave objects out that touch the image's edge: out of every table, every count and every picture alike.
    image_ids : sequence of int, optional
        Only these images; which object is the spheroid of a well is decided as among all.
    """
    table, objects = images_and_objects(database, project_id, exclude_border=exclude_border)
    if image_ids is not None:
        table = table[table["image_id"].isin(image_ids)].reset_index(drop=True)
        objects = objects[objects["image_id"].isin(image_ids)].reset_index(drop=True)
    wells = wells_map(database, project_id)
    measurements = measurements_table(table, objects, wells)
    listed = table[[*IMAGES_COLUMNS, *MORE_COLUMNS]]
    if image_ids is None:
        listed = pd.concat([listed, _unusable(database, project_id, table)], ignore_index=True)
    return ExportBundle(
        images_table=listed,
        measurements=measurements.drop(columns=["image_id", "result_id"]),
        wells=wells_table(table, objects, wells) if table["well"].notna().any() else None,
        images=lambda: _export_images(database, table, measurements),
        provenance=_provenance(database, project_id, name, exclude_border=exclude_border),
    )


def _provenance(database: Database, project_id: int, name: str, *, exclude_border: bool) -> dict[str, Any]:
    with database.read() as connection:
        history = runs.runs_frame(connection, project_id)
    provenance: dict[str, Any] = {"project": name, "exclude_border": exclude_border}
    if len(history):
        last = history.iloc[-1]
        provenance |= {"model": last["model"], "model_sha256": last["model_sha256"], "run": int(last["run_id"])}
        provenance |= {k: v for k, v in last["parameters"].items() if k not in {"scales", "inverted", "maps"}}
    return provenance


def _unusable(database: Database, project_id: int, table: pd.DataFrame) -> pd.DataFrame:
    """Return rows of files that could not even be probed: failed, with their reason and a stem of their own."""
    with database.read() as connection:
        sources = known_sources(connection, project_id)
    bad = sources[sources["problem"].notna() & ~sources["uri"].isin(table["path"])]
    names = [Path(uri).name for uri in bad["uri"]]
    stems = unique_stems([Path(uri).stem for uri in bad["uri"]], table["stem"])
    return pd.DataFrame(
        {"path": bad["uri"], "stem": stems, "name": names, "status": "failed", "reason": bad["problem"],
         "outcome": "unusable", "pixel_size_source": "unknown"}
    )  # fmt: skip


def _export_images(database: Database, table: pd.DataFrame, measurements: pd.DataFrame) -> Iterator[ExportImage]:
    done = table[table["current_result_id"].notna()]
    by_image = dict(iter(measurements.groupby("image_id")))
    for row in done.itertuples():
        with database.read() as connection:
            outlines = results.blobs(connection, [int(row.current_result_id)])[int(row.current_result_id)]
        objects = by_image.get(row.image_id, measurements.iloc[:0])
        kept = objects["object"].to_numpy() - 1
        if len(kept) != len(outlines):
            outlines = outlines.subset(kept)
        yield ExportImage(
            row.stem, row.path, int(row.width), int(row.height),
            None if pd.isna(row.pixel_size_um) else float(row.pixel_size_um), outlines, objects.reset_index(drop=True),
        )  # fmt: skip
