"""Synthetic spheroid images with exact truth, deterministic by seed: for the demo, the tests and training.

The truth is the compact body: debris, halo and shed cells are not part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels

# Geometric mean of the amplitude of the radial harmonics 2..10 relative to the mean radius, and the spread of
# its logarithm, over 195 outlines of real organoids (zakih/organoidDynamics); phases are even.
HARMONICS = (0.1164, 0.0488, 0.0376, 0.0274, 0.0246, 0.0179, 0.0169, 0.0165, 0.0122)
LOG_SPREAD = 0.8
VERTICES = 180


@dataclass(frozen=True, slots=True)
class Spheroid:
    """One spheroid of a scene.

    Parameters
    ----------
    x, y, radius : float
        Place and mean radius in pixels.
    roughness : float
        Multiplies the amplitudes of the harmonics; 0 is a disc.
    hole : float
        Radius of a hole in the middle over the radius; 0 is none. Smaller where the outline is narrow.
    shape_seed : int
        Two spheroids of the same seed have the same shape: a series grows without changing form.
    depth : float
        Contrast of the body against the background, 0..1; above 1 light no longer comes through and it is black.
    core : float
        Additional darkness of the core, 0..1.
    shedding : float
        Density of the debris around the body, 0..1.
    wall : float
        How far the body is a thin wall around a clear lumen instead of solid, 0..1.
    halo : float
        Strength of a bright fringe around the body, 0..1.
    strands : int
        Number of thin processes that grow out of the body; like debris they are not part of the truth.
    grain : float
        How much single cells show: texture of the body and a ragged edge that follows them, 0..1.
    """

    x: float
    y: float
    radius: float
    roughness: float = 1.0
    hole: float = 0.0
    shape_seed: int = 0
    depth: float = 0.5
    core: float = 0.4
    shedding: float = 0.0
    wall: float = 0.0
    halo: float = 0.0
    strands: int = 0
    grain: float = 0.0

    def rings(self) -> list[NDArray[np.float64]]:
        """Return the true outline, and the hole's; the area scales exactly with the radius squared."""
        rng = np.random.default_rng(self.shape_seed)
        angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
        shape = np.ones(VERTICES)
        for order, amplitude in enumerate(HARMONICS, start=2):
            size = amplitude * self.roughness * min(3.0, rng.lognormal(0, LOG_SPREAD))
            shape += size * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
        shape = np.clip(shape, 0.3, None)
        around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        outer = [self.x, self.y] + self.radius * shape[:, None] * around
        if not self.hole:
            return [outer]
        # The wall stays whole where the outline dips inwards: a hole that crosses it would not be one.
        hole = min(self.hole, 0.8 * shape.min())
        return [outer, [self.x, self.y] + self.radius * hole * around]


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """A field of view.

    Parameters
    ----------
    height, width : int
        In pixels.
    spheroids : sequence of Spheroid
        In the order of their labels; where two overlap the smaller lies on top.
    look : {"brightfield", "phase", "fluorescence"}
        Dark on bright; grey on grey with bright halos and shade-off inside; or bright on dark.
    blur, noise, unevenness : float
        Sigma of the defocus in px; standard deviation of the noise; relative change of the light.
    debris, bubbles, scratches : int
        Numbers of specks, of bubbles, and of scratches or fibres.
    ghosts : int
        Number of spheroids far out of focus, above or below the others; they are not part of the truth.
    well_radius : float
        Radius of the well's wall over the longer side; the wall is dark and so is what lies beyond. 0 is none.
    relief : float
        How much oblique light (a condenser off its axis, or DIC) lights one flank of what is there and shades the other.
    gel : float
        Strength of a grainy medium: fine texture and fibres all over the field.
    bits : {8, 12, 16}
        Depth of the stored values.
    """

    height: int
    width: int
    spheroids: Sequence[Spheroid] = ()
    look: str = "brightfield"
    blur: float = 0.8
    noise: float = 0.012
    unevenness: float = 0.1
    debris: int = 0
    bubbles: int = 0
    scratches: int = 0
    ghosts: int = 0
    well_radius: float = 0.0
    relief: float = 0.0
    gel: float = 0.0
    bits: int = 8


@dataclass(frozen=True, slots=True)
class Scene:
    """A rendered field: pixels (uint8 or uint16), instance labels (int32), and the true outlines."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    labels: NDArray[np.int32]
    outlines: Outlines
    spec: SceneSpec = field(repr=False)


def render(spec: SceneSpec, rng: np.random.Generator) -> Scene:
    """Render a scene; the same spec and seed give the same pixels."""
    h, w = spec.height, spec.width
    outlines = Outlines.from_rings([spheroid.rings() for spheroid in spec.spheroids])
    labels = to_labels(outlines, h, w)
    # Absorption: 0 is background, 1 is opaque.
    absorbed = 0.02 * smooth_noise((h, w), 24, rng)
    _gel(absorbed, spec, rng)
    _ghosts(absorbed, spec, rng)
    _specks(absorbed, spec, rng)
    _strands(absorbed, spec, rng)
    _bodies(absorbed, labels, spec, rng)
    for _ in range(spec.bubbles):
        centre, radius = (
            (int(rng.integers(w)), int(rng.integers(h))),
            int(rng.uniform(0.02, 0.08) * min(h, w)) + 3,
        )
        cv2.circle(absorbed, centre, radius, 0.45, max(2, radius // 6), cv2.LINE_AA)
        cv2.circle(absorbed, centre, max(1, radius - 3), -0.1, 1, cv2.LINE_AA)
    for _ in range(spec.scratches):
        _curve(absorbed, rng.uniform(0, (w, h)), rng.uniform(0.2, 1.2) * max(h, w), float(rng.uniform(-0.3, 0.5)), rng)
    _well_wall(absorbed, spec, rng)
    if spec.blur:
        absorbed = cv2.GaussianBlur(absorbed, (0, 0), spec.blur)
    light = 1 + spec.unevenness * _light((h, w), rng)
    image = light * _transmitted(absorbed, spec, rng) if spec.look != "fluorescence" else (
        0.06 * light + 0.75 * np.clip(absorbed, 0, 1)
    )  # fmt: skip
    image = image + rng.normal(0, spec.noise, (h, w)) * np.sqrt(np.clip(image, 0.05, 1))
    top = 2**spec.bits - 1
    values = np.clip(np.rint(image * top), 0, top)
    pixels = values.astype(np.uint8) if spec.bits == 8 else values.astype(np.uint16)
    return Scene(pixels, labels, outlines, spec)


def _transmitted(absorbed: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return how much light comes through, about 0..1."""
    if spec.look == "phase":
        # The phase ring passes fine structure and holds back what is broad: halos outside, shade-off inside.
        wide = 3.0 + 0.04 * min(absorbed.shape)
        image = np.asarray(0.5 - 0.75 * (absorbed - 0.7 * cv2.GaussianBlur(absorbed, (0, 0), wide)), np.float32)
    else:
        image = np.asarray(0.78 - 0.7 * absorbed, np.float32)
    if spec.relief:
        turn = rng.uniform(0, 2 * np.pi)
        fine = cv2.GaussianBlur(absorbed, (0, 0), 1.0)
        slope = cv2.Sobel(fine, cv2.CV_32F, 1, 0) * np.cos(turn) + cv2.Sobel(fine, cv2.CV_32F, 0, 1) * np.sin(turn)
        image = image + spec.relief * 0.25 * slope
    return np.asarray(image, np.float32)


def smooth_noise(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise of unit spread that varies over about `cell` pixels."""
    coarse = rng.normal(0, 1, (max(2, int(shape[0] / cell) + 2), max(2, int(shape[1] / cell) + 2))).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _bodies(
    absorbed: NDArray[np.float32], labels: NDArray[np.int32], spec: SceneSpec, rng: np.random.Generator
) -> None:
    texture = 0.5 * smooth_noise(absorbed.shape, 3, rng) + 0.5 * smooth_noise(absorbed.shape, 9, rng)
    grainy = any(spheroid.grain for spheroid in spec.spheroids)
    cells = smooth_noise(absorbed.shape, 2 + 0.008 * min(absorbed.shape), rng) if grainy else texture
    for number, spheroid in enumerate(spec.spheroids, start=1):
        own = labels == number
        if not own.any():
            continue
        inner = cv2.distanceTransform(np.pad(own.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 3)[1:-1, 1:-1]
        # A body of cells absorbs more where it is thicker; its rim is soft over some pixels.
        thick = np.sqrt(np.clip(inner / (0.6 * spheroid.radius + 1), 0, 1))
        edge = np.clip((inner + 1.5 * spheroid.grain * np.minimum(cells, 0)) / 2.0, 0, 1)
        solid = 0.65 + 0.35 * thick + spheroid.core * 0.5 * thick**4
        if spheroid.wall:
            width = 0.07 * spheroid.radius + 1.0
            lumen = np.exp(-(((inner - width) / width) ** 2)) - 0.12 * thick
            solid = (1 - spheroid.wall) * solid + spheroid.wall * lumen
        body = edge * spheroid.depth * (solid + 0.10 * texture + 0.22 * spheroid.grain * cells)
        absorbed[own] = body[own]
        if spheroid.halo:
            away = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 3)
            fringe = np.exp(-away / (0.04 * spheroid.radius + 1.0)) * (labels == 0)
            absorbed -= 0.25 * spheroid.halo * fringe


def _gel(absorbed: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator) -> None:
    if not spec.gel:
        return
    absorbed += 0.06 * spec.gel * smooth_noise(absorbed.shape, 2.5, rng)
    h, w = absorbed.shape
    for _ in range(int(60 * spec.gel)):
        length = min(h, w) * rng.uniform(0.02, 0.15)
        _curve(absorbed, rng.uniform(0, (w, h)), length, float(rng.uniform(-0.08, 0.12)), rng, thickest=1)


def _specks(absorbed: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator) -> None:
    h, w = absorbed.shape
    places = [(rng.uniform(0, w), rng.uniform(0, h)) for _ in range(spec.debris)]
    for spheroid in spec.spheroids:
        for _ in range(int(90 * spheroid.shedding)):
            turn, away = rng.uniform(0, 2 * np.pi), spheroid.radius * (1.05 + rng.exponential(0.25))
            places.append((spheroid.x + away * np.cos(turn), spheroid.y + away * np.sin(turn)))
    for x, y in places:
        size = max(1, round(rng.lognormal(0.3, 0.4) * min(h, w) / 400))
        cv2.circle(absorbed, (round(x), round(y)), size, float(rng.uniform(0.1, 0.5)), -1, cv2.LINE_AA)


def _ghosts(absorbed: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator) -> None:
    h, w = absorbed.shape
    for _ in range(spec.ghosts):
        radius = float(rng.choice([s.radius for s in spec.spheroids] or [0.08 * min(h, w)]) * rng.uniform(0.4, 1.3))
        layer = np.zeros_like(absorbed)
        place = (int(rng.integers(w)), int(rng.integers(h)))
        ring = max(1, round(0.25 * radius)) if rng.random() < 0.5 else -1
        cv2.circle(layer, place, max(1, round(radius)), float(rng.uniform(0.1, 0.5)), ring, cv2.LINE_AA)
        absorbed += cv2.GaussianBlur(layer, (0, 0), 2.0 + radius * float(rng.uniform(0.15, 0.4)))


def _strands(absorbed: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator) -> None:
    for spheroid in spec.spheroids:
        if not spheroid.strands:
            continue
        body = spheroid.rings()[0]
        for start in body[rng.integers(0, VERTICES, spheroid.strands)]:
            outwards = np.arctan2(start[1] - spheroid.y, start[0] - spheroid.x) + rng.normal(0, 0.3)
            length = spheroid.radius * rng.exponential(0.5)
            _curve(absorbed, start, length, spheroid.depth * float(rng.uniform(0.3, 0.9)), rng, outwards)


def _curve(
    absorbed: NDArray[np.float32],
    start: NDArray[np.float64],
    length: float,
    depth: float,
    rng: np.random.Generator,
    direction: float | None = None,
    thickest: int | None = None,
) -> None:
    """Draw a thin bent line, in place."""
    turn = rng.uniform(0, 2 * np.pi) if direction is None else direction
    turns = turn + np.cumsum(rng.normal(0, 0.15, 12))
    steps = length / 12 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    points = np.rint(np.vstack([start, start + np.cumsum(steps, axis=0)])).astype(np.int32)
    thickness = int(rng.integers(1, (thickest or max(2, min(absorbed.shape) // 80)) + 1))
    cv2.polylines(absorbed, [points], isClosed=False, color=depth, thickness=thickness, lineType=cv2.LINE_AA)


def _well_wall(absorbed: NDArray[np.float32], spec: SceneSpec, rng: np.random.Generator) -> None:
    if not spec.well_radius:
        return
    h, w = absorbed.shape
    radius = spec.well_radius * max(h, w)
    slide, turn = rng.uniform(0, 0.6) * radius, rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[:h, :w].astype(np.float32)
    beyond = np.hypot(xs - w / 2 - slide * np.cos(turn), ys - h / 2 - slide * np.sin(turn)) - radius
    soft = max(1.0, 0.02 * radius)
    absorbed += float(rng.uniform(0.2, 0.9)) / (1 + np.exp(-np.clip(beyond / soft, -30, 30)))
    absorbed += float(rng.uniform(-0.3, 0.3)) * np.exp(-((beyond / (2 * soft)) ** 2))


def _light(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    ys = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    a, b = rng.uniform(-1, 1, 2)
    return np.asarray(0.6 * (a * xs + b * ys) - 0.8 * ((xs - 0.2 * a) ** 2 + (ys - 0.2 * b) ** 2) / 2, np.float32)
