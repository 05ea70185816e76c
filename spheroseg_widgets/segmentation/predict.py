"""Segmentation of one image: maps from the network, objects from the maps, outlines in image pixels."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spheroseg_widgets.errors import ModelError
from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.imaging.resize import resized, working_size

from .engines import TORCH, Engine, make_engine
from .objects import Segmentation, outline_maps, outline_mask
from .registry import ModelInfo
from .settings import Settings
from .threshold import ThresholdParameters, threshold_mask
from .tiles import OVERLAP, TILE, tiled

if TYPE_CHECKING:
    from .network import NetworkConfig

ORIGINAL_SIDE = 1024


class Predictor:
    """A model made ready: loaded once, used for many images.

    Parameters
    ----------
    model : ModelInfo
        From the registry.
    threads : int, optional
        Threads of the network's arithmetic; None leaves the library's choice.
    engine, precision : str
        What computes the network, and how (see `engines.py`): as in the run's settings.

    Raises
    ------
    ModelError
        Missing or damaged weights, or an engine that is not here.
    """

    def __init__(
        self, model: ModelInfo, threads: int | None = None, *, engine: str = TORCH, precision: str = "float32"
    ) -> None:
        self.model = model
        self.engine_name = engine
        self.precision = precision
        self.network: NetworkConfig | None = None
        self.engine: Engine | None = None
        self.parameters = ThresholdParameters.from_dict(model.settings.get("threshold", {}))
        if model.kind != "threshold":
            network = model.load()
            self.network = network.config
            self.engine = make_engine(engine, network, precision, threads)

    @classmethod
    def of_run(cls, model: ModelInfo, settings: Settings, threads: int | None = None) -> Predictor:
        """Make a model ready as a run's settings say."""
        return cls(model, threads, engine=settings.engine, precision=settings.precision)

    def segment(self, pixels: NDArray[Any], settings: Settings) -> Segmentation:
        """Segment one image.

        Parameters
        ----------
        pixels : (h, w) any numeric dtype
            One plane, original values.
        settings : Settings
            The run's.

        Raises
        ------
        ModelError
            They name another engine or precision than this was made with.
        """
        if self.engine is not None and (settings.engine, settings.precision) != (self.engine_name, self.precision):
            raise ModelError(
                f"the run computes with {settings.engine} in {settings.precision}, but {self.model.name} was made ready "
                f"here with {self.engine_name} in {self.precision}: results of the two must not be mixed"
            )
        began = time.perf_counter()
        image = normalise(pixels, Percentiles(settings.low, settings.high))
        size = working_size(image.shape, settings.scale)
        working = resized(image, size)
        normalised = time.perf_counter()
        maps = self.maps(working)
        mapped = time.perf_counter()
        result = (
            outline_maps(maps, image.shape, settings)
            if len(maps)
            else outline_mask(self.mask(working), image.shape, settings)
        )
        done = time.perf_counter()
        seconds = {"normalise": normalised - began, "network": mapped - normalised, "outlines": done - mapped}
        return replace(result, seconds=seconds)

    def maps(self, working: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Run the network on a normalised image at working resolution.

        Parameters
        ----------
        working : (h, w) float32
            Normalised to 0..1.

        Returns
        -------
        (c, h, w) uint8
            Probabilities times 255; (0, h, w) for the classical method.
        """
        if self.engine is None:
            return np.zeros((0, *working.shape), np.uint8)
        if self.model.kind == "original":
            return self._original_maps(working)
        if max(working.shape) <= TILE + OVERLAP:
            return _quantised(self._forward(working))
        assert self.network is not None
        return _quantised(tiled(self._forward, working, self.network.out_channels))

    def mask(self, working: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return the classical method's mask of a normalised image (h, w) at working resolution."""
        return threshold_mask(working, self.parameters)

    def _forward(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self.network is not None
        assert self.engine is not None
        height, width = image.shape
        stride = self.network.stride
        padded = cv2.copyMakeBorder(image, 0, -height % stride, 0, -width % stride, cv2.BORDER_REFLECT)
        planes = np.repeat(padded[None, None], self.network.in_channels, axis=1)
        return np.asarray(expit(self.engine(planes))[0, :, :height, :width], np.float32)

    def _original_maps(self, working: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Reproduce the original's pre-processing: 1024 x 1024 whatever the aspect ratio."""
        square = cv2.resize(working, (ORIGINAL_SIDE, ORIGINAL_SIDE), interpolation=cv2.INTER_LINEAR)
        probability = self._forward(square)[:1]
        back = cv2.resize(probability[0], working.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return _quantised(back[None])


def _quantised(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(probability * 255).astype(np.uint8)
