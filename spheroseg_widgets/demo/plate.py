"""A synthetic plate with known truth, written as an Incucyte names its files."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import tifffile

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.segmentation.synthetic import Scene, SceneSpec, Spheroid, render

WIDTH, HEIGHT = 640, 512
PIXEL_SIZE_UM = 2.8
TIMES_H = (0, 24, 48, 72)
WELLS = tuple(f"{row}{column}" for row in "ABCD" for column in range(1, 7))
GROWTH_PER_DAY = {"control": 0.30, "treated": -0.12}
"""Rate of the volume: natural logarithm a day, exact by construction."""
FIRST_RADIUS = 62.0
SPECIAL = {
    "A1": "two spheroids", "A2": "cut by the border", "A3": "touching another", "B1": "a core with a hole",
    "B2": "uneven light", "B3": "12-bit in 16", "D5": "empty", "D6": "one time out of focus",
}  # fmt: skip
BROKEN = ("C6", 48)
DEFOCUSED = ("D6", 72)


@dataclass(frozen=True, slots=True)
class DemoPlate:
    """Where the demo plate lies and what is true of it.

    Parameters
    ----------
    images, truth : Path
        Folders of the images and of the true labels.
    table : DataFrame
        One row an image: file, well, time_h, condition, special, n_spheroids, area_px2 and area_um2 of the
        largest.
    plate_map : DataFrame
        One row a well: well, condition, compound, concentration, unit, expected_spheroids.
    """

    images: Path
    truth: Path
    table: pd.DataFrame
    plate_map: pd.DataFrame


def make_demo_plate(folder: Path, seed: int = 7) -> DemoPlate:
    """Write the plate: 24 wells x 4 times, one file broken, labels and truth.csv beside it.

    Parameters
    ----------
    folder : Path
        Receives `images/` and `truth/`.
    seed : int
        The same seed gives the same files.
    """
    images, truth = folder / "images", folder / "truth"
    images.mkdir(parents=True, exist_ok=True)
    truth.mkdir(exist_ok=True)

    def write(number: int, well: str, time: int) -> tuple[object, ...]:
        scene = render(_spec(well, number, time, seed), np.random.default_rng([seed, number, time]))
        name = f"VID1335_{well}_1_{time // 24:02d}d{time % 24:02d}h00m.tif"
        write_scene(images / name, scene, PIXEL_SIZE_UM)
        if (well, time) == BROKEN:
            data = (images / name).read_bytes()
            (images / name).write_bytes(data[: len(data) // 3])
        cv2.imwrite(str(truth / name.replace(".tif", ".png")), scene.labels.astype(np.uint16))
        areas = measure_shape(scene.outlines)["area_px2"]
        largest = float(areas.max()) if len(areas) else 0.0
        special = "broken file" if (well, time) == BROKEN else SPECIAL.get(well, "")
        area_um2 = largest * PIXEL_SIZE_UM**2
        return name, well, float(time), _condition(well), special, len(areas), largest, area_um2

    with ThreadPoolExecutor() as pool:  # most of it is arithmetic that runs side by side
        places = [(number, well, time) for number, well in enumerate(WELLS) for time in TIMES_H]
        rows = list(pool.map(write, *zip(*places, strict=True)))
    columns = ["file", "well", "time_h", "condition", "special", "n_spheroids", "area_px2", "area_um2"]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(truth / "truth.csv", index=False)
    return DemoPlate(images, truth, table, _plate_map())


def _condition(well: str) -> str:
    return "control" if well[0] in "AB" else "treated"


def _plate_map() -> pd.DataFrame:
    rows = [
        (well, _condition(well), "DMSO" if _condition(well) == "control" else "cisplatin",
         0.0 if _condition(well) == "control" else 10.0, "uM", 2 if well in {"A1", "A3"} else 1)
        for well in WELLS
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["well", "condition", "compound", "concentration", "unit", "expected_spheroids"])


def _spec(well: str, number: int, time: int, seed: int) -> SceneSpec:
    rng = np.random.default_rng([seed, number])  # of the well: its spheroid keeps place and shape
    special = SPECIAL.get(well, "")
    condition = _condition(well)
    radius = FIRST_RADIUS * rng.uniform(0.8, 1.1) * np.exp(GROWTH_PER_DAY[condition] * time / 24 / 3)
    x, y = WIDTH / 2 + rng.uniform(-40, 40), HEIGHT / 2 + rng.uniform(-30, 30)
    shedding = 0.25 * time / 24 if condition == "treated" else 0.0
    main = Spheroid(
        x, y, radius, shape_seed=number, shedding=min(1.0, shedding),
        depth=float(rng.uniform(0.45, 0.75)), roughness=float(rng.uniform(0.3, 0.6)), core=0.4,
    )  # fmt: skip
    quiet = replace(main, shedding=0.0)
    spheroids = [main]
    if special == "empty":
        spheroids = []
    elif special == "two spheroids":
        spheroids = [
            replace(quiet, x=x - 110),
            replace(quiet, x=x + 130, y=y + 60, radius=0.7 * radius, shape_seed=99),
        ]
    elif special == "cut by the border":
        spheroids = [replace(quiet, x=20.0)]
    elif special == "touching another":
        smooth = replace(quiet, x=x - 40, roughness=0.2)
        spheroids = [smooth, replace(smooth, x=smooth.x + 1.72 * radius, radius=0.75 * radius, shape_seed=98)]
    elif special == "a core with a hole":
        spheroids = [replace(quiet, hole=0.35)]
    return SceneSpec(
        HEIGHT, WIDTH, tuple(spheroids), blur=9.0 if (well, time) == DEFOCUSED else 1.0,
        unevenness=0.35 if special == "uneven light" else 0.1, debris=int(rng.integers(5, 25)),
        bits=12 if special == "12-bit in 16" else 8,
    )  # fmt: skip


def write_scene(path: Path, scene: Scene, pixel_size_um: float) -> None:
    """Write a scene's pixels as ImageJ writes them: pixels per micrometre, and the unit."""
    tifffile.imwrite(
        path,
        scene.pixels,
        imagej=True,
        resolution=(1 / pixel_size_um, 1 / pixel_size_um),
        metadata={"unit": "um"},
    )
