"""Comparisons that a gallery's page asks for: side by side, a well through time, and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.comparing import MOST_OPEN
from spheroseg_widgets.widgets.gallery import Gallery

from .page import Page


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "raw").mkdir()
    grey = np.random.default_rng(0).integers(90, 110, (48, 64)).astype(np.uint8)
    for name in ("P1_A01_0h", "P1_A01_24h", "P2_A01_0h", "P1_B01_0h", "loose"):
        tifffile.imwrite(tmp_path / "raw" / f"{name}.tif", grey)
        grey = grey + 1  # files of the same content are added once
    opened = open_project(tmp_path / "project", create=True)
    opened.add(tmp_path / "raw")
    yield opened
    opened.close()


@pytest.fixture
def gallery(project: Project) -> Iterator[Gallery]:
    shown = Gallery(project, read_only=True)  # who only looks may compare
    yield shown
    shown.close()


def id_of(project: Project, name: str) -> int:
    return int(project.image(name)["image_id"])


def test_images_are_compared_side_by_side_in_the_order_given_until_the_page_closes_it(
    project: Project, gallery: Gallery
) -> None:
    page = Page(gallery)
    ids = [id_of(project, "P1_B01_0h"), id_of(project, "P1_A01_0h")]
    name = page.call("compare.open", ids=ids)["model"]
    shown = gallery._comparisons[name]
    assert (shown.mode, shown.images["image_id"].tolist(), shown.model_id) == ("side", ids, name)
    page.call("compare.close", model=name)
    page.call("compare.close", model=name)  # once more does nothing
    assert gallery._comparisons == {}
    assert shown.comm is None


def test_one_image_is_shown_in_the_series_of_its_own_well(project: Project, gallery: Gallery) -> None:
    page = Page(gallery)
    second = id_of(project, "P1_A01_24h")
    shown = gallery._comparisons[page.call("compare.open", ids=[second])["model"]]
    assert shown.mode == "series"
    assert shown.image_id == second
    assert shown.images["name"].tolist() == ["P1_A01_0h.tif", "P1_A01_24h.tif"]  # not the A01 of the other plate


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["P1_B01_0h"], "a series needs 2 or more"),
        (["loose"], "loose.tif: it lies in no well"),
        ([], "2 to 4 images are compared"),
        (["P1_A01_0h", "P1_A01_24h", "P2_A01_0h", "P1_B01_0h", "loose"], "not 5"),
    ],
)
def test_what_cannot_be_compared_says_why_and_leaves_nothing_open(
    project: Project, gallery: Gallery, names: list[str], reason: str
) -> None:
    with pytest.raises(RuntimeError, match=reason):
        Page(gallery).call("compare.open", ids=[id_of(project, name) for name in names])
    assert gallery._comparisons == {}


def test_pages_that_never_close_theirs_keep_few_and_the_gallery_closes_all(project: Project) -> None:
    gallery = Gallery(project)
    page = Page(gallery)
    pair = [id_of(project, "P1_A01_0h"), id_of(project, "P1_A01_24h")]
    names = [page.call("compare.open", ids=pair)["model"] for _ in range(MOST_OPEN + 1)]
    assert list(gallery._comparisons) == names[1:]
    left = list(gallery._comparisons.values())
    gallery.close()
    assert gallery._comparisons == {}
    assert all(shown.comm is None for shown in left)
