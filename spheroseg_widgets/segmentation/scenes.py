"""Synthetic scenes drawn at random from the whole range of looks: what training sees beside real images."""

from __future__ import annotations

import numpy as np

from .synthetic import Scene, SceneSpec, Spheroid, render

KINDS = {"one": 0.22, "satellites": 0.16, "few": 0.15, "many": 0.13, "none": 0.06, "touching": 0.1, "crowd": 0.18}
LOOKS = {"brightfield": 0.6, "phase": 0.18, "fluorescence": 0.22}


def random_scene(rng: np.random.Generator, size: tuple[int, int] = (256, 256)) -> Scene:
    """Draw a scene at random: one or many spheroids, crowded or empty, sharp or not.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of chance; the same state gives the same scene.
    size : (int, int)
        Height and width in pixels.
    """
    h, w = size
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    style = _style(rng)
    spheroids = tuple(_one(x, y, radius, style, rng) for x, y, radius in _places(kind, h, w, rng))
    spec = SceneSpec(
        h, w, spheroids, str(rng.choice(list(LOOKS), p=list(LOOKS.values()))),
        blur=float(rng.uniform(0.3, 2.5)), noise=float(rng.lognormal(-4.4, 0.8)), unevenness=float(rng.uniform(0, 0.35)),
        debris=int(rng.integers(0, 60)) if rng.random() < 0.8 else int(rng.integers(60, 300)),
        bubbles=int(rng.integers(1, 5)) if rng.random() < 0.2 else 0,
        scratches=int(rng.integers(1, 4)) if rng.random() < 0.12 else 0,
        ghosts=int(rng.integers(1, 12)) if rng.random() < 0.25 else 0,
        well_radius=float(rng.uniform(0.45, 1.2)) if rng.random() < 0.15 else 0.0,
        relief=float(rng.uniform(0.2, 1.5)) if rng.random() < 0.3 else 0.0,
        gel=float(rng.uniform(0.1, 1.0)) if rng.random() < 0.3 else 0.0,
    )  # fmt: skip
    return render(spec, rng)


def _style(rng: np.random.Generator) -> dict[str, float]:
    """Draw what the spheroids of one field have in common: one culture, one microscope."""
    opaque = rng.random() < 0.3  # a dense culture: black, and its middle shows nothing
    return {
        "depth": rng.uniform(0.8, 1.5) if opaque else rng.uniform(0.15, 0.9),
        "wall": float(rng.uniform(0.4, 1.0)) if not opaque and rng.random() < 0.3 else 0.0,
        "grain": float(rng.uniform(0.2, 1.0)) if rng.random() < 0.5 else 0.0,
        "halo": float(rng.uniform(0.2, 1.0)) if rng.random() < 0.3 else 0.0,
        "hole": float(rng.uniform(0.15, 0.65)) if rng.random() < 0.08 else 0.0,
        "strands": float(rng.integers(5, 60)) if rng.random() < 0.12 else 0.0,
        "roughness": float(rng.uniform(0.1, 1.6)),
    }


def _one(x: float, y: float, radius: float, style: dict[str, float], rng: np.random.Generator) -> Spheroid:
    return Spheroid(
        x, y, radius, roughness=style["roughness"] * float(rng.uniform(0.5, 1.0)), shape_seed=int(rng.integers(2**31)),
        hole=style["hole"] if rng.random() < 0.8 else 0.0,
        depth=float(np.clip(style["depth"] * rng.uniform(0.7, 1.2), 0.1, 1.6)), core=float(rng.uniform(0, 0.7)),
        shedding=float(rng.uniform(0.2, 1)) if rng.random() < 0.25 else 0.0, wall=style["wall"], halo=style["halo"],
        strands=int(style["strands"] * rng.uniform(0.5, 1.0)), grain=style["grain"],
    )  # fmt: skip


def _places(kind: str, h: int, w: int, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Choose centre and radius of each spheroid, in pixels."""
    short = min(h, w)
    if kind == "none":
        return []
    if kind == "one":  # now and then one that fills the frame
        radius = rng.uniform(0.46, 0.8) if rng.random() < 0.25 else rng.uniform(0.1, 0.46)
        return [(rng.uniform(0.2, 0.8) * w, rng.uniform(0.2, 0.8) * h, radius * short)]
    if kind == "touching":
        radius = rng.uniform(0.1, 0.22) * short
        x, y, turn = rng.uniform(0.35, 0.65) * w, rng.uniform(0.35, 0.65) * h, rng.uniform(0, 2 * np.pi)
        away = 1.85 * radius
        return [(x, y, radius), (x + away * np.cos(turn), y + away * np.sin(turn), radius * rng.uniform(0.8, 1.1))]
    if kind == "satellites":
        return _satellites(h, w, rng)
    if kind == "crowd":
        return _crowd(h, w, rng)
    radius = rng.uniform(0.06, 0.14) * short if kind == "few" else rng.uniform(0.03, 0.07) * short
    apart: list[tuple[float, float, float]] = []
    for _ in range(int(rng.integers(2, 7)) if kind == "few" else int(rng.integers(8, 40))):
        x, y, own = rng.uniform(0, w), rng.uniform(0, h), radius * rng.uniform(0.6, 1.4)
        if all(np.hypot(x - a, y - b) > 0.98 * (own + other) for a, b, other in apart):
            apart.append((x, y, own))
    return apart


def _satellites(h: int, w: int, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Put one large spheroid amid small ones, some of which lie against it."""
    radius = rng.uniform(0.12, 0.35) * min(h, w)
    x, y = rng.uniform(0.3, 0.7) * w, rng.uniform(0.3, 0.7) * h
    places = [(x, y, radius)]
    for _ in range(int(rng.integers(1, 9))):
        own, turn = radius * rng.uniform(0.1, 0.5), rng.uniform(0, 2 * np.pi)
        away = (radius + own) * (rng.uniform(0.85, 1.0) if rng.random() < 0.4 else rng.uniform(1.05, 2.5))
        a, b = x + away * np.cos(turn), y + away * np.sin(turn)
        if all(np.hypot(a - c, b - d) > 0.85 * (own + other) for c, d, other in places[1:]):
            places.append((a, b, own))
    return places


def _crowd(h: int, w: int, rng: np.random.Generator) -> list[tuple[float, float, float]]:
    """Grow a clump: each next one lies against one that is there, and hardly over any other."""
    typical = rng.uniform(0.05, 0.16) * min(h, w)
    clump = [(rng.uniform(0.2, 0.8) * w, rng.uniform(0.2, 0.8) * h, typical)]
    for _ in range(int(rng.integers(6, 60))):
        a, b, beside = clump[int(rng.integers(len(clump)))]
        radius, turn = typical * rng.lognormal(-0.1, 0.35), rng.uniform(0, 2 * np.pi)
        away = (radius + beside) * rng.uniform(0.85, 1.1)
        x, y = a + away * np.cos(turn), b + away * np.sin(turn)
        inside = -radius < x < w + radius and -radius < y < h + radius
        if inside and all(np.hypot(x - c, y - d) > 0.82 * (radius + other) for c, d, other in clump):
            clump.append((x, y, radius))
    return clump
