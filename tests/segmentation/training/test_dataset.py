"""Annotated images on disk: what is read, what is refused and how it is named, and a split without leakage."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.errors import AnnotationError, ImageError, TrainingError
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.segmentation.pairs import read_truth
from spheroseg_widgets.segmentation.training import dataset as module
from spheroseg_widgets.segmentation.training.dataset import read_annotated, read_dataset, split


def put(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(path.suffix, pixels)[1].tofile(path)
    os.utime(path, (1e9, 1e9))  # a fresh file is waited for, as if it were still being written
    return path


def square(value: int = 255, dtype: type = np.uint8) -> np.ndarray:
    out = np.zeros((64, 80), dtype)
    out[20:40, 30:50] = value
    return out


def read(path: Path) -> np.ndarray:
    return read_truth(path, (64, 80), "masks")


def read_numbers(path: Path) -> np.ndarray:
    return read_truth(path, (64, 80), "labels")


def test_pixels_are_normalised_as_in_inference_and_labels_are_the_files(annotated_plate: Path) -> None:
    for kind in ("masks", "labels"):
        found = read_dataset(annotated_plate / "images", annotated_plate / kind, kind)  # type: ignore[arg-type]
        assert len(found.samples) == 10
        assert found.left_out == []
        sample = found.samples[3]
        assert (sample.name, sample.annotation) == ("plate_A02_24h.tif", "plate_A02_24h.png")
        pixels = tifffile.imread(annotated_plate / "images" / sample.name)
        assert np.array_equal(sample.annotated.image, normalise(pixels))
        truth = cv2.imread(str(annotated_plate / "masks" / sample.annotation), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(sample.annotated.labels > 0, truth > 0)
        assert sample.image_sha256 == hashlib.sha256((found.images / sample.name).read_bytes()).hexdigest()
        assert (
            sample.annotation_sha256 == hashlib.sha256((found.annotations / sample.annotation).read_bytes()).hexdigest()
        )


def test_masks_are_numbered_by_components_and_labels_keep_touching_objects_apart(tmp_path: Path) -> None:
    mask = square()
    mask[5:10, 5:10] = 255
    assert read(put(tmp_path / "two.png", mask)).max() == 2
    labels = np.zeros((64, 80), np.uint16)
    labels[20:40, 30:40], labels[20:40, 40:50] = 700, 9
    found = read_numbers(put(tmp_path / "touching.png", labels))
    assert found[30, 35] == 2
    assert found[30, 45] == 1
    assert np.unique(found).tolist() == [0, 1, 2]
    full = read_numbers(put(tmp_path / "full.png", np.full((64, 80), 3, np.uint16)))
    assert np.unique(full).tolist() == [1]  # without a background pixel the object is still an object


@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_may_be_of_ones_and_may_have_soft_edges(tmp_path: Path, value: int) -> None:
    assert (read(put(tmp_path / "m.png", square(value))) > 0).sum() == 400
    soft = cv2.GaussianBlur(square(), (0, 0), 1.0)
    assert abs(int((read(put(tmp_path / "s.png", soft)) > 0).sum()) - 400) <= 4
    assert read(put(tmp_path / "e.png", square(0))).max() == 0


def test_labels_given_as_masks_and_masks_given_as_labels_are_refused(tmp_path: Path) -> None:
    numbers = np.zeros((64, 80), np.uint8)
    for number in range(1, 8):
        numbers[8 * number : 8 * number + 6, 10:70] = number * 30  # some below, some above the middle
    with pytest.raises(ImageError, match=r"many\.png: is no mask.*as labels do"):
        read(put(tmp_path / "many.png", numbers))
    with pytest.raises(ImageError, match=r"few\.png: is no mask.*as labels do"):
        read(put(tmp_path / "few.png", numbers // 30))
    with pytest.raises(ImageError, match=r"16\.png: is no mask"):
        read(put(tmp_path / "16.png", numbers.astype(np.uint16)))
    with pytest.raises(ImageError, match=r"mask\.png.*a mask, not labels"):
        read_numbers(put(tmp_path / "mask.png", square()))
    colours = np.stack([square(10), square(20), square(90)], axis=-1)
    with pytest.raises(ImageError, match="colours"):
        read_numbers(put(tmp_path / "colour.png", colours))


def test_a_bad_pair_is_named_with_its_reason_and_the_rest_goes_on(annotated_plate: Path) -> None:
    images, masks = annotated_plate / "images", annotated_plate / "masks"
    (masks / "plate_A01_0h.png").unlink()
    put(masks / "plate_A01_24h.png", np.zeros((64, 60), np.uint8))
    (images / "plate_A02_0h.tif").write_bytes(b"not an image")
    tifffile.imwrite(images / "plate_A02_24h.tif", np.zeros((3, 64, 80), np.uint8), photometric="minisblack")
    shutil.copy(images / "plate_A03_0h.tif", images / "plate_B09_0h.tif")
    put(masks / "plate_B09_0h.png", square())
    put(masks / "nothing.png", square())
    found = read_dataset(images, masks, "masks")
    assert [sample.name for sample in found.samples] == [
        f"plate_{well}_{hours}h.tif" for well in ("A03", "B01", "B02") for hours in (0, 24)
    ]
    reasons = {Path(path).name: reason for path, reason in found.left_out}
    assert set(reasons) == {
        "plate_A01_0h.tif", "plate_A01_24h.png", "plate_A02_0h.tif", "plate_A02_24h.tif", "plate_B09_0h.tif",
        "nothing.png",
    }  # fmt: skip
    assert "has no annotation in" in reasons["plate_A01_0h.tif"]
    assert "has 60 x 64 px, its image 80 x 64 px" in reasons["plate_A01_24h.png"]
    assert "holds no TIFF" in reasons["plate_A02_0h.tif"]
    assert "holds 3 images" in reasons["plate_A02_24h.tif"]
    assert "same picture as plate_A03_0h.tif" in reasons["plate_B09_0h.tif"]
    assert "is an annotation without an image" in reasons["nothing.png"]


def test_annotations_are_found_by_place_then_by_name(tmp_path: Path, annotated_plate: Path) -> None:
    rng = np.random.default_rng(0)
    for day in ("day1", "day2"):
        for name in ("one", "two"):
            put(tmp_path / "raw" / day / f"{name}.png", rng.integers(0, 255, (64, 80), np.uint8))
            put(tmp_path / "raw" / "masks" / day / f"{name}_mask.png", square())
    put(tmp_path / "raw" / "day1" / "three.png", rng.integers(0, 255, (64, 80), np.uint8))
    put(tmp_path / "raw" / "masks" / "three_masks.png", square())
    put(tmp_path / "raw" / "day1" / "four.png", rng.integers(0, 255, (64, 80), np.uint8))
    for suffix in ("png", "bmp"):
        put(tmp_path / "raw" / "masks" / f"four.{suffix}", square())
    found = read_dataset(tmp_path / "raw", tmp_path / "raw" / "masks", "masks")
    assert {sample.name: sample.annotation for sample in found.samples} == {
        "day1/one.png": "day1/one_mask.png", "day1/two.png": "day1/two_mask.png", "day1/three.png": "three_masks.png",
        "day2/one.png": "day2/one_mask.png", "day2/two.png": "day2/two_mask.png",
    }  # fmt: skip
    assert [(Path(path).name, "cannot be told apart" in why) for path, why in found.left_out] == [("four.png", True)]


def test_folders_that_cannot_serve_are_one_clear_error(tmp_path: Path, annotated_plate: Path) -> None:
    images, masks = annotated_plate / "images", annotated_plate / "masks"
    (tmp_path / "empty").mkdir()
    with pytest.raises(AnnotationError, match=r"empty: the folder holds no image files"):
        read_dataset(tmp_path / "empty", masks, "masks")
    with pytest.raises(AnnotationError, match=r"gone: the folder does not exist"):
        read_dataset(images, tmp_path / "gone", "masks")
    with pytest.raises(AnnotationError, match="two folders"):
        read_dataset(masks, masks, "masks")
    with pytest.raises(TrainingError, match="unknown field"):
        read_dataset(images, masks, "masks", names="{what}.tif")
    for path in masks.iterdir():
        put(path, square(0))
    with pytest.raises(TrainingError, match="none of the masks marks an object"):
        read_dataset(images, masks, "masks")
    for path in sorted(masks.iterdir())[3:]:
        path.unlink()
    with pytest.raises(TrainingError, match=r"3 images with masks can be used(?s:.*)has no annotation"):
        read_dataset(images, masks, "masks")


def test_wells_are_split_whole_and_the_seed_decides(annotated_plate: Path) -> None:
    found = read_dataset(annotated_plate / "images", annotated_plate / "masks", "masks")
    sides = set()
    for seed in range(12):
        training, held_out = split(found, 0.4, seed)
        wells = [{sample.name.split("_")[1] for sample in side} for side in (training, held_out)]
        assert not wells[0] & wells[1]
        assert (len(wells[0]), len(wells[1])) == (3, 2)
        assert len(training) + len(held_out) == 10
        again = split(found, 0.4, seed)
        assert ([p.name for p in training], [p.name for p in held_out]) == tuple([p.name for p in s] for s in again)
        sides.add(tuple(sorted(wells[1])))
    assert len(sides) > 3
    assert split(found, 0.0, 1)[1] == []
    assert len({p.name.split("_")[1] for p in split(found, 0.01, 1)[1]}) == 1
    assert len({p.name.split("_")[1] for p in split(found, 0.99, 1)[0]}) == 1


def test_without_wells_the_split_is_by_file_and_one_well_cannot_be_split(tmp_path: Path, annotated_plate: Path) -> None:
    for number, path in enumerate(sorted((annotated_plate / "images").iterdir())):
        for folder, suffix in (("images", "tif"), ("masks", "png")):
            source = annotated_plate / folder / f"{path.stem}.{suffix}"
            for name in (f"field{number}", f"p_C03_{number}h"):
                target = tmp_path / name.split("_")[0][0] / folder / f"{name}.{suffix}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
    free = read_dataset(tmp_path / "f" / "images", tmp_path / "f" / "masks", "masks")
    assert len(split(free, 0.3, 1)[1]) == 3
    one = read_dataset(tmp_path / "p" / "images", tmp_path / "p" / "masks", "masks")
    with pytest.raises(TrainingError, match=r"one well \(p C03\)"):
        split(one, 0.2, 1)
    assert len(split(one, 0.0, 1)[0]) == 10


def test_large_images_are_made_smaller_with_their_labels(
    annotated_plate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, labels = (annotated_plate / f / f"plate_B01_0h.{s}" for f, s in (("images", "tif"), ("labels", "png")))
    whole, small = (read_annotated(image, labels, "labels", most_pixels=n) for n in (10_000, 64 * 80 // 4))
    assert whole.image.shape == whole.labels.shape == (64, 80)
    assert small.image.shape == small.labels.shape == (32, 40)
    assert small.diameter == pytest.approx(whole.diameter / 2, rel=0.1)
    monkeypatch.setattr(module, "MOST_PIXELS_TOGETHER", 10 * 32 * 40)  # what ten images may take together
    found = read_dataset(annotated_plate / "images", annotated_plate / "labels", "labels")
    assert {sample.annotated.image.shape for sample in found.samples} == {(32, 40)}
