"""What keeping probability maps costs and gives: bytes beside the 8-bit image, outlines from what is kept.

On real images kept out of training, which are not part of the repository; without them this says so and ends. Printed
and written as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import shapely
from check_real import SETS, held_out

from spheroseg_widgets.jobs.task import outline_packed
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.evaluate import SCALE_SAMPLES, ready
from spheroseg_widgets.segmentation.map_codec import encode_maps, round_maps
from spheroseg_widgets.segmentation.objects import outline_maps
from spheroseg_widgets.segmentation.pairs import read_only_plane
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings

RESULTS = Path(__file__).parent / "results" / "maps.json"
MOST_SHARE, LEAST_IOU, LEAST_LIKE_UNROUNDED = 0.10, 0.99, 0.998


def covered(outlines: Outlines) -> shapely.Geometry:
    """Return the area that objects cover."""
    return shapely.unary_union([shapely.make_valid(outlines.shapely(i)) for i in range(len(outlines))])


def overlap(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Return the intersection over union; 1 where both are empty."""
    union = one.union(other).area
    return float(one.intersection(other).area / union) if union else 1.0


def look_at(path: Path, predictor: Predictor, settings: Settings) -> dict[str, float]:
    """Keep the maps of one image as a run does, and outline what is kept."""
    pixels = read_only_plane(path)
    maps = predictor.maps(predictor.working(pixels, settings))
    unrounded = covered(outline_maps(maps.copy(), pixels.shape, settings).outlines)
    began = time.perf_counter()
    round_maps(maps, pixels.shape)
    packed = encode_maps(maps, pixels.shape)
    encoded = time.perf_counter()
    stored = covered(outline_maps(maps, pixels.shape, settings).outlines)
    again = outline_packed(packed, pixels.shape, settings)
    return {
        "share": len(packed) / pixels.size,
        "iou": overlap(stored, covered(again.outlines)),
        "unrounded_iou": overlap(unrounded, stored),
        "area_bias": stored.area / unrounded.area - 1 if unrounded.area else 0.0,
        "encode_ms": 1000 * (encoded - began),
        "decode_ms": 1000 * again.seconds["maps"],
    }


def main() -> None:
    """Print a line a set and write `results/maps.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"{options.data}: the real images are not here; nothing was measured")
        return
    model = find_model(options.model)
    metrics = []

    def metric(name: str, value: float, target: float | None, better: str, unit: str = "") -> None:
        metrics.append({"name": name, "value": round(value, 5), "unit": unit, "target": target, "better": better})

    print(
        f"{'held-out part':16} {'images':>6} {'bytes':>7} {'largest':>8} {'IoU':>7} {'unrounded':>10} {'bias':>8}  ms"
    )
    for name in SETS:
        pairs = held_out(options.data / name)
        spread = pairs[:: max(1, len(pairs) // SCALE_SAMPLES)][:SCALE_SAMPLES]
        predictor, settings = ready(model, [read_only_plane(pair.image) for pair in spread], 1)
        seen = [look_at(pair.image, predictor, settings) for pair in pairs]
        of = {key: np.array([one[key] for one in seen]) for key in seen[0]}
        print(
            f"{name:16} {len(seen):6} {np.median(of['share']):7.3f} {of['share'].max():8.3f} {of['iou'].min():7.4f} "
            f"{np.median(of['unrounded_iou']):10.4f} {np.median(of['area_bias']):+8.5f}  "
            f"{np.median(of['encode_ms']):.0f} and {np.median(of['decode_ms']):.0f}"
        )
        metric(f"{name}, bytes of maps over bytes of image, median", float(np.median(of["share"])), MOST_SHARE, "lower")
        metric(f"{name}, IoU of outlines from kept maps, least", float(of["iou"].min()), LEAST_IOU, "higher")
        metric(
            f"{name}, IoU with outlines of unrounded maps, median", float(np.median(of["unrounded_iou"])),
            LEAST_LIKE_UNROUNDED, "higher",
        )  # fmt: skip
        metric(f"{name}, area bias of rounding, median", float(np.median(of["area_bias"])), None, "lower")
        metric(f"{name}, rounding and encoding", float(np.median(of["encode_ms"])), None, "lower", "ms")
        metric(f"{name}, decoding", float(np.median(of["decode_ms"])), None, "lower", "ms")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
