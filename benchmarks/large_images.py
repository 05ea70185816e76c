"""Large images by tiles: agreement with the same image in one piece, peak memory of a worker, seconds a megapixel.

Every figure comes from a process of its own that imports, loads the model, reads, segments and measures, as a worker
does. Prints a table and writes `results/large_images.json`.

What tiles are compared with is the network over the whole field, its planes laid out by channel. Laid out by pixel, as
the product computes its tiles, torch's group norm loses digits as the view grows: against float64 its largest error is
0.002 at 1,088 x 1,088, 0.009 at 2,048 and 0.06 at 4,096 (by channel: 0.000001 at each). One piece of 4,096 x 4,096 by
pixel is therefore measured too, beside the truth, and no reference.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import tifffile
import torch
from numpy.typing import NDArray

from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.engines import TorchEngine
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.segmentation.tiles import Tiling

CELL = 1024
SIDE = 4096
SEEDS = (3, 4)
TILES, BY_CHANNEL, BY_PIXEL = "tiles", "one piece, by channel", "one piece, by pixel"
HUGE = 16384
HUGE_WORKING = 2304
WHOLE = Tiling(tile=10**6, one_piece=10**12)
UNITS = {
    "peak MB": "MB", "seconds": "s", "CPU s": "s", "longest step s": "s", "CPU s/megapixel": "s",
    "CPU s/working megapixel": "s",
}  # fmt: skip
ALIKE = 0.9
"""Intersection over union from which two outlines show the same object in the same way."""


def field(side: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Render a large field, and its true labels: some regions full of spheroids, some with a few, some empty."""
    rng = np.random.default_rng(seed)
    out, truth = np.zeros((side, side), np.uint8), np.zeros((side, side), np.int32)
    for top in range(0, side, CELL):
        for left in range(0, side, CELL):
            places: list[tuple[float, float, float]] = []
            for _ in range(int(rng.choice([0, 25, 90], p=[0.25, 0.45, 0.3]))):
                radius = rng.uniform(14, 40) if rng.random() < 0.9 else rng.uniform(40, 140)
                x, y = rng.uniform(radius, CELL - radius, 2)
                if all(np.hypot(x - a, y - b) > 0.95 * (radius + r) for a, b, r in places):
                    places.append((x, y, radius))
            spheroids = [
                Spheroid(x, y, r, roughness=0.6, shape_seed=int(rng.integers(2**31)), halo=0.3) for x, y, r in places
            ]
            spec = SceneSpec(CELL, CELL, spheroids, blur=1.0, noise=0.015, unevenness=0.0, debris=20)
            scene = render(spec, rng)
            out[top : top + CELL, left : left + CELL] = scene.pixels
            numbers = np.where(scene.labels > 0, scene.labels + truth.max(), 0)
            truth[top : top + CELL, left : left + CELL] = numbers
    return out, truth


def work(image: Path, scale: float, out: Path, how: str) -> None:
    """Do what a worker does with one image; prints the figures as JSON."""
    predictor = Predictor(find_model(DEFAULT_MODEL), threads=1, tiling=None if how == TILES else WHOLE)
    if how == BY_CHANNEL:
        assert isinstance(predictor.engine, TorchEngine)
        predictor.engine.network.to(memory_format=torch.contiguous_format)
    began, worked = time.perf_counter(), time.process_time()
    pixels = read_plane(image).pixels
    steps: list[float] = [time.perf_counter()]
    found = predictor.segment(
        pixels, Settings(scale=scale), progress=lambda _done, _of: steps.append(time.perf_counter())
    )
    table = measure_objects(found.outlines, pixels)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    out.write_bytes(found.outlines.to_bytes())
    figures = {
        "megapixels": pixels.size / 1e6,
        "working megapixels": found.maps.shape[1] * found.maps.shape[2] / 1e6,
        "objects": len(table),
        "seconds": seconds,
        "CPU s": cpu,  # of one thread: the wall clock without what else the machine had to do
        "network s": found.seconds["network"],
        "outlines s": found.seconds["outlines"],
        "longest step s": float(np.diff(steps).max()),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }
    print(json.dumps(figures))


def measured(image: Path, scale: float, out: Path, how: str) -> dict[str, float]:
    """Run `work` in a fresh process."""
    call = [sys.executable, __file__, str(image), str(scale), str(out), how]
    done = subprocess.run(call, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def agreement(one: NDArray[np.int32], other: NDArray[np.int32]) -> dict[str, float]:
    """Compare two label images of one field, as percentages of the second's."""
    pairs, shared = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1, return_counts=True)
    sizes = np.bincount(one.ravel()), np.bincount(other.ravel())
    real = (pairs > 0).all(axis=0)
    union = sizes[0][pairs[0]] + sizes[1][pairs[1]] - shared
    alike = int((real & (shared / union > ALIKE)).sum())
    counts = len(np.unique(one[one > 0])), len(np.unique(other[other > 0]))
    return {
        "objects": counts[0],
        "of": counts[1],
        "pixels that differ %": 100 * float(((one > 0) != (other > 0)).mean()),
        "difference of object count %": 100 * abs(counts[0] - counts[1]) / max(1, counts[1]),
        f"objects with IoU over {ALIKE} %": 100 * alike / max(1, counts[1]),
    }


def labels_of(file: Path) -> NDArray[np.int32]:
    """Return the labels of a result's outlines."""
    return to_labels(Outlines.from_bytes(file.read_bytes()), SIDE, SIDE)


def main() -> None:
    """Measure and write."""
    rows: dict[str, dict[str, float]] = {}
    same: dict[str, dict[str, float]] = {}
    print(f"{platform.machine()}, one thread of {os.cpu_count()} cores", flush=True)

    def run(label: str, image: Path, scale: float, how: str) -> Path:
        out = image.parent / f"{label}.bin"
        row = rows[label] = measured(image, scale, out, how)
        row["CPU s/megapixel"] = row["CPU s"] / row["megapixels"]
        row["CPU s/working megapixel"] = row["CPU s"] / row["working megapixels"]
        print(f"{label}: {json.dumps({key: round(value, 2) for key, value in row.items()})}", flush=True)
        return out

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed in SEEDS:
            pixels, truth = field(SIDE, seed)
            image = folder / f"{seed}.tif"
            tifffile.imwrite(image, pixels)
            if seed == SEEDS[0]:
                tifffile.imwrite(folder / "4mp.tif", pixels[:2048, :2048])
                # The same field from nearer: many times the pixels, and as many working pixels as its objects need.
                tifffile.imwrite(
                    folder / "huge.tif", cv2.resize(pixels, (HUGE, HUGE), interpolation=cv2.INTER_CUBIC),
                    tile=(512, 512), compression="zlib", maxworkers=1,
                )  # fmt: skip
                run("4 MP", folder / "4mp.tif", 1.0, TILES)
                run(f"{HUGE} x {HUGE}", folder / "huge.tif", HUGE_WORKING / HUGE, TILES)
            del pixels
            found = {
                how: labels_of(run(f"{SIDE} x {SIDE}, field {seed}, {how}", image, 1.0, how))
                for how in ((TILES, BY_CHANNEL, BY_PIXEL) if seed == SEEDS[0] else (TILES, BY_CHANNEL))
            }
            same[f"field {seed}, {TILES} and {BY_CHANNEL}"] = agreement(found[TILES], found[BY_CHANNEL])
            for how, labels in found.items():
                same[f"field {seed}, {how} and truth"] = agreement(labels, truth)
    print(pd.DataFrame(rows).T.round(2).to_string())
    print(pd.DataFrame(same).T.round(3).to_string())
    out = Path(__file__).parent / "results" / "large_images.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"metrics": metrics(rows, same)}, indent=2) + "\n")


def metrics(rows: dict[str, dict[str, float]], same: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """Return the figures with the targets that stand for them."""
    found = []
    for figure, target, better in (
        ("pixels that differ %", 0.5, "lower"), ("difference of object count %", 1.0, "lower"),
        (f"objects with IoU over {ALIKE} %", None, "higher"),
    ):  # fmt: skip
        for label, row in same.items():
            aim = None if label.endswith("truth") else target
            found.append((f"{figure.removesuffix(' %')}, {label}", row[figure], "%", aim, better))
    for label, row in rows.items():
        for figure, unit in UNITS.items():
            aim = None
            if figure == "peak MB":
                aim = 1200.0 if label == "4 MP" else 2500.0 if label.endswith(TILES) else None
            found.append((f"{figure.removesuffix(' s').removesuffix(' MB')}, {label}", row[figure], unit, aim, "lower"))
    return [
        {"name": name, "value": round(value, 4), "unit": unit, "target": aim, "better": better}
        for name, value, unit, aim, better in found
    ]


if __name__ == "__main__":
    if len(sys.argv) == 5:
        work(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    else:
        main()
