"""Flags: what speaks against the result of an image, so that a person looks at it first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.segmentation.confidence import LOW_CONFIDENCE as LEAST_CONFIDENCE

from .outcomes import FILLED
from .size_jumps import size_residuals
from .usual import Usual

FAILED, EMPTY, OUT_OF_FOCUS, FILLS_FRAME = "failed", "empty", "out_of_focus", "fills_frame"
WRONG_COUNT, SIZE_JUMP, BORDER = "wrong_count", "size_jump", "border"
ODD_SHAPE, LOW_CONFIDENCE = "odd_shape", "low_confidence"
FLAGS = (FAILED, EMPTY, OUT_OF_FOCUS, FILLS_FRAME, WRONG_COUNT, SIZE_JUMP, BORDER, ODD_SHAPE, LOW_CONFIDENCE)
"""Worst first: nothing measured, a size that means nothing, one that is perhaps wrong, a hint."""
NUMBERS = (
    "n_spheroids", "expected", "n_found_in_series", "size_ratio", "edge_ratio", "edge_share", "frame_share", "solidity",
    "circularity", "confidence",
)  # fmt: skip
"""What the flags were decided by."""

JUMP, JUMP_AT_END = 1.2, 1.35
"""A size within this factor of what its neighbours in time let expect is no jump, however smooth the plate is. At the ends
of a series it may as well be a treatment that begins to act."""
JUMP_Z = 5.0
BLURRED = 1.6
"""An edge up to this many times as wide as is usual on the plate is in focus, however alike the plate's edges are."""
BLURRED_Z = 5.0
BLURRED_SHARE, BLURRED_PX = 0.35, 6.0
"""An edge wider than this share of the radius and this many pixels is out of focus, whatever is usual: of outlines that
people drew in real images none is, of the same behind a blur of sigma 0.15 radii most are (`benchmarks/edges.py`)."""
SHAPE_Z = 4.0
LEAST_SOLIDITY, LEAST_CIRCULARITY = 0.9, 0.75
"""From these on a shape is not odd, however alike the plate's shapes are."""


def flags_table(images: pd.DataFrame, objects: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """Flag images whose result a person should look at.

    Images about which a person has decided (excluded, or with a confirmed outcome) have no flags and are no standard
    for others; those without a result have none but `failed`.

    Parameters
    ----------
    images : DataFrame
        One row an image: image_id, plate, well_id, site, channel, time_h, width, height, pixel_size_um, status,
        current_result_id, confirmed_outcome, excluded.
    objects : DataFrame
        One row an outline: image_id, is_primary, class_name, excluded_object, touches_border, confidence, area_px2,
        solidity, circularity, edge_width_px.
    wells : DataFrame
        The plate map: well_id, expected_spheroids (1 where nothing is said).

    Returns
    -------
    DataFrame
        Aligned with `images`. A column of bool for each of `FLAGS`; `flags`, a tuple of their names, worst first;
        `worst`, the first of them or None; and `NUMBERS`: n_spheroids found and expected (NaN outside of wells);
        n_found_in_series, other images of the same well and site that show one; of the primary size_ratio to what its
        neighbours in time let expect, edge_ratio of its edge's width to what is usual on the plate, edge_share of that
        width to its radius, frame_share of its area to the image's, solidity and circularity; least confidence of the
        spheroids.
    """
    judged = images["excluded"].astype(bool) | images["confirmed_outcome"].notna()
    seen = images["current_result_id"].notna() & ~judged
    spheroids = objects[(objects["class_name"] == "spheroid") & ~objects["excluded_object"].astype(bool)]
    of_image = spheroids.groupby("image_id")
    primary = _primaries(images[seen], objects).reindex(images["image_id"]).set_index(images.index)
    area, edge = primary["area_px2"].to_numpy(), primary["edge_width_px"].to_numpy()
    plates = pd.factorize(images["plate"])[0]
    series = images.groupby(["well_id", "site", "channel"], sort=False, dropna=False).ngroup().to_numpy()

    number = pd.DataFrame(index=images.index, columns=list(NUMBERS), dtype=float)
    number["n_spheroids"] = images["image_id"].map(of_image.size()).fillna(0).where(seen)
    number["expected"] = _expected(images["well_id"], wells)
    found = number["n_spheroids"] > 0
    number["n_found_in_series"] = (found.groupby(series).transform("sum") - found).where(images["well_id"].notna())
    residual, jumps = _size_jumps(images, area, series, plates)
    number["size_ratio"] = np.exp(residual)
    usual_edge = Usual.of(np.log(edge), plates)
    number["edge_ratio"] = np.exp(usual_edge.off)
    number["edge_share"] = edge / np.sqrt(area / np.pi)
    number["frame_share"] = area / (images["width"] * images["height"])
    number[["solidity", "circularity"]] = primary[["solidity", "circularity"]]
    number["confidence"] = images["image_id"].map(of_image["confidence"].min()).where(seen).astype(float)

    odd = np.zeros(len(images), bool)
    for name, least in (("solidity", LEAST_SOLIDITY), ("circularity", LEAST_CIRCULARITY)):
        values = number[name].to_numpy()
        odd |= (values < least) & Usual.of(-values, plates).above(0.0, SHAPE_Z)
    columns: dict[str, Any] = {
        FAILED: (images["status"] == "failed") & images["current_result_id"].isna() & ~judged,
        EMPTY: seen & ~found & (number["expected"] != 0),
        OUT_OF_FOCUS: usual_edge.above(np.log(BLURRED), BLURRED_Z)
        | ((number["edge_share"] > BLURRED_SHARE) & (edge > BLURRED_PX)),
        FILLS_FRAME: number["frame_share"] > FILLED,
        WRONG_COUNT: found & number["expected"].notna() & (number["n_spheroids"] != number["expected"]),
        SIZE_JUMP: jumps,
        BORDER: primary["touches_border"] == 1,
        ODD_SHAPE: odd,
        LOW_CONFIDENCE: number["confidence"] < LEAST_CONFIDENCE,
    }
    flags = pd.DataFrame({name: np.asarray(columns[name], bool) for name in FLAGS}, index=images.index)
    names = _names(flags)
    flags["flags"] = pd.Series(names, index=images.index, dtype=object)
    flags["worst"] = pd.Series([one[0] if one else None for one in names], index=images.index, dtype=object)
    return flags.join(number)


def _primaries(images: pd.DataFrame, objects: pd.DataFrame) -> pd.DataFrame:
    """Return what is measured of the primary of each of some images, by image_id; numbers all."""
    columns = ["area_px2", "touches_border", "solidity", "circularity", "edge_width_px"]
    rows = objects[objects["is_primary"].astype(bool) & objects["image_id"].isin(images["image_id"])]
    return rows.set_index("image_id")[columns].astype(float)


def _expected(well_id: pd.Series, wells: pd.DataFrame) -> pd.Series:
    """Return how many spheroids an image should show: 1 where the map says nothing, NaN outside of wells."""
    by_well = wells.set_index("well_id")["expected_spheroids"]
    return well_id.map(by_well).astype(float).fillna(1.0).where(well_id.notna())


def _size_jumps(
    images: pd.DataFrame, area_px2: NDArray[np.float64], series: NDArray[np.intp], plates: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the residual of each logarithm of a size, and whether it is a jump."""
    pixel = images["pixel_size_um"].astype(float)
    unknown = pixel.isna().groupby(series).transform("any")  # a series whose scale is known in part: all in pixels
    size = area_px2 * np.where(unknown, 1.0, pixel) ** 2
    time_h = images["time_h"].astype(float).where(images["well_id"].notna())
    residual, step = size_residuals(series, time_h.to_numpy(), size)
    noise = Usual.of(step, plates)
    least = np.log(np.where(np.isnan(step), JUMP_AT_END, JUMP))
    least = np.where(noise.enough, np.fmax(least, JUMP_Z * noise.spread), least)
    return residual, np.abs(residual) > least


def _names(flags: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return each row's flags; few combinations occur, so that each tuple is made once."""
    bits = flags.to_numpy() @ (1 << np.arange(len(FLAGS)))
    kinds, which = np.unique(bits, return_inverse=True)
    tuples = [tuple(name for place, name in enumerate(FLAGS) if kind >> place & 1) for kind in kinds]
    return [tuples[one] for one in which]
