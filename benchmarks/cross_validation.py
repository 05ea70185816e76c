r"""orgaquant cross-validated by subset, and the other sets scored by a model that never saw any of them.

A common base is trained first on nothing of orgaquant, mls_spheroids, brain_organoid and invasion_fluo:

    python models/train_resunet_spheroid.py --data DATA --out runs/base --without orgaquant mls_spheroids \
        brain_organoid invasion_fluo

From its weights a short run for each orgaquant subset goes on with the three others mixed in, and is scored on the
subset left out; all images together give the figure and its bootstrap interval. The first of these models is also
scored on the sets that none of the runs contains; invasion_fluo also by day, as the masks of day 2 hold invasive strands
and those of day 0 the compact body. A fold whose folder holds a finished run is not trained again.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
from check_real import pairs_of
from train_resunet_spheroid import HELD_OUT, Rule, domains, export

from spheroseg_widgets.segmentation.evaluate import Evaluation, evaluate
from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.registry import CLASSICAL, find_model
from spheroseg_widgets.segmentation.settings import DARKER
from spheroseg_widgets.segmentation.training.state import load_state, read_json
from spheroseg_widgets.segmentation.training.trainer import Trainer, TrainingConfig

SUBSETS = ("Subset_5", "Subset_2", "Subset_3", "Subset_4")
UNSEEN = ("mls_spheroids", "brain_organoid", "invasion_fluo")
RESULTS = Path(__file__).parent / "results" / "cross_validation.json"
TARGETS = {"orgaquant IoU": 0.87, "orgaquant F1": 0.82, "mls_spheroids IoU": 0.90}


def of_subset(subset: str) -> Rule:
    """Return the rule that holds one subset out."""
    return lambda stem: subset in stem


def train_fold(data: Path, base: Path, out: Path, subset: str, how: TrainingConfig) -> None:
    """Go on from the base's averaged weights with all of orgaquant but one subset."""
    network = NetworkConfig.from_dict(read_json(base / "config.json")["network"])
    config = replace(how, network=network, polarity=DARKER)
    rules = {**HELD_OUT, "orgaquant": of_subset(subset)}
    mixed, _ = domains(data, 0.2, config.seed, UNSEEN, rules)
    trainer = Trainer(out, mixed, config)
    if not trainer.resume():
        trainer.start_from(load_state(base / "last.pt")["averaged"])
    trainer.run()


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
    """Train what is missing, score, print, and write `results/cross_validation.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base's run")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs of the folds")
    parser.add_argument("--minutes", type=float, default=12, help="of training, each fold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compiled", action="store_true", help="fuse the arithmetic (needs a C++ compiler)")
    options = parser.parse_args()
    how = TrainingConfig(
        steps=1_000_000, minutes=options.minutes, rate=8e-4, warmup=50, seed=7, threads=options.threads,
        compiled=options.compiled,
    )  # fmt: skip
    os.environ["SPHEROSEG_MODELS"] = str(options.out)
    folds = []
    for subset in SUBSETS:
        run, name = options.out / f"run-{subset}", f"fold-{subset}"
        train_fold(options.data, options.base, run, subset, how)
        export(run, options.out / name)
        pairs = pairs_of(options.data / "orgaquant", of_subset(subset))
        found = evaluate({f"orgaquant {subset}": pairs}, [find_model(name)], threads=options.threads)
        print(found.summary()[["set", "images", "iou", "f1"]].to_string(index=False, header=False), flush=True)
        folds.append(found.images)
    together = pd.concat(folds).assign(set="orgaquant by subset", model="ours")
    plain = evaluate(
        {"orgaquant by subset": pairs_of(options.data / "orgaquant", lambda _: True)}, [find_model(CLASSICAL)]
    )
    unseen = {f"{name} (never seen)": pairs_of(options.data / name, lambda _: True) for name in UNSEEN}
    others = evaluate(unseen, [find_model(f"fold-{SUBSETS[0]}"), find_model(CLASSICAL)], threads=options.threads)
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
