"""Shared by all tests: a small plate with known truth, and a project of it."""

from __future__ import annotations

from pathlib import Path

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
