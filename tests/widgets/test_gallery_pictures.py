"""Thumbnails and outlines of a page of the gallery, each in one message; files and sizes that give none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import sqlalchemy as sa

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.gallery import Gallery

from .gallery_of_three import SQUARE, gallery, project, save
from .page import Page, until

__all__ = ["gallery", "project"]  # fixtures


def test_thumbnails_of_a_page_come_in_one_message(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    pictures: dict[int, bytes] = {}
    pending = [1, 2, 3, 77]
    while pending:
        value, buffers = browser.ask("thumbs", ids=pending, size=256)
        assert len(buffers) == 1
        assert sum(value["lengths"]) == len(buffers[0])
        ends = np.cumsum(value["lengths"])
        pictures |= {
            i: buffers[0][end - length : end]
            for i, length, end in zip(value["ids"], value["lengths"], ends, strict=True)
        }
        failed, pending = value["failed"], value["pending"]
        if failed:
            assert failed == [[77, "This image is no longer in the project."]]
    assert sorted(pictures) == [1, 2, 3]
    assert cv2.imdecode(np.frombuffer(pictures[1], np.uint8), cv2.IMREAD_UNCHANGED).shape == (192, 256)


def test_a_broken_file_gives_a_reason(project: Project, gallery: Gallery, three_images: Path) -> None:
    first = three_images / "plate_A01_24h.tif"
    first.write_bytes(first.read_bytes()[:2000])
    browser = Page(gallery)
    failed = dict(until(lambda: browser.ask("thumbs", ids=[1], size=128)[0]["failed"]))
    assert "truncated" in failed[1]


def test_a_size_that_is_not_made_is_refused(gallery: Gallery) -> None:
    with pytest.raises(RuntimeError, match="128, 256, 512"):
        Page(gallery).ask("thumbs", ids=[1], size=300)


def test_outlines_of_a_page_come_as_the_store_keeps_them(project: Project, gallery: Gallery) -> None:
    two = Outlines.concat([SQUARE, Outlines.from_rings([[[(0, 0), (30, 0), (30, 30)]]])])
    result = save(
        project, 1, two, class_name=["spheroid", "debris"], touches_border=[False, True], confidence=[0.9, 0.2]
    )
    browser = Page(gallery)
    value, buffers = until(lambda: (answer := browser.ask("outlines", results=[result, 99]))[0]["results"] and answer)
    assert value["results"] == [result]  # what does not hold, or is not of this project, is left out
    assert buffers[0] == two.to_bytes()
    assert value["objects"] == [2]
    assert list(buffers[1]) == [0, 1]
    assert value["classes"] == ["spheroid", "debris"]
    assert list(buffers[2]) == [0, 3]


def test_a_page_of_outlines_is_two_questions_to_the_store(project: Project, gallery: Gallery) -> None:
    results = [save(project, image_id) for image_id in (1, 2, 3)]
    browser = Page(gallery)
    until(lambda: len(browser.ask("outlines", results=results)[0]["results"]) == 3)
    until(lambda: gallery._reader is None)  # what it reads by itself asks too
    asked: list[str] = []
    sa.event.listen(project.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    browser.ask("outlines", results=results)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2
