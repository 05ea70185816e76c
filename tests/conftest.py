"""Shared by all tests: a small plate with known truth, and a project of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render


@pytest.fixture
def three_images(tmp_path: Path) -> Path:
    """Three wells with one spheroid each, growing with the well's number; 2 um a pixel."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for number, well in enumerate(("A01", "A02", "A03")):
        spheroid = Spheroid(128, 96, 34 + 6 * number, roughness=0.3, shape_seed=number, depth=0.6)
        scene = render(SceneSpec(192, 256, (spheroid,)), np.random.default_rng(number))
        tifffile.imwrite(
            folder / f"plate_{well}_24h.tif",
            scene.pixels,
            imagej=True,
            resolution=(0.5, 0.5),
            metadata={"unit": "um"},
        )
    return folder


@pytest.fixture
def annotated_plate(tmp_path: Path) -> Path:
    """Five wells at two times, one small spheroid each, with masks (0, 255) and labels (16 bits) beside the images."""
    root = tmp_path / "annotated"
    for folder in ("images", "masks", "labels"):
        (root / folder).mkdir(parents=True)
    number = 0
    for well in ("A01", "A02", "A03", "B01", "B02"):
        for hours in (0, 24):
            number += 1
            spheroid = Spheroid(40, 32, 11 + number % 3, roughness=0.2, shape_seed=number, depth=0.7)
            scene = render(SceneSpec(64, 80, (spheroid,)), np.random.default_rng(number))
            stem = f"plate_{well}_{hours}h"
            files = {
                f"images/{stem}.tif": scene.pixels,
                f"masks/{stem}.png": np.where(scene.labels > 0, 255, 0).astype(np.uint8),
                f"labels/{stem}.png": scene.labels.astype(np.uint16),
            }
            for name, pixels in files.items():
                write_picture(root / name, pixels)
    return root


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """Write a TIFF or PNG that looks an hour old: a fresh file would be waited for, as if still being copied."""
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels)
    else:
        cv2.imencode(path.suffix, pixels)[1].tofile(path)
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
