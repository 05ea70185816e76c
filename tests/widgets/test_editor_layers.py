"""What lies under the outlines: probability maps, other revisions; and areas that the kernel confirms."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.maps import ProbabilityMaps
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.map_codec import PackedMaps, decode_maps, encode_maps
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.editor_layers import thinned

from .editor_page import CORNER, HOLE, SQUARE, FailedError, Page, _wires, current, first, project, put_of

__all__ = ["_wires", "project"]  # fixtures
SMALL = np.array([(10, 10), (30, 10), (30, 30), (10, 30)], np.float32)


def test_revisions_are_listed_newest_first_and_their_outlines_come_one_by_one(project: Project) -> None:
    image_id, oldest = first(project), current(project)
    outlines = Outlines.from_rings([[SMALL]])
    rows = measure_shape(outlines).assign(confidence=[None], touches_border=[False], class_name="spheroid")
    newest = project.save(image_id, outlines, rows, parent=oldest)
    page = Page(Editor(project, "a.tif"))
    listed, _ = page.call("revisions")
    assert [(one["id"], one["parent_id"], one["current"], one["n_objects"]) for one in listed] == [
        (newest, oldest, True, 1), (oldest, None, False, 2),
    ]  # fmt: skip
    assert listed[0]["author"] == project.author
    assert listed[0]["created_at"].endswith("+00:00")
    _, [blob] = page.call("layer_outlines", revision=oldest)
    found = Outlines.from_bytes(blob)
    np.testing.assert_array_equal(found.rings(0)[1], HOLE)
    np.testing.assert_array_equal(found.rings(1)[0], CORNER)
    assert page.call("document")[0]["base_revision"] == newest  # looking changes nothing


def test_a_revision_of_another_image_is_refused(project: Project) -> None:
    page = Page(Editor(project, "b.tif"))
    with pytest.raises(FailedError, match="the open image has none of this id"):
        page.call("layer_outlines", revision=current(project))


def test_a_map_covers_the_image_at_its_own_resolution(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    maps = np.zeros((2, 64, 96), np.uint8)
    maps[:, 16:48, 24:72] = 255
    kept = ProbabilityMaps(encode_maps(maps, (128, 192)), (128, 192), Settings(), 7)
    monkeypatch.setattr(Project, "probability_maps", lambda _self, _image: kept)
    value, [blob] = Page(Editor(project, "a.tif")).call("layer_heat")
    assert value == {"width": 96, "height": 64, "covers": [1.0, 1.0], "run": 7}
    np.testing.assert_array_equal(np.frombuffer(blob, np.uint8).reshape(64, 96), kept.maps[0])


def test_an_image_without_a_map_says_so(project: Project) -> None:
    with pytest.raises(StoreError, match="no probability maps of it"):
        project.probability_maps("a.tif")
    with pytest.raises(FailedError, match="no probability maps of it"):
        Page(Editor(project, "a.tif")).call("layer_heat")


def test_a_large_map_is_thinned_by_whole_steps() -> None:
    packed = encode_maps(np.random.default_rng(0).integers(0, 256, (2, 2100, 31), dtype=np.uint8), (4200, 62))
    maps, parts = decode_maps(packed), PackedMaps(packed)
    plane, step = thinned(parts, 20_000)
    assert step == 2
    np.testing.assert_array_equal(plane, maps[0, ::2, ::2])
    plane, step = thinned(parts, 8_000)
    assert step == 3, "of a step that no chunk is a multiple of"
    np.testing.assert_array_equal(plane, maps[0, ::3, ::3])
    whole, one = thinned(parts)
    assert one == 1
    np.testing.assert_array_equal(whole, maps[0])


def test_the_kernel_confirms_the_area_of_what_it_stored(project: Project) -> None:
    page = Page(Editor(project, "a.tif"))
    outline = page.call("document")[0]["ids"][0]
    blob = Outlines.from_rings([[SQUARE, HOLE]]).to_bytes()
    [verdict] = page.step([put_of(outline)], [blob])
    assert verdict["area_px2"] == pytest.approx(40 * 40 - 10 * 10)
    [gone] = page.step([put_of(outline, kind="delete")], [])
    assert gone["area_px2"] is None
    [refused] = page.step([put_of(str(uuid7()))], [Outlines.from_rings([[SQUARE[:2]]]).to_bytes()])
    assert (refused["state"], refused["area_px2"]) == ("refused", None)


def test_a_call_about_another_image_is_told_apart_so_that_the_browser_asks_again(project: Project) -> None:
    editor = Editor(project, "a.tif")
    page = Page(editor)
    other = first(project) + 1
    with pytest.raises(FailedError) as failed:
        page.call("document", image_id=other)
    assert failed.value.kind == "AnotherImageError"
    editor.image_id = other
    assert page.call("document")[0]["image"]["name"] == "b.tif"
