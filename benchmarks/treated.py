"""Treated spheroids, synthetic and with exact truth: overlap, and how much too large or small their areas come out.

A bias that changes over the series is worse than one that stays: it looks like an effect of the compound. So the growth
that is measured from first to last image is set beside the true one. Takes two minutes on two cores; prints a table and
writes `results/treated.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.evaluate import ready
from spheroseg_widgets.segmentation.registry import CLASSICAL, DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.scores import iou
from spheroseg_widgets.segmentation.treated import TIMES_H, TREATMENTS, treated_series

RESULTS = Path(__file__).parent / "results" / "treated.json"


def score(model: str, treatment: str, wells: int, threads: int | None) -> pd.DataFrame:
    """Segment the series of some wells as one run would; one row an image."""
    series = [treated_series(treatment, 1000 + well) for well in range(wells)]
    samples = [scenes[len(scenes) // 2].pixels for scenes in series[:5]]
    predictor, settings = ready(find_model(model), samples, threads)
    rows = []
    for well, scenes in enumerate(series):
        for time, scene in zip(TIMES_H, scenes, strict=True):
            found = predictor.segment(scene.pixels, settings).outlines
            truth = scene.labels > 0
            mask = to_labels(found, *truth.shape) > 0
            rows.append(
                {
                    "well": well, "time": time, "iou": iou(mask, truth), "objects": len(found),
                    "area": float(areas(found).sum()), "true_area": float(areas(scene.outlines).sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Print the table and write `results/treated.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--wells", type=int, default=8)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    metrics: list[dict[str, object]] = []
    print(
        f"{'treatment':14} {'model':18} {'IoU':>6} {'worst':>6} {'area bias, first to last image':36} {'growth off by':>13}"
    )
    for treatment in TREATMENTS:
        for model in (options.model, CLASSICAL):
            table = score(model, treatment, options.wells, options.threads)
            bias = (table["area"] / table["true_area"] - 1).groupby(table["time"]).median()
            ends = table.pivot_table(index="well", columns="time", values=["area", "true_area"])
            grown = [
                np.log(ends[column][TIMES_H[-1]].clip(lower=1) / ends[column][TIMES_H[0]].clip(lower=1))
                for column in ("area", "true_area")
            ]
            off = float((grown[0] - grown[1]).abs().median())
            told = " ".join(f"{value:+.3f}" for value in bias)
            print(
                f"{treatment:14} {model:18} {table['iou'].mean():6.3f} {table['iou'].min():6.3f} {told:36} {off:13.3f}",
                flush=True,
            )
            if model == options.model:
                metrics += [
                    {"name": f"{treatment}: IoU", "value": round(float(table["iou"].mean()), 4), "unit": "", "target": None,
                     "better": "higher"},
                    {"name": f"{treatment}: largest median area bias", "value": round(float(bias.abs().max()), 4),
                     "unit": "", "target": None, "better": "lower"},
                    {"name": f"{treatment}: log growth off by", "value": round(off, 4), "unit": "", "target": None,
                     "better": "lower"},
                ]  # fmt: skip
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
