"""Widths of the edges of real spheroids, as people outlined them, and of the same images behind a blur.

What tells an image out of focus whatever the others of its plate are (`analysis/flags.py`) must tell the two apart. Of each
set up to 40 images are taken, and the largest outline of each that lies wholly within its image; the blur's sigma is a
share of its radius. The images are not part of the repository; without them this says so and ends. Prints a table and
writes `results/edges.json`; a minute on two cores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from spheroseg_widgets.analysis.flags import BLURRED_PX, BLURRED_SHARE
from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.measure.edge import EDGE_COLUMNS, measure_edges
from spheroseg_widgets.outlines.contour import contour_labels
from spheroseg_widgets.outlines.flags import areas, touches_border
from spheroseg_widgets.segmentation.pairs import find_pairs, read_truth

RESULTS = Path(__file__).parent / "results" / "edges.json"
SETS = ("orgaquant", "ipsc_spheroids", "mls_spheroids", "invasion_fluo")
BLURS = (0.0, 0.08, 0.15, 0.25)
"""Sigma over the radius."""


def edges_of(folder: Path, most: int) -> pd.DataFrame:
    """Return one row an image and blur: radius_px, blur, edge_width_px."""
    truths = folder / "labels" if (folder / "labels").is_dir() else folder / "masks"
    pairs = find_pairs(folder / "images", truths)[0]
    rows = []
    for place in np.random.default_rng(0).permutation(len(pairs))[:most]:
        pair = pairs[int(place)]
        try:
            pixels = read_plane(pair.image).pixels
            labels = read_truth(pair.truth, pixels.shape)
        except ImageError as error:
            print(error)
            continue
        outlines = contour_labels(labels, None)[0]
        outlines = outlines.subset(np.flatnonzero(~touches_border(outlines, *pixels.shape)))
        if not len(outlines):
            continue
        sizes = areas(outlines)
        largest, radius = outlines.subset([int(sizes.argmax())]), float(np.sqrt(sizes.max() / np.pi))
        for blur in BLURS:
            seen = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), blur * radius) if blur else pixels
            rows.append((radius, blur, float(measure_edges(largest, seen)[EDGE_COLUMNS[0]].iloc[0])))
    return pd.DataFrame(rows, columns=["radius_px", "blur", "edge_width_px"])


def main() -> None:
    """Print the table and write `results/edges.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--images", type=int, default=40, help="most images of each set")
    options = parser.parse_args()
    sets = [name for name in SETS if (options.data / name).is_dir()]
    if not sets:
        print(f"{options.data}: no images there; nothing was measured")
        return
    table = pd.concat({name: edges_of(options.data / name, options.images) for name in sets}, names=["set"])
    share = table["edge_width_px"] / table["radius_px"]
    table["over the radius"] = share
    table["out of focus"] = (share > BLURRED_SHARE) & (table["edge_width_px"] > BLURRED_PX)
    print(
        f"{len(table) // len(BLURS)} outlines; edge width over radius, 5th percentile to largest, and share called out of focus by it"
    )
    metrics = []
    for (name, blur), group in [*table.groupby(["set", "blur"]), *((("all", b), g) for b, g in table.groupby("blur"))]:
        low, middle, high = group["over the radius"].quantile([0.05, 0.5, 1.0])
        called = float(group["out of focus"].mean())
        print(f"{name:16} blur {blur:4.2f}  {low:.2f} to {high:.2f}, median {middle:.2f}  out of focus {called:.3f}")
        for what, value in (("median width over radius", middle), ("largest", high), ("out of focus", called)):
            metrics.append(
                {"name": f"{name}, blur {blur}: {what}", "value": round(float(value), 3), "unit": "", "target": None,
                 "better": "higher" if blur else "lower"}
            )  # fmt: skip
    RESULTS.write_text(json.dumps({"outlines": len(table) // len(BLURS), "metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
