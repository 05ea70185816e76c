"""Images and what an expert drew on them: files that belong together, and reading the annotation as instances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label

from spheroseg_widgets.errors import ImageError, SpherosegError
from spheroseg_widgets.imaging.listing import list_files
from spheroseg_widgets.imaging.read import read_plane


@dataclass(frozen=True, slots=True)
class Pair:
    """An image file and the file of its annotation."""

    image: Path
    truth: Path

    @property
    def name(self) -> str:
        """The image's name without its suffix."""
        return self.image.stem


def find_pairs(images: Path, truths: Path) -> tuple[list[Pair], list[tuple[str, str]]]:
    """Pair the images of a folder with the annotations of another, by name without suffix.

    Parameters
    ----------
    images, truths : Path
        Folders, searched with their subfolders.

    Returns
    -------
    pairs : list of Pair
        Naturally sorted.
    left_out : list of (str, str)
        Path and reason of every image without an annotation, and of files that cannot be told apart.

    Raises
    ------
    SpherosegError
        A folder is missing, or no image has an annotation.
    """
    for folder in (images, truths):
        if not folder.is_dir():
            raise SpherosegError(f"{folder}: no such folder")
    drawn: dict[str, list[Path]] = {}
    for path in list_files([truths]).files:
        drawn.setdefault(path.stem, []).append(path)
    pairs, left_out, seen = [], [], set[str]()
    for path in list_files([images]).files:
        found = drawn.get(path.stem, [])
        if path.stem in seen:
            left_out.append((str(path), "another image has the same name"))
        elif len(found) == 1:
            pairs.append(Pair(path, found[0]))
        elif found:
            left_out.append((str(path), f"has {len(found)} annotations: {', '.join(map(str, found))}"))
        else:
            left_out.append((str(path), f"has no annotation in {truths}"))
        seen.add(path.stem)
    if not pairs:
        raise SpherosegError(f"no image of {images} has an annotation of the same name in {truths}")
    return pairs, left_out


def read_truth(path: Path, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Read an annotation as instances.

    Parameters
    ----------
    path : Path
        A mask (background 0, foreground one other value: its components are the objects) or instance labels
        (0 is background).
    shape : tuple of int
        Height and width of the image it belongs to.

    Returns
    -------
    (h, w) int32
        Instance labels 1..n without gaps, 0 is background.

    Raises
    ------
    ImageError
        Unreadable, of another size than the image, or not of whole numbers.
    """
    values = read_plane(path).pixels
    if values.shape != shape[:2]:
        raise ImageError(
            str(path), f"is {values.shape[1]} x {values.shape[0]} px, its image {shape[1]} x {shape[0]} px"
        )
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        raise ImageError(str(path), "holds fractions, so it is neither a mask nor labels")
    present = np.unique(values)
    if (present < 0).any():
        raise ImageError(str(path), "holds negative numbers, so it is neither a mask nor labels")
    if len(present) <= 2:
        return np.asarray(label(values > 0, connectivity=2), np.int32)
    numbers = np.searchsorted(present, values) + (0 if present[0] == 0 else 1)
    return numbers.astype(np.int32)


def set_names(folders: list[Path]) -> list[str]:
    """Name sets by their folders: by the one above where a folder is only called images; numbered where alike."""
    plain = [folder.resolve() for folder in folders]
    names = [path.parent.name if path.name.lower() in {"images", "raw"} else path.name for path in plain]
    return [f"{name} {names[:at].count(name) + 1}" if names.count(name) > 1 else name for at, name in enumerate(names)]
