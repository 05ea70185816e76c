"""A small plate with everything a report must tell: two conditions, two times, what is missing and what is left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import tifffile

import spheroseg_widgets as sw
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

WELLS = ("A01", "A02", "A03", "B01", "B02", "B03")
HEIGHT, WIDTH = 144, 192


@pytest.fixture(scope="session")
def small_plate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Six wells at 0 and 24 h; B03 at 24 h is broken, A03 is excluded from 24 h on, B02 is empty at 24 h."""
    folder = tmp_path_factory.mktemp("small")
    raw = folder / "raw & <b>"
    raw.mkdir()
    for number, well in enumerate(WELLS):
        for hours in (0, 24):
            radius = 22 + 2 * number + (hours // 6 if well[0] == "A" else 0)
            there = [] if (well, hours) == ("B02", 24) else [Spheroid(96, 72, radius, shape_seed=number, depth=0.6)]
            scene = render(SceneSpec(HEIGHT, WIDTH, tuple(there), debris=0), np.random.default_rng(number))
            path = raw / f"plate_{well}_{hours}h.tif"
            tifffile.imwrite(path, scene.pixels, imagej=True, resolution=(0.5, 0.5), metadata={"unit": "um"})
            if (well, hours) == ("B03", 24):
                path.write_bytes(path.read_bytes()[:4000])
    project = sw.open_project(folder / "plate 7", create=True)
    project.add(raw)
    project.set_map([{"well": well, "condition": "control" if well[0] == "A" else "drug <1>"} for well in WELLS])
    project.segment(model="threshold", workers=1).wait()
    project.exclude(well="A03", from_time_h=24.0, reason="bubble & dust")
    empty = project.images().query("well == 'B02' and time_h == 24")["image_id"]
    project.confirm([int(image) for image in empty], "absent", "looked at it")
    yield project
    project.close()
