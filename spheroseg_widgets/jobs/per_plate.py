"""What a run fixes once a plate, before any job starts: the working scale, and which way round images are shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.names import ParsedName, parse_name
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.imaging.url import as_path
from spheroseg_widgets.segmentation.group_settings import settings_of_group, to_invert
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import ModelInfo
from spheroseg_widgets.segmentation.scale import scale_of_diameter
from spheroseg_widgets.segmentation.settings import DARKER, Settings
from spheroseg_widgets.segmentation.tiles import Stop, StoppedError, check

SAMPLES = 5
"""Images of a group that are looked at."""
MOST_PIXELS = 200_000_000
"""Of these together, unless one alone has more: they lie in memory at the same time."""


@dataclass(frozen=True, slots=True)
class PerPlate:
    """What was chosen, by image_id as text: it becomes JSON.

    Parameters
    ----------
    scales : dict
        Working pixels per image pixel, of every image.
    inverted : dict
        True for each image in which light and dark change places; the others are not in it.
    """

    scales: dict[str, float] = field(default_factory=dict)
    inverted: dict[str, bool] = field(default_factory=dict)


def choose_per_plate(
    info: ModelInfo,
    table: pd.DataFrame,
    settings: Settings,
    *,
    scale: float | None = None,
    stop: Stop | None = None,
) -> PerPlate | None:
    """Choose once for the images of a plate that are alike (see `alike`).

    The scale by the diameter of typical spheroids where the settings have one, and else by looking at some images.

    Parameters
    ----------
    info : ModelInfo
        The run's model; loaded here.
    table : DataFrame
        The run's images, as `images_frame` gives them.
    settings : Settings
        The run's.
    scale : float, optional
        The working scale, where it is known already.
    stop : callable, optional
        Asked before each image and each tile that is looked at whether to give up.

    Returns
    -------
    PerPlate or None
        None when it gave up.
    """
    predictor = Predictor.of_run(info, settings)
    chosen = PerPlate()
    for _, members in table.groupby(alike(table), sort=False):
        try:
            found = _of_group(predictor, members, settings, scale, stop)
        except StoppedError:
            return None
        ids = list(map(str, members["image_id"]))
        chosen.scales.update(dict.fromkeys(ids, found.scale))
        if found.inverted:
            chosen.inverted.update(dict.fromkeys(ids, True))
    return chosen


def alike(table: pd.DataFrame) -> pd.Series:
    """Name the group of each image, whose images are taken alike.

    Parameters
    ----------
    table : DataFrame
        As `images_frame` gives it.

    Returns
    -------
    Series of str
        The plate, or the folder and the image's size where there is none; and the channel, by number and by the file's
        name: what is dark in one is bright in another.
    """
    folder = table["path"].map(lambda path: str(as_path(path).parent))
    size = table["width"].astype(str) + "x" + table["height"].astype(str)
    group = table["plate"].astype(object).where(table["plate"].notna(), folder + "|" + size)
    named = table["path"].map(lambda path: (parse_name(path) or ParsedName()).channel or "")
    return group + "|" + table["channel"].astype(str) + "|" + named


def _of_group(
    predictor: Predictor, members: pd.DataFrame, settings: Settings, scale: float | None, stop: Stop | None
) -> Settings:
    """Return the settings of a group's images."""
    if scale is None and settings.diameter_um is not None:
        diameter = settings.diameter_um / float(members["pixel_size_um"].median())
        longest = int(members[["width", "height"]].max(axis=None))
        scale = scale_of_diameter(diameter, longest, by_tiles=predictor.by_tiles)
    if scale is not None and settings.polarity != DARKER:
        return settings.at_scale(scale)
    samples = list(_samples(members, stop))
    if scale is not None:
        return replace(settings, scale=scale, inverted=to_invert(predictor, samples, settings))
    if not samples:
        return settings.at_scale(1.0)
    return settings_of_group(predictor, samples, settings, stop=stop)


def _samples(members: pd.DataFrame, stop: Stop | None) -> Iterator[NDArray[Any]]:
    """Read a few images of a group."""
    largest = int((members["width"] * members["height"]).max())
    count = int(np.clip(MOST_PIXELS // max(1, largest), 1, SAMPLES))
    step = max(1, len(members) // count)
    for row in members.iloc[step // 2 :: step].head(count).itertuples():
        check(stop)
        try:
            yield read_plane(row.path, Plane.of(row.series, row.page, row.channel, row.z)).pixels
        except ImageError:
            continue  # its own job will say why


def settings_of_image(parameters: Mapping[str, Any], image_id: int) -> dict[str, Any]:
    """Return the settings of one image: the run's, with what was chosen for the image's plate."""
    settings, key = parameters["settings"], str(image_id)
    out = {**settings, "scale": parameters["scales"].get(key, settings.get("scale", 1.0))}
    if parameters.get("inverted") is not None:  # runs of before this was chosen have none
        out["inverted"] = parameters["inverted"].get(key, False)
    return out
