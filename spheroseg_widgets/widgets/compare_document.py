"""What the browser is told of compared images and revisions: plain values, no pixels and no outlines."""

from __future__ import annotations

from typing import Any

import pandas as pd

from spheroseg_widgets.analysis.outcomes import ABSENT, CENSORED, MEASURED

WORDS = ("name", "plate", "well", "status", "review", "outcome", "reason")
SIZES = ("width", "height")


def image_records(rows: pd.DataFrame, objects: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one record an image.

    Parameters
    ----------
    rows : DataFrame
        Rows of `Project.images()`, in the order in which they are shown.
    objects : DataFrame
        Of `project.tables.images_and_objects`: image_id, is_primary, area_px2.

    Returns
    -------
    list of dict
        id, `WORDS` ("" where there is none), time_h, pixel_size_um, width, height, excluded, result (0 without one),
        objects (-1 without a result), area: of the spheroid, in um2 where the pixel size is known, else in px2; 0 where
        it is confirmed to be absent, and None where it was not measured.
    """
    areas = objects[objects["is_primary"]].set_index("image_id")["area_px2"]
    return [_record(row, areas) for row in rows.to_dict("records")]


def _record(row: dict[Any, Any], areas: pd.Series) -> dict[str, Any]:
    size = _number(row["pixel_size_um"])
    area = None
    if row["outcome"] == ABSENT:
        area = 0.0
    elif row["outcome"] in {MEASURED, CENSORED}:
        area = _number(areas.get(row["image_id"]))
    return {
        "id": int(row["image_id"]),
        **{name: row[name] if isinstance(row[name], str) else "" for name in WORDS},
        **{name: int(row[name]) for name in SIZES},
        "time_h": _number(row["time_h"]),
        "pixel_size_um": size,
        "excluded": bool(row["excluded"]),
        "result": 0 if pd.isna(row["current_result_id"]) else int(row["current_result_id"]),
        "objects": -1 if pd.isna(row["n_objects"]) else int(row["n_objects"]),
        "area": area if area is None or size is None else area * size**2,
    }


def revision_records(revisions: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one record a revision of `compare_subject.revisions_of`: what it is called by, and its area as in images."""
    return [
        {
            "id": int(row.revision),
            "source": row.source,
            "model": row.model if isinstance(row.model, str) else "",
            "version": row.model_version if isinstance(row.model_version, str) else "",
            "run": None if pd.isna(row.run) else int(row.run),
            "author": row.author,
            "created_at": f"{row.created_at.isoformat()}Z",
            "objects": int(row.n_objects),
            "area": float(row.area_px2 if pd.isna(row.area_um2) else row.area_um2),
            "holds": bool(row.holds),
        }
        for row in revisions.itertuples()
    ]


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
