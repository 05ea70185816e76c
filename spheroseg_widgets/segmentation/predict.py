"""Segmentation of one image: maps from the network, objects from the maps, outlines in image pixels."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from spheroseg_widgets.errors import ModelError
from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.imaging.resize import padded, resized, working_size
from spheroseg_widgets.imaging.scaled import ScaledImage

from .disk_maps import DiskMaps
from .engines import TORCH, Engine, make_engine
from .map_codec import round_maps
from .objects import Segmentation, outline_maps, outline_mask
from .registry import ModelInfo
from .settings import Settings
from .threshold import ThresholdParameters, threshold_mask
from .tiles import Progress, Stop, StoppedError, Tiling, check, tile_count, tiled

if TYPE_CHECKING:
    from .network import NetworkConfig

ORIGINAL_SIDE = 1024
POLL_S = 0.2
"""How often a tile in the works asks whether to stop."""
WHOLE_PIXELS = 4096 * 4096
"""Images of more pixels are not turned to floats as a whole."""


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
    tiling : Tiling, optional
        How large images are taken apart.

    Raises
    ------
    ModelError
        Missing or damaged weights, or an engine that is not here.
    """

    def __init__(
        self,
        model: ModelInfo,
        threads: int | None = None,
        *,
        engine: str = TORCH,
        precision: str = "float32",
        tiling: Tiling | None = None,
    ) -> None:
        self.model = model
        self.tiling = tiling or Tiling()
        self._thread: ThreadPoolExecutor | None = None
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

    def segment(
        self, pixels: NDArray[Any], settings: Settings, *, stop: Stop | None = None, progress: Progress | None = None
    ) -> Segmentation:
        """Segment one image.

        Parameters
        ----------
        pixels : (h, w) any numeric dtype
            One plane, original values.
        settings : Settings
            The run's.
        stop : callable, optional
            Asked before each tile, and of a large image before each window that is outlined, whether to give up.
        progress : callable, optional
            Told after each of them how many steps are done, and of how many.

        Returns
        -------
        Segmentation
            Its maps lie on disk where the image has more working pixels than `Tiling.one_piece`.

        Raises
        ------
        ModelError
            They name another engine or precision than this was made with.
        StoppedError
            `stop` said so.
        """
        if self.engine is not None and (settings.engine, settings.precision) != (self.engine_name, self.precision):
            raise ModelError(
                f"the run computes with {settings.engine} in {settings.precision}, but {self.model.name} was made ready "
                f"here with {self.engine_name} in {self.precision}: results of the two must not be mixed"
            )
        check(stop)
        size = working_size(pixels.shape, settings.scale)
        if self.by_tiles and size[0] * size[1] > self.tiling.one_piece:
            return self._large(pixels, size, settings, stop, progress)
        began = time.perf_counter()
        working = self.working(pixels, settings)
        normalised = time.perf_counter()
        maps = self.maps(working, stop=stop, progress=progress)
        round_maps(maps, pixels.shape)
        mapped = time.perf_counter()
        result = (
            outline_maps(maps, pixels.shape, settings, tiling=self.tiling, stop=stop)
            if len(maps)
            else outline_mask(self.mask(working), pixels.shape, settings)
        )
        done = time.perf_counter()
        seconds = {"normalise": normalised - began, "network": mapped - normalised, "outlines": done - mapped}
        return replace(result, seconds=seconds)

    @property
    def by_tiles(self) -> bool:
        """Whether large images are taken apart: the classical method and the original's network see the whole."""
        return self.engine is not None and self.model.kind != "original"

    def _large(
        self,
        pixels: NDArray[Any],
        size: tuple[int, int],
        settings: Settings,
        stop: Stop | None,
        progress: Progress | None,
    ) -> Segmentation:
        """Segment an image of which neither floats nor maps lie in memory as a whole."""
        assert self.network is not None
        began = time.perf_counter()
        image = scaled_image(pixels, settings)
        normalised = time.perf_counter()
        maps = DiskMaps((self.network.out_channels, *size))
        tiles = tile_count(size, self.tiling)
        # Outlining counts as a tenth of the network's steps, however many windows it takes.
        total = tiles + max(1, tiles // 10)

        def outlined(done: int, of: int) -> None:
            if progress is not None:
                progress(tiles + (total - tiles) * done // of, total)

        def mapped_tile(done: int) -> None:
            if progress is not None:
                progress(done, total)

        try:
            tiled(
                self._stoppable(stop), image.view, size, maps, self.network.out_channels, self.tiling,
                stop=stop, progress=mapped_tile,
            )  # fmt: skip
            round_maps(maps, pixels.shape)
            mapped = time.perf_counter()
            result = outline_maps(maps, pixels.shape, settings, tiling=self.tiling, stop=stop, progress=outlined)
        except BaseException:
            maps.close()  # not when the traceback goes: it may be kept
            raise
        if progress is not None:
            progress(total, total)
        seconds = {
            "normalise": normalised - began, "network": mapped - normalised, "outlines": time.perf_counter() - mapped
        }  # fmt: skip
        return replace(result, seconds=seconds)

    def working(self, pixels: NDArray[Any], settings: Settings) -> NDArray[np.float32]:
        """Return an image (h, w) normalised and at working scale, float32 in 0..1, as one piece."""
        if pixels.size > WHOLE_PIXELS:
            return scaled_image(pixels, settings).whole()
        percentiles = Percentiles(settings.low, settings.high)
        normalised = normalise(pixels, percentiles, inverted=settings.inverted)
        return resized(normalised, working_size(pixels.shape, settings.scale))

    def maps(
        self, working: NDArray[np.float32], *, stop: Stop | None = None, progress: Progress | None = None
    ) -> NDArray[np.uint8]:
        """Run the network on a normalised image at working resolution.

        Parameters
        ----------
        working : (h, w) float32
            Normalised to 0..1.
        stop : callable, optional
            Asked before each tile whether to give up.
        progress : callable, optional
            Told after each tile how many are done, and of how many.

        Returns
        -------
        (c, h, w) uint8
            Probabilities times 255; (0, h, w) for the classical method.

        Raises
        ------
        StoppedError
            `stop` said so.
        """
        check(stop)
        height, width = working.shape
        if not self.by_tiles:
            out = np.zeros((0, height, width), np.uint8) if self.engine is None else self._original_maps(working)
            if progress is not None:
                progress(1, 1)
            return out
        assert self.network is not None
        total = tile_count((height, width), self.tiling)

        def mapped(done: int) -> None:
            if progress is not None:
                progress(done, total)

        out = np.empty((self.network.out_channels, height, width), np.uint8)
        tiled(
            self._stoppable(stop), lambda rows, columns: working[rows, columns], (height, width), out, len(out), self.tiling,
            stop=stop, progress=mapped,
        )  # fmt: skip
        return out

    def mask(self, working: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return the classical method's mask of a normalised image (h, w) at working resolution."""
        return threshold_mask(working, self.parameters)

    def _forward(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self.network is not None
        assert self.engine is not None
        height, width = image.shape
        planes = np.repeat(padded(image, self.network.stride)[None, None], self.network.in_channels, axis=1)
        return np.asarray(expit(self.engine(planes))[0, :, :height, :width], np.float32)

    def _stoppable(self, stop: Stop | None) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
        """Return `_forward` so that stopping does not wait for a tile, which may take many seconds.

        The tile that is left alone ends in a thread of its own; the next one waits for it, so that never two of them
        lie in memory.
        """
        if stop is None:
            return self._forward
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "network")
        thread = self._thread

        def forward(view: NDArray[np.float32]) -> NDArray[np.float32]:
            future = thread.submit(self._forward, view)
            while not wait([future], POLL_S).done:
                try:
                    check(stop)
                except StoppedError:
                    future.cancel()  # where it has not begun
                    raise
            return future.result()

        return forward

    def _original_maps(self, working: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Reproduce the original's pre-processing: 1024 x 1024 whatever the aspect ratio."""
        square = cv2.resize(working, (ORIGINAL_SIDE, ORIGINAL_SIDE), interpolation=cv2.INTER_LINEAR)
        probability = self._forward(square)[:1]
        back = cv2.resize(probability[0], working.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return _quantised(back[None])


def scaled_image(pixels: NDArray[Any], settings: Settings) -> ScaledImage:
    """Return an image (h, w) as the model sees it, for reading view by view."""
    percentiles = Percentiles(settings.low, settings.high)
    return ScaledImage.of(pixels, percentiles, settings.scale, inverted=settings.inverted)


def _quantised(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(probability * 255).astype(np.uint8)
