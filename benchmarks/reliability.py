"""Do the probabilities mean what they say, and does the score find the failures? On real images kept out of training.

Prints and writes `results/reliability.json`, and draws `docs/images/reliability.svg` for the model card. The line of
the calibration is fitted on one half of the images of each set and judged on the other, both ways; ``--write FOLDER``
writes the model with the line of all images folded into its weights.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
from check_real import SETS, held_out
from numpy.typing import NDArray
from scipy.special import expit, logit

from spheroseg_widgets.segmentation.evaluate import auroc, evaluate, ready
from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.pairs import Pair, read_only_plane, read_truth
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, ModelInfo, find_model
from spheroseg_widgets.segmentation.training.calibration import Calibration, Reliability, fit_calibration, reliability
from spheroseg_widgets.segmentation.training.model_folder import write_model

RESULTS = Path(__file__).parent / "results" / "reliability.json"
PICTURE = Path(__file__).parent.parent / "docs" / "images" / "reliability.svg"
SAMPLES = 5
MOST_PIXELS = 20_000
"""Of an image."""
Pixels = tuple[NDArray[np.float32], NDArray[np.bool_]]


def pixels_of(pairs: Sequence[Pair], model: ModelInfo, threads: int | None) -> list[Pixels]:
    """Return logits and truth of each image's pixels, evenly thinned, at the working scale of the set."""
    spread = pairs[:: max(1, len(pairs) // SAMPLES)][:SAMPLES]
    predictor, settings = ready(model, [read_only_plane(pair.image) for pair in spread], threads)
    out = []
    for pair in pairs:
        pixels = read_only_plane(pair.image)
        foreground = np.asarray(predictor.maps(predictor.working(pixels, settings))[0], np.float32) / 255
        truth = read_truth(pair.truth, pixels.shape) > 0
        there = cv2.resize(truth.astype(np.float32), foreground.shape[::-1], interpolation=cv2.INTER_AREA) > 0.5
        step = max(1, foreground.size // MOST_PIXELS)
        sure = np.clip(foreground.ravel()[::step], 1e-3, 1 - 1e-3)
        out.append((logit(sure).astype(np.float32), there.ravel()[::step]))
    return out


def joined(parts: Sequence[Pixels]) -> Pixels:
    """Put the pixels of several images together."""
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def cross_fitted(of_sets: Sequence[Sequence[Pixels]]) -> Pixels:
    """Return calibrated logits and truth, each half of the images by the line of the other half."""
    halves = [[image for images in of_sets for image in images[half::2]] for half in (0, 1)]
    lines = [fit_calibration(*joined(half)) for half in halves]
    parts = [
        (lines[1 - i].slope * joined(half)[0] + lines[1 - i].intercept, joined(half)[1])
        for i, half in enumerate(halves)
    ]
    return joined(parts)


def draw(before: Reliability, after: Reliability, path: Path) -> None:
    """Draw the reliability diagram as SVG."""
    side, left, top = 240, 56, 16

    def line(found: Reliability, colour: str, dash: str) -> str:
        points = [(left + side * p, top + side * (1 - o)) for p, o in zip(found.predicted, found.observed, strict=True)]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
        return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>{dots}'

    ticks = "".join(
        f'<text x="{left + side * v}" y="{top + side + 16}" text-anchor="middle">{v:g}</text>'
        f'<text x="{left - 8}" y="{top + side * (1 - v) + 4}" text-anchor="end">{v:g}</text>'
        for v in (0, 0.25, 0.5, 0.75, 1)
    )
    words = (
        f'<text x="{left + side / 2}" y="{top + side + 34}" text-anchor="middle">predicted probability</text>'
        f'<text transform="translate(14 {top + side / 2}) rotate(-90)" text-anchor="middle">observed share of foreground</text>'
        f'<text x="{left + 12}" y="{top + 20}" fill="#0072b2">with a fitted line, error {after.error:.3f}</text>'
        f'<text x="{left + 12}" y="{top + 36}" fill="#8a5a00">as shipped, error {before.error:.3f}</text>'
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + side + 24}" height="{top + side + 44}" '
        f'font-family="system-ui,sans-serif" font-size="11" fill="#333"><rect width="100%" height="100%" fill="#fff"/>'
        f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="#999"/>'
        f'<line x1="{left}" y1="{top + side}" x2="{left + side}" y2="{top}" stroke="#bbb"/>{ticks}{words}'
        + line(before, "#8a5a00", ' stroke-dasharray="4 3"')
        + line(after, "#0072b2", "")
        + "</svg>\n"
    )


def write_calibrated(model: ModelInfo, line: Calibration, folder: Path) -> None:
    """Write the model with a line folded into its weights, and the line into its description."""
    network = NetworkConfig.from_dict(model.settings["network"])
    training = {**model.settings["training"], "calibration": asdict(line)}
    weights = line.applied(model.load().state_dict(), network.cell)
    write_model(folder, folder.name, model.version, weights, network, training, defaults=model.settings["defaults"])


def main() -> None:
    """Print, write the results, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--write", type=Path, help="write the calibrated model into this folder")
    options = parser.parse_args()
    model = find_model(options.model)
    sets = {name: held_out(options.data / name) for name in SETS}
    of_sets = {name: pixels_of(pairs, model, options.threads) for name, pairs in sets.items()}
    logits, truth = joined([joined(images) for images in of_sets.values()])
    as_it_is = reliability(expit(logits), truth)
    calibrated, matching = cross_fitted(list(of_sets.values()))
    refitted = reliability(expit(calibrated), matching)
    line = fit_calibration(logits, truth)
    print(f"expected calibration error {as_it_is.error:.4f}; with a line fitted on the other half {refitted.error:.4f}")
    print(f"the line of all: {line.slope:.3f} * logit {line.intercept:+.3f}")
    for name, images in of_sets.items():
        print(f"{name:16} error {reliability(expit(joined(images)[0]), joined(images)[1]).error:.4f}")
    draw(as_it_is, refitted, PICTURE)
    if options.write:
        write_calibrated(model, line, options.write)
        print(options.write)
        return
    found = evaluate(sets, [model], threads=options.threads)
    images, objects = found.images, found.objects
    of_images = auroc(images["score"], images["iou"] < 0.8)
    of_objects = auroc(objects["confidence"], objects["iou"] < 0.8)
    print(f"score against IoU < 0.8: AUROC {of_images:.3f} ({(images['iou'] < 0.8).sum()} of {len(images)} images)")
    print(
        f"confidence against IoU < 0.8: AUROC {of_objects:.3f} ({(objects['iou'] < 0.8).sum()} of {len(objects)} objects)"
    )
    metrics = [
        {
            "name": "expected calibration error",
            "value": round(as_it_is.error, 4),
            "unit": "",
            "target": 0.03,
            "better": "lower",
        },
        {"name": "AUROC of images", "value": round(of_images, 4), "unit": "", "target": 0.8, "better": "higher"},
        {"name": "AUROC of objects", "value": round(of_objects, 4), "unit": "", "target": 0.8, "better": "higher"},
    ]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
