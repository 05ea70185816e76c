"""A synthetic plate with errors planted in it, named as an Incucyte names its files: what review flags must catch."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

from .plate import write_scene

WIDTH, HEIGHT = 320, 256
PIXEL_SIZE_UM = 5.6
STEP_H = 12
"""Hours from one image of a well to the next."""
TREATED_FROM_H = 24
GROWTH_PER_DAY = {"control": 0.30, "low dose": 0.05, "high dose": -0.45}
"""Rate of the volume: natural logarithm a day; until `TREATED_FROM_H` all grow as the control."""
FIRST_RADIUS = 31.0
KINDS = ("debris", "doubles", "defocus", "oversize", "absent", "broken", "bubble")
"""Dead cells heaped at the spheroid's side or in its place; a second spheroid; the image out of focus; a spheroid that
fills the frame; none; a truncated file; a bubble over part of the spheroid."""
MUST_BE_SEEN = ("defocus", "oversize", "broken")
"""What a person must see whatever the segmentation made of it."""
EXPECTED = 1
"""Spheroids an image shows by the plate map."""
AREA_OFF = 0.2
"""An area off the true one by more than this share is wrong."""
WHOLE_WELLS = ("doubles", "defocus", "absent")
"""What is also planted in every image of one well, where nothing in the well's own series can show it."""
SHARE_OF_EACH = 0.007
"""Share of all images that is planted with each kind, besides the whole wells."""
WELLS_FOR_WHOLE = 24
"""A plate of fewer wells has no well that is wrong throughout."""


@dataclass(frozen=True, slots=True)
class PlantedPlate:
    """Where the plate lies and what is true of it.

    Parameters
    ----------
    images : Path
        Folder of the images.
    table : DataFrame
        One row an image: file, well, time_h, condition, planted (one of `KINDS`; empty where nothing is wrong),
        n_spheroids, and area_px2 of the largest as far as the image shows it (0 where there is none).
    plate_map : DataFrame
        One row a well: well, condition, compound, concentration, unit, expected_spheroids.
    outlines : dict of str to Outlines
        By file, the spheroids of the image, the largest first; they may reach beyond its edge.
    """

    images: Path
    table: pd.DataFrame
    plate_map: pd.DataFrame
    outlines: dict[str, Outlines]


def make_planted_plate(folder: Path, seed: int = 7, *, wells: int = 96, times: int = 12) -> PlantedPlate:
    """Write the plate, an image each `STEP_H`, and truth.csv beside the images.

    Parameters
    ----------
    folder : Path
        Receives `images/` and `truth.csv`.
    seed : int
        The same seed gives the same files.
    wells : int
        Their number, at most 96: of a plate of 8 rows and 12 columns, row by row.
    times : int
        Images of each well.

    Raises
    ------
    ValueError
        More wells than the plate has, or too few images to plant every kind.
    """
    if not 1 <= wells <= 96:
        raise ValueError(f"{wells} wells: a plate of 96 has 1 to 96")
    names = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 13)][:wells]
    planted = _plant(names, times, np.random.default_rng(seed))
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)

    outlines: dict[str, Outlines] = {}

    def write(number: int, well: str, time: int) -> tuple[object, ...]:
        kind = planted.get((well, time), "")
        hours = time * STEP_H
        name = f"VID1335_{well}_1_{hours // 24:02d}d{hours % 24:02d}h00m.tif"
        count, area, outlines[name] = _write(images / name, number, well, time, kind, seed)
        return name, well, float(hours), _condition(well), kind, count, area

    with ThreadPoolExecutor() as pool:  # most of it is arithmetic that runs side by side
        places = [(number, well, time) for number, well in enumerate(names) for time in range(times)]
        rows = list(pool.map(write, *zip(*places, strict=True)))
    columns = ["file", "well", "time_h", "condition", "planted", "n_spheroids", "area_px2"]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(folder / "truth.csv", index=False)
    return PlantedPlate(images, table, _plate_map(names), outlines)


def wrong_results(truth: pd.DataFrame, results: pd.DataFrame) -> pd.Series:
    """Tell of which images the results are wrong, or must be seen by a person.

    Parameters
    ----------
    truth : DataFrame
        The table of a planted plate.
    results : DataFrame
        By file name: n_objects found and area_px2 of the spheroid; an image without a row was not measured.

    Returns
    -------
    Series of bool
        Aligned with `truth`. True where one of `MUST_BE_SEEN` was planted, the image shows another number than the plate
        map has, another number was found than it shows, or the area is off by more than `AREA_OFF`.
    """
    found = results.reindex(truth["file"]).set_index(truth.index)
    off = (found["area_px2"].fillna(0.0) - truth["area_px2"]).abs() > AREA_OFF * truth["area_px2"]
    seen = truth["planted"].isin(MUST_BE_SEEN) | (truth["n_spheroids"] != EXPECTED)
    return seen | (found["n_objects"] != truth["n_spheroids"]) | off


def _plant(wells: Sequence[str], times: int, rng: np.random.Generator) -> dict[tuple[str, int], str]:
    """Choose what is planted where: whole wells, then single images of the others."""
    chosen = rng.permutation(np.array(wells))
    whole = dict(zip(chosen, WHOLE_WELLS, strict=False)) if len(wells) >= WELLS_FOR_WHOLE else {}
    planted = {(str(well), time): kind for well, kind in whole.items() for time in range(times)}
    free = [(well, time) for well in wells if well not in whole for time in range(times)]
    each = max(1, round(SHARE_OF_EACH * len(wells) * times))
    if len(free) < each * len(KINDS):
        raise ValueError(f"{len(wells)} wells at {times} times are too few images to plant {', '.join(KINDS)}")
    places = rng.choice(len(free), each * len(KINDS), replace=False)
    planted |= {free[place]: KINDS[number % len(KINDS)] for number, place in enumerate(places)}
    return planted


def _condition(well: str) -> str:
    return tuple(GROWTH_PER_DAY)[(int(well[1:]) - 1) // 4]


def _plate_map(wells: Sequence[str]) -> pd.DataFrame:
    doses = {"control": 0.0, "low dose": 1.0, "high dose": 10.0}
    rows = [
        (well, _condition(well), "DMSO" if _condition(well) == "control" else "cisplatin", doses[_condition(well)], "uM", EXPECTED)
        for well in wells
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["well", "condition", "compound", "concentration", "unit", "expected_spheroids"])


def _write(path: Path, number: int, well: str, time: int, kind: str, seed: int) -> tuple[int, float, Outlines]:
    """Write one image; returns how many spheroids it shows, the visible area of the largest, and their outlines."""
    rng = np.random.default_rng([seed, number, time])
    main = _spheroid(number, well, time, seed, rng)
    field: dict[str, Any] = {
        "blur": rng.uniform(0.7, 1.1), "noise": rng.uniform(0.008, 0.016), "unevenness": rng.uniform(0.05, 0.2),
        "debris": int(rng.integers(3, 15)), "gel": rng.uniform(0, 0.3), "bubbles": int(rng.random() < 0.05),
        "scratches": int(rng.random() < 0.05), "ghosts": int(rng.random() < 0.03),
    }  # fmt: skip
    spheroids, cells = [main], []
    if kind == "absent":
        spheroids = []
    elif kind == "doubles":
        spheroids = _two(main, rng)
    elif kind == "defocus":
        field["blur"] = rng.uniform(3.0, 6.5)
    elif kind == "oversize":
        spheroids = [replace(main, radius=rng.uniform(150, 230), roughness=0.3, shedding=0.0)]
    elif kind == "debris":
        in_its_place = rng.random() < 0.5
        spheroids = [] if in_its_place else [main]
        cells = _clump(main, rng, away=0.0 if in_its_place else rng.uniform(1.1, 1.7))
    scene = render(SceneSpec(HEIGHT, WIDTH, (*spheroids, *cells), **field), rng)
    if kind == "bubble":
        scene = replace(scene, pixels=_with_bubble(scene.pixels, main, rng))
    write_scene(path, scene, PIXEL_SIZE_UM)
    if kind == "broken":
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 3])
    areas = measure_shape(scene.outlines)["area_px2"].to_numpy()[: len(spheroids)]
    largest_first = Outlines.from_rings([scene.outlines.rings(place) for place in np.argsort(-areas)])
    if kind == "oversize":
        return 1, float((scene.labels == 1).sum()), largest_first
    return len(spheroids), float(areas.max(initial=0.0)), largest_first


def _spheroid(number: int, well: str, time: int, seed: int, rng: np.random.Generator) -> Spheroid:
    of_well = np.random.default_rng([seed, number])  # place, shape and look stay
    condition = _condition(well)
    days, treated = time * STEP_H / 24, max(0, time * STEP_H - TREATED_FROM_H) / 24
    volume = GROWTH_PER_DAY["control"] * (days - treated) + GROWTH_PER_DAY[condition] * treated
    dying = min(1.0, treated / 4) if condition == "high dose" else 0.0
    return Spheroid(
        WIDTH / 2 + of_well.uniform(-25, 25) + rng.normal(0, 3), HEIGHT / 2 + of_well.uniform(-20, 20) + rng.normal(0, 3),
        FIRST_RADIUS * of_well.uniform(0.85, 1.15) * np.exp(volume / 3) * (1 + rng.normal(0, 0.01)),
        shape_seed=int(of_well.integers(2**31)), depth=float(of_well.uniform(0.45, 0.75) * (1 - 0.3 * dying)),
        roughness=float(of_well.uniform(0.2, 0.5) * (1 + dying)), core=0.4, shedding=0.5 * dying,
    )  # fmt: skip


def _two(main: Spheroid, rng: np.random.Generator) -> list[Spheroid]:
    """Put a second spheroid beside the first, apart or touching it."""
    radius = main.radius * rng.uniform(0.6, 0.95)
    away, turn = (main.radius + radius) * rng.uniform(0.95, 1.25), rng.uniform(0, 2 * np.pi)
    shift = 0.5 * away * np.array([np.cos(turn), 0.6 * np.sin(turn)])
    quiet = replace(main, roughness=0.2, shedding=0.0)
    first = replace(quiet, x=main.x - shift[0], y=main.y - shift[1])
    across = away / np.hypot(*shift) * shift
    return [
        first,
        replace(quiet, x=first.x + across[0], y=first.y + across[1], radius=radius, shape_seed=main.shape_seed + 1),
    ]


def _clump(main: Spheroid, rng: np.random.Generator, away: float) -> list[Spheroid]:
    """Heap dead cells so many radii from the spheroid's middle: dark, ragged, and no part of it."""
    turn = rng.uniform(0, 2 * np.pi)
    x, y = main.x + away * main.radius * np.cos(turn), main.y + away * main.radius * np.sin(turn)
    spread = main.radius * rng.uniform(0.25, 0.4)
    return [
        Spheroid(
            x + rng.normal(0, spread), y + rng.normal(0, spread), main.radius * rng.uniform(0.12, 0.25),
            roughness=1.0, shape_seed=int(rng.integers(2**31)), depth=float(main.depth * rng.uniform(0.8, 1.2)), core=0.0,
        )
        for _ in range(int(rng.integers(10, 18)))
    ]  # fmt: skip


def _with_bubble(pixels: NDArray[Any], main: Spheroid, rng: np.random.Generator) -> NDArray[Any]:
    """Lay a bubble over part of the spheroid: a dark wall, and light in its middle where nothing is seen of what lies below."""
    turn, radius = rng.uniform(0, 2 * np.pi), main.radius * rng.uniform(0.8, 1.4)
    away = main.radius * rng.uniform(0.3, 1.0)
    centre = (round(main.x + away * np.cos(turn)), round(main.y + away * np.sin(turn)))
    wall = max(2, round(0.12 * radius))
    out = pixels.astype(np.float32)
    bright = float(np.percentile(out, 90))
    inside = np.zeros(out.shape, np.float32)
    cv2.circle(inside, centre, round(radius), 1.0, -1, cv2.LINE_AA)
    ring = np.zeros(out.shape, np.float32)
    cv2.circle(ring, centre, round(radius), 1.0, wall, cv2.LINE_AA)
    inside, ring = (cv2.GaussianBlur(layer, (0, 0), 0.8) for layer in (inside, ring))
    out = out * (1 - 0.85 * inside) + 0.85 * inside * bright
    out = out * (1 - 0.7 * ring)
    return np.clip(np.rint(out), 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
