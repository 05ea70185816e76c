"""Revisions of one image compared: which by default, how they are named, and which are refused."""

from __future__ import annotations

import pandas as pd
import pytest
import traitlets

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.compare import Compare

from .compare_subjects import Browser, project, save, segmented, side

__all__ = ["project"]  # a fixture


def test_by_default_what_holds_is_compared_with_what_it_was_made_from(project: Project) -> None:
    _, first = segmented(project, "m", 1)
    edited = save(project, 1, 1.1)
    segmented(project, "n", 1, 1.2)  # newer, but it displaces no correction
    shown = Compare(project, image="plate_A01_00h.tif")
    assert (shown.mode, shown.results) == ("swipe", [first, edited])
    told = Browser(shown).document()
    assert [image["id"] for image in told["images"]] == [1]
    assert [(one["source"], one["model"], one["holds"]) for one in told["revisions"]] == [
        ("model", "n", False), ("edit", "", True), ("model", "m", False),
    ]  # fmt: skip
    assert told["revisions"][1]["area"] == pytest.approx(1600 * 1.21 * 4)
    assert pd.Timestamp(told["revisions"][1]["created_at"]).tzinfo is not None
    assert shown.revisions["area_px2"].round().tolist() == [2304, 1936, 1600]


def test_revisions_are_named_by_id_run_or_model(project: Project) -> None:
    run, first = segmented(project, "m", 1)
    _, second = segmented(project, "n", 1)
    again, third = segmented(project, "m", 1)
    assert Compare(project, image=1, results=[first, second]).results == [first, second]
    assert Compare(project, image=1, results=[run, again]).results == [first, third]
    assert Compare(project, image=1, results=["n", "m"]).results == [second, third]
    other, _ = segmented(project, "m", 2)
    for wanted, told in ((other, f"result of run {other.id}"), ("o", "result of a model o"), (77, "revision 77")):
        with pytest.raises(
            StoreError, match=rf"plate_A01_00h.tif: there is no {told} of this image; it has {third} \(m\)"
        ):
            Compare(project, image=1, results=[first, wanted])


def test_one_revision_alone_is_not_compared(project: Project) -> None:
    save(project, 1)
    with pytest.raises(StoreError, match="has one revision"):
        Compare(project, image=1)


def test_results_may_be_set_to_revisions_of_this_image_only(project: Project) -> None:
    _, first = segmented(project, "m", 1)
    second, other = save(project, 1), save(project, 2)
    shown = Compare(project, image=1)
    browser = Browser(shown)
    shown.results = [second, first]
    with pytest.raises(traitlets.TraitError, match=f"there is no revision {other} of this image"):
        shown.results = [first, other]
    assert shown.results == [second, first]
    browser.document()
    assert browser.ask("outlines", results=[first, second, other])[0]["results"] == [first, second]
    third = save(project, 1, 1.2)
    assert browser.events() == 1
    assert [one["id"] for one in browser.document()["revisions"]] == [third, second, first]
    with pytest.raises(traitlets.TraitError, match="of one image"):
        side(project)[0].results = [first, second]
