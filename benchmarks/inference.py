"""The network's speed by engine, the stages around it, and the original's network on the same image.

Prints, of one run: arithmetic reached and its share of a matrix product's, milliseconds an image at three sizes, the
masks' agreement, what reading, normalising, outlining, measuring and storing take and what a library takes for decoding
and one contour call, and time and memory of the original's network (random weights) against ours. Takes three to
five minutes on two cores; writes `results/inference.json`.

As in a worker, the memory that arrays lie in is kept for the next ones, and linear algebra has one thread (idle ones
wait in circles, and would be counted). One thread is timed by the processor time it takes, so that other programs on the
machine do not count; the shortest of several times is taken, and what is compared is timed by turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from skimage.measure import find_contours

from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.normalise import Percentiles, normalise
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.jobs.cluster import KEPT_BYTES
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.segmentation.engines import Choice, choose_engine, usable_choices
from spheroseg_widgets.segmentation.map_codec import encode_maps
from spheroseg_widgets.segmentation.network import ORIGINAL, ResUNet
from spheroseg_widgets.segmentation.objects import outline_maps
from spheroseg_widgets.segmentation.predict import ORIGINAL_SIDE, Predictor
from spheroseg_widgets.segmentation.processor import processor_flags, processor_name
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.speed import AGREE, clock_for, measure_engines, synthetic_image
from spheroseg_widgets.store.results import add_revision, point_current

SIDES = (512, 1024, 2048)
REPEATS = 7
SHARE = 0.85
AROUND_MS_MPX, AROUND_MS_IMAGE, AROUND_RATIO = 40.0, 60.0, 1.3

Metric = dict[str, Any]
cpu = time.process_time


def metric(name: str, value: float, unit: str, target: float | None = None, better: str = "lower") -> Metric:
    """Return one figure as the results hold it."""
    return {"name": name, "value": round(value, 4), "unit": unit, "target": target, "better": better}


def engines(threads: int) -> list[Metric]:
    """Time every usable engine with the default model."""
    info, default = find_model(DEFAULT_MODEL), choose_engine()
    figures: list[Metric] = []
    for one in measure_engines(info, usable_choices(), threads=threads, sides=SIDES, repeats=REPEATS):
        name, share = str(one.choice), one.gflops / one.matmul_gflops
        print(
            f"{name}: {one.gflops:.1f} GFLOP/s, {share:.2f} of a matrix product's {one.matmul_gflops:.1f}; "
            + ", ".join(f"{side} px {taken * 1e3:.0f} ms" for side, taken in one.seconds.items())
            + f"; ready after {one.ready_s:.1f} s; IoU {one.iou:.4f}"
        )
        figures += [
            metric(f"{name}, GFLOP/s", one.gflops, "GFLOP/s", None, "higher"),
            metric(f"{name}, matrix product", one.matmul_gflops, "GFLOP/s", None, "higher"),
            metric(f"{name}, share of it", share, "ratio", SHARE if one.choice == default else None, "higher"),
            *(metric(f"{name}, {side} px", taken * 1e3, "ms") for side, taken in one.seconds.items()),
            metric(f"{name}, IoU with torch", one.iou, "ratio", AGREE, "higher"),
        ]
    return figures


def best_ms(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Time calls by turns; the shortest of each, in milliseconds of processor time."""
    best = dict.fromkeys(calls, np.inf)
    for _ in range(REPEATS):
        for name, call in calls.items():
            began = cpu()
            call()
            best[name] = min(best[name], (cpu() - began) * 1e3)
    return best


def around(side: int, maps: NDArray[np.uint8], settings: Settings, folder: Path) -> list[Metric]:
    """Time the stages around the network on one image, and a library's decoding and contour call."""
    path = folder / f"{side}.tif"
    tifffile.imwrite(path, synthetic_image(side))
    project = open_project(folder / f"project-{side}", create=True)
    image_id = project.add(path).image_ids[0]
    pixels = read_plane(path).pixels
    found = outline_maps(maps, pixels.shape, settings)
    objects = measure_objects(found.outlines, pixels)

    def store() -> None:
        with project.database.write() as connection:
            revision = add_revision(connection, image_id, found.outlines, objects, source="model", author="benchmark")
            point_current(connection, image_id, revision, author="benchmark")

    def read() -> None:
        sha256(path)
        read_plane(path)

    stages: dict[str, Callable[[], object]] = {
        "read": read,
        "normalise": lambda: normalise(pixels, Percentiles(settings.low, settings.high)),
        "outlines": lambda: outline_maps(maps, pixels.shape, settings),
        "measure": lambda: measure_objects(found.outlines, pixels),
        "store": store,
    }
    library: dict[str, Callable[[], object]] = {
        "decode": lambda: tifffile.imread(path),
        "contour": lambda: find_contours(maps[0], settings.threshold * 255),
    }
    packing: dict[str, Callable[[], object]] = {"pack the maps": lambda: encode_maps(maps, pixels.shape)}
    best = best_ms({**stages, **library, **packing})
    project.close()
    total, alone = sum(best[name] for name in stages), sum(best[name] for name in library)
    megapixels = side * side / 1e6
    limit = AROUND_MS_MPX * megapixels + AROUND_MS_IMAGE
    print(
        f"{side} px, {len(found.outlines)} objects: "
        + ", ".join(f"{name} {ms:.1f}" for name, ms in best.items())
        + " ms"
    )
    print(
        f"{side} px: around the network {total:.1f} ms (at most {limit:.0f}), {total / alone:.2f} of decode + contour"
    )
    return [
        *(metric(f"{name}, {side} px", ms, "ms") for name, ms in best.items()),
        metric(f"around the network, {side} px", total, "ms", round(limit, 1)),
        metric(f"around the network over decode and contour, {side} px", total / alone, "ratio", AROUND_RATIO),
    ]


def child(which: str, side: int, threads: int) -> None:
    """Compute one image with one network in a process of its own; print seconds and peak memory as JSON."""
    torch.set_num_threads(threads)
    clock = clock_for(threads)
    call: Callable[[], object]
    if which == "original":
        network = ResUNet(ORIGINAL).eval()
        planes = torch.rand(1, ORIGINAL.in_channels, side, side)

        def call() -> None:
            with torch.inference_mode():
                network(planes)

        repeats = 1
    else:
        info, chosen = find_model(DEFAULT_MODEL), choose_engine()
        predictor = Predictor(info, threads, engine=chosen.engine, precision=chosen.precision)
        working = np.random.default_rng(0).random((side, side), np.float32)
        call = partial(predictor.maps, working)
        call()
        repeats = 3
    times = []
    for _ in range(repeats):
        began = clock()
        call()
        times.append(clock() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": min(times), "bytes": peak}))


def against_the_original(threads: int) -> list[Metric]:
    """Compare with the original's network on an image of the size it works at."""
    measured = {}
    for which in ("original", "ours"):
        command = [sys.executable, __file__, "--child", which, "--threads", str(threads)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        measured[which] = json.loads(done.stdout.splitlines()[-1])
    original, ours = measured["original"], measured["ours"]
    faster, smaller = original["seconds"] / ours["seconds"], original["bytes"] / ours["bytes"]
    for which, one in measured.items():
        print(f"{which}: {one['seconds']:.2f} s, {one['bytes'] / 1e6:.0f} MB for {ORIGINAL_SIDE} x {ORIGINAL_SIDE} px")
    print(f"the original's network takes {faster:.1f} times as long and {smaller:.1f} times the memory")
    return [
        metric("original's network", original["seconds"] * 1e3, "ms"),
        metric("our network", ours["seconds"] * 1e3, "ms"),
        metric("original's network, peak memory", original["bytes"] / 1e6, "MB"),
        metric("our network, peak memory", ours["bytes"] / 1e6, "MB"),
        metric("original's time over ours", faster, "ratio", None, "higher"),
        metric("original's memory over ours", smaller, "ratio", None, "higher"),
    ]


def stages(threads: int) -> list[Metric]:
    """Time the stages around the network at every size, on maps of the default model."""
    info, chosen = find_model(DEFAULT_MODEL), choose_engine()
    settings = Settings.from_dict({**info.settings.get("defaults", {}), **asdict(chosen)})
    predictor = Predictor.of_run(info, settings, threads)
    figures: list[Metric] = []
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            maps = predictor.maps(predictor.working(synthetic_image(side), settings))
            figures += around(side, maps, settings, Path(folder))
    return figures


def main() -> None:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="of the network's arithmetic; workers have one")
    parser.add_argument("--part", choices=["engines", "stages", "original"], help="only this; nothing is written")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, ORIGINAL_SIDE, options.threads)
        return
    as_a_worker = {
        "MALLOC_TRIM_THRESHOLD_": str(KEPT_BYTES), "MALLOC_MMAP_THRESHOLD_": str(KEPT_BYTES), "OPENBLAS_NUM_THREADS": "1"
    }  # fmt: skip
    if not as_a_worker.items() <= os.environ.items():  # read when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **as_a_worker})
    default: Choice = choose_engine()
    print(
        f"{processor_name()} ({', '.join(sorted(processor_flags()))}); {options.threads} thread(s); {DEFAULT_MODEL} "
        f"{find_model(DEFAULT_MODEL).version}; default engine {default}"
    )
    parts = {"engines": engines, "stages": stages, "original": against_the_original}
    metrics = [one for name, part in parts.items() if options.part in {None, name} for one in part(options.threads)]
    if options.part is None:
        out = Path(__file__).parent / "results" / "inference.json"
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
