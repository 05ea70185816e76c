"""The recipe of the shipped `resunet-spheroid` weights: which images, how split, how long.

Run it beside the data folder described in the model card:

    python models/train_resunet_spheroid.py --data DATA --out runs/spheroid --steps 6000

and call it again with more steps to go on from where it stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.measure import label

from spheroseg_widgets.segmentation.augment import Image, Labels, ViewRange
from spheroseg_widgets.segmentation.checkpoint import save_weights
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.train import (
    Annotated,
    Domain,
    Trainer,
    TrainingConfig,
    typical_diameter,
)

HELD_OUT = {
    "orgaquant": lambda stem: "Subset_5" in stem,
    "ipsc_spheroids": lambda stem: stem.startswith("mTeSR_plus-mTeSR3D"),
    "mls_spheroids": lambda stem: stem in {"mls11_B03ED7830", "mls11_G12FD5BE0", "mls11_N07FFE8E9"},
    "brain_organoid": lambda stem: int(stem[1:]) > 70,
    # Day 2 masks hold invasive strands: another convention than the compact body, so they are left out.
    "invasion_fluo": lambda stem: stem.startswith("dynamic") or stem.endswith("day2"),
    "dsb2018_nuclei": lambda stem: stem.startswith("test"),
    "livecell": lambda _: False,
}


def _pixels(path: Path) -> NDArray[Any]:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise FileNotFoundError(path)
    return pixels


def read_grey(path: Path) -> Image:
    """Read an image as one plane of 0..1, as inference normalises it."""
    grey = _pixels(path).astype(np.float32)
    if grey.ndim == 3:
        grey = grey[..., :3].mean(axis=2)
    low, high = np.percentile(grey[::3, ::3] if grey.size > 1e5 else grey, [0.5, 99.5])
    scaled: Image = np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)
    return scaled


def read_labels(folder: Path, stem: str) -> Labels:
    """Read instance labels, or number the components of a mask."""
    instances = folder / "labels" / f"{stem}.png"
    if instances.exists():
        values = _pixels(instances).astype(np.int64)
        _, compact = np.unique(values, return_inverse=True)
        compact = compact.reshape(values.shape)
        return (compact + (0 if (values == 0).any() else 1)).astype(np.int32)
    mask = _pixels(folder / "masks" / f"{stem}.png")
    numbered: Labels = label(mask > 127).astype(np.int32)
    return numbered


def load(folder: Path, *, held_out: bool, most_pixels: float = 0.9e6) -> Iterator[Annotated]:
    """Load one set's training (or held-out) part, large images made smaller."""
    rule = HELD_OUT[folder.name]
    for path in sorted((folder / "images").iterdir()):
        if rule(path.stem) != held_out:
            continue
        image, labels = read_grey(path), read_labels(folder, path.stem)
        shrink = min(1.0, (most_pixels / image.size) ** 0.5)
        if shrink < 1:
            size = (round(image.shape[1] * shrink), round(image.shape[0] * shrink))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            labels = cv2.resize(labels.astype(np.uint16), size, interpolation=cv2.INTER_NEAREST).astype(np.int32)
        yield Annotated(path.stem, image, labels, typical_diameter(labels))


def on_wide_background(item: Annotated, rng: np.random.Generator) -> Annotated:
    """Put a tightly cropped organoid on a wider field made of its own background.

    The field is the plane fitted to the background pixels plus residuals drawn from them; the crop fades
    out between the organoid and the crop's edge.
    """
    h, w = item.labels.shape
    outside = item.labels == 0
    ys, xs = np.nonzero(outside)
    design = np.stack([np.ones(len(ys)), ys / h, xs / w], axis=1)
    fit, *_ = np.linalg.lstsq(design, item.image[outside], rcond=None)
    residual = item.image[outside] - design @ fit
    big = int(max(h, w) * rng.uniform(1.3, 3.0))
    top, left = int(rng.integers(0, big - h + 1)), int(rng.integers(0, big - w + 1))
    yy, xx = np.mgrid[:big, :big]
    slope = np.clip(fit[1:], -0.15, 0.15)  # a steep plane runs out of the grey range far from the crop
    field = item.image[outside].mean() + slope[0] * ((yy - top) / h - 0.5) + slope[1] * ((xx - left) / w - 0.5)
    grain = rng.choice(residual, (big, big)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.8)
    field = field + grain * (residual.std() / max(float(grain.std()), 1e-6))
    near = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, 5)
    border = np.minimum.reduce(
        [
            np.arange(h)[:, None] + np.zeros(w),
            (h - 1 - np.arange(h))[:, None] + np.zeros(w),
            np.arange(w)[None] + np.zeros((h, 1)),
            (w - 1 - np.arange(w))[None] + np.zeros((h, 1)),
        ]
    )
    fade = np.clip(1 - (near - 3) / 6, 0, 1)
    fade = np.where(outside, np.minimum(fade, np.clip(border / 4, 0, 1)), 1.0)
    image = field.astype(np.float32)
    image[top : top + h, left : left + w] = fade * item.image + (1 - fade) * image[top : top + h, left : left + w]
    labels = np.zeros((big, big), np.int32)
    labels[top : top + h, left : left + w] = item.labels
    return Annotated(item.name, np.clip(image, 0, 1).astype(np.float32), labels, item.diameter)


def without_objects(items: list[Annotated]) -> list[Annotated]:
    """Take images of another kind (flat cells) as fields that hold no spheroid."""
    return [Annotated(item.name, item.image, np.zeros_like(item.labels), item.diameter) for item in items]


def synthetic_view(rng: np.random.Generator, size: int) -> tuple[NDArray[np.float32], Labels]:
    """Draw a synthetic scene, normalised like a real image."""
    from spheroseg_widgets.segmentation.scenes import random_scene  # noqa: PLC0415 - only when asked for

    scene = random_scene(rng, (size, size))
    grey = scene.pixels.astype(np.float32)
    low, high = np.percentile(grey, [0.5, 99.5])
    return np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32), scene.labels


def domains(data: Path, synthetic: float, seed: int) -> list[Domain]:
    """Mix the sets: crowded organoids and many-per-field spheroids most, each kind of camera at all."""
    rng = np.random.default_rng(seed)
    crops = list(load(data / "brain_organoid", held_out=False))
    wide = [on_wide_background(item, rng) for item in crops for _ in range(3)]
    big = ViewRange(smallest_diameter=30, largest_diameter=300)
    mixed = [
        Domain.of_images("orgaquant", 0.24, list(load(data / "orgaquant", held_out=False)), ViewRange(10, 130)),
        Domain.of_images("ipsc_spheroids", 0.20, list(load(data / "ipsc_spheroids", held_out=False))),
        Domain.of_images("mls_spheroids", 0.16, list(load(data / "mls_spheroids", held_out=False)), big),
        Domain.of_images("brain_organoid", 0.04, crops, big),
        Domain.of_images("brain_organoid_wide", 0.12, wide, big),
        Domain.of_images("invasion_fluo", 0.08, list(load(data / "invasion_fluo", held_out=False)), big),
        Domain.of_images("dsb2018_nuclei", 0.06, list(load(data / "dsb2018_nuclei", held_out=False))),
        Domain.of_images("flat cells, empty", 0.03, without_objects(list(load(data / "livecell", held_out=False)))),
    ]
    if synthetic:
        mixed.append(Domain("synthetic", synthetic, synthetic_view))
    return mixed


def export(run: Path, folder: Path) -> None:
    """Make a model of a run: weights, and the description that the registry reads."""
    state = torch.load(run / "last.pt", weights_only=True)
    folder.mkdir(parents=True, exist_ok=True)
    digest = save_weights(state["averaged"], folder / "weights.safetensors")
    description = {
        "name": folder.name,
        "version": "1",
        "kind": "resunet",
        "weights": "weights.safetensors",
        "sha256": digest,
        "network": TrainingConfig().network.to_dict(),
        "defaults": {"threshold": 0.5, "seed_level": 0.4, "seam_level": 0.7},
        "training": {**json.loads((run / "config.json").read_text()), "steps": state["step"]},
    }
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n")
    print(f"{folder}: step {state['step']}, sha256 {digest}")


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--minutes", type=float, help="stop after this time, whatever the steps")
    parser.add_argument("--synthetic", type=float, default=0.25, help="share of synthetic views, relative to 0.92 real")
    parser.add_argument("--rate", type=float, default=TrainingConfig().rate, help="learning rate before the cooldown")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compiled", action="store_true", help="fuse the arithmetic (needs a C++ compiler)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="base", help="a model of the registry to start from")
    parser.add_argument("--export", type=Path, help="write the averaged weights as a model into this folder, and stop")
    options = parser.parse_args()
    if options.export:
        export(options.out, options.export)
        return
    config = TrainingConfig(
        steps=options.steps,
        minutes=options.minutes,
        rate=options.rate,
        threads=options.threads,
        compiled=options.compiled,
        seed=options.seed,
    )
    trainer = Trainer(options.out, domains(options.data, options.synthetic, options.seed), config)
    if trainer.resume():
        print(f"going on from step {trainer.step}")
    elif options.base:
        trainer.start_from(find_model(options.base).load().state_dict())

    def report(row: dict[str, float]) -> bool:
        if row["step"] % 50 == 0:
            print(" ".join(f"{k} {v:.5g}" for k, v in row.items()), flush=True)
        return True

    trainer.run(report)


if __name__ == "__main__":
    main()
