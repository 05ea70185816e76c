"""Images and what an expert drew on them: files that belong together, and reading the annotation as instances."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.errors import AnnotationError, ImageError
from spheroseg_widgets.imaging.listing import list_files
from spheroseg_widgets.imaging.read import planes, probe, read_plane

Kind = Literal["masks", "labels", "any"]
ADDED = re.compile(r"[_-](masks?|labels?)$", re.IGNORECASE)
"""What other programs add to an image's name to name its annotation."""
WHITE = 247
"""From here on, a lossy format may have written white; labels of so few values do not reach it."""
Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pair:
    """An image file and the file of its annotation."""

    image: Path
    truth: Path

    @property
    def name(self) -> str:
        """The image's name without its suffix."""
        return self.image.stem


def find_pairs(images: Path, truths: Path) -> tuple[list[Pair], Problems]:
    """Pair the images of a folder with the annotations of another.

    Parameters
    ----------
    images, truths : Path
        Folders, searched with their subfolders. An annotation belongs to the image of the same path below its
        folder, or else to the only one of the same name; the suffix does not count, nor does an added ``_mask``,
        ``_masks``, ``_label`` or ``_labels``.

    Returns
    -------
    pairs : list of Pair
        Naturally sorted.
    left_out : list of (str, str)
        Path and reason of what stays alone, and of files that cannot be told apart.

    Raises
    ------
    AnnotationError
        A folder is missing or holds no images, or no image has an annotation.
    ShareUnavailableError
        A folder on the way is not reachable.
    """
    left_out: Problems = []
    pictures = [path for path in _files(images, left_out) if not _below(path, truths, images)]
    if not pictures:
        raise AnnotationError(f"{images}: all images lie in {truths}; images and annotations must lie in two folders")
    pairs = _matched(images, pictures, truths, _files(truths, left_out), left_out)
    if not pairs:
        raise AnnotationError(f"no image of {images} has an annotation of the same name in {truths}")
    return pairs, left_out


def read_truth(path: Path, shape: tuple[int, ...], kind: Kind = "any") -> NDArray[np.int32]:
    """Read an annotation as instances.

    Parameters
    ----------
    path : Path
        A mask or instance labels.
    shape : tuple of int
        Height and width of the image it belongs to.
    kind : {"masks", "labels", "any"}
        What it must be: a mask (see `mask_instances`), labels (see `label_instances`), or whichever it looks like.

    Returns
    -------
    (h, w) int32
        Instance labels 1..n without gaps, 0 is background.

    Raises
    ------
    ImageError
        Unreadable, of another size than the image, or not what it must be.
    """
    values = read_only_plane(path)
    masked = kind == "masks" or (kind == "any" and _is_mask(values))
    labels = mask_instances(values, path) if masked else label_instances(values, path)
    if labels.shape != tuple(shape[:2]):
        sizes = [f"{size[1]} x {size[0]} px" for size in (labels.shape, shape)]
        raise ImageError(str(path), f"has {sizes[0]}, its image {sizes[1]}")
    return labels


def mask_instances(mask: NDArray[Any], path: Path) -> NDArray[np.int32]:
    """Return the connected components (8 neighbours) of a mask, numbered.

    Parameters
    ----------
    mask : (h, w)
        Of two values, 0 and another; or of 8 bits from 0 to 255 with soft edges, cut at the middle.
    path : Path
        Its file, for the error's message.

    Returns
    -------
    (h, w) int32

    Raises
    ------
    ImageError
        It is no mask.
    """
    if not _is_mask(mask):
        count = len(np.unique(mask))
        raise ImageError(str(path), f"is no mask: it holds {count} values up to {mask.max():g}, as labels do")
    foreground = mask > (0 if _two_values(mask) else 127)
    numbered, _ = ndimage.label(foreground, np.ones((3, 3)))
    return np.asarray(numbered, np.int32)


def label_instances(labels: NDArray[Any], path: Path) -> NDArray[np.int32]:
    """Return instance labels numbered anew without gaps.

    Parameters
    ----------
    labels : (h, w)
        Whole numbers, usually of 16 bits: 0 is background, every other one an object.
    path : Path
        Their file, for the error's message.

    Returns
    -------
    (h, w) int32

    Raises
    ------
    ImageError
        They are not labels.
    """
    if labels.dtype.kind not in "ui":
        raise ImageError(str(path), "holds colours or fractions, not the numbers of objects")
    values, compact = np.unique(labels, return_inverse=True)
    if values[-1] == 255 and len(values) <= 2:
        raise ImageError(str(path), "holds only 0 and 255: a mask, not labels")
    if values[0] < 0 or len(values) > 65_535:
        raise ImageError(str(path), f"holds {len(values)} values from {values[0]}: not the numbers of objects")
    return (compact.reshape(labels.shape) + (0 if values[0] == 0 else 1)).astype(np.int32)


def set_names(folders: list[Path]) -> list[str]:
    """Name sets by their folders: by the one above where a folder is only called images; numbered where alike."""
    plain = [folder.resolve() for folder in folders]
    names = [path.parent.name if path.name.lower() in {"images", "raw"} else path.name for path in plain]
    return [f"{name} {names[:at].count(name) + 1}" if names.count(name) > 1 else name for at, name in enumerate(names)]


def _files(folder: Path, left_out: Problems) -> list[Path]:
    if not folder.is_dir():
        raise AnnotationError(f"{folder}: {'is not a folder' if folder.exists() else 'the folder does not exist'}")
    listing = list_files([folder])
    if not listing.files:
        reason = next((why for path, why in listing.skipped if path == str(folder)), "the folder holds no image files")
        raise AnnotationError(f"{folder}: {reason}")
    left_out += listing.skipped
    return [path for path in listing.files if isinstance(path, Path)]  # below a folder there is nothing else


def _below(path: Path, inner: Path, outer: Path) -> bool:
    """Say whether a file of the outer folder lies in the inner one."""
    inner = inner.resolve()
    return inner.is_relative_to(outer.resolve()) and path.resolve().is_relative_to(inner)


def _matched(images: Path, pictures: list[Path], truths: Path, found: list[Path], left_out: Problems) -> list[Pair]:
    """Find the annotation of each image, and name what stays alone."""
    paths = {images: pictures, truths: found}
    by_path: dict[Path, dict[str, list[Path]]] = {root: {} for root in paths}
    by_name: dict[Path, dict[str, list[Path]]] = {root: {} for root in paths}
    for root, files in paths.items():
        for path in files:
            stem = ADDED.sub("", path.stem) if root is truths else path.stem
            place = path.relative_to(root).with_name(stem).as_posix()
            by_path[root].setdefault(place, []).append(path)
            by_name[root].setdefault(stem, []).append(path)
    pairs: list[Pair] = []
    for picture in pictures:
        place = picture.relative_to(images).with_suffix("").as_posix()
        same = by_path[truths].get(place)
        # A bare name names one image only where no other image has it.
        if same is None and len(by_name[images][picture.stem]) == 1:
            same = by_name[truths].get(picture.stem)
        if same is None:
            left_out.append((str(picture), f"has no annotation in {truths}"))
        elif len(same) > 1 or len(by_path[images][place]) > 1:
            others = ", ".join(p.name for p in (same if len(same) > 1 else by_path[images][place]))
            left_out.append((str(picture), f"cannot be told apart from others of its name: {others}"))
        else:
            pairs.append(Pair(picture, same[0]))
    used = Counter(pair.truth for pair in pairs)
    named = {picture.stem for picture in pictures}
    left_out += [
        (str(path), f"is an annotation without an image in {images}")
        for path in found
        if not used[path] and ADDED.sub("", path.stem) not in named
    ]
    return pairs


def read_only_plane(path: Path) -> NDArray[Any]:
    """Read a file that holds one image (h, w); `ImageError` where it holds several or cannot be read."""
    found = planes(probe(path))
    if len(found) != 1:
        raise ImageError(str(path), f"holds {len(found)} images; one a file is needed")
    return read_plane(path, found[0]).pixels


def _is_mask(values: NDArray[Any]) -> bool:
    return _two_values(values) or _has_soft_edges(values)


def _two_values(values: NDArray[Any]) -> bool:
    present = np.unique(values)
    return len(present) == 1 or (len(present) == 2 and present[0] == 0)


def _has_soft_edges(mask: NDArray[Any]) -> bool:
    """Say whether what lies between 0 and 255 are edges: they slope; where neighbours agree, a value is a number."""
    if mask.dtype != np.uint8 or mask.max() < WHITE:
        return False
    flat = cv2.erode(mask, np.ones((3, 3))) == cv2.dilate(mask, np.ones((3, 3)))
    plateau = flat & (mask > 255 - WHITE) & (mask < WHITE)
    return bool(plateau.sum() <= 0.01 * (mask > 127).sum())
