"""The working scales of a run: one a plate, chosen before any job starts and written down with the run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.imaging.url import as_path
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import ModelInfo
from spheroseg_widgets.segmentation.scale import estimate_scale, scale_of_diameter
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.tiles import StoppedError

SAMPLES = 5
"""Images of a group that are looked at to choose its working scale."""
MOST_PIXELS = 200_000_000
"""Of these together, unless one alone has more: they lie in memory at the same time."""


def choose_scales(
    info: ModelInfo, table: pd.DataFrame, settings: Settings, stop: threading.Event | None = None
) -> dict[str, float] | None:
    """Choose one working scale a plate, or a folder and image size where there are no plates.

    By the diameter of typical spheroids where the settings have one and else by looking at some images.

    Parameters
    ----------
    info : ModelInfo
        The run's model; loaded here.
    table : DataFrame
        The run's images, as `images_frame` gives them.
    settings : Settings
        The run's.
    stop : threading.Event, optional
        Gives up when it is set.

    Returns
    -------
    dict or None
        Scale by image_id (as text: it becomes JSON); None when it gave up.
    """
    folder = table["path"].map(lambda path: str(as_path(path).parent))
    size = table["width"].astype(str) + "x" + table["height"].astype(str)
    group = table["plate"].astype(object).where(table["plate"].notna(), folder + "|" + size)
    predictor = Predictor.of_run(info, settings)
    scales: dict[str, float] = {}
    for _, members in table.groupby(group, sort=False):
        if settings.diameter_um is not None:
            diameter = settings.diameter_um / float(members["pixel_size_um"].median())
            longest = int(members[["width", "height"]].max(axis=None))
            scale = scale_of_diameter(diameter, longest, by_tiles=predictor.by_tiles)
            scales.update(dict.fromkeys(map(str, members["image_id"]), scale))
            continue
        largest = int((members["width"] * members["height"]).max())
        count = int(np.clip(MOST_PIXELS // max(1, largest), 1, SAMPLES))
        step = max(1, len(members) // count)
        samples = []
        for row in members.iloc[step // 2 :: step].head(count).itertuples():
            if stop is not None and stop.is_set():
                return None
            plane = Plane.of(row.series, row.page, row.channel, row.z)
            try:
                samples.append(read_plane(row.path, plane).pixels)
            except ImageError:
                continue  # its own job will say why
        try:
            scale = estimate_scale(predictor, samples, settings, stop=stop.is_set if stop else None) if samples else 1.0
        except StoppedError:
            return None
        scales.update(dict.fromkeys(map(str, members["image_id"]), scale))
    return scales


def settings_at_scale(parameters: Mapping[str, Any], image_id: int) -> dict[str, Any]:
    """Return the settings of one image: the run's, at the image's working scale where it has one."""
    scale = parameters["scales"].get(str(image_id), parameters["settings"].get("scale", 1.0))
    return {**parameters["settings"], "scale": scale}
