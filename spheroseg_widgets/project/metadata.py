"""What a person says of where and when images were taken, brought into the form in which it is stored."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.exports.stems import unique_stems
from spheroseg_widgets.imaging.names import normal_well
from spheroseg_widgets.store.experiment import DEFAULT_PLATE, plate_names
from spheroseg_widgets.store.images import check_own
from spheroseg_widgets.store.metadata import FIELDS, metadata_of, other_stems, set_metadata
from spheroseg_widgets.store.well_condition import images_in, set_conditions, wells_of

MOST_NAMED = 5
WELL = re.compile(r"[A-Za-z]{1,2}\d{1,2}")


def change_metadata(
    connection: sa.Connection,
    project_id: int,
    images: Iterable[int] | pd.DataFrame,
    given: Mapping[str, Any],
    author: str,
) -> pd.DataFrame:
    """Change plate, well, time or name of images, see `Cataloguing.set_metadata`; returns what was before."""
    said = _said(images, given)
    check_own(connection, project_id, said)
    now = metadata_of(connection, list(said))
    plates = plate_names(connection, project_id)
    wanted = {one: _changed(fields, said[one], plates) for one, fields in now.items()}
    renamed = [one for one in wanted if wanted[one]["stem"] is None]
    kept = [wanted[one]["stem"] for one in wanted if one not in set(renamed)]
    taken = [*other_stems(connection, project_id, list(wanted)), *kept]
    for one, stem in zip(renamed, unique_stems([_stem(wanted[one]["name"]) for one in renamed], taken), strict=True):
        wanted[one]["stem"] = stem
    before = set_metadata(connection, project_id, wanted, author)
    return pd.DataFrame([{"image_id": one, **fields} for one, fields in before.items()], columns=["image_id", *FIELDS])


def change_condition(
    connection: sa.Connection,
    project_id: int,
    images: Sequence[int] | pd.DataFrame,
    condition: str | None,
    author: str,
) -> tuple[pd.DataFrame, list[int]]:
    """Change the condition of wells, see `Cataloguing.set_condition`; returns what was before, and the images of these wells."""
    if isinstance(images, pd.DataFrame):
        if not {"well_id", "condition"} <= set(images):
            raise StoreError("a table of conditions needs the columns well_id and condition; nothing was changed")
        rows = images[["well_id", "condition"]].to_dict("records")
        wanted = {int(row["well_id"]): _fitted("condition", row["condition"]) for row in rows}
    else:
        check_own(connection, project_id, images)
        wells = wells_of(connection, project_id, images)
        outside = [one for one, well_id in wells.items() if well_id is None]
        if outside:
            names = [metadata_of(connection, outside)[one]["name"] for one in outside]
            raise StoreError(
                f"{', '.join(names[:MOST_NAMED])}{' and others' if len(names) > MOST_NAMED else ''}: in no well, and a "
                "condition is a well's; say their wells first. Nothing was changed"
            )
        said = _fitted("condition", condition)
        wanted = {well_id: said for well_id in wells.values() if well_id is not None}
    before = set_conditions(connection, project_id, wanted, author)
    table = pd.DataFrame({"well_id": list(before), "condition": pd.Series(list(before.values()), dtype=object)})
    return table.astype({"well_id": "int64"}), images_in(connection, before)


def _said(images: Iterable[int] | pd.DataFrame, given: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Return what was said of each image, as it is stored."""
    if not isinstance(images, pd.DataFrame):
        return {int(one): {name: _fitted(name, value) for name, value in given.items()} for one in images}
    if "image_id" not in images:
        raise StoreError("a table of metadata needs a column image_id; nothing was changed")
    columns = [name for name in FIELDS if name in images]
    rows = images[["image_id", *columns]].to_dict("records")
    said = {int(row["image_id"]): {**{name: row[name] for name in columns}, **given} for row in rows}
    if len(said) < len(rows):
        raise StoreError("a table of metadata has one row an image; nothing was changed")
    return {one: {name: _fitted(name, value) for name, value in fields.items()} for one, fields in said.items()}


def _fitted(name: str, value: Any) -> Any:
    """Return a value as its column holds it; None where there is nothing."""
    if pd.isna(value) or (isinstance(value, str) and not value.strip()):
        if name in {"name", "stem"}:
            raise StoreError(f"an image needs a {name}; nothing was changed")
        return None
    if name == "time_h":
        try:
            hours = float(value)
        except (TypeError, ValueError):
            hours = math.nan
        if not math.isfinite(hours):
            raise StoreError(f"time_h is {value!r}, and not a number of hours; nothing was changed")
        return hours
    text = str(value).replace("\0", " ").strip()
    if name != "well":
        return text
    if not WELL.fullmatch(text):
        raise StoreError(f"well {text}: a well is called by its row and column, such as B07; nothing was changed")
    return normal_well(text)


def _changed(fields: Mapping[str, Any], said: Mapping[str, Any], plates: Sequence[str]) -> dict[str, Any]:
    """Return an image's fields with what was said of it; the stem is None where a new one is to be made."""
    out = {**fields, **said}
    if out["plate"] is None and out["well"] is not None:
        if said.get("well") is None:
            out["well"] = None  # taken from its plate, it has left its well
        elif "plate" in said or len(plates) > 1:
            several = f" (there are {', '.join(plates)})" if plates else ""
            raise StoreError(f"well {out['well']}: on which plate? Name one with plate={several}; nothing was changed")
        else:
            out["plate"] = plates[0] if plates else DEFAULT_PLATE
    if "stem" not in said and out["name"] != fields["name"]:
        out["stem"] = None
    return out


def _stem(name: str) -> str:
    path = PurePath(name)
    return path.stem if path.suffix else name
