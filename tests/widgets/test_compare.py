"""The comparison's kernel half: what is compared, what is told of it when it changes, and its outlines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.compare import Compare

from .compare_subjects import Browser, delete, project, save, segmented, side
from .page import until

__all__ = ["project"]  # a fixture


def test_images_come_as_they_were_named(project: Project) -> None:
    shown = Compare(project, images=["plate_A02_24h.tif", 1, "plate_A01_08h"])
    told = Browser(shown).document()
    assert [image["id"] for image in told["images"]] == [8, 1, 2]
    assert [image["time_h"] for image in told["images"]] == [24, 0, 8]
    assert told["images"][0] | {"status": "new"} == {
        "id": 8, "name": "plate_A02_24h.tif", "plate": "plate", "well": "A02", "status": "new", "review": "unreviewed",
        "outcome": "", "reason": "", "width": 192, "height": 128, "time_h": 24.0, "pixel_size_um": 2.0, "excluded": False,
        "result": 0, "objects": -1, "area": None,
    }  # fmt: skip
    assert (told["gone"], told["revisions"]) == ([], [])
    assert shown.images["image_id"].tolist() == [8, 1, 2]
    shown.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"images": [1]}, "2 to 4 images"),
        ({"images": [1, 2, 3, 4, 5]}, "2 to 4 images"),
        ({"images": [1, "plate_A01_00h.tif"]}, "named twice"),
        ({"images": [1, 77]}, "image 77: there is none"),
        ({"images": [1, "plate_A01_0h.tif"]}, "do you mean .*plate_A01_00h.tif"),
        ({}, "name either images"),
        ({"images": [1, 2], "image": 1}, "name either images"),
        ({"images": [1, 2], "results": [1, 2]}, "name it with image="),
        ({"image": 1}, "plate_A01_00h.tif: has no result yet"),
        ({"image": 1, "results": [1]}, "two results"),
        ({"image": 1, "results": [1, 2]}, "there is no revision 1 of this image; it has none"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(
    project: Project, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises((StoreError, ValueError), match=told):
        Compare(project, **arguments)


def test_areas_are_those_of_the_spheroid_and_missing_is_missing(project: Project) -> None:
    save(project, 1)
    save(project, 2)
    project.confirm([2], "absent")
    project.save(3, Outlines.empty(), pd.DataFrame(), parent=None)
    _, browser = side(project, 1, 2, 3, 4)
    images = browser.document()["images"]
    assert [image["outcome"] for image in images] == ["measured", "absent", "not_found", ""]
    assert [image["area"] for image in images] == [1600 * 4, 0, None, None]
    project.set_pixel_size(None)
    assert browser.document()["images"][0]["area"] == 1600


def test_a_change_of_these_images_is_told_and_of_others_is_not(project: Project) -> None:
    _, browser = side(project)
    save(project, 5)
    assert browser.events() == 0
    save(project, 2)
    assert browser.events() == 1
    assert browser.document()["images"][1]["review"] == "corrected"


def test_a_closed_comparison_hears_nothing_more(project: Project) -> None:
    shown, browser = side(project)
    shown.close()
    save(project, 1)
    assert browser.events() == 0


def test_a_deleted_image_keeps_its_place_and_says_so(project: Project) -> None:
    _, browser = side(project)
    browser.document()
    delete(project, 2)
    assert browser.events() == 1
    told = browser.document()
    assert [image["id"] for image in told["images"]] == [1]
    assert told["gone"] == [{"id": 2, "name": "plate_A01_08h.tif", "reason": "This image is no longer in the project."}]
    with pytest.raises(RuntimeError, match="not among the compared"):
        browser.tile(2)
    delete(project, 1)
    with pytest.raises(RuntimeError, match="None of the compared images"):
        browser.document()
    events = browser.events()
    delete(project, 1, 2, back=True)
    until(lambda: browser.events() > events)
    assert [image["id"] for image in browser.document()["images"]] == [1, 2]


def test_outlines_are_given_of_these_images_and_nothing_else(project: Project) -> None:
    own, other = save(project, 1), save(project, 5)
    _, browser = side(project)
    browser.document()
    value, buffers = browser.ask("outlines", results=[own, other, 999, 0])
    assert value["results"] == [own]
    outlines = Outlines.from_bytes(buffers[0])
    assert np.allclose(outlines.rings(0)[0].min(axis=0), (20, 20))
    assert (value["classes"], buffers[1], buffers[2]) == (["spheroid"], b"\0", b"\0")


def test_doubtful_outlines_are_marked(project: Project) -> None:
    _, made = segmented(project, "m", 1)
    _, browser = side(project)
    browser.document()
    assert browser.ask("outlines", results=[made])[1][2] == b"\2"
