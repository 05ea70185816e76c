"""Random views of an annotated image: place, scale and turn, then the camera's part."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .targets import UNKNOWN

Image = NDArray[np.float32]
Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ViewRange:
    """How far random views go.

    Parameters
    ----------
    smallest_diameter, largest_diameter : float
        Typical object diameter in the view, in pixels; drawn log-uniformly. At most 1.2 sides of the view.
    least_zoom, most_zoom : float
        Bounds of the zoom itself: blur does not turn into detail. Where the two ranges meet, the draw is even over
        what they share; where they do not, the zoom is the bound nearest to the wanted diameters.
    """

    smallest_diameter: float = 10.0
    largest_diameter: float = 230.0
    least_zoom: float = 0.15
    most_zoom: float = 2.5


def random_view(
    image: Image, labels: Labels, diameter: float, size: int, rng: np.random.Generator, span: ViewRange
) -> tuple[Image, Labels]:
    """Cut a random square view, turned, mirrored and zoomed, of as little beyond the image's border as can be.

    Parameters
    ----------
    image : (h, w) float32
        Normalised to 0..1.
    labels : (h, w) int32
        Instance labels.
    diameter : float
        Typical object diameter of this image in pixels.
    size : int
        Side of the view in pixels.
    rng : numpy.random.Generator
        Source of chance.
    span : ViewRange
        Bounds of the zoom.

    Returns
    -------
    image, labels : (size, size) float32, (size, size) int32
        Beyond the border the image goes on as its mirror image, in which nothing is annotated (`targets.UNKNOWN`):
        an object at the border and its reflection would pass for one.
    """
    largest = max(span.smallest_diameter, min(span.largest_diameter, 1.2 * size))
    bounds = np.clip([span.smallest_diameter / diameter, largest / diameter], span.least_zoom, span.most_zoom)
    zoom = float(np.exp(rng.uniform(*np.log(bounds))))
    height, width = image.shape
    if rng.random() < 0.7 and labels.any():  # mostly look at an object, sometimes anywhere
        ys, xs = np.nonzero(labels[::4, ::4])
        if len(ys):
            pick = rng.integers(len(ys))
            cy, cx = ys[pick] * 4.0, xs[pick] * 4.0
        else:
            cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        jitter = 0.35 * size / zoom
        cy, cx = cy + rng.uniform(-jitter, jitter), cx + rng.uniform(-jitter, jitter)
    else:
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
    cy, cx = _held(cy, height, size / zoom), _held(cx, width, size / zoom)
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else rng.integers(4) * np.pi / 2
    stretch = np.exp(rng.normal(0, 0.06))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = zoom * np.array([[mirror * stretch * cos, -sin / stretch], [mirror * stretch * sin, cos / stretch]])
    shift = np.array([size / 2, size / 2]) - matrix @ np.array([cx, cy])
    affine = np.hstack([matrix, shift[:, None]])
    source = image
    if zoom < 0.6:  # average before subsampling, or fine texture turns into noise
        source = cv2.GaussianBlur(image, (0, 0), 0.4 / zoom)
    view = cv2.warpAffine(source, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    # OpenCV warps no int32; labels stay far below 65,536 in a training image.
    cut = cv2.warpAffine(
        labels.astype(np.uint16) + np.uint16(1),  # 0 is beyond the border
        affine,
        (size, size),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return view, cut.astype(np.int32) + UNKNOWN


def _held(centre: float, length: int, extent: float) -> float:
    """Move the centre of a view so far that its extent lies in an image of this length, if it fits."""
    half = min(length, extent) / 2
    return float(np.clip(centre, half, length - half))


def _smooth_field(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> Image:
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)


def random_camera(image: Image, rng: np.random.Generator, inverted: float = 0.25) -> Image:
    """Change what a camera, a lamp and a file format change, and nothing else.

    Parameters
    ----------
    image : (h, w) float32
        Normalised to 0..1.
    rng : numpy.random.Generator
        Source of chance.
    inverted : float
        How often light and dark change places, 0 to 1.

    Returns
    -------
    (h, w) float32
        About 0..1, clipped.
    """
    x = image
    if rng.random() < inverted:
        x = 1.0 - x
    if rng.random() < 0.5:
        x = np.clip(x, 0, 1) ** np.exp(rng.normal(0, 0.35))
    if rng.random() < 0.4:
        x = x * (1.0 + rng.uniform(0.03, 0.3) * _smooth_field(x.shape, int(rng.integers(2, 4)), rng))
    if rng.random() < 0.2:
        x = x + rng.uniform(0.02, 0.12) * _smooth_field(x.shape, int(rng.integers(4, 12)), rng)
    if rng.random() < 0.2:  # seldom: that an object is out of focus beside sharp ones says that it is not outlined
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.15:
        x = x + rng.uniform(0.3, 1.0) * (x - cv2.GaussianBlur(x, (0, 0), 1.5))
    if rng.random() < 0.5:
        low, high = rng.uniform(-0.15, 0.25), rng.uniform(0.7, 1.25)
        x = low + (high - low) * x
    if rng.random() < 0.5:
        x = x + rng.normal(0, rng.uniform(0.005, 0.06), x.shape).astype(np.float32)
    x = np.clip(x, 0, 1).astype(np.float32)
    if rng.random() < 0.04:  # a burnt-in scale bar, with its figure
        x = _with_scale_bar(x, rng)
    if rng.random() < 0.15:
        _, code = cv2.imencode(
            ".jpg", (x * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
        )
        decoded = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
        assert decoded is not None
        x = decoded.astype(np.float32) / 255
    return x


def _with_scale_bar(image: Image, rng: np.random.Generator) -> Image:
    height, width = image.shape
    left, top = int(rng.integers(width * 3 // 4)), int(rng.integers(12, height - 4))
    right, bottom = left + int(rng.integers(width // 10, width // 3)), top + int(rng.integers(1, 4))
    drawn = np.zeros(image.shape, np.uint8)  # OpenCV 5 writes text into 8-bit planes only
    cv2.rectangle(drawn, (left, top), (right, bottom), 255, -1)
    cv2.putText(
        drawn, f"{rng.integers(1, 20)}00 um", (left, top - 2), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 255, 1, cv2.LINE_AA
    )
    cover = drawn.astype(np.float32) / 255
    return np.asarray(image * (1 - cover) + float(rng.random() < 0.5) * cover, np.float32)
