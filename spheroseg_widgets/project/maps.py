"""Results from kept probability maps: another threshold without the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.errors import SpherosegError, StoreError
from spheroseg_widgets.jobs.cluster import ClusterWish
from spheroseg_widgets.jobs.task import outline_packed
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.disk_maps import DiskMaps
from spheroseg_widgets.segmentation.map_codec import PackedMaps, decode_maps
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.store import result_frames, runs
from spheroseg_widgets.store.images import images_frame
from spheroseg_widgets.store.map_cache import GONE

from .base import ProjectBase
from .find import find_image, pickable
from .run import Run

AFTER_THE_NETWORK = (
    "threshold",
    "seed_level",
    "seam_level",
    "min_area_px2",
    "min_confidence",
    "tolerance_px",
    "smoothing_px",
)
"""Settings that can be moved on kept maps."""


@dataclass(frozen=True, slots=True)
class ProbabilityMaps:
    """The maps that the network gave of an image, as they are kept.

    Parameters
    ----------
    packed : bytes
        As in the cache, see `segmentation/map_codec.py`.
    shape : (int, int)
        Height and width of the image.
    settings : Settings
        Those of the run that outlined them, with the image's working scale.
    run_id : int
        That run.
    """

    packed: bytes
    shape: tuple[int, int]
    settings: Settings
    run_id: int

    @property
    def scale(self) -> float:
        """Working pixels per image pixel."""
        return self.settings.scale

    @property
    def maps(self) -> NDArray[np.uint8] | DiskMaps:
        """The maps (c, h, w) uint8 at working resolution, probabilities times 255: foreground, centre distance.

        Of a very large image they lie on disk and are read by slices.
        """
        return decode_maps(self.packed)

    def in_parts(self) -> PackedMaps:
        """Return the maps still packed: parts of them are read without the rest."""
        return PackedMaps(self.packed)

    def settings_with(self, **settings: Any) -> Settings:
        """Return the run's settings with others of `AFTER_THE_NETWORK`.

        Raises
        ------
        SpherosegError
            A setting that kept maps cannot follow.
        """
        return replace(self.settings, **movable(settings))

    def outlines_at(self, **settings: Any) -> tuple[Outlines, pd.DataFrame]:
        """Outline them with other settings; nothing is stored.

        Parameters
        ----------
        **settings
            Of `AFTER_THE_NETWORK`; the others stay as they were.

        Returns
        -------
        outlines : Outlines
            In image pixels.
        objects : DataFrame
            One row an outline: its shape in px, confidence, touches_border.

        Raises
        ------
        SpherosegError
            A setting that kept maps cannot follow.
        """
        found = outline_packed(self.packed, self.shape, self.settings_with(**settings))
        objects = measure_shape(found.outlines)
        objects["confidence"] = found.confidence.astype(float)
        objects["touches_border"] = found.touches_border
        return found.outlines, objects


def movable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that kept maps can follow.

    Raises
    ------
    SpherosegError
        There are others, or a threshold that is no probability between 0 and 1.
    """
    other = sorted(set(settings) - set(AFTER_THE_NETWORK))
    if other:
        raise SpherosegError(
            f"{', '.join(other)}: not to be changed without the network; there are {', '.join(AFTER_THE_NETWORK)}"
        )
    threshold = settings.get("threshold", 0.5)
    if not 0 < threshold < 1:
        raise SpherosegError(f"threshold {threshold:g}: must lie between 0 and 1")
    return dict(settings)


class FromMaps(ProjectBase):
    """The verbs of a project that work on kept probability maps."""

    def probability_maps(self, image: str | Path | int, *, run: Run | int | None = None) -> ProbabilityMaps:
        """Return the probability maps of an image, of the newest run that made or used some.

        Parameters
        ----------
        image : str, Path or int
            As in `Project.image`.
        run : Run or int, optional
            Of this run.

        Raises
        ------
        StoreError
            There are none: it was not segmented by a network, or the cache lost them.
        """
        run_id = run.id if isinstance(run, Run) else run
        with self.database.read() as connection:
            row = find_image(images_frame(connection, self.id), image)
            known = result_frames.maps_frame(connection, self.id, run_id)
            if row["image_id"] not in known.index:
                raise StoreError(f"{row['name']}: there are no probability maps of it; segment it with a network first")
            made = known.loc[row["image_id"]]
            parameters = runs.run_parameters(connection, int(made["run_id"]))
        packed = None if self.database.maps is None else self.database.maps.get(made["maps"])
        if packed is None:
            raise StoreError(f"{row['name']}: {GONE}")
        # Results of before images were inverted say nothing of it.
        of_image = {name: made["computed"][name] for name in ("scale", "inverted") if name in made["computed"]}
        settings = Settings.from_dict({**parameters["settings"], **of_image})
        return ProbabilityMaps(packed, (int(row["height"]), int(row["width"])), settings, int(made["run_id"]))

    def outlines_at(
        self, image: str | Path | int, threshold: float, *, run: Run | int | None = None, **settings: Any
    ) -> tuple[Outlines, pd.DataFrame]:
        """Return what an image's outlines would be at another threshold; a preview, nothing is stored.

        Parameters
        ----------
        image, run
            As in `probability_maps`.
        threshold : float
            Foreground probability of an outline, between 0 and 1.
        **settings
            Others that need no network: seed_level, seam_level, min_area_px2, min_confidence, tolerance_px,
            smoothing_px.

        Returns
        -------
        outlines : Outlines
            In image pixels.
        objects : DataFrame
            One row an outline: its shape in px, confidence, touches_border.

        Raises
        ------
        StoreError
            There are no maps of the image.
        SpherosegError
            A setting that kept maps cannot follow.
        """
        return self.probability_maps(image, run=run).outlines_at(threshold=threshold, **settings)

    def rethreshold(
        self,
        threshold: float,
        images: Sequence[int] | None = None,
        *,
        run: Run | int | None = None,
        workers: int | tuple[int, int] | None = None,
        cluster: Any = None,
        replace_edits: bool = False,
        detached: bool | None = None,
        wait: bool = False,
        **settings: Any,
    ) -> Run:
        """Outline images anew at another threshold, from their kept probability maps and without the network.

        New revisions are made, which hold unless a person edited, approved or excluded the image, as after `segment`.

        Parameters
        ----------
        threshold : float
            Foreground probability of an outline, between 0 and 1.
        images : sequence of int, optional
            image_id of those to outline; all by default. One without maps fails with the reason, the others go on.
        run : Run or int, optional
            Whose maps; by default those of the newest run that has some, and of others with the same model that
            computed alike.
        workers, cluster, replace_edits, detached, wait
            As in `segment`.
        **settings
            Others that need no network: seed_level, seam_level, min_area_px2, min_confidence, tolerance_px,
            smoothing_px.

        Returns
        -------
        Run
            Its parameters name the run whose maps they are as `maps_run`.

        Raises
        ------
        StoreError
            There are no maps at all.
        SpherosegError
            A setting that kept maps cannot follow.
        RunError
            With `wait`: the run could not go on.
        """
        wish = ClusterWish.of(workers, cluster)
        moved = movable({**settings, "threshold": threshold})
        run_id = run.id if isinstance(run, Run) else run
        chosen = pickable(self.database, self.id, images)
        with self.database.read() as connection:
            known = result_frames.maps_frame(connection, self.id, run_id)
            if known.empty:
                whose = "" if run_id is None else f" of run {run_id}"
                raise StoreError(f"there are no probability maps{whose}; segment with a network first")
            base = int(known["run_id"].max())
            parameters = {int(other): runs.run_parameters(connection, int(other)) for other in known["run_id"].unique()}
        model_id = int(known.loc[known["run_id"] == base, "model_id"].iloc[0])
        same = [made for made, other in parameters.items() if _network_of(other) == _network_of(parameters[base])]
        usable = known[(known["model_id"] == model_id) & known["run_id"].isin(same) & known.index.isin(chosen)]
        fixed = {
            **parameters[base],
            "settings": {**parameters[base]["settings"], **moved},
            "scales": {str(image_id): how["scale"] for image_id, how in usable["computed"].items()},
            "inverted": {str(image_id): True for image_id, how in usable["computed"].items() if how.get("inverted")},
            "maps_run": base,
            "maps": {
                str(image_id): {"key": key, "sha256": how["sha256"]}
                for image_id, key, how in zip(usable.index, usable["maps"], usable["computed"], strict=True)
            },
            "replace_edits": replace_edits,
            "packages": {name: version(name) for name in parameters[base].get("packages", {})},
        }
        with self.database.write() as connection:
            made = runs.create_run(
                connection, self.id, model_id, fixed, chosen, self.author, verb="rethreshold"
            )  # fmt: skip
        started = Run(self, made)
        started.start(wish, detached=detached)
        return started.wait() if wait else started


def _network_of(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the maps of a run, but for the model and the scale."""
    settings = Settings.from_dict(parameters["settings"]).to_dict()
    return {name: value for name, value in settings.items() if name not in (*AFTER_THE_NETWORK, "scale", "diameter_um")}
