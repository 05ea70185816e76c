"""Draw the failures of the model card: the worst of several hundred synthetic scenes, the truth beside what was found.

Real images that fail are on the page of `check_real.py --page`; they are not part of the repository.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.group_settings import to_invert
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.scale import FIRST_SIDE
from spheroseg_widgets.segmentation.scenes import random_scene
from spheroseg_widgets.segmentation.scores import iou
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.widgets.static_face import jpeg, outlined

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "failures.jpg"
SIDE, SHOWN, COLUMNS, GAP = 384, 300, 3, 8


def main() -> None:
    """Print how the scenes come out, and draw the worst."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--worst", type=int, default=6)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    info = find_model(options.model)
    settings = Settings.from_dict(info.settings.get("defaults", {})).at_scale(FIRST_SIDE / SIDE)
    predictor = Predictor.of_run(info, settings, options.threads)
    scored = []
    for number in range(options.scenes):
        scene = random_scene(np.random.default_rng([31, number]), (SIDE, SIDE))
        shown = replace(settings, inverted=to_invert(predictor, [scene.pixels], settings))
        found = predictor.segment(scene.pixels, shown).outlines
        scored.append((iou(to_labels(found, SIDE, SIDE) > 0, scene.labels > 0), number, found))
    scored.sort(key=lambda one: one[:2])
    overlaps = np.array([one[0] for one in scored])
    print(
        f"{len(overlaps)} scenes: mean IoU {overlaps.mean():.3f}, median {np.median(overlaps):.3f}, "
        f"{(overlaps < 0.5).mean():.1%} below 0.5; the worst: {', '.join(f'{one[0]:.2f}' for one in scored[: options.worst])}"
    )
    tiles = [pair(number, found, overlap) for overlap, number, found in scored[: options.worst]]
    blank = np.full_like(tiles[0], 255)
    rows = [np.hstack((tiles[at : at + COLUMNS] + [blank] * COLUMNS)[:COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    PICTURE.write_bytes(jpeg(np.vstack(rows), 85))


def pair(number: int, found: Outlines, overlap: float) -> np.ndarray:
    """Draw a scene twice: with its true outlines, and with those that were found."""
    scene = random_scene(np.random.default_rng([31, number]), (SIDE, SIDE))
    picture = normalise(scene.pixels)
    sides = [outlined(picture, each, np.zeros(len(each), bool), SHOWN) for each in (scene.outlines, found)]
    for side, text in zip(sides, ("truth", f"found, IoU {overlap:.2f}"), strict=True):
        cv2.rectangle(side, (0, 0), (9 * len(text) + 8, 22), (255, 255, 255), -1)
        cv2.putText(side, text, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.pad(np.hstack(sides), ((GAP, GAP), (GAP, GAP), (0, 0)), constant_values=255)


if __name__ == "__main__":
    main()
