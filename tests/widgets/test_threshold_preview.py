"""The threshold preview: outlines follow the sliders, and are applied as new revisions."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.widgets.newest import Newest


def until(ready: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_only_the_newest_is_done() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        time.sleep(0.1)
        done.append(number)

    newest = Newest(work, 0.0)
    newest.ask(0)
    time.sleep(0.05)
    for number in range(1, 6):
        newest.ask(number)
    until(lambda: not newest.busy)
    assert done == [0, 5]


def test_outlines_follow_the_sliders_and_become_revisions(tmp_path: Path, three_images: Path) -> None:
    project = sw.open_project(tmp_path / "plate", create=True)
    project.add(three_images)
    ids = project.images()["image_id"].tolist()
    with pytest.raises(StoreError, match="no probability maps"):
        sw.ThresholdPreview(project, ids[0])
    project.segment(workers=1, detached=False).wait()
    before = {i: project.outlines(i)[0].xy for i in ids}
    preview = sw.ThresholdPreview(project, ids[0], images=ids[:2])
    np.testing.assert_array_equal(preview.outlines.xy, before[ids[0]])
    first = float(areas(preview.outlines).sum())

    preview._sliders["threshold"].value = 0.2
    until(lambda: not preview._painter.busy)
    assert float(areas(preview.outlines).sum()) > first + 5
    assert "1 object" in preview._words.value
    assert "µm²" in preview._words.value
    np.testing.assert_array_equal(project.outlines(ids[0])[0].xy, before[ids[0]])  # a preview
    preview._sliders["smoothing_px"].value = 3
    until(lambda: not preview._painter.busy)
    shown = preview.outlines

    preview.apply("chosen").wait()
    for image_id in ids[:2]:
        assert not np.array_equal(project.outlines(image_id)[0].xy, before[image_id])
    np.testing.assert_array_equal(project.outlines(ids[2])[0].xy, before[ids[2]])
    np.testing.assert_array_equal(project.outlines(ids[0])[0].xy, shown.xy)
    assert len(preview._below.children) == 1
    preview.apply("run").wait()
    assert not np.array_equal(project.outlines(ids[2])[0].xy, before[ids[2]])
    with pytest.raises(ValueError, match="apply to"):
        preview.apply("everything")

    preview._sliders["min_area_px2"].value = 1e5
    until(lambda: not preview._painter.busy)
    assert len(preview.outlines) == 0
    data = preview._repr_mimebundle_()[0]
    assert "plate_A01_24h" in data["text/html"]
    assert data["image/png"].startswith("iVBOR")
    preview.close()
    project.close()
