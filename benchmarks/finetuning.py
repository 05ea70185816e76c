"""What adapting a model to some thirty annotated images of another culture gains, and the minutes it takes.

Thirty orgaquant images of subsets 2 to 4 with their authors' outlines are put into a project and approved; the base
is adapted by `Project.finetune`, and old and new model are scored on subset 5, which neither saw. For a base that has
never seen orgaquant at all, train one by the recipe with `--without orgaquant`, export it, and give its folder by
SPHEROSEG_MODELS and its name here.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from check_real import pairs_of
from train_resunet_spheroid import of_subset

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.contour import contour_labels
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.evaluate import evaluate
from spheroseg_widgets.segmentation.pairs import Pair, read_only_plane, read_truth
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.store.results import add_revision, point_current

IMAGES = 30
MINUTES = 18.0
RESULTS = Path(__file__).parent / "results" / "finetuning.json"


def annotated_project(folder: Path, pairs: list[Pair]) -> Project:
    """Make a project of these images, with their annotations as approved outlines."""
    project = open_project(folder, create=True)
    project.add([str(pair.image) for pair in pairs])
    rows = project.images().set_index("path")
    with project.database.write() as connection:
        for pair in pairs:
            image_id = int(rows.loc[str(pair.image), "image_id"])
            outlines, _ = contour_labels(read_truth(pair.truth, read_only_plane(pair.image).shape), None)
            result = add_revision(
                connection, image_id, outlines, measure_shape(outlines), source="import", author="annotators"
            )  # fmt: skip
            point_current(connection, image_id, result, author="annotators", replace_edits=True)
    project.review(rows["image_id"].tolist(), "approved")
    return project


def main() -> None:
    """Adapt, score, print, and write `results/finetuning.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", default=DEFAULT_MODEL)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    folder = options.data / "orgaquant"
    pairs = [pair for pair in pairs_of(folder, lambda _: True) if "Subset_5" not in pair.name]
    chosen = [pairs[i] for i in np.linspace(0, len(pairs) - 1, IMAGES).round().astype(int)]
    with tempfile.TemporaryDirectory() as place:
        project = annotated_project(Path(place) / "project", chosen)
        began = time.monotonic()
        name = f"tuned-{int(time.time())}"
        tuning = project.finetune(name, base=options.base, minutes=options.minutes, threads=options.threads)
        tuning.wait()
        minutes = (time.monotonic() - began) / 60
        compared = tuning.comparison()
        project.close()
    print(compared.to_string(index=False))
    test = {"orgaquant subset 5": pairs_of(folder, of_subset("Subset_5"))}
    scored: pd.DataFrame = evaluate(
        test, [find_model(options.base), find_model(name)], threads=options.threads
    ).summary()
    print(scored[["model", "images", "iou", "iou_low", "iou_high", "f1"]].round(3).to_string(index=False))
    old, new = scored.iloc[0], scored.iloc[1]
    print(f"{minutes:.1f} minutes, {tuning.rows()[-1]['step']} steps, {len(chosen)} images")
    metrics = [
        {"name": "minutes", "value": round(minutes, 1), "unit": "min", "target": 20, "better": "lower"},
        {"name": "gain of IoU", "value": round(new["iou"] - old["iou"], 4), "unit": "", "target": 0, "better": "higher"},
        {"name": "gain of F1", "value": round(new["f1"] - old["f1"], 4), "unit": "", "target": 0, "better": "higher"},
    ]  # fmt: skip
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
