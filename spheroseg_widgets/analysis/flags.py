"""Flags: what speaks against the result of an image, so that a person looks at it first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.segmentation.confidence import LOW_CONFIDENCE as LEAST_CONFIDENCE

from .outcomes import FILLED
from .size_jumps import size_residuals

FAILED, EMPTY, OUT_OF_FOCUS, FILLS_FRAME = "failed", "empty", "out_of_focus", "fills_frame"
WRONG_COUNT, SIZE_JUMP, BORDER = "wrong_count", "size_jump", "border"
ODD_SHAPE, LOW_CONFIDENCE = "odd_shape", "low_confidence"
FLAGS = (FAILED, EMPTY, OUT_OF_FOCUS, FILLS_FRAME, WRONG_COUNT, SIZE_JUMP, BORDER, ODD_SHAPE, LOW_CONFIDENCE)
"""Worst first: nothing measured; a size that means nothing; a size that is perhaps wrong; a hint."""
NUMBERS = ("n_spheroids", "expected", "size_ratio", "edge_ratio", "frame_share", "solidity", "circularity", "confidence")
"""What the flags were decided by."""

JUMP = 1.2
"""A size is no jump below this factor to its neighbours in time, however smooth the plate."""
JUMP_Z = 5.0
FOCUS_RATIO = 1.6
"""An edge is in focus below this factor to the plate's usual width, however alike the plate's edges are."""
FOCUS_Z = 5.0
EDGE_OF_RADIUS = 0.4
"""An edge wider than this share of the spheroid's radius is out of focus, whatever the others are."""
SHAPE_Z = 4.0
LEAST_SOLIDITY, LEAST_CIRCULARITY = 0.9, 0.75
"""Spheroids above these have a usual shape, however alike the plate's shapes are."""
FEW = 8
"""Fewer images than this say nothing of what is usual."""


def flags_table(images: pd.DataFrame, objects: pd.DataFrame, wells: pd.DataFrame) -> pd.DataFrame:
    """Flag images whose result a person should look at.

    Images that a person has decided about (excluded, or with a confirmed outcome) have no flags and are no standard
    for others; those that were never segmented have none either.

    Parameters
    ----------
    images : DataFrame
        One row an image: image_id, plate, well_id, site, channel, time_h, width, height, pixel_size_um, status,
        current_result_id, confirmed_outcome, excluded.
    objects : DataFrame
        One row an outline: image_id, is_primary, class_name, excluded_object, touches_border, confidence, area_px2,
        solidity, circularity, edge_width_px.
    wells : DataFrame
        The plate map: well_id, expected_spheroids (1 where it is missing).

    Returns
    -------
    DataFrame
        Aligned with `images`. A column of bool for each of `FLAGS`; `flags`, a tuple of their names, worst first;
        `worst`, the first of them or None; and `NUMBERS`: n_spheroids found and expected (NaN outside of wells),
        size_ratio to the neighbours in time, edge_ratio of the edge's width to the plate's, frame_share (area over that
        of the image), solidity and circularity of the primary, least confidence of the outlines.
    """
    judged = images["excluded"].astype(bool) | images["confirmed_outcome"].notna()
    seen = images["current_result_id"].notna() & ~judged
    image_ids = images["image_id"]
    spheroids = objects[(objects["class_name"] == "spheroid") & ~objects["excluded_object"].astype(bool)]
    primaries = objects[objects["is_primary"].astype(bool)].drop_duplicates("image_id").set_index("image_id")
    primaries = primaries.reindex(image_ids).set_index(images.index)
    primaries[~seen] = np.nan
    plates = pd.factorize(images["plate"])[0]

    number = pd.DataFrame(index=images.index)
    number["n_spheroids"] = image_ids.map(spheroids.groupby("image_id").size()).fillna(0).where(seen)
    number["expected"] = _expected(images["well_id"], wells)
    jump = _size_jumps(images, primaries["area_px2"], plates)
    number["size_ratio"] = np.exp(jump["residual"])
    width = primaries["edge_width_px"].to_numpy(np.float64)
    usual = Usual.of(np.log(width), plates)
    number["edge_ratio"] = np.exp(usual.off)
    number["frame_share"] = primaries["area_px2"].astype(float) / (images["width"] * images["height"])
    number["solidity"], number["circularity"] = primaries["solidity"].astype(float), primaries["circularity"].astype(float)
    number["confidence"] = image_ids.map(spheroids.groupby("image_id")["confidence"].min()).where(seen)

    found = number["n_spheroids"] > 0
    radius = np.sqrt(primaries["area_px2"].to_numpy(np.float64) / np.pi)
    blurred = usual.above(np.log(FOCUS_RATIO), FOCUS_Z) | (width > EDGE_OF_RADIUS * radius)
    odd = np.zeros(len(images), bool)
    for name, least in (("solidity", LEAST_SOLIDITY), ("circularity", LEAST_CIRCULARITY)):
        values = number[name].to_numpy()
        odd |= (values < least) & Usual.of(-values, plates).above(0.0, SHAPE_Z)
    columns: dict[str, Any] = {
        FAILED: (images["status"] == "failed") & images["current_result_id"].isna() & ~judged,
        EMPTY: seen & ~found & (number["expected"] != 0),
        OUT_OF_FOCUS: blurred,
        FILLS_FRAME: number["frame_share"] > FILLED,
        WRONG_COUNT: found & number["expected"].notna() & (number["n_spheroids"] != number["expected"]),
        SIZE_JUMP: jump["jump"],
        BORDER: primaries["touches_border"].fillna(value=False).astype(bool),
        ODD_SHAPE: odd,
        LOW_CONFIDENCE: number["confidence"] < LEAST_CONFIDENCE,
    }
    flags = pd.DataFrame({name: np.asarray(columns[name], bool) for name in FLAGS}, index=images.index)
    names = _names(flags)
    flags["flags"] = names
    flags["worst"] = [one[0] if one else None for one in names]
    return flags.join(number)


class Usual:
    """How far values lie from what is usual on their plate.

    Parameters
    ----------
    off : (n,) float
        Value less the plate's median.
    spread : (n,) float
        1.4826 times the median absolute deviation on the plate: the standard deviation, did outliers not count.
    count : (n,) int
        Values the plate has.
    """

    def __init__(self, off: NDArray[np.float64], spread: NDArray[np.float64], count: NDArray[np.int_]) -> None:
        self.off, self.spread, self.count = off, spread, count

    @classmethod
    def of(cls, values: NDArray[np.float64], groups: NDArray[np.intp]) -> Usual:
        """Compare values (n,), of which some may be NaN, within groups (n,)."""
        by = pd.Series(values).groupby(groups, sort=False)
        off = values - by.transform("median").to_numpy()
        spread = 1.4826 * pd.Series(np.abs(off)).groupby(groups, sort=False).transform("median").to_numpy()
        return cls(off, spread, by.transform("count").to_numpy())

    def above(self, least: float, z: float) -> NDArray[np.bool_]:
        """Tell which lie above the median by more than `least` and by more than `z` spreads."""
        return np.asarray((self.count >= FEW) & (self.off > np.maximum(least, z * self.spread)))


def _expected(well_id: pd.Series, wells: pd.DataFrame) -> pd.Series:
    """Return how many spheroids an image should show: 1 where the map says nothing, NaN outside of wells."""
    by_well = wells.set_index("well_id")["expected_spheroids"] if "expected_spheroids" in wells else pd.Series(dtype=float)
    return well_id.map(by_well).astype(float).fillna(1.0).where(well_id.notna())


def _size_jumps(images: pd.DataFrame, area_px2: pd.Series, plates: NDArray[np.intp]) -> pd.DataFrame:
    """Return `residual` of the log size, and whether it is a `jump`."""
    series = images.groupby(["well_id", "site", "channel"], sort=False, dropna=False).ngroup().to_numpy()
    pixel = images["pixel_size_um"].astype(float)
    whole = pixel.isna().groupby(series).transform("any")  # a series whose scale is only partly known: in pixels
    size = area_px2.to_numpy(np.float64) * np.where(whole, 1.0, pixel.fillna(1.0)) ** 2
    time_h = images["time_h"].where(images["well_id"].notna()).to_numpy(np.float64)
    out = size_residuals(series, time_h, size)
    noise = Usual.of(out["step"].to_numpy(), plates)
    limit = np.where(noise.count >= FEW, np.fmax(np.log(JUMP), JUMP_Z * noise.spread), np.log(JUMP))
    out["jump"] = out["residual"].abs().to_numpy() > limit
    return out.set_index(images.index)


def _names(flags: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return each row's flags as a tuple: there are few different ones."""
    bits = flags.to_numpy() @ (1 << np.arange(len(FLAGS)))
    kinds, which = np.unique(bits, return_inverse=True)
    tuples = [tuple(name for place, name in enumerate(FLAGS) if kind >> place & 1) for kind in kinds]
    return [tuples[one] for one in which]
