"""What the editor's kernel half proposes over the wire: the field of an object, and the outlines of the time before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.widgets.editor import Editor

from .editor_page import SQUARE, Browser, Page


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Browser)


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Project]:
    """A well at two times with one spheroid; the first image has an outline."""
    for hours in (0, 24):
        scene = render(SceneSpec(128, 192, (Spheroid(96, 64, 28, depth=0.7),), debris=0), np.random.default_rng(hours))
        tifffile.imwrite(tmp_path / f"plate_A01_{hours}h.tif", scene.pixels)
    opened = open_project(tmp_path / "project", create=True)
    opened.add(tmp_path.glob("*.tif"), pixel_size_um=2.0)
    outlines = Outlines.from_rings([[SQUARE]])
    rows = measure_shape(outlines).assign(confidence=[0.9], touches_border=[False], class_name="core")
    opened.save(int(opened.image("plate_A01_0h")["image_id"]), outlines, rows, parent=None)
    yield opened
    opened.close()


def test_the_field_of_an_object_and_its_stages_travel(series: Project) -> None:
    page = Page(Editor(series, image="plate_A01_24h"))
    value, [blob] = page.call("assist", box=[96, 64, 96, 64], ask=7)
    assert len(blob) == value["width"] * value["height"]
    assert 0 < value["least"] < value["level"] < value["most"] <= 1
    right = value["left"] + value["width"] * value["across"]
    assert value["left"] < 68
    assert right > 124
    assert value["by"] == "network"
    told = [event["value"] for event in page.wire.events if event["name"] == "assist"]
    assert told
    assert {one["ask"] for one in told} == {7}
    assert page.call("assist", box=[3, 3, 3, 3], ask=8) == (None, [])
    page.editor.close()


def test_the_outlines_of_the_time_before_are_given_saved_or_not(series: Project) -> None:
    page = Page(Editor(series, image="plate_A01_24h"))
    value, [blob] = page.call("earlier")
    assert (value["name"], value["time_h"], value["classes"]) == ("plate_A01_0h.tif", 0.0, ["core"])
    np.testing.assert_array_equal(Outlines.from_bytes(blob).rings(0)[0], SQUARE)
    page.editor.image_id = int(series.image("plate_A01_0h")["image_id"])
    assert page.call("earlier") == (None, [])
    page.editor.close()
