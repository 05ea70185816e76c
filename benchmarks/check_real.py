"""Accuracy on real images kept out of training, beside a flat-field + Otsu threshold; printed and written as JSON.

The images are not part of the repository; without them this says so and ends.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from copies import COPIES, write_copies

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "models"))

from train_resunet_spheroid import HELD_OUT, Rule

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.reports.evaluation import write_evaluation
from spheroseg_widgets.segmentation.evaluate import evaluate
from spheroseg_widgets.segmentation.group_settings import settings_of_group
from spheroseg_widgets.segmentation.pairs import Pair, find_pairs
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import CLASSICAL, DEFAULT_MODEL, ModelInfo, find_model
from spheroseg_widgets.segmentation.settings import Settings

AUTHORS = {"orgaquant", "brain_organoid", "invasion_fluo"}
SETS = ("orgaquant", "ipsc_spheroids", "mls_spheroids", "brain_organoid", "invasion_fluo")
RESULTS = Path(__file__).parent / "results" / "check_real.json"


def pairs_of(folder: Path, rule: Rule) -> list[Pair]:
    """Return the pairs of a set that a rule names; labels rather than masks where there are both."""
    truths = folder / "labels" if (folder / "labels").is_dir() else folder / "masks"
    return [pair for pair in find_pairs(folder / "images", truths)[0] if rule(pair.name)]


def held_out(folder: Path) -> list[Pair]:
    """Return the pairs of a set that training does not see."""
    return pairs_of(folder, HELD_OUT[folder.name])


def check_smoke(folder: Path, model: ModelInfo) -> None:
    """Read and segment every image of a folder without annotations: none may be fallen over."""
    defaults = Settings.from_dict(model.settings.get("defaults", {}))
    predictor = Predictor.of_run(model, defaults)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    unreadable = 0
    for path in files:
        try:
            image = read_plane(path).pixels
            predictor.segment(image, settings_of_group(predictor, [image], defaults))
        except ImageError as error:
            unreadable += 1
            print(error)
    print(f"{'smoke':16} {len(files)} images read and segmented, {unreadable} could not")


def check_copies(
    sets: Mapping[str, Sequence[Pair]], model: ModelInfo, scored: pd.DataFrame, threads: int | None
) -> list[dict[str, Any]]:
    """Score changed copies of every image beside the images themselves; prints and returns the differences."""
    metrics = []
    before = scored[scored["model"] == model.name].set_index("set")
    print(f"{'copies':16} " + " ".join(f"{name:>23}" for name in sets))
    for name in COPIES:
        with TemporaryDirectory() as folder:
            copied = {of: write_copies(pairs, name, Path(folder) / of) for of, pairs in sets.items()}
            after = evaluate(copied, [model], threads=threads).summary().set_index("set")
        change = after[["iou", "f1"]] - before[["iou", "f1"]]
        print(f"{name:16} " + " ".join(f"IoU {change.iou[of]:+.3f}, F1 {change.f1[of]:+.3f}" for of in sets))
        metrics += [
            {
                "name": f"{of}, {name}: change of IoU", "value": round(abs(change.iou[of]), 4), "unit": "", "target": 0.01,
                "better": "lower",
            }
            for of in sets
        ]  # fmt: skip
    return metrics


def main() -> None:
    """Print the table, write `results/check_real.json` and, if asked, a page with the worst cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--page", type=Path, help="HTML file for tables and worst cases")
    parser.add_argument("--copies", action="store_true", help="also inverted, 16-bit, half- and double-size copies")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"{options.data}: the real images are not here; nothing was checked")
        return
    sets = {name: held_out(options.data / name) for name in SETS}
    models = [find_model(options.model), find_model(CLASSICAL)]
    evaluation = evaluate(sets, models, threads=options.threads)
    for path, reason in evaluation.problems:
        print(f"left out: {path}: {reason}")
    scored = evaluation.summary()
    print(
        f"{'held-out part':16} {'truth':8} {'images':>6} {'IoU':>6} {'95 % interval':>15} {'F1':>6} {'<0.5':>5}   threshold"
    )
    metrics = []
    for name, both in scored.groupby("set", sort=False):
        ours, plain = (row for _, row in both.iterrows())
        print(
            f"{name:16} {'authors' if name in AUTHORS else 'silver':8} {ours['images']:6} {ours['iou']:6.3f} "
            f"{ours['iou_low']:7.3f}-{ours['iou_high']:5.3f}   {ours['f1']:6.3f} {ours['below_half']:5.2f}   "
            f"{plain['iou']:.3f} {plain['f1']:.3f}"
        )
        metrics += [
            {
                "name": f"{name} {title}", "value": round(ours[key], 4), "unit": "", "target": round(plain[key], 4),
                "better": "higher",
            }
            for key, title in (("iou", "IoU"), ("f1", "F1"))
        ]  # fmt: skip
    if options.page:
        truths = {str(pair.image): pair.truth for pairs in sets.values() for pair in pairs}
        print(write_evaluation(evaluation, truths, options.page))
    if options.copies:
        metrics += check_copies(sets, models[0], scored, options.threads)
    check_smoke(options.data / "smoke", models[0])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
