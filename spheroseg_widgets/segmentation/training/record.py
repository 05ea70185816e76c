"""What is written down of a training run, and how a later call is compared with it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from spheroseg_widgets.segmentation.settings import AS_IS

from .dataset import Sample

PACKAGES = (
    "spheroseg_widgets", "torch", "numpy", "scipy", "opencv-python-headless", "scikit-image", "tifffile", "pillow",
)  # fmt: skip
MAY_CHANGE = {"steps", "minutes", "threads", "channels_last", "compiled", "save_every", "validate_every", "domains"}
"""Parts of the configuration with which a run may go on otherwise than it began."""

EARLIER = {"polarity": AS_IS}
"""Of runs that were begun before it was a part of the configuration."""

COMPARED = {"image_sha256": "the image", "annotation_sha256": "its annotation", "part": "its side of the split"}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a result; missing ones are left out."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def describe_sample(sample: Sample) -> dict[str, Any]:
    """Return a JSON-able description of one annotated image: names, hashes, size as trained on, objects."""
    height, width = sample.annotated.labels.shape
    return {
        "image": sample.name, "image_sha256": sample.image_sha256,
        "annotation": sample.annotation, "annotation_sha256": sample.annotation_sha256,
        "group": sample.group, "width": width, "height": height, "objects": int(sample.annotated.labels.max(initial=0)),
    }  # fmt: skip


def config_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name what matters and is not the same in two configurations (`config.json`)."""
    new = json.loads(json.dumps(now))  # tuples are lists in a file
    return [
        f"{key} was {before.get(key, EARLIER.get(key))}, now {value}"
        for key, value in new.items()
        if key not in MAY_CHANGE and before.get(key, EARLIER.get(key)) != value
    ]


def data_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name what is not the same in the data of two runs (`run.json`): images, annotations, split, start."""
    out = [
        f"{word} was {before.get(key)}, now {now[key]}"
        for key, word in (
            ("kind", "the kind of annotation"), ("synthetic", "the synthetic share"),
            ("validation", "the validation share"), ("base", "the model to start from"),
        )
        if before.get(key) != now[key]
    ]  # fmt: skip
    old, new = _by_image(before), _by_image(now)
    changed = [f"{name} is new" for name in new if name not in old]
    for name, sample in old.items():
        if name not in new:
            changed.append(f"{name} is gone")
        elif words := [word for key, word in COMPARED.items() if sample[key] != new[name][key]]:
            changed.append(f"{name}: {' and '.join(words)} changed")
    return out + changed[:3] + ([f"{len(changed) - 3} more images"] if len(changed) > 3 else [])


def _by_image(run: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["image"]: one | {"part": part} for part in ("training", "held_out") for one in run.get(part, [])}
