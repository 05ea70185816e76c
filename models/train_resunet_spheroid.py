"""The recipe of the shipped `resunet-spheroid` weights: which images, how split, how long.

Run it beside the data folder described in the model card:

    python models/train_resunet_spheroid.py --data DATA --out runs/spheroid --steps 6000

and call it again with more steps, or more minutes in all, to go on from where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.pairs import Kind
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER
from spheroseg_widgets.segmentation.training.augment import ViewRange
from spheroseg_widgets.segmentation.training.dataset import Sample, read_annotated
from spheroseg_widgets.segmentation.training.domains import Annotated, Domain, all_darker
from spheroseg_widgets.segmentation.training.model_folder import write_model
from spheroseg_widgets.segmentation.training.record import describe_sample, versions
from spheroseg_widgets.segmentation.training.state import load_state, read_json, write_json
from spheroseg_widgets.segmentation.training.trainer import Trainer, TrainingConfig

WIDTHS = (24, 48, 96, 160, 224)
Rule = Callable[[str], bool]
SUBSETS = ("Subset_5", "Subset_2", "Subset_3", "Subset_4")


def of_subset(subset: str) -> Rule:
    """Return the rule that holds one subset of orgaquant out."""
    return lambda stem: subset in stem


HELD_OUT: dict[str, Rule] = {
    "orgaquant": of_subset(SUBSETS[0]),
    "ipsc_spheroids": lambda stem: stem.startswith("mTeSR_plus-mTeSR3D"),
    "mls_spheroids": lambda stem: stem in {"mls11_B03ED7830", "mls11_G12FD5BE0", "mls11_N07FFE8E9"},
    "brain_organoid": lambda stem: int(stem[1:]) > 70,
    # Day 2 masks hold invasive strands: another convention than the compact body, so they are left out.
    "invasion_fluo": lambda stem: stem.startswith("dynamic") or stem.endswith("day2"),
    "dsb2018_nuclei": lambda stem: stem.startswith("test"),
    "livecell": lambda _: False,
}


def annotation_of(folder: Path, stem: str) -> tuple[Path, Kind]:
    """Return the instance labels of an image, or else its mask, and which of the two it is."""
    instances = folder / "labels" / f"{stem}.png"
    return (instances, "labels") if instances.exists() else (folder / "masks" / f"{stem}.png", "masks")


def load(folder: Path, rules: Mapping[str, Rule] = HELD_OUT) -> Iterator[Sample]:
    """Load one set's training part, large images made smaller."""
    rule = rules[folder.name]
    for path in sorted((folder / "images").iterdir()):
        if rule(path.stem):
            continue
        annotation, kind = annotation_of(folder, path.stem)
        yield Sample(
            f"{folder.name}/images/{path.name}",
            folder.name,
            f"{folder.name}/{kind}/{annotation.name}",
            sha256(path),
            sha256(annotation),
            read_annotated(path, annotation, kind),
        )


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


def domains(
    data: Path,
    synthetic: float,
    seed: int,
    without: Collection[str] = (),
    rules: Mapping[str, Rule] = HELD_OUT,
    pasted: float = 0.0,
) -> tuple[list[Domain], list[Sample]]:
    """Mix the sets: crowded organoids and many-per-field spheroids most, each kind of camera at all.

    Parameters
    ----------
    data : Path
        The folder of the sets.
    synthetic : float
        Weight of the synthetic scenes; the real sets have 0.9 together.
    seed : int
        Of the fields that tightly cropped organoids are put on.
    without : collection of str
        Sets that are left out.
    rules : mapping
        By set: whether an image is held out.
    pasted : float
        Share of the views of crowded organoids that get organoids of another view.

    Returns
    -------
    domains : list of Domain
    samples : list of Sample
        The files they were made of.
    """
    rng = np.random.default_rng(seed)
    big = ViewRange(smallest_diameter=30, largest_diameter=300)
    shares: dict[str, tuple[float, ViewRange | None]] = {
        # What is outlined there depends on focus and on size beside the neighbours: near the scale of inference.
        "orgaquant": (0.45, ViewRange(5, 400, least_zoom=0.5, most_zoom=1.8)),
        "ipsc_spheroids": (0.22, ViewRange(14, 120)),
        "mls_spheroids": (0.14, big),
        "brain_organoid": (0.04, big),
        "invasion_fluo": (0.08, big),
        "dsb2018_nuclei": (0.05, None),
    }
    shares = {name: share for name, share in shares.items() if name not in without}
    samples = {name: list(load(data / name, rules)) for name in (*shares, "livecell")}
    images = {name: all_darker([sample.annotated for sample in of_set]) for name, of_set in samples.items()}
    mixed = [
        Domain.of_images(name, share, images[name], span, pasted=pasted if name == "orgaquant" else 0.0)
        for name, (share, span) in shares.items()
    ]
    mixed.append(Domain.of_images("flat cells, empty", 0.03, without_objects(images["livecell"])))
    if "brain_organoid" in shares:
        wide = [on_wide_background(item, rng) for item in images["brain_organoid"] for _ in range(3)]
        # Each as if it were a plate of its own: how wide the field is decides what counts as its details.
        turned = [item for one in wide for item in all_darker([one])]
        mixed.append(Domain.of_images("brain_organoid_wide", 0.08, turned, big))
    if synthetic:
        mixed.append(Domain.of_scenes(synthetic, darker=True))
    return mixed, [sample for of_set in samples.values() for sample in of_set]


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Keep convolutions in 16 bits: a shipped file of half the size. They are computed with in float32."""
    return {key: value.half() if value.ndim == 4 else value for key, value in weights.items()}


def export(run: Path, folder: Path, between: str | None = None) -> None:
    """Make a model of a run: weights, and the description that the registry reads.

    With the name of another model of this shape the weights lie half way between its and the run's, which keeps more of
    what a model knew before it was trained on (Wortsman and others, Robust fine-tuning of zero-shot models, 2022).
    """
    state, config = load_state(run / "last.pt"), read_json(run / "config.json")
    weights = halved(state["averaged"])
    if between is not None:
        other = find_model(between)
        config["averaged_with"] = {"version": other.version, "sha256": other.sha256, "share": 0.5}
        theirs = other.load().state_dict()
        weights = {key: ((value.float() + theirs[key]) / 2).to(value.dtype) for key, value in weights.items()}
    network = NetworkConfig.from_dict(config["network"])
    training = {**config, "steps": state["step"]}
    digest = write_model(
        folder, folder.name, "1", weights, network, training, defaults={"polarity": config.get("polarity", AS_IS)}
    )
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
    parser.add_argument("--without", nargs="*", default=(), metavar="SET", help="sets to leave out")
    parser.add_argument("--subset", choices=SUBSETS, default="Subset_5", help="of orgaquant that is held out")
    parser.add_argument(
        "--pasted", type=float, default=0.0, help="share of orgaquant's views with organoids of another"
    )
    parser.add_argument("--batch", type=int, default=1, help="times as many views a step as a CPU gets")
    parser.add_argument("--widths", type=int, nargs="+", help="channels of each level, and last of the bottleneck")
    parser.add_argument("--cell", type=int, default=2, help="pixels on a side that the network takes as one place")
    parser.add_argument("--from", dest="base", help="a model of the registry to start from")
    parser.add_argument("--export", type=Path, help="write the averaged weights as a model into this folder, and stop")
    parser.add_argument("--between", metavar="MODEL", help="with --export: half way from this model of the registry")
    options = parser.parse_args()
    if options.export:
        export(options.out, options.export, options.between)
        return
    widths = options.widths or WIDTHS
    config = TrainingConfig(
        views=tuple((side, options.batch * count) for side, count in TrainingConfig().views),
        steps=options.steps,
        minutes=options.minutes,
        rate=options.rate,
        threads=options.threads,
        compiled=options.compiled,
        seed=options.seed,
        polarity=DARKER,
        network=NetworkConfig(widths=tuple(widths[:-1]), bottleneck=widths[-1], cell=options.cell),
    )
    rules = {**HELD_OUT, "orgaquant": of_subset(options.subset)}
    mixed, samples = domains(options.data, options.synthetic, options.seed, options.without, rules, options.pasted)
    trainer = Trainer(options.out, mixed, config)
    write_json(
        options.out / "run.json", {"versions": versions(), "training": [describe_sample(sample) for sample in samples]}
    )
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
