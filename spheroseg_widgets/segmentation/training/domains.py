"""Where training views come from: annotated images, synthetic scenes, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.imaging.polarity import lighter
from spheroseg_widgets.segmentation.scenes import random_scene

from .augment import Image, Labels, ViewRange, random_view
from .pasting import paste_objects

View = Callable[[np.random.Generator, int], tuple[Image, Labels]]


@dataclass(frozen=True, slots=True)
class Annotated:
    """One annotated image: normalised pixels, instance labels, and its typical object diameter (px)."""

    name: str
    image: NDArray[np.float32]
    labels: NDArray[np.int32]
    diameter: float


def all_darker(items: Sequence[Annotated]) -> list[Annotated]:
    """Return images of one kind as a model of polarity "darker" sees them: inverted where details are lighter."""
    if not lighter([item.image for item in items]):
        return list(items)
    return [replace(item, image=1 - item.image) for item in items]


def typical_diameter(labels: NDArray[np.int32]) -> float:
    """Return the area-weighted typical equivalent diameter of the objects, in pixels.

    Parameters
    ----------
    labels : (h, w) int32
        Instance labels.

    Returns
    -------
    float
        Square root of the area-weighted mean of ``4 A / pi``; a quarter of the shorter side when empty.
    """
    areas = np.bincount(labels.ravel())[1:].astype(float)
    if not areas.sum():
        return min(labels.shape) / 4
    return float(np.sqrt(4 / np.pi * (areas**2).sum() / areas.sum()))


@dataclass(frozen=True, slots=True)
class Domain:
    """Images of one kind, and how often they are drawn.

    Parameters
    ----------
    name : str
        Written to the configuration.
    weight : float
        Share of the views, relative to the other domains.
    view : callable
        ``view(rng, size)`` gives a square image (float32, 0..1) and its labels (int32).
    """

    name: str
    weight: float
    view: View

    @classmethod
    def of_images(
        cls,
        name: str,
        weight: float,
        images: Sequence[Annotated],
        span: ViewRange | None = None,
        *,
        pasted: float = 0.0,
    ) -> Domain:
        """Make a domain that cuts random views out of annotated images, a share of them with pasted objects of another."""
        chosen = span or ViewRange()

        def cut(rng: np.random.Generator, size: int) -> tuple[Image, Labels]:
            item = images[int(rng.integers(len(images)))]
            return random_view(item.image, item.labels, item.diameter, size, rng, chosen)

        def view(rng: np.random.Generator, size: int) -> tuple[Image, Labels]:
            shown = cut(rng, size)
            return paste_objects(*shown, *cut(rng, size), rng) if pasted and rng.random() < pasted else shown

        return cls(name, weight, view)

    @classmethod
    def of_scenes(cls, weight: float, *, darker: bool = False) -> Domain:
        """Make a domain of synthetic scenes, normalised as real images are; of one polarity if `darker` is true."""

        def view(rng: np.random.Generator, size: int) -> tuple[Image, Labels]:
            scene = random_scene(rng, (size, size))
            image = normalise(scene.pixels)
            return 1 - image if darker and lighter([image]) else image, scene.labels

        return cls("synthetic", weight, view)
