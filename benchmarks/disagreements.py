"""Draw objects on which model and annotation disagree, for a person to say whose fault each is.

Of one set's held-out images every object that shares less than half of itself (intersection over union) with one of the
other side is a disagreement; some are drawn at random, beside the plain image: the annotation green, the model's outlines
red, the object in question thick. The picture holds real images: it is written where it is told to, not into the tree.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from check_real import held_out
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.segmentation.evaluate import evaluate
from spheroseg_widgets.segmentation.pairs import read_only_plane, read_truth
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.scores import iou_matrix
from spheroseg_widgets.widgets.static_face import jpeg

SIDE, COLUMNS, LEAST_VIEW = 260, 4, 80
GREEN, RED = (0, 200, 0), (230, 30, 30)


class Disagreement(NamedTuple):
    """An object of one side: the image's grey values, both label images, and where it lies."""

    grey: NDArray[np.float32]
    truth: NDArray[np.int32]
    found: NDArray[np.int32]
    ours: bool
    number: int
    box: tuple[slice, ...]


def draw(number: int, one: Disagreement) -> NDArray[np.uint8]:
    """Draw the surroundings of an object twice, plain and with both sides' outlines."""
    reach = max(LEAST_VIEW // 2, *(int(1.1 * (part.stop - part.start)) for part in one.box))
    middle = [(part.start + part.stop) // 2 for part in one.box]
    view = tuple(slice(max(0, at - reach), at + reach) for at in middle)
    scale = SIDE / max(one.grey[view].shape)
    grey = cv2.resize((one.grey[view] * 255).astype(np.uint8), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    plain = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    drawn = plain.copy()
    for labels, colour, ours in ((one.truth[view], GREEN, False), (one.found[view], RED, True)):
        for label in np.unique(labels[labels > 0]):
            mask = cv2.resize(
                (labels == label).astype(np.uint8), plain.shape[1::-1], interpolation=cv2.INTER_NEAREST_EXACT
            )
            lines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(drawn, lines, -1, colour, 2 if ours == one.ours and label == one.number else 1)
    text = f"{number} {'found' if one.ours else 'annotated'}"
    cv2.putText(plain, text, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (220, 160, 0), 1, cv2.LINE_AA)
    out = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)
    out[: plain.shape[0], : plain.shape[1]] = plain
    out[: plain.shape[0], SIDE : SIDE + plain.shape[1]] = drawn
    return out


def main() -> None:
    """Print how many there are, and write a picture of some."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JPEG")
    parser.add_argument("--set", default="ipsc_spheroids")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    pairs = held_out(options.data / options.set)
    model = find_model(options.model)
    outlines = evaluate({options.set: pairs}, [model], threads=options.threads).outlines
    all_of_them: list[Disagreement] = []
    for pair in pairs:
        pixels = read_only_plane(pair.image)
        truth = read_truth(pair.truth, pixels.shape)
        found = to_labels(outlines[options.set, model.name, str(pair.image)], *truth.shape)
        shared = iou_matrix(found, truth)
        grey = normalise(pixels)
        for labels, best, ours in (
            (truth, shared.max(axis=0, initial=0), False),
            (found, shared.max(axis=1, initial=0), True),
        ):
            boxes = ndimage.find_objects(labels)
            all_of_them += [
                Disagreement(grey, truth, found, ours, int(at) + 1, boxes[at])
                for at in np.flatnonzero(best < 0.5)
                if boxes[at]
            ]
    count = sum(one.ours for one in all_of_them)
    print(f"{len(all_of_them)} disagreements: {count} of objects found, {len(all_of_them) - count} of annotated ones")
    chosen = np.random.default_rng(4).permutation(len(all_of_them))[: options.count]
    tiles = [draw(number, all_of_them[at]) for number, at in enumerate(chosen, 1)]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    options.out.write_bytes(jpeg(np.vstack(rows), 90))


if __name__ == "__main__":
    main()
