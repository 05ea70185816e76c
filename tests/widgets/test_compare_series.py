"""A well compared through time: its order, times that come and go, and what is no series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import traitlets

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets import compare_pixels
from spheroseg_widgets.widgets.compare import Compare

from .compare_subjects import Browser, delete, project, scene
from .page import until

__all__ = ["project"]  # a fixture


def test_a_well_is_shown_in_the_order_of_its_times(project: Project, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "raw" / "plate_A01_12h.tif", scene(12))
    project.add(tmp_path / "raw")
    shown = Compare.of_well(project, "a1")
    told = Browser(shown).document()
    assert (shown.mode, told["title"]) == ("series", "plate A01")
    assert [image["time_h"] for image in told["images"]] == [0, 8, 12, 16, 24]
    assert {image["well"] for image in told["images"]} == {"A01"}
    assert shown.image_id == 1


def test_a_new_time_joins_the_series_and_a_deleted_one_leaves_it(project: Project, tmp_path: Path) -> None:
    shown = Compare.of_well(project, "A01")
    browser = Browser(shown)
    shown.image_id = 2
    tifffile.imwrite(tmp_path / "raw" / "plate_A01_32h.tif", scene(32))
    project.add(tmp_path / "raw")
    assert browser.events() == 1
    assert len(browser.document()["images"]) == 5
    delete(project, 2)
    told = browser.document()
    assert [image["time_h"] for image in told["images"]] == [0, 16, 24, 32]
    assert (told["gone"], shown.image_id) == ([], None)
    events = browser.events()
    delete(project, 2, back=True)
    until(lambda: browser.events() > events)
    assert len(browser.document()["images"]) == 5


def test_the_image_that_is_looked_at_is_one_of_the_series(project: Project) -> None:
    shown = Compare.of_well(project, "A01")
    shown.image_id = 3
    with pytest.raises(traitlets.TraitError, match="image 5: it is not in the series"):
        shown.image_id = 5
    assert shown.image_id == 3


def test_what_is_no_series_is_refused_with_the_reason(project: Project, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="well B01: there is none of this name"):
        Compare.of_well(project, "B1")
    for name in ("plate_C01_0h.tif", "other_A01_0h.tif", "VID1_D01_1_00d00h00m.tif", "VID1_D01_2_00d00h00m.tif"):
        tifffile.imwrite(tmp_path / name, scene(0))
    project.add(sorted(tmp_path.glob("*.tif")))
    with pytest.raises(StoreError, match="well C01: 1 of its images"):
        Compare.of_well(project, "C01")
    with pytest.raises(
        StoreError, match=r"well A01: it has images of several plates \(other, plate\): name one with plate="
    ):
        Compare.of_well(project, "A01")
    with pytest.raises(StoreError, match="no images of plate third"):
        Compare.of_well(project, "A01", plate="third")
    with pytest.raises(StoreError, match=r"several sites \(1, 2\): name one with site="):
        Compare.of_well(project, "D01")
    assert len(Compare.of_well(project, "A01", plate="plate").images) == 4


def test_a_long_series_finds_its_contrast_from_a_few_of_its_images(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in range(32, 232, 8):
        tifffile.imwrite(tmp_path / "raw" / f"plate_A01_{hours}h.tif", scene(hours))
    project.add(tmp_path / "raw")
    reads: list[int] = []
    read = compare_pixels.read_original

    def counted(row: Any) -> np.ndarray:
        reads.append(row["image_id"])
        return read(row)

    monkeypatch.setattr(compare_pixels, "read_original", counted)
    browser = Browser(Compare.of_well(project, "A01"))
    ids = [image["id"] for image in browser.document()["images"]]
    assert len(ids) == 29
    browser.tile(ids[3])
    assert len(set(reads)) <= compare_pixels.SHARED_FROM + 1
    assert {ids[0], ids[-1]} <= set(reads)
