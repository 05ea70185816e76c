"""The kernel half of the review: the queue, objects, decisions and undo, called as a page calls them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import results
from spheroseg_widgets.widgets.gallery import Gallery
from spheroseg_widgets.widgets.reviewing import Reviewing

from .page import Page, until

TWO_SQUARES = Outlines.from_rings(
    [[[(60, 60), (120, 60), (120, 120), (60, 120)]], [[(10, 10), (30, 10), (30, 30), (10, 30)]]]
)


class ReviewingGallery(Gallery, Reviewing):
    """The gallery with the review in it."""


class Reviewer(Page):
    """Goes through what awaits review."""

    def decide(self, image: int, kind: str, **more: Any) -> int:
        return int(self.call("review.decide", image=image, decision={"kind": kind, **more})["undo"])

    def queue(self) -> list[int]:
        return [item["id"] for item in self.call("review.queue")["items"]]


@pytest.fixture
def project(three_images: Path, tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Three wells and an image without one; the first two images have two outlines each, which nobody has judged."""
    tifffile.imwrite(three_images / "z.tif", np.zeros((20, 30), np.uint8))
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(three_images, pixel_size_um=2.0)
    objects = pd.DataFrame({"class_name": ["spheroid"] * 2, "area_px2": [3600.0, 400.0], "touches_border": [False] * 2})
    with opened.database.write() as connection:
        for image_id in (1, 2):
            made = results.add_revision(connection, image_id, TWO_SQUARES, objects, source="model", author="model")
            results.point_current(connection, image_id, made, author="model")
    yield opened
    opened.close()


@pytest.fixture
def page(project: Project) -> Iterator[Reviewer]:
    widget = ReviewingGallery(project)
    yield Reviewer(widget)
    widget.close()


def test_the_queue_is_the_projects_with_a_sentence_for_each_flag(page: Reviewer, project: Project) -> None:
    items = page.call("review.queue")["items"]
    assert items[0] == {
        "id": 1, "name": "plate_A01_24h.tif", "plate": "plate", "well": "A01", "time_h": 24.0, "flags": ["wrong_count"],
        "sentences": ["2 spheroids found, 1 expected."],
    }  # fmt: skip
    assert page.queue() == project.review_queue()["image_id"].tolist() == [1, 2]
    page.decide(1, "absent")
    assert page.queue() == [2]
    page.decide(2, "exclude", reason="bubble", scope="well")
    assert page.queue() == []


def test_given_images_come_in_the_order_given_flagged_or_not(page: Reviewer) -> None:
    items = page.call("review.queue", ids=[4, 99, 1, 4])["items"]
    assert [(item["id"], item["flags"], item["well"], item["time_h"]) for item in items] == [
        (4, [], None, None), (1, ["wrong_count"], "A01", 24.0),
    ]  # fmt: skip
    assert page.call("review.queue", ids=[])["items"] == []


def test_decisions_are_stored_and_undone_by_their_number(page: Reviewer, project: Project) -> None:
    before = project.images()
    numbers = [page.decide(1, "approve"), page.decide(2, "unusable")]
    assert project.images()["review"].tolist()[0] == "approved"
    assert project.images()["outcome"].tolist()[1] == "unusable"
    for number in reversed(numbers):
        assert page.call("review.undo", undo=number) is None
    pd.testing.assert_frame_equal(project.images(), before)
    assert project.audit()["action"].tolist().count("undo_decision") == 2
    with pytest.raises(RuntimeError, match="before the kernel was restarted"):
        page.call("review.undo", undo=numbers[0])


def test_an_undo_that_failed_may_be_tried_again(page: Reviewer, project: Project) -> None:
    number = page.decide(1, "approve")
    project.review([1], "excluded")
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"plate_A01_24h.tif: it was judged again meanwhile"):
            page.call("review.undo", undo=number)


def test_objects_are_told_with_their_area_and_excluded_by_their_id(page: Reviewer, project: Project) -> None:
    first, second = page.call("review.objects", image=1)["objects"]
    assert (first["number"], first["area"], first["unit"]) == (1, 14_400.0, "µm²")
    page.decide(1, "exclude", reason="debris", scope="object", outline=second["outline"])
    assert [one["outline"] for one in page.call("review.objects", image=1)["objects"]] == [first["outline"]]
    excluded = project.measurements().query("excluded")
    assert excluded["outline_id"].astype(str).tolist() == [second["outline"]]
    project.set_pixel_size(None)
    assert page.call("review.objects", image=2)["objects"][0] | {"outline": ""} == {
        "outline": "", "number": 1, "unit": "px²", "area": 3600.0,
    }  # fmt: skip
    assert page.call("review.objects", image=3)["objects"] == []


def test_what_is_refused_says_why(page: Reviewer, project: Project) -> None:
    before = project.audit()
    for params, reason in (
        ({"image": 3, "decision": {"kind": "approve"}}, "plate_A03_24h.tif: it has no result"),
        ({"image": 99, "decision": {"kind": "absent"}}, "image 99: there is none"),
        ({"image": 1, "decision": {"kind": "like"}}, "no decision 'like'"),
        ({"image": 1, "decision": {"kind": "exclude", "scope": "well"}}, "needs a reason"),
        (
            {"image": 1, "decision": {"kind": "exclude", "reason": "x", "scope": "object", "outline": "7"}},
            "badly formed",
        ),
    ):
        with pytest.raises(RuntimeError, match=reason):
            page.call("review.decide", **params)
    pd.testing.assert_frame_equal(project.audit(), before)


def test_the_gallery_shows_what_was_decided(page: Reviewer) -> None:
    gallery = page.widget
    assert isinstance(gallery, Gallery)
    version = page.call("rows", since=0)["version"]
    page.decide(1, "approve")
    until(lambda: gallery.rows_version > version)


def test_many_decisions_at_once_are_stored_in_their_order(page: Reviewer, project: Project) -> None:
    """A page does not wait for one answer before it sends the next decision."""
    for number, kind in enumerate(["approve", "absent", "unusable", "approve", "absent"] * 4, start=1000):
        params = {"image": 1, "decision": {"kind": kind}}
        page.widget.rpc.receive({"kind": "call", "id": number, "method": "review.decide", "params": params})
    until(lambda: len([m for m, _ in list(page.messages) if m.get("id", 0) >= 1000]) == 20)
    assert project.images()["outcome"].tolist()[0] == "absent"
    audit = project.audit()
    outcomes = [detail["outcome"] for detail in audit[audit["action"] == "outcome"]["detail"]]
    assert outcomes == ["absent", "unusable", None, "absent"] + [None, "absent", "unusable", None, "absent"] * 3
