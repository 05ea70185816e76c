"""What a run fixes once a plate: how many images are looked at, that it can be stopped, a known diameter, polarity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

import spheroseg_widgets as sw
from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.jobs import per_plate
from spheroseg_widgets.jobs.per_plate import PerPlate, alike, choose_per_plate, settings_of_image
from spheroseg_widgets.reports.methods import runs_table
from spheroseg_widgets.segmentation.group_settings import settings_of_group
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import CLASSICAL, DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.scale import scale_of_diameter
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER, Settings


def parameters_of(project: sw.Project) -> dict[str, Any]:
    found: dict[str, Any] = project.runs()["parameters"].iloc[-1]
    return found


@pytest.fixture
def both_ways(empty_project: sw.Project, three_images: Path) -> sw.Project:
    """Three images on one plate, their negatives on another, and one of the three among the negatives."""
    for path in sorted(three_images.iterdir()):
        pixels = tifffile.imread(path)
        tifffile.imwrite(three_images / path.name.replace("plate", "negative"), 255 - pixels)
    tifffile.imwrite(three_images / "negative_A04_24h.tif", tifffile.imread(three_images / "plate_A01_24h.tif"))
    empty_project.add(three_images)
    return empty_project


def test_of_huge_images_fewer_are_looked_at(project: sw.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def choose(_predictor: Any, samples: list[np.ndarray], settings: Settings, **_: Any) -> Settings:
        looked.append(len(samples))
        return settings.at_scale(0.5)

    monkeypatch.setattr(per_plate, "settings_of_group", choose)
    table = project.images()
    for most, expected in ((10**9, 3), (2 * 192 * 256, 2), (100, 1)):
        monkeypatch.setattr(per_plate, "MOST_PIXELS", most)
        found = choose_per_plate(find_model(CLASSICAL), table, Settings())
        assert found == PerPlate(dict.fromkeys(map(str, table["image_id"]), 0.5), {})
        assert looked.pop() == expected


def test_a_stop_ends_it_without_a_choice(project: sw.Project) -> None:
    table = project.images()
    assert choose_per_plate(find_model(CLASSICAL), table, Settings(), stop=lambda: True) is None
    darker = Settings(polarity=DARKER)
    assert choose_per_plate(find_model(CLASSICAL), table, darker, scale=1.0, stop=lambda: True) is None


def test_a_known_diameter_decides_the_scale_of_a_run(project: sw.Project, client: Any) -> None:
    run = project.segment(model=CLASSICAL, diameter_um=40.0, cluster=client).wait(60)
    assert set(parameters_of(project)["scales"].values()) == {scale_of_diameter(20.0, 256, by_tiles=False)}  # 2 um a px
    assert run.progress().done == 3
    assert parameters_of(project)["settings"]["diameter_um"] == 40.0


def test_a_scale_that_was_asked_for_is_the_scale_of_every_image(project: sw.Project, client: Any) -> None:
    project.segment(model=CLASSICAL, scale=0.75, cluster=client).wait(60)
    assert parameters_of(project)["scales"] == dict.fromkeys(map(str, project.images()["image_id"]), 0.75)
    assert set(project.images()["scale"]) == {0.75}


def test_a_diameter_that_says_nothing_about_pixels_is_refused(project: sw.Project) -> None:
    with pytest.raises(SpherosegError, match="diameter_um is -3; it must be larger than 0"):
        project.segment(diameter_um=-3.0)
    project.set_pixel_size(None)
    with pytest.raises(SpherosegError, match="3 have none, plate_A01_24h"):
        project.segment(diameter_um=40.0)
    assert project.runs().empty


@pytest.mark.parametrize("scale", [None, 0.5])
def test_plates_are_shown_one_way_round_and_each_as_a_whole(both_ways: sw.Project, scale: float | None) -> None:
    table = both_ways.images()
    found = choose_per_plate(find_model(CLASSICAL), table, Settings(polarity=DARKER, diameter_um=None), scale=scale)
    assert found is not None
    assert set(found.inverted) == set(map(str, table.loc[table["plate"] == "negative", "image_id"]))
    assert len(found.inverted) == 4
    assert len(found.scales) == 7
    as_is = choose_per_plate(find_model(CLASSICAL), table, Settings(), scale=scale)
    assert as_is is not None
    assert as_is.inverted == {}


def test_channels_of_a_plate_are_turned_each_by_itself(empty_project: sw.Project, three_images: Path) -> None:
    for folder in ("phase", "green"):
        (three_images / folder).mkdir()
    for path in sorted(three_images.glob("*.tif")):
        pixels = tifffile.imread(path)
        name = f"plate 7_{path.stem.split('_')[1]}_1_00d00h00m.tif"
        tifffile.imwrite(three_images / "phase" / name, pixels)
        tifffile.imwrite(three_images / "green" / name, 255 - pixels)
        path.unlink()
    empty_project.add(three_images)
    table = empty_project.images()
    assert set(table["plate"]) == {"plate 7"}
    found = choose_per_plate(find_model(CLASSICAL), table, Settings(polarity=DARKER), scale=1.0)
    assert found is not None
    green = table["path"].astype(str).str.contains("green")
    assert set(found.inverted) == set(map(str, table.loc[green, "image_id"]))
    assert alike(table).nunique() == 2


def test_negatives_give_the_outlines_of_the_images(both_ways: sw.Project, client: Any) -> None:
    both_ways.segment(polarity=DARKER, cluster=client, wait=True)
    table = both_ways.images().set_index("stem")
    assert set(parameters_of(both_ways)["inverted"]) == {
        str(i) for i in table.loc[table["plate"] == "negative", "image_id"]
    }
    area = both_ways.measurements().set_index("stem")["area_px2"]
    for well in ("A01", "A02", "A03"):
        assert area[f"negative_{well}_24h"] == pytest.approx(area[f"plate_{well}_24h"], rel=0.005)
    assert runs_table(both_ways)["inverted"].tolist() == ["4 images"]

    of_one = both_ways.probability_maps(int(table.loc["negative_A01_24h", "image_id"]))
    assert of_one.settings.inverted
    assert not both_ways.probability_maps(int(table.loc["plate_A01_24h", "image_id"])).settings.inverted
    again = both_ways.rethreshold(0.5, cluster=client, wait=True)
    assert again.status()["status"].tolist() == ["done"] * 7
    pd.testing.assert_series_equal(both_ways.measurements().set_index("stem")["area_px2"], area)
    assert both_ways.probability_maps(int(table.loc["negative_A01_24h", "image_id"])).settings.inverted


def test_who_says_which_way_round_is_not_asked(project: sw.Project, client: Any) -> None:
    project.segment(inverted=True, polarity=DARKER, cluster=client, wait=True)
    parameters = parameters_of(project)
    assert (parameters["settings"]["polarity"], parameters["settings"]["inverted"]) == (AS_IS, True)
    assert set(parameters["inverted"]) == set(map(str, project.images()["image_id"]))
    with pytest.raises(SpherosegError, match="polarity is 'lighter'; it must be 'as_is' or 'darker'"):
        project.segment(polarity="lighter")


def test_a_run_of_before_polarity_was_chosen_is_computed_as_it_was() -> None:
    settings = {name: value for name, value in Settings().to_dict().items() if name not in ("polarity", "inverted")}
    found = settings_of_image({"settings": settings, "scales": {"7": 0.25}}, 7)
    assert found == {**settings, "scale": 0.25}
    assert not Settings.from_dict(found).inverted


def test_a_group_is_turned_before_its_scale_is_looked_for(three_images: Path) -> None:
    info = find_model(DEFAULT_MODEL)
    settings = Settings(polarity=DARKER)
    predictor = Predictor.of_run(info, settings)
    samples = [tifffile.imread(path) for path in sorted(three_images.iterdir())]
    usual = settings_of_group(predictor, samples, settings)
    turned = settings_of_group(predictor, [255 - sample for sample in samples], settings)
    assert (usual.inverted, turned.inverted) == (False, True)
    assert usual.scale == turned.scale
