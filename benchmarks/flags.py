"""Review flags on a plate with planted errors: how many of the errors they catch, and how many good images they cost.

A plate of 96 wells x 12 times is made (`spheroseg_widgets/demo/planted.py`), segmented with each of the shipped models as
a person would do it, and flagged. In 8 % of its images an error is planted: debris, two spheroids for one, defocus, a
spheroid that fills the frame, none, a broken file, a bubble; of doubles, defocus and absence also a whole well each. An
image is *wrong* where

- it must be seen by a person whatever came of it: defocus, a broken file, a spheroid that fills the frame, and none or two
  where the plate map has one; or
- its result differs from the truth: another number of spheroids, or an area that is off by more than 20 %.

Debris or a bubble that the segmentation was not misled by is no error of the result, and so a good image is any that is
not wrong. Errors of the segmentation in images where nothing was planted are counted apart. The thresholds of the flags
were set on the plate of seed 1; the figures are of seed 2. Prints tables and writes `results/flags.json`; some minutes on
two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from spheroseg_widgets.analysis.flags import FLAGS, flags_table
from spheroseg_widgets.demo.planted import KINDS, PlantedPlate, make_planted_plate, wrong_results
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL

RESULTS = Path(__file__).parent / "results" / "flags.json"
MANY = 100_000


def flagged_plate(plate: PlantedPlate, folder: Path, model: str, workers: int) -> pd.DataFrame:
    """Segment and flag the plate; the truth's table with `wrong`, and the flags of each image."""
    project = open_project(folder, create=True)
    project.add(plate.images)
    project.set_map(plate.plate_map)
    began = time.perf_counter()
    project.segment(model=model, workers=workers, wait=True)
    print(f"\n{model}: {len(plate.table)} images segmented in {time.perf_counter() - began:.0f} s")
    table = plate.table.assign(wrong=wrong_results(plate.table, found(project)))
    flags = project.flags().set_index("name").loc[table["file"]]
    project.close()
    return table.join(flags[[*FLAGS, "worst"]].set_index(table.index))


def found(project: Project) -> pd.DataFrame:
    """Return by file name how many objects were found, and the area of the spheroid."""
    images = project.images()
    images = images[images["current_result_id"].notna()].set_index("name")
    objects = project.measurements()
    primaries = objects[objects["is_primary"]].set_index("name")
    return images[["n_objects"]].join(primaries["area_px2"])


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each planted kind, and one for what nothing was planted in."""
    rows = {}
    for kind in (*KINDS, ""):
        of_kind = table[table["planted"] == kind]
        wrong, flagged = of_kind["wrong"], of_kind["worst"].notna()
        rows[kind or "nothing"] = {
            "images": len(of_kind), "wrong": int(wrong.sum()), "wrong, flagged": int((wrong & flagged).sum()),
            "good": int((~wrong).sum()), "good, flagged": int((~wrong & flagged).sum()),
            "flags": _counts(of_kind),
        }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")


def _counts(table: pd.DataFrame) -> str:
    return ", ".join(f"{name} {count}" for name, count in table[list(FLAGS)].sum().items() if count)


def seconds_of_many(count: int = MANY, times: int = 12) -> float:
    """Return how long the flags of a project of many images take, from its tables on; the median of five."""
    rng = np.random.default_rng(0)
    number = np.arange(count)
    well, hours = number // times, 12.0 * (number % times)
    images = pd.DataFrame(
        {
            "image_id": number, "plate": pd.Series(well // 96).map("plate-{}".format), "well_id": well, "site": 1,
            "channel": 0, "time_h": hours, "width": 1408, "height": 1040, "pixel_size_um": 2.8, "status": "done",
            "current_result_id": number, "confirmed_outcome": None, "excluded": False,
        }
    )  # fmt: skip
    objects = pd.DataFrame(
        {
            "image_id": number, "is_primary": True, "class_name": "spheroid", "excluded_object": False,
            "touches_border": False, "confidence": rng.uniform(0.5, 1, count),
            "area_px2": 3e4 * np.exp(0.004 * hours + rng.normal(0, 0.1, count)), "solidity": rng.uniform(0.8, 1, count),
            "circularity": rng.uniform(0.6, 1, count), "edge_width_px": 4 * np.exp(rng.normal(0, 0.3, count)),
        }
    )  # fmt: skip
    wells = pd.DataFrame({"well_id": np.unique(well), "expected_spheroids": 1})
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        flags_table(images, objects, wells)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def main() -> None:
    """Print the tables and write `results/flags.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["resunet-spheroid-fast", DEFAULT_MODEL])
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--wells", type=int, default=96)
    parser.add_argument("--times", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores; seed {options.seed}")
    seconds = seconds_of_many()
    metrics: list[dict[str, object]] = []

    def tell(name: str, value: float, target: float | None, better: str, unit: str = "") -> None:
        print(f"{name:75} {value:.3f} {unit:2} {'' if target is None else f'(target {target})'}", flush=True)
        metrics.append({"name": name, "value": round(value, 4), "unit": unit, "target": target, "better": better})

    tell(f"flags of {MANY} images", seconds, 1.0, "lower", "s")
    kinds = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plate = make_planted_plate(folder / "plate", options.seed, wells=options.wells, times=options.times)
        for model in options.models:
            table = flagged_plate(plate, folder / model, model, options.workers)
            kinds[model] = by_kind(table)
            print(kinds[model].to_string())
            flagged, wrong = table["worst"].notna(), table["wrong"]
            print(f"flags of good images: {_counts(table[~wrong])}")
            planted = wrong & (table["planted"] != "")
            tell(f"{model}: planted errors flagged", float(flagged[planted].mean()), 0.95, "higher")
            tell(f"{model}: other errors flagged", float(flagged[wrong & ~planted].mean()), None, "higher")
            tell(f"{model}: good images flagged", float(flagged[~wrong].mean()), 0.15, "lower")
    about = {"seed": options.seed, "wells": options.wells, "times": options.times}
    told = {model: table.drop(columns="flags").to_dict("index") for model, table in kinds.items()}
    RESULTS.write_text(json.dumps({"metrics": metrics, "about": about, "by planted kind": told}, indent=2) + "\n")


if __name__ == "__main__":
    main()
