"""Models scored on annotated images: what is paired, what is counted, what is left out with its reason."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError, SpherosegError
from spheroseg_widgets.segmentation.evaluate import auroc, evaluate, mean_interval
from spheroseg_widgets.segmentation.pairs import Pair, find_pairs, read_truth, set_names
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render


def write(folder: Path, name: str, pixels: NDArray[np.generic]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / name), pixels)
    return folder / name


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """Make a set of three fields, the second with two spheroids; truth as 16-bit labels."""
    for number, count in enumerate((1, 2, 1)):
        spheroids = [Spheroid(60 + 100 * at, 80, 30, shape_seed=number + at, depth=0.7) for at in range(count)]
        scene = render(SceneSpec(160, 220, spheroids, unevenness=0.0), np.random.default_rng(number))
        write(tmp_path / "images", f"f{number}.png", scene.pixels)
        write(tmp_path / "labels", f"f{number}.png", scene.labels.astype(np.uint16))
    return tmp_path


def test_a_clean_set_is_scored_image_by_image_and_as_a_whole(annotated: Path) -> None:
    pairs, left_out = find_pairs(annotated / "images", annotated / "labels")
    assert [pair.name for pair in pairs] == ["f0", "f1", "f2"]
    assert left_out == []
    seen = []
    done = evaluate({"clean": pairs}, [find_model("threshold")], watch=lambda *what: seen.append(what))
    assert seen == [("threshold", name) for name in ("f0", "f1", "f2")]
    assert done.images["objects_true"].tolist() == done.images["objects_found"].tolist() == [1, 2, 1]
    assert done.images["iou"].min() > 0.9
    total = done.summary().iloc[0]
    assert (total["images"], total["precision"], total["recall"], total["f1"], total["ap50"]) == (3, 1, 1, 1, 1)
    assert total["iou_low"] <= total["iou"] <= total["iou_high"]
    assert 0.5 < total["ap"] < 1, "at IoU 0.95 not every outline is near enough"
    assert len(done.outlines["clean", "threshold", str(pairs[1].image)]) == 2
    assert done.objects["image"].tolist() == ["f0", "f1", "f1", "f2"]
    assert done.objects["iou"].min() > 0.9
    assert (done.images["score"] == 1).all(), "the classical method has no probabilities"


def test_a_score_that_is_low_where_it_fails_has_an_auroc_of_one() -> None:
    assert auroc([0.2, 0.9, 0.8, 0.1], [True, False, False, True]) == 1
    assert auroc([0.9, 0.2], [True, False]) == 0
    assert auroc([0.5, 0.5, 0.5], [True, False, False]) == 0.5
    assert np.isnan(auroc([0.5, 0.6], [False, False]))


def test_counts_of_a_set_are_of_all_its_objects_not_a_mean_of_images(annotated: Path) -> None:
    # The truth of the second field loses an object: 4 found, 3 of them there.
    labels = cv2.imread(str(annotated / "labels" / "f1.png"), cv2.IMREAD_UNCHANGED)
    assert labels is not None
    labels[labels == 2] = 0
    write(annotated / "labels", "f1.png", labels)
    done = evaluate({"s": find_pairs(annotated / "images", annotated / "labels")[0]}, [find_model("threshold")])
    total = done.summary().iloc[0]
    assert total["precision"] == pytest.approx(3 / 4)
    assert total["recall"] == 1
    assert done.images["area_bias"].iloc[1] > 0.5


def test_pairs_that_cannot_be_used_are_named_and_the_rest_goes_on(annotated: Path) -> None:
    write(annotated / "images", "alone.png", np.zeros((10, 10), np.uint8))
    write(annotated / "labels", "f1.png", np.zeros((8, 8), np.uint8))
    (annotated / "images" / "f2.png").write_bytes(b"")
    pairs, left_out = find_pairs(annotated / "images", annotated / "labels")
    assert left_out == [(str(annotated / "images" / "alone.png"), f"has no annotation in {annotated / 'labels'}")]
    done = evaluate({"s": pairs}, [find_model("threshold")])
    assert done.images["image"].tolist() == ["f0"]
    named = dict(done.problems)
    assert "has 8 x 8 px, its image 220 x 160 px" in named[str(annotated / "labels" / "f1.png")]
    assert str(annotated / "images" / "f2.png") in named


def test_images_of_one_name_in_two_folders_are_scored_each(annotated: Path) -> None:
    for folder in ("images", "labels"):
        (annotated / folder / "day2").mkdir()
        (annotated / folder / "f1.png").rename(annotated / folder / "day2" / "f0.png")
    pairs, left_out = find_pairs(annotated / "images", annotated / "labels")
    assert left_out == []
    done = evaluate({"s": pairs}, [find_model("threshold")])
    assert sorted(len(outlines) for outlines in done.outlines.values()) == [1, 1, 2]


def test_folders_without_pairs_are_one_error(tmp_path: Path) -> None:
    write(tmp_path / "images", "a.png", np.zeros((4, 4), np.uint8))
    write(tmp_path / "masks", "b.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(SpherosegError, match=r"no image of .* has an annotation"):
        find_pairs(tmp_path / "images", tmp_path / "masks")
    with pytest.raises(SpherosegError, match="the folder does not exist"):
        find_pairs(tmp_path / "nowhere", tmp_path / "masks")


def test_a_mask_is_numbered_and_labels_are_kept_apart_where_they_touch(tmp_path: Path) -> None:
    drawn = np.zeros((10, 20), np.uint8)
    drawn[2:8, 2:8], drawn[2:8, 10:16] = 255, 255
    mask = read_truth(write(tmp_path, "mask.png", drawn), drawn.shape)
    assert mask.max() == 2
    touching = np.zeros((10, 20), np.uint16)
    touching[2:8, 2:8], touching[2:8, 8:16] = 700, 41
    labels = read_truth(write(tmp_path, "labels.png", touching), touching.shape)
    assert sorted(np.unique(labels)) == [0, 1, 2]
    assert labels[4, 4] != labels[4, 10]
    few = read_truth(
        write(tmp_path, "few.png", np.searchsorted([0, 41, 700], touching).astype(np.uint8)), touching.shape
    )
    assert np.array_equal(few, labels), "8 bits with small numbers are labels as well, not a mask that is hardly white"
    empty = read_truth(write(tmp_path, "empty.png", np.zeros((10, 20), np.uint8)), (10, 20))
    assert not empty.any()
    with pytest.raises(ImageError, match="has 20 x 10 px, its image 30 x 10 px"):
        read_truth(tmp_path / "mask.png", (10, 30))


def test_intervals_hold_the_mean_and_are_missing_for_one_image() -> None:
    low, high = mean_interval(np.array([0.8, 0.9, 1.0, 0.7]))
    assert 0.7 < low < 0.85 < high < 1
    assert mean_interval(np.array([0.9, 0.9])) == (0.9, 0.9)
    assert np.isnan(mean_interval(np.array([0.9]))).all()


def test_sets_are_named_by_their_folders(tmp_path: Path) -> None:
    assert set_names([tmp_path / "a" / "images", tmp_path / "b"]) == ["a", "b"]
    assert set_names([tmp_path / "x" / "a", tmp_path / "y" / "a"]) == ["a 1", "a 2"]


def test_a_pair_is_called_as_its_image() -> None:
    assert Pair(Path("raw/B07_48h.tif"), Path("masks/B07_48h.png")).name == "B07_48h"
