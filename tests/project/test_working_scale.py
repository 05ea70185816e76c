"""How a run's working scales are chosen: how many images are looked at, that it can be stopped, a known diameter."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.jobs import working_scale
from spheroseg_widgets.jobs.working_scale import choose_scales
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.scale import scale_of_diameter
from spheroseg_widgets.segmentation.settings import Settings


def test_of_huge_images_fewer_are_looked_at(project: sw.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def estimate(_predictor: Any, samples: list[np.ndarray], _settings: Settings, **_: Any) -> float:
        looked.append(len(samples))
        return 0.5

    monkeypatch.setattr(working_scale, "estimate_scale", estimate)
    table = project.images()
    for most, expected in ((10**9, 3), (2 * 192 * 256, 2), (100, 1)):
        monkeypatch.setattr(working_scale, "MOST_PIXELS", most)
        assert set(choose_scales(find_model("threshold"), table, Settings()) or {}) == set(map(str, table["image_id"]))
        assert looked.pop() == expected


def test_a_stop_ends_it_without_a_scale(project: sw.Project) -> None:
    stop = threading.Event()
    stop.set()
    assert choose_scales(find_model("threshold"), project.images(), Settings(), stop) is None


def test_a_known_diameter_decides_the_scale_of_a_run(project: sw.Project, client: Any) -> None:
    run = project.segment(model="threshold", diameter_um=40.0, cluster=client).wait(60)
    scales = project.runs()["parameters"].iloc[-1]["scales"]
    assert set(scales.values()) == {scale_of_diameter(20.0, 256, by_tiles=False)}  # 2 um a pixel
    assert run.progress().done == 3
    assert project.runs()["parameters"].iloc[-1]["settings"]["diameter_um"] == 40.0


def test_a_diameter_that_says_nothing_about_pixels_is_refused(project: sw.Project) -> None:
    with pytest.raises(SpherosegError, match="diameter_um is -3; it must be larger than 0"):
        project.segment(diameter_um=-3.0)
    project.set_pixel_size(None)
    with pytest.raises(SpherosegError, match="3 have none, plate_A01_24h"):
        project.segment(diameter_um=40.0)
    assert project.runs().empty
