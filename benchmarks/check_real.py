"""Accuracy on real images kept out of training, beside a flat-field + Otsu threshold; printed and written as JSON.

The images are not part of the repository; without them this says so and ends.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "models"))

from train_resunet_spheroid import HELD_OUT, read_labels

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.evaluate import f1, instance_scores, iou
from spheroseg_widgets.segmentation.predict import Predictor, Settings
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.scale import estimate_scale

AUTHORS = {"orgaquant", "brain_organoid", "invasion_fluo"}
SETS = ("orgaquant", "ipsc_spheroids", "mls_spheroids", "brain_organoid", "invasion_fluo")


def score(folder: Path, predictor: Predictor) -> tuple[int, float, float, float]:
    """Return images, mean IoU, F1 at 0.5 and the share below IoU 0.5, at one working scale for the set."""
    files = [p for p in sorted((folder / "images").iterdir()) if HELD_OUT[folder.name](p.stem)]
    pixels = [read_plane(path).pixels for path in files]
    defaults = Settings.from_dict(predictor.model.settings.get("defaults", {}))
    step = max(1, len(pixels) // 5)
    settings = defaults.at_scale(estimate_scale(predictor, pixels[::step][:5], defaults))
    ious, counts = [], np.zeros(3, int)
    for path, image in zip(files, pixels, strict=True):
        truth = read_labels(folder, path.stem)
        found = to_labels(predictor.segment(image, settings).outlines, *truth.shape)
        ious.append(iou(found > 0, truth > 0))
        counts += instance_scores(found, truth)
    return len(files), float(np.mean(ious)), f1(*map(int, counts)), float(np.mean(np.array(ious) < 0.5))


def main() -> None:
    """Print the table, write `results/check_real.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"{options.data}: the real images are not here; nothing was checked")
        return
    metrics = []
    print(f"{'set (held-out part)':24} {'truth':8} {'images':>6} {'IoU':>6} {'F1':>6} {'<0.5':>6}   threshold IoU, F1")
    ours, plain = Predictor(find_model(options.model)), Predictor(find_model("threshold"))
    for name in SETS:
        images, mean, instances, bad = score(options.data / name, ours)
        _, mean_plain, instances_plain, _ = score(options.data / name, plain)
        truth = "authors" if name in AUTHORS else "silver"
        print(
            f"{name:24} {truth:8} {images:6} {mean:6.3f} {instances:6.3f} {bad:6.2f}   {mean_plain:.3f} {instances_plain:.3f}"
        )
        metrics += [
            {
                "name": f"{name} IoU",
                "value": round(mean, 4),
                "unit": "",
                "target": round(mean_plain, 4),
                "better": "higher",
            },
            {
                "name": f"{name} F1",
                "value": round(instances, 4),
                "unit": "",
                "target": round(instances_plain, 4),
                "better": "higher",
            },
        ]
    unreadable = 0
    smoke = sorted((options.data / "smoke").iterdir()) if (options.data / "smoke").is_dir() else []
    for path in smoke:
        try:
            image = read_plane(path).pixels
            ours.segment(image, Settings().at_scale(estimate_scale(ours, [image], Settings())))
        except ImageError as error:
            unreadable += 1
            print(error)
    print(f"{'smoke':24} {len(smoke)} images read and segmented, {unreadable} could not")
    out = Path(__file__).parent / "results" / "check_real.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
