"""The classical method fitted to annotated images, and the model that comes of it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from spheroseg_widgets.errors import ModelError, SpherosegError
from spheroseg_widgets.segmentation import registry
from spheroseg_widgets.segmentation.evaluate import evaluate
from spheroseg_widgets.segmentation.fit_threshold import candidates, fit_threshold, save_fit
from spheroseg_widgets.segmentation.pairs import Pair, find_pairs
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.segmentation.threshold import OTSU, ThresholdParameters, threshold_mask


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of one's own for models that are added."""
    monkeypatch.setattr(registry, "user_folder", lambda: tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def filling(tmp_path: Path) -> list[Pair]:
    """Make fields that dark spheroids fill to the border: the side that holds less of it is the wrong one."""
    for number in range(4):
        scene = render(
            SceneSpec(160, 160, (Spheroid(80, 80, 88 + 3 * number, depth=0.7, roughness=0.1),)), np.random.default_rng(number)
        )  # fmt: skip
        for folder, pixels in (("images", scene.pixels), ("masks", (scene.labels > 0).astype(np.uint8) * 255)):
            (tmp_path / folder).mkdir(exist_ok=True)
            cv2.imwrite(str(tmp_path / folder / f"f{number}.png"), pixels)
    return find_pairs(tmp_path / "images", tmp_path / "masks")[0]


def test_the_usual_parameters_come_first_and_none_twice() -> None:
    tried = candidates()
    assert tried[0] == OTSU
    assert len(set(tried)) == len(tried) > 100


def test_fitting_finds_what_the_usual_parameters_cannot(filling: list[Pair]) -> None:
    seen: list[tuple[int, int]] = []
    fit = fit_threshold(filling, lambda *what: seen.append(what))
    assert seen[-1] == (4, 4)
    assert fit.images == 4
    assert fit.usual_iou < 0.5
    assert fit.iou > 0.9
    assert fit.parameters.objects == "dark"
    assert fit.iou >= fit.unseen_iou > fit.usual_iou


def test_the_fitted_model_is_found_scores_the_same_and_is_told_apart(home: Path, filling: list[Pair]) -> None:
    fit = fit_threshold(filling)
    model = save_fit(fit, "ours")
    assert find_model("ours") == model
    assert (model.kind, model.weights) == ("threshold", None)
    scored = evaluate({"s": filling}, [model, find_model("threshold")]).summary().set_index("model")["iou"]
    assert scored["ours"] == pytest.approx(fit.iou, abs=0.03)
    assert scored["ours"] > scored["threshold"] + 0.3
    with pytest.raises(ModelError, match="already"):
        save_fit(fit, "ours")
    other = save_fit(fit_threshold(filling[:1]), "others")
    description = (home / "others" / "model.json").read_text()
    assert other.sha256
    changed = description.replace('"level"', '"level_"').replace('"level_": ', '"level": 0.123, "was": ')
    assert changed != description
    (home / "others" / "model.json").write_text(changed)
    assert find_model("others").sha256 != other.sha256


def test_a_single_image_says_nothing_of_others(filling: list[Pair]) -> None:
    assert np.isnan(fit_threshold(filling[:1]).unseen_iou)


def test_pairs_that_cannot_be_used_are_named(filling: list[Pair]) -> None:
    filling[1].image.write_bytes(b"")
    fit = fit_threshold(filling)
    assert fit.images == 3
    assert [path for path, _ in fit.left_out] == [str(filling[1].image)]
    with pytest.raises(SpherosegError, match="no pair"):
        fit_threshold(filling[1:2])


@pytest.mark.parametrize("method", ["otsu", "sauvola"])
def test_inverted_images_give_the_same_mask(method: str) -> None:
    scene = render(SceneSpec(160, 200, (Spheroid(100, 80, 40, depth=0.7),)), np.random.default_rng(0))
    image = scene.pixels.astype(np.float32) / 255
    parameters = ThresholdParameters(method, window=0.8)
    dark, bright = threshold_mask(image, parameters), threshold_mask(1 - image, parameters)
    truth = scene.labels > 0
    for mask in (dark, bright):
        assert (mask & truth).sum() / (mask | truth).sum() > 0.9
    assert (dark != bright).mean() < 0.01


def test_a_level_nearer_the_background_takes_in_more() -> None:
    scene = render(SceneSpec(160, 200, (Spheroid(100, 80, 40, depth=0.7),), blur=3.0), np.random.default_rng(0))
    image = scene.pixels.astype(np.float32) / 255
    areas = [threshold_mask(image, ThresholdParameters(level=level)).sum() for level in (-0.3, 0.0, 0.3)]
    assert areas[0] < areas[1] < areas[2]
