"""Segmentation of one image: maps from the network, objects from the maps, outlines in image pixels."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.outlines.contour import contour_labels
from spheroseg_widgets.outlines.flags import touches_border
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.simplify import simplify

from .instances import split_objects
from .registry import ModelInfo
from .threshold import ThresholdParameters, threshold_mask

if TYPE_CHECKING:
    from .network import ResUNet

TILE = 1024
OVERLAP = 128
ORIGINAL_SIDE = 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides a result besides the model and the pixels; fixed for a whole run.

    Parameters
    ----------
    threshold : float
        Foreground probability of an outline.
    seed_level : float
        Centre distance that makes an object's core (see `instances.py`).
    seam_level : float
        Share of the lower peak from which a border is no border (see `instances.py`).
    scale : float
        Working pixels per image pixel.
    min_area_px2 : float
        Smaller objects are left out, in image pixels.
    min_confidence : float
        So are objects whose mean foreground probability is lower.
    low, high : float
        Percentiles of the normalisation.
    tolerance_px : float
        Largest distance an outline may move when it is simplified, in image pixels.
    precision : {"float32", "bfloat16"}
        Arithmetic of the network.
    """

    threshold: float = 0.5
    seed_level: float = 0.4
    seam_level: float = 0.7
    scale: float = 1.0
    min_area_px2: float = 150.0
    min_confidence: float = 0.8
    low: float = 0.5
    high: float = 99.5
    tolerance_px: float = 0.1
    precision: str = "float32"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able description, as stored with a run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Build from what `to_dict` gave; unknown keys are another version's and are left out."""
        known = cls.__dataclass_fields__
        return cls(**{key: value for key, value in values.items() if key in known})

    def at_scale(self, scale: float) -> Settings:
        """Return the same settings at another working scale."""
        return replace(self, scale=scale)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What segmenting one image gave.

    Parameters
    ----------
    outlines : Outlines
        In image pixels.
    confidence : (n,) float32
        Mean foreground probability inside each object, 0 to 1; 1 for the classical method.
    touches_border : (n,) bool
        Objects cut by the image's edge.
    maps : (c, h, w) uint8
        Probability maps at working resolution; empty for the classical method.
    seconds : dict
        Time by stage: normalise, network, outlines.
    """

    outlines: Outlines
    confidence: NDArray[np.float32]
    touches_border: NDArray[np.bool_]
    maps: NDArray[np.uint8]
    seconds: dict[str, float] = field(default_factory=dict)


class Predictor:
    """A model made ready: loaded once, used for many images.

    Parameters
    ----------
    model : ModelInfo
        From the registry.
    threads : int, optional
        Threads of the network's arithmetic; None leaves the library's choice.

    Raises
    ------
    ModelError
        Missing or damaged weights.
    """

    def __init__(self, model: ModelInfo, threads: int | None = None) -> None:
        self.model = model
        self.network: ResUNet | None = None
        self.parameters = ThresholdParameters.from_dict(model.settings.get("threshold", {}))
        if model.kind != "threshold":
            import torch  # noqa: PLC0415 - the classical method needs no network library

            if threads is not None:
                torch.set_num_threads(threads)
            # Planes by pixel, not by channel: the convolutions of a CPU are an eighth faster that way.
            self.network = model.load().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs

    def segment(self, pixels: NDArray[Any], settings: Settings) -> Segmentation:
        """Segment one image.

        Parameters
        ----------
        pixels : (h, w) any numeric dtype
            One plane, original values.
        settings : Settings
            The run's.
        """
        began = time.perf_counter()
        image = normalise(pixels, Percentiles(settings.low, settings.high))
        size = working_size(image.shape, settings.scale)
        working = resized(image, size)
        normalised = time.perf_counter()
        maps = self.maps(working, settings.precision)
        mapped = time.perf_counter()
        result = (
            outline_maps(maps, image.shape, settings)
            if len(maps)
            else outline_mask(self.mask(working), image.shape, settings)
        )
        done = time.perf_counter()
        seconds = {"normalise": normalised - began, "network": mapped - normalised, "outlines": done - mapped}
        return replace(result, seconds=seconds)

    def maps(self, working: NDArray[np.float32], precision: str = "float32") -> NDArray[np.uint8]:
        """Run the network on a normalised image at working resolution.

        Parameters
        ----------
        working : (h, w) float32
            Normalised to 0..1.
        precision : str
            "float32" or "bfloat16".

        Returns
        -------
        (c, h, w) uint8
            Probabilities times 255; (0, h, w) for the classical method.
        """
        if self.network is None:
            return np.zeros((0, *working.shape), np.uint8)
        if self.model.kind == "original":
            return self._original_maps(working)
        height, width = working.shape
        if max(height, width) <= TILE + OVERLAP:
            return _quantised(self._forward(working, precision))
        return _quantised(self._tiled(working, precision))

    def mask(self, working: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return the classical method's mask of a normalised image (h, w) at working resolution."""
        return threshold_mask(working, self.parameters)

    def _forward(self, image: NDArray[np.float32], precision: str) -> NDArray[np.float32]:
        import torch  # noqa: PLC0415 - see __init__

        assert self.network is not None
        stride = self.network.config.stride
        height, width = image.shape
        down, right = -height % stride, -width % stride
        padded = cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REFLECT)
        planes = np.repeat(padded[None, None], self.network.config.in_channels, axis=1)
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = self.network(torch.from_numpy(planes))
        out: NDArray[np.float32] = torch.sigmoid(logits.float())[0, :, :height, :width].numpy()
        return out

    def _tiled(self, image: NDArray[np.float32], precision: str) -> NDArray[np.float32]:
        """Cover a large image by overlapping tiles, faded into each other."""
        assert self.network is not None
        height, width = image.shape
        total = np.zeros((self.network.config.out_channels, height, width), np.float32)
        weight = np.zeros((height, width), np.float32)
        for top in _starts(height):
            for left in _starts(width):
                view = image[top : top + TILE, left : left + TILE]
                ramp = np.minimum.outer(_ramp(view.shape[0]), _ramp(view.shape[1]))
                total[:, top : top + TILE, left : left + TILE] += self._forward(view, precision) * ramp
                weight[top : top + TILE, left : left + TILE] += ramp
        return total / weight

    def _original_maps(self, working: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Reproduce the original's pre-processing: 1024 x 1024 whatever the aspect ratio."""
        square = cv2.resize(working, (ORIGINAL_SIDE, ORIGINAL_SIDE), interpolation=cv2.INTER_LINEAR)
        probability = self._forward(square, "float32")[:1]
        back = cv2.resize(probability[0], working.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return _quantised(back[None])


def outline_maps(maps: NDArray[np.uint8], shape: tuple[int, ...], settings: Settings) -> Segmentation:
    """Turn stored probability maps into outlines: also how a threshold is moved without the network.

    Parameters
    ----------
    maps : (c, h, w) uint8
        Foreground, and centre distance where the model has it, at working resolution.
    shape : tuple of int
        Height and width of the image.
    settings : Settings
        The run's.
    """
    foreground = maps[0].astype(np.float32) / 255
    distance = maps[1].astype(np.float32) / 255 if len(maps) > 1 else None
    scale_y, scale_x = maps.shape[1] / shape[0], maps.shape[2] / shape[1]
    labels = split_objects(
        foreground,
        distance,
        threshold=settings.threshold,
        seed_level=settings.seed_level,
        seam_level=settings.seam_level,
        min_area=settings.min_area_px2 * scale_x * scale_y,
        min_confidence=settings.min_confidence,
    )
    return _outlined(labels, foreground, maps, shape, settings)


def outline_mask(mask: NDArray[np.bool_], shape: tuple[int, ...], settings: Settings) -> Segmentation:
    """Outline what the classical method found: a mask (h, w) at working resolution."""
    area = settings.min_area_px2 * mask.size / (shape[0] * shape[1])
    labels = split_objects(mask.astype(np.float32), None, min_area=area)
    return _outlined(labels, None, np.zeros((0, *mask.shape), np.uint8), shape, settings)


def _outlined(
    labels: NDArray[np.int32],
    foreground: NDArray[np.float32] | None,
    maps: NDArray[np.uint8],
    shape: tuple[int, ...],
    settings: Settings,
) -> Segmentation:
    height, width = shape[:2]
    outlines, numbers = contour_labels(labels, foreground, level=settings.threshold)
    outlines = outlines.transformed(width / labels.shape[1], height / labels.shape[0], 0.0, 0.0)
    outlines = simplify(outlines, settings.tolerance_px)
    if foreground is None:
        confidence = np.ones(len(outlines), np.float32)
    else:
        means: Any = ndimage.mean(foreground, labels, np.asarray(numbers)) if len(outlines) else []
        confidence = np.asarray(means, np.float32)
    return Segmentation(outlines, confidence, touches_border(outlines, height, width), maps)


def working_size(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return (height, width) of an image at working scale, at least 1 x 1."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resized(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resize to (height, width): by area when shrinking, linearly when growing."""
    if image.shape == size:
        return image
    shrinking = size[0] < image.shape[0]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def _starts(length: int) -> list[int]:
    if length <= TILE:
        return [0]
    count = int(np.ceil((length - OVERLAP) / (TILE - OVERLAP)))
    return [round(i * (length - TILE) / (count - 1)) for i in range(count)]


def _ramp(length: int) -> NDArray[np.float32]:
    edge = np.minimum(np.arange(length) + 1, length - np.arange(length))
    return np.minimum(edge / OVERLAP, 1).astype(np.float32)


def _quantised(probability: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(probability * 255).astype(np.uint8)
