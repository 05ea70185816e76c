"""Synthetic series of treated spheroids: what a compound does to them over days, with exact truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .synthetic import Scene, SceneSpec, Spheroid, render

TREATMENTS = ("control", "shrinking", "loosening", "debris corona", "bubbles", "defocus")
TIMES_H = (0, 24, 48, 72, 96)
GROWTH_PER_DAY = {"control": 0.06, "shrinking": -0.14, "loosening": 0.03, "debris corona": -0.06}
"""Of the radius, relative."""


def treated_series(treatment: str, seed: int, size: tuple[int, int] = (384, 384)) -> list[Scene]:
    """Render one well under one treatment, an image at each of `TIMES_H`.

    Parameters
    ----------
    treatment : str
        One of `TREATMENTS`. Shrinking: the compact body gets smaller. Loosening: its surface roughens, cells leave it and
        it lets more light through. Debris corona: dead cells lie around it. Bubbles, defocus: of the medium and the
        microscope; the spheroid itself stays as it is.
    seed : int
        Of the well: place, shape and look stay the same over time and over treatments.
    size : (int, int)
        Height and width in pixels.

    Returns
    -------
    list of Scene
        Their truth is the compact body.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    body = Spheroid(
        width * rng.uniform(0.42, 0.58), height * rng.uniform(0.42, 0.58), min(size) * rng.uniform(0.17, 0.24),
        roughness=float(rng.uniform(0.2, 0.6)), shape_seed=int(rng.integers(2**31)), depth=float(rng.uniform(0.4, 0.8)),
        core=float(rng.uniform(0.1, 0.5)),
    )  # fmt: skip
    field = SceneSpec(
        height, width, look="brightfield" if rng.random() < 0.8 else "fluorescence", blur=1.0,
        noise=float(rng.uniform(0.006, 0.02)), unevenness=float(rng.uniform(0.05, 0.25)), debris=int(rng.integers(3, 15)),
    )  # fmt: skip
    scenes = []
    for time in TIMES_H:
        days, done = time / 24, time / TIMES_H[-1]
        now = replace(body, radius=body.radius * (1 + GROWTH_PER_DAY.get(treatment, 0.0)) ** days)
        spec = field
        if treatment == "loosening":
            now = replace(
                now, depth=body.depth * (1 - 0.45 * done), core=body.core * (1 - done), shedding=0.5 * done,
                roughness=body.roughness * (1 + 1.2 * done), strands=int(25 * done),
            )  # fmt: skip
        elif treatment == "debris corona":
            now = replace(now, shedding=done)
        elif treatment == "bubbles":
            spec = replace(spec, bubbles=round(3 * done))
        elif treatment == "defocus":
            spec = replace(spec, blur=1.0 + 5.0 * done)
        scenes.append(render(replace(spec, spheroids=(now,)), np.random.default_rng([seed, time])))
    return scenes
