"""An outline of an object that was missed: from the kept probability maps, else by the model on a crop of the image."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.imaging.normalise import Percentiles, stretch
from spheroseg_widgets.imaging.polarity import SIDE, lighter
from spheroseg_widgets.imaging.pyramid import Pyramid
from spheroseg_widgets.imaging.resize import resized, working_size
from spheroseg_widgets.imaging.scaled import ScaledImage
from spheroseg_widgets.jobs.task import predictor_for
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.engines import TORCH, Choice, why_not
from spheroseg_widgets.segmentation.predict import WHOLE_PIXELS
from spheroseg_widgets.segmentation.proposing import Box, ObjectField, object_field
from spheroseg_widgets.segmentation.registry import CLASSICAL, DEFAULT_MODEL, ModelInfo, find_model
from spheroseg_widgets.segmentation.scale import scale_of_diameter
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER, Settings
from spheroseg_widgets.store import result_frames, runs

if TYPE_CHECKING:
    from .project import Project

WINDOW = 1024
"""Side of what is looked at of kept maps, in their pixels."""
CROP = 512
"""Side of what the network is given, in working pixels: an object fits in it with what is around it."""

MOST_WORKING = WHOLE_PIXELS
"""Working pixels that the network is given at most: a box around much of a huge image is looked at from farther away."""

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The probabilities of one object, and where they lie in the image.

    Parameters
    ----------
    field : ObjectField
        In pixels of maps.
    left, top : float
        Place of the field's corner, in image pixels.
    across, down : float
        Image pixels a pixel of the field.
    by : {"maps", "network"}
        Where the probabilities come from.
    model : str
        Which model gave them.
    """

    field: ObjectField
    left: float
    top: float
    across: float
    down: float
    by: str
    model: str

    def outlines(self, level: float | None = None) -> Outlines:
        """Return the outline at a level (by default the proposed one), in image pixels."""
        field = self.field
        shift = (self.left - field.left * self.across, self.top - field.top * self.down)
        return field.outline(level).transformed(self.across, self.down, *shift)


@dataclass(frozen=True, slots=True)
class Guide:
    """The model and settings that an image was segmented with; of one that was not, the default ones."""

    model: ModelInfo
    settings: Settings


def guide_of(project: Project, row: Mapping[Hashable, Any], box: Box) -> Guide:
    """Find out how an image was segmented last.

    Parameters
    ----------
    project : Project
    row : mapping
        Of `Project.images()`.
    box : (float, float, float, float)
        Around an object, in image pixels: without a run it decides the working scale.

    Raises
    ------
    ModelError
        The model is not here any more.
    """
    with project.database.read() as connection:
        made = result_frames.revisions_frame(connection, int(row["image_id"]))["run_id"].dropna()
        known = runs.run_parameters(connection, int(made.iloc[-1])) if len(made) else {}
    if known.get("model", CLASSICAL) != CLASSICAL:
        folder, sha256 = str(known.get("model_folder") or ""), str(known["model_sha256"])
        model = find_model(str(known["model"]), sha256=sha256, folder=folder)
        settings = Settings.from_dict(known["settings"])
    if known.get("model", CLASSICAL) == CLASSICAL or model.kind == "threshold":  # it has no probabilities
        model, known = find_model(DEFAULT_MODEL), {}
        settings = Settings.from_dict(model.settings.get("defaults", {}))
    scale = (known.get("scales") or {}).get(str(row["image_id"]))
    if known and model.sha256 != known["model_sha256"]:  # another version is shown images its own way
        settings = replace(settings, polarity=model.settings.get("defaults", {}).get("polarity", AS_IS), inverted=False)
    elif scale is not None:
        inverted = (known.get("inverted") or {}).get(str(row["image_id"]), settings.inverted)
        settings = replace(settings, polarity=AS_IS, inverted=inverted)
    if scale is None:
        longest = max(int(row["height"]), int(row["width"]))
        side = max(box[2] - box[0], box[3] - box[1])
        scale = scale_of_diameter(side if side >= 1 else longest, longest, by_tiles=model.kind != "original")
    if why_not(Choice(settings.engine, settings.precision)) is not None:
        settings = replace(settings, engine=TORCH, precision="float32")
    return Guide(model, settings.at_scale(float(scale)))


def propose(
    project: Project,
    row: Mapping[Hashable, Any],
    box: Box,
    picture: Callable[[], Pyramid],
    *,
    stop: Callable[[], bool] | None = None,
    tell: Tell = lambda _stage: None,
) -> Proposal | None:
    """Propose an outline of the object at a place or in a box; nothing is stored.

    Parameters
    ----------
    project : Project
    row : mapping
        Of `Project.images()`: the image.
    box : (float, float, float, float)
        Least x and y, largest x and y in image pixels; a click where they are the same.
    picture : callable
        Gives the image; asked only where kept maps show nothing there.
    stop : callable, optional
        Whether to give up.
    tell : callable, optional
        Told what is being done: maps, reading, model, network.

    Returns
    -------
    Proposal or None
        None where nothing was found.

    Raises
    ------
    ModelError
        The model is not here any more.
    ImageError
        The original cannot be read.
    StoppedError
        `stop` said so.
    """
    tell("maps")
    found = _from_maps(project, row, box)
    if found is not None:
        return found
    tell("reading")
    image = picture()
    tell("model")
    guide = guide_of(project, row, box)
    settings = guide.settings
    name = str(guide.model.weights) if guide.model.kind == "original" else guide.model.name
    predictor = predictor_for(name, guide.model.sha256, settings, 1, guide.model.folder)
    limits = image.limits(Percentiles(settings.low, settings.high))
    if settings.polarity == DARKER:  # no run has decided it
        level = next((level for level in range(image.last, 0, -1) if max(image.shape(level)) >= SIDE), 0)
        small = stretch(image.grey(level, slice(None), slice(None)), limits)
        settings = replace(settings, inverted=lighter([small]))
    if settings.inverted:
        limits = limits[::-1]
    tell("network")
    # At the run's scale first, as the other outlines were made; then closer, where small things are seen.
    for wanted in dict.fromkeys((settings.scale, max(settings.scale, 1.0))):
        crop = _around(box, CROP / wanted, image.shape(0))
        area = (crop[2] - crop[0]) * (crop[3] - crop[1])
        working, place = _working(image, crop, limits, min(wanted, float(np.sqrt(MOST_WORKING / area))))
        maps = predictor.maps(working, stop=stop)
        placed = _placed(maps, box, place, settings, "network", guide.model.name)
        if placed is not None:
            return placed
    return None


def _working(
    image: Pyramid, crop: tuple[int, int, int, int], limits: tuple[float, float], scale: float
) -> tuple[NDArray[np.float32], Box]:
    """Return a part of an image normalised and at working scale, and where it lies, in image pixels.

    A part of very many pixels is made from a smaller copy of them, which has at least two pixels for one.
    """
    left, top, right, bottom = crop
    size = working_size((bottom - top, right - left), scale)
    if (bottom - top) * (right - left) <= WHOLE_PIXELS:
        values = image.grey(0, slice(top, bottom), slice(left, right))
        return resized(stretch(values, limits), size), crop
    level = min(image.last, max(0, int(np.floor(np.log2(0.5 / scale)))))
    wide = 1 << level
    rows, columns = slice(top // wide, -(-bottom // wide)), slice(left // wide, -(-right // wide))
    part = _Part(image, level, rows, columns)
    place = columns.start * wide, rows.start * wide, columns.stop * wide, rows.stop * wide
    return ScaledImage(part, limits, scale * wide).whole(), place


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a level of an image, as `Parts`."""

    image: Pyramid
    level: int
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        top, left = self.rows.start, self.columns.start
        return self.image.grey(
            self.level, slice(top + rows.start, top + rows.stop), slice(left + columns.start, left + columns.stop)
        )


def _from_maps(project: Project, row: Mapping[Hashable, Any], box: Box) -> Proposal | None:
    try:
        kept = project.probability_maps(int(row["image_id"]))
    except StoreError:  # it has none, or the cache lost them
        return None
    maps = kept.in_parts()
    height, width = kept.shape
    across, down = width / maps.shape[2], height / maps.shape[1]
    scaled = (box[0] / across, box[1] / down, box[2] / across, box[3] / down)
    left, top, right, bottom = _around(scaled, WINDOW, maps.shape[1:])
    view = maps.read(slice(top, bottom), slice(left, right))
    place = (left * across, top * down, right * across, bottom * down)
    model = row["model"] if isinstance(row["model"], str) else ""
    return _placed(view, box, place, kept.settings, "maps", model)


def _placed(maps: NDArray[np.uint8], box: Box, place: Box, settings: Settings, by: str, model: str) -> Proposal | None:
    """Look for the object in maps of a part of the image (`place`, in image pixels)."""
    left, top = place[:2]
    across, down = (place[2] - left) / maps.shape[2], (place[3] - top) / maps.shape[1]
    inside = ((box[0] - left) / across, (box[1] - top) / down, (box[2] - left) / across, (box[3] - top) / down)
    field = object_field(maps, inside, settings)
    if field is None:
        return None
    return Proposal(field, left + field.left * across, top + field.top * down, across, down, by, model)


def _around(box: Box, side: float, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return whole pixels around a box, of this side or twice the box's, moved so that they lie in the image."""
    out = []
    for low, high, length in ((box[0], box[2], shape[1]), (box[1], box[3], shape[0])):
        wanted = min(length, int(np.ceil(max(side, 2 * (high - low)))))
        first = int(min(max(0, round((low + high - wanted) / 2)), length - wanted))
        out.append((first, first + wanted))
    return out[0][0], out[1][0], out[0][1], out[1][1]
