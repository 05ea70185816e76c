"""An object that was missed: by the network on a crop, or from kept maps without it; the same well at the time before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.imaging.normalise import Percentiles
from spheroseg_widgets.imaging.pyramid import Pyramid, open_pyramid
from spheroseg_widgets.imaging.read import read_plane
from spheroseg_widgets.imaging.regions import Whole
from spheroseg_widgets.outlines.rasterise import to_labels
from spheroseg_widgets.project import assisting
from spheroseg_widgets.project.assisting import earlier_image, propose
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.segmentation.tiles import StoppedError

BOX = (128 - 45, 96 - 45, 128 + 45, 96 + 45)


def truth() -> np.ndarray:
    """Return where the spheroid of the first of the three images is."""
    spheroid = Spheroid(128, 96, 34, roughness=0.3, shape_seed=0, depth=0.6)
    return render(SceneSpec(192, 256, (spheroid,)), np.random.default_rng(0)).labels > 0


def pyramid_of(pixels: np.ndarray) -> Pyramid:
    return open_pyramid(Whole(pixels, again=True), 0, Percentiles(), "image", Path("unused: it is small"))


def overlap(found: assisting.Proposal | None) -> float:
    assert found is not None
    mask = to_labels(found.outlines(), 192, 256) > 0
    return float((mask & truth()).sum() / (mask | truth()).sum())


def test_the_network_finds_it_on_a_crop_and_kept_maps_without_the_network(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = project.images().iloc[0].to_dict()
    stages: list[str] = []

    def picture() -> Pyramid:
        return pyramid_of(read_plane(row["path"]).pixels)

    for box in ((128, 96, 128, 96), BOX):
        found = propose(project, row, box, picture, tell=stages.append)
        print(f"by the network, {box}: IoU {overlap(found):.3f}")
        assert overlap(found) > 0.9
        assert found is not None
        assert (found.by, found.model) == ("network", DEFAULT_MODEL)
    assert stages == ["maps", "reading", "model", "network"] * 2
    assert propose(project, row, (5, 5, 5, 5), picture) is None
    with pytest.raises(StoppedError):
        propose(project, row, BOX, picture, stop=lambda: True)

    project.segment(cluster=client, threshold=0.6).wait(120)
    row = project.images().iloc[0].to_dict()
    assert assisting.guide_of(project, row, BOX).settings.threshold == 0.6
    monkeypatch.setattr(assisting, "predictor_for", None)
    for box in ((128, 96, 128, 96), BOX):
        found = propose(project, row, box, picture)
        print(f"from kept maps, {box}: IoU {overlap(found):.3f}")
        assert overlap(found) > 0.9
        assert found is not None
        assert (found.by, found.field.level) == ("maps", 0.6)


def test_the_time_before_is_of_the_same_well_and_site() -> None:
    table = pd.DataFrame(
        [(1, "A01", 0.0, 1), (2, "A01", 24.0, 1), (3, "A01", 24.0, 2), (4, "A01", 48.0, 1), (5, "B01", 24.0, 1), (6, None, None, 1)],
        columns=["image_id", "well", "time_h", "site"],
    ).assign(plate="p", channel=0, z=np.nan)  # fmt: skip
    earlier = {number: earlier_image(table, number) for number in table["image_id"]}
    assert {number: None if row is None else row["image_id"] for number, row in earlier.items()} == {
        1: None, 2: 1, 3: None, 4: 2, 5: None, 6: None
    }  # fmt: skip
