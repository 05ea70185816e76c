"""Annotated images read for training: normalised, hashed, and split without leakage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError, TrainingError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.names import parse_name
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.imaging.resize import resized, resized_labels, working_size
from spheroseg_widgets.segmentation.pairs import Kind, find_pairs, read_only_plane, read_truth

from .domains import Annotated, all_darker, typical_diameter

MOST_PIXELS = 900_000
"""Larger images are made smaller when read: a training view shows no more detail than that."""
MOST_PIXELS_TOGETHER = 200_000_000
"""Of all images of a set, in memory at 8 bytes each; of more images each is made smaller."""
LEAST_PAIRS = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """One image to learn from, with its annotation: files, hashes, pixels.

    Parameters
    ----------
    name : str
        The image's path below its folder, with ``/``.
    group : str
        What it shares with images that must stay on the same side of a split: its well, or else its name.
    annotation : str
        The annotation's path below its folder.
    image_sha256, annotation_sha256 : str
        Of the two files.
    annotated : Annotated
        What was read.
    alike : str
        What it shares with images that are shown to a model the same way round: plate (or else folder) and channel.
    """

    name: str
    group: str
    annotation: str
    image_sha256: str
    annotation_sha256: str
    annotated: Annotated
    alike: str = ""


@dataclass(slots=True)
class Dataset:
    """Annotated images read from two folders.

    Parameters
    ----------
    images, annotations : Path
        The folders.
    kind : {"masks", "labels", "outlines"}
        What the annotations are: files, or outlines of a project.
    samples : list of Sample
        What can be used, in the natural order of the names.
    left_out : list of (str, str)
        File and reason of what cannot.
    """

    images: Path
    annotations: Path
    kind: str
    samples: list[Sample] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def read_dataset(
    images: Path,
    annotations: Path,
    kind: Kind,
    *,
    names: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Read all annotated images of two folders; a pair that cannot be used is named and left out.

    Parameters
    ----------
    images, annotations : Path
        Folders, searched with their subfolders. An annotation belongs to the image of the same path below its
        folder, or else to the only one of the same name; the suffix does not count, nor does an added ``_mask``,
        ``_masks``, ``_label`` or ``_labels``.
    kind : {"masks", "labels"}
        Masks: foreground and background, objects are numbered by connected components. Labels: one number an
        object.
    names : str
        How wells are read off the names (see `imaging.names.parse_name`).
    progress : callable, optional
        Called with pairs read and pairs in all.

    Returns
    -------
    Dataset
        Images are normalised to 0..1 (float32), labels run from 1 without gaps (int32).

    Raises
    ------
    AnnotationError
        A folder is missing or holds no images, or no image has an annotation.
    TrainingError
        Fewer than `LEAST_PAIRS` pairs can be used, or none of them holds an object.
    ShareUnavailableError
        A folder on the way is not reachable.
    """
    out = Dataset(images, annotations, kind)
    pairs, out.left_out = find_pairs(images, annotations)
    matched = [(pair.image, pair.truth) for pair in pairs]
    seen: dict[str, str] = {}
    most = most_pixels(len(matched))
    for number, (picture, annotation) in enumerate(matched, 1):
        name = picture.relative_to(images).as_posix()
        try:
            digest = sha256(picture)
            if digest in seen:
                # Twice the same picture could stand on both sides of a split.
                out.left_out.append((str(picture), f"is the same picture as {seen[digest]}"))
            else:
                annotated = read_annotated(picture, annotation, kind, most_pixels=most)
                told = annotation.relative_to(annotations).as_posix()
                group, alike = _place(picture, name, names)
                out.samples.append(Sample(name, group, told, digest, sha256(annotation), annotated, alike))
                seen[digest] = name
        except ImageError as error:
            out.left_out.append((error.path, error.reason))
        except OSError as error:
            out.left_out.append((str(picture), f"cannot be read ({error.strerror or error})"))
        if progress:
            progress(number, len(matched))
    refuse_too_few(out)
    return out


def most_pixels(count: int) -> int:
    """Return how many pixels each of so many images may have in memory."""
    return min(MOST_PIXELS, MOST_PIXELS_TOGETHER // max(1, count))


def read_annotated(image: Path, annotation: Path, kind: Kind, *, most_pixels: int = MOST_PIXELS) -> Annotated:
    """Read one image and its annotation, large ones made smaller.

    Parameters
    ----------
    image, annotation : Path
        Files of any format that the package reads, with one image each.
    kind : {"masks", "labels"}
        What the annotation is.
    most_pixels : int
        Of the result.

    Returns
    -------
    Annotated
        Normalised pixels (h, w) float32, and labels (h, w) int32.

    Raises
    ------
    ImageError
        One of the two is unreadable, holds several images, or is not what it should be; or their sizes differ.
    """
    pixels = read_only_plane(image)
    return annotate(image.stem, pixels, read_truth(annotation, pixels.shape, kind), most_pixels=most_pixels)


def annotate(
    name: str, pixels: NDArray[Any], labels: NDArray[np.int32], *, most_pixels: int = MOST_PIXELS
) -> Annotated:
    """Make an annotated image of original grey values (h, w) and instance labels (h, w), large ones made smaller."""
    image = normalise(pixels)
    shrink = (most_pixels / image.size) ** 0.5
    if shrink < 1:
        size = working_size(image.shape, shrink)
        image, labels = resized(image, size), resized_labels(labels, size)
    return Annotated(name, image, labels, typical_diameter(labels))


def split(dataset: Dataset, share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Divide a set into training and validation, wells whole.

    Parameters
    ----------
    dataset : Dataset
        From `read_dataset`.
    share : float
        Of the wells (or of the images without one) that go to validation, 0 to below 1; at least one well unless
        it is 0.
    seed : int
        The same seed and names give the same split.

    Returns
    -------
    training, validation : list of Sample
        In the order of the set.

    Raises
    ------
    TrainingError
        There are not two wells, or the training part holds no object.
    """
    if not 0 <= share < 1:
        raise TrainingError(f"the validation share is {share:g}; it must lie between 0 and 1")
    groups = list(dict.fromkeys(sample.group for sample in dataset.samples))
    if share > 0 and len(groups) < 2:
        raise TrainingError(
            f"{dataset.images}: all images are of one well ({groups[0]}), so none can be kept for validation; "
            "add another well, or train without validation (--validation 0)"
        )
    count = int(np.clip(round(share * len(groups)), 1, len(groups) - 1)) if share else 0
    # By place in the order, not by name: a folder that moved gives the same split.
    chosen = {groups[i] for i in np.random.default_rng(seed).permutation(len(groups))[:count]}
    training = [sample for sample in dataset.samples if sample.group not in chosen]
    if not any(sample.annotated.labels.any() for sample in training):
        raise TrainingError(
            f"{dataset.annotations}: no object is left for training; use another --seed, or a smaller --validation"
        )
    return training, [sample for sample in dataset.samples if sample.group in chosen]


def in_one_polarity(samples: Sequence[Sample]) -> list[Sample]:
    """Return images as a model of polarity "darker" sees them: inverted, all that are alike, where details are lighter."""
    groups: dict[str, list[Annotated]] = {}
    for sample in samples:
        groups.setdefault(sample.alike, []).append(sample.annotated)
    shown = {alike: iter(all_darker(items)) for alike, items in groups.items()}
    return [replace(sample, annotated=next(shown[sample.alike])) for sample in samples]


def _place(picture: Path, name: str, names: str) -> tuple[str, str]:
    """Return the group of an image for splits, and that of images which are alike."""
    folder = str(PurePosixPath(name).parent)
    try:
        parsed = parse_name(picture, names)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    if parsed is None or parsed.well is None:
        return name, folder
    return (
        f"{parsed.plate} {parsed.well}" if parsed.plate else parsed.well
    ), f"{parsed.plate or folder}|{parsed.channel or ''}"


def refuse_too_few(dataset: Dataset) -> None:
    """Refuse a set that nothing can be learned from.

    Raises
    ------
    TrainingError
        Fewer than `LEAST_PAIRS` samples, or none of them holds an object.
    """
    reasons = "".join(f"\n  {path}: {reason}" for path, reason in dataset.left_out[:5])
    more = f"\n  and {len(dataset.left_out) - 5} more" if len(dataset.left_out) > 5 else ""
    if len(dataset.samples) < LEAST_PAIRS:
        raise TrainingError(
            f"{dataset.images}: {len(dataset.samples)} images with {dataset.kind} can be used, training needs "
            f"{LEAST_PAIRS} or more{reasons}{more}"
        )
    if not any(sample.annotated.labels.any() for sample in dataset.samples):
        raise TrainingError(f"{dataset.annotations}: none of the {dataset.kind} marks an object")
