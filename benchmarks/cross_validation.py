r"""orgaquant cross-validated by subset, and three other sets scored by a network that never saw any of them.

For each subset (Subset_2 to Subset_5) a network is trained by the recipe of the shipped one, from random weights, without
that subset; a fifth without mls_spheroids, brain_organoid and invasion_fluo:

    python models/train_resunet_spheroid.py --data DATA --out runs/fold-Subset_2 --subset Subset_2 --widths 32 64 128 192 256 \
        --pasted 0.4 --synthetic 0.2 --batch 8 --rate 2e-3 --seed 31 --steps 1000000 --minutes 7.7
    python models/train_resunet_spheroid.py --data DATA --out runs/fold-Subset_2 --export FOLDS/fold-Subset_2
    ...
    python models/train_resunet_spheroid.py --data DATA --out runs/unseen --without mls_spheroids brain_organoid invasion_fluo ...
    python models/train_resunet_spheroid.py --data DATA --out runs/unseen --export FOLDS/unseen

Each scores the subset or the sets that it has not seen; all images of orgaquant together give the figure and its bootstrap
interval. invasion_fluo is also given by day, as the masks of day 2 hold invasive strands and those of day 0 the compact body.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import pandas as pd
from check_real import pairs_of
from train_resunet_spheroid import SUBSETS, of_subset

from spheroseg_widgets.segmentation.evaluate import Evaluation, evaluate
from spheroseg_widgets.segmentation.registry import CLASSICAL, find_model

UNSEEN = ("mls_spheroids", "brain_organoid", "invasion_fluo")
RESULTS = Path(__file__).parent / "results" / "cross_validation.json"
TARGETS = {"orgaquant IoU": 0.87, "orgaquant F1": 0.82, "mls_spheroids IoU": 0.90}


def report(found: Evaluation, metrics: list[dict[str, object]]) -> None:
    """Print each set's figures and note ours."""
    for _, row in found.summary().iterrows():
        ours = row["model"] != CLASSICAL
        name = str(row["set"]).split(" ")[0]
        print(
            f"{row['set']:24} {'threshold' if not ours else 'ours':10} {row['images']:4} IoU {row['iou']:.3f} "
            f"({row['iou_low']:.3f}-{row['iou_high']:.3f}) F1 {row['f1']:.3f} below 0.5 {row['below_half']:.2f}"
        )
        if ours:
            metrics += [
                {
                    "name": f"{name} {title}", "value": round(float(row[key]), 4), "unit": "",
                    "target": TARGETS.get(f"{name} {title}"), "better": "higher",
                }
                for key, title in (("iou", "IoU"), ("f1", "F1"))
            ]  # fmt: skip


def main() -> None:
    """Score, print, and write `results/cross_validation.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True, help="folder of the five models")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ["SPHEROSEG_MODELS"] = str(options.folds)
    folds = []
    for subset in SUBSETS:
        pairs = pairs_of(options.data / "orgaquant", of_subset(subset))
        found = evaluate({f"orgaquant {subset}": pairs}, [find_model(f"fold-{subset}")], threads=options.threads)
        print(found.summary()[["set", "images", "iou", "f1"]].to_string(index=False, header=False), flush=True)
        folds.append(found.images)
    together = pd.concat(folds).assign(set="orgaquant by subset", model="ours")
    plain = evaluate(
        {"orgaquant by subset": pairs_of(options.data / "orgaquant", lambda _: True)}, [find_model(CLASSICAL)]
    )
    unseen = {f"{name} (never seen)": pairs_of(options.data / name, lambda _: True) for name in UNSEEN}
    others = evaluate(unseen, [find_model("unseen"), find_model(CLASSICAL)], threads=options.threads)
    metrics: list[dict[str, object]] = []
    for found in (Evaluation(together), plain, others):
        report(found, metrics)
    invasion = others.images[
        others.images["set"].str.startswith("invasion_fluo") & (others.images["model"] != CLASSICAL)
    ]
    for day, iou in invasion.groupby(invasion["image"].str.extract(r"(day\d)", expand=False))["iou"]:
        print(f"invasion_fluo (never seen), {day}: {len(iou)} images, IoU {iou.mean():.3f}")
        metrics.append(
            {
                "name": f"invasion_fluo {day} IoU", "value": round(float(iou.mean()), 4), "unit": "", "target": None,
                "better": "higher",
            }
        )  # fmt: skip
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
