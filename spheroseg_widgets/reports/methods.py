"""What a reader must know to trust or repeat the numbers: model, settings, versions, pixel size, what is missing."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import pandas as pd

from spheroseg_widgets import __version__
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.settings import LEAST_AREA
from spheroseg_widgets.store.judgement import exclusions_frame

from .style import shown

SOURCES = {
    "user": "entered by a person", "imagej": "the ImageJ tag of the files", "ome": "the OME metadata of the files",
    "tiff": "the resolution tag of the TIFF files", "unknown": "not known: lengths are in px only",
}  # fmt: skip
UNSAID = {"min_area_px2": f"{LEAST_AREA:g} working pixels"}
"""What a setting that was left to the package comes to; others are then of no account."""
PACKAGES = ("torch", "numpy", "opencv-python-headless", "scikit-image", "shapely", "pandas", "plotly")


def models_table(project: Project) -> pd.DataFrame:
    """Return the models whose results hold: model, sha256, images."""
    images = project.images()
    held = images[images["current_result_id"].notna()]
    sources = held["result_source"].fillna("model")
    made = sources.isin(["edit", "import"])
    named = held.assign(
        model=held["model"].astype(object).where(held["model"].notna(), "no model"),
        sha256=held["model_sha256"]
        .astype(object)
        .where(held["model_sha256"].notna() & (held["model_sha256"] != ""), None),
        corrected=made,
    )
    grouped = named.groupby(["model", "sha256"], dropna=False, sort=False)
    return grouped.agg(images=("image_id", "size"), corrected_by_hand=("corrected", "sum")).reset_index()


def runs_table(project: Project) -> pd.DataFrame:
    """Return every run with the settings that were fixed for it."""
    rows = []
    for row in project.runs().to_dict("records"):
        parameters = row["parameters"] if isinstance(row["parameters"], dict) else {}
        settings = {
            key: value for key, value in (parameters.get("settings") or {}).items() if key not in ("scale", "inverted")
        }
        rows.append({
            "run": row["run_id"], "status": row["status"], "started": pd.Timestamp(row["created_at"]).strftime("%Y-%m-%d %H:%M UTC"),
            "by": row["author"], "model": row["model"], "working scale": _scales(parameters), "inverted": _inverted(parameters), "engine": parameters.get("engine"),
            "settings": ", ".join(_setting(key, value) for key, value in settings.items() if value is not None or key in UNSAID),
            "versions": ", ".join(f"{name} {number}" for name, number in (parameters.get("packages") or {}).items()),
        })  # fmt: skip
    columns = ["run", "status", "started", "by", "model", "working scale", "inverted", "engine", "settings", "versions"]
    return pd.DataFrame(rows, columns=columns)


def _setting(key: str, value: object) -> str:
    return f"{key} {UNSAID[key] if value is None else shown(value)}"


def versions_text() -> str:
    """Return the versions that made the report itself."""
    found = [f"spheroseg_widgets {__version__}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def pixel_sizes_table(project: Project) -> pd.DataFrame:
    """Return the pixel sizes and where they came from: one row each, with how many images."""
    images = project.images()
    grouped = (
        images.groupby(["pixel_size_um", "pixel_size_source"], dropna=False, sort=True)
        .size()
        .reset_index(name="images")
    )
    grouped["pixel_size_source"] = [SOURCES.get(str(name), str(name)) for name in grouped["pixel_size_source"]]
    return grouped.rename(columns={"pixel_size_um": "um a pixel", "pixel_size_source": "known from"})


def exclusions_table(project: Project) -> pd.DataFrame:
    """Return the exclusions in force: what, since when, why, who."""
    with project.database.read() as connection:
        rules = exclusions_frame(connection, project.id)
    rules = rules[rules["undone_at"].isna()]
    wells = project.map().set_index("well_id")["well"] if len(rules) else pd.Series(dtype=object)
    rows: list[tuple[Any, ...]] = []
    for rule in rules.to_dict("records"):
        well = wells.get(rule["well_id"], "")
        what = {
            "image": f"image {rule['name']}", "object": f"an object of {rule['name']}", "well": f"well {well}",
            "well_from": f"well {well} from {rule['from_time_h']:g} h onward" if rule["scope"] == "well_from" else "",
        }[rule["scope"]]  # fmt: skip
        rows.append((what, rule["reason"], rule["author"]))
    images = project.images()
    by_review = images[images["review"] == "excluded"]
    rows += [(f"image {name}", "set aside in review", "") for name in by_review["name"]]
    return pd.DataFrame(rows, columns=["excluded", "reason", "by"])


def unsaved_table(project: Project) -> pd.DataFrame:
    """Return the corrections that were begun and not saved: they are in no number of the report."""
    names = project.images().set_index("image_id")["name"]
    rows = [
        (names.get(draft.image_id), draft.author, f"{draft.updated_at:%Y-%m-%d %H:%M} UTC", len(draft.operations()))
        for draft in open_drafts(project)
    ]
    return pd.DataFrame([row for row in rows if row[-1]], columns=["image", "by", "last change", "changes"])


def missing_table(project: Project) -> pd.DataFrame:
    """Return the images without a measurement, and why: nothing of it is filled in."""
    images = project.images()
    outcome = images["outcome"].astype(object).where(images["outcome"].notna(), "not segmented")
    lacking = images[~outcome.isin(["measured", "censored", "absent"])]
    reasons = [_without_path(reason, path) for reason, path in zip(lacking["reason"], lacking["path"], strict=True)]
    table = pd.DataFrame({
        "image": lacking["name"], "well": lacking["well"], "time h": lacking["time_h"],
        "outcome": outcome[lacking.index].str.replace("_", " "), "reason": reasons,
    })  # fmt: skip
    return table.reset_index(drop=True)


def counts_text(project: Project) -> str:
    """Return one sentence: images by state and outcome, objects, wells, review."""
    counts = project.summary()

    def listed(name: str) -> str:
        return ", ".join(f"{n} {str(key).replace('_', ' ')}" for key, n in counts[name].items()) or "none"

    wells = f" in {counts['wells']} wells" if counts["wells"] else ""
    excluded = f" {counts['excluded']} images are excluded." if counts["excluded"] else ""
    return (
        f"{counts['images']} images{wells}: {listed('status')}. {counts['objects']} objects. Outcomes: {listed('outcome')}. "
        f"Review: {listed('review')}.{excluded}"
    )


def _without_path(reason: object, path: object) -> str | None:
    """Leave out the file's path, with which reasons once were stored: the name stands beside it, and a report travels."""
    return reason.removeprefix(f"{path}: ") if isinstance(reason, str) else None


def _inverted(parameters: dict[str, Any]) -> str:
    """Say in how many images light and dark changed places for the model."""
    count = len(parameters.get("inverted") or {})
    return f"{count} images" if count else "no"


def _scales(parameters: dict[str, Any]) -> str:
    used = sorted({round(float(value), 3) for value in (parameters.get("scales") or {}).values()})
    return ", ".join(f"{value:g}" for value in used)
