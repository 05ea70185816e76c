"""A run on one's own images: written down, watched, stopped, gone on with, refused, and made a model."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from safetensors.torch import load_file

from spheroseg_widgets.errors import ModelError, TrainingError
from spheroseg_widgets.imaging.polarity import lighter
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import ModelInfo, find_model
from spheroseg_widgets.segmentation.settings import AS_IS, DARKER, Settings
from spheroseg_widgets.segmentation.training.augment import Image, Labels
from spheroseg_widgets.segmentation.training.calibration import Calibration
from spheroseg_widgets.segmentation.training.curve import Row
from spheroseg_widgets.segmentation.training.dataset import Dataset, read_dataset
from spheroseg_widgets.segmentation.training.least_confidence import CANDIDATES
from spheroseg_widgets.segmentation.training.model_folder import write_model
from spheroseg_widgets.segmentation.training.run import TrainingRun
from spheroseg_widgets.segmentation.training.trainer import TrainingConfig

SMALL = NetworkConfig(widths=(8, 16), bottleneck=16)


def config(steps: int, **changes: object) -> TrainingConfig:
    values = {"steps": steps, "views": ((32, 4),), "warmup": 5, "rate": 5e-3, "network": SMALL, "threads": 1,
              "validate_every": 10, "validation_side": 64}  # fmt: skip
    return TrainingConfig(**{**values, **changes})  # type: ignore[arg-type]


def data(plate: Path, kind: str = "masks") -> Dataset:
    return read_dataset(plate / "images", plate / kind, kind)  # type: ignore[arg-type]


def contrasts(views: list[tuple[Image, Labels]]) -> list[float]:
    """By how much the objects of each view are brighter than what is around them."""
    both = [(image, labels > 0) for image, labels in views if 0.05 < (labels > 0).mean() < 0.95]
    assert len(both) > 5
    return [float(image[inside].mean() - image[~inside].mean()) for image, inside in both]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelInfo:
    torch.manual_seed(4)
    defaults = {"threshold": 0.37}
    write_model(tmp_path / "models" / "tiny", "tiny", "7", ResUNet(SMALL).state_dict(), SMALL, {}, defaults=defaults)
    monkeypatch.setenv("SPHEROSEG_MODELS", str(tmp_path / "models"))
    return find_model("tiny")


def test_a_run_writes_down_data_hashes_split_configuration_and_versions(tmp_path: Path, annotated_plate: Path) -> None:
    run = TrainingRun(tmp_path / "run", data(annotated_plate, "labels"), config(3, seed=5), validation=0.4)
    run.start()
    assert run.wait(120)
    written = json.loads((tmp_path / "run" / "run.json").read_text())
    assert written["seed"] == 5
    assert written["kind"] == "labels"
    assert (len(written["training"]), len(written["held_out"])) == (6, 4)
    for sample in written["training"] + written["held_out"]:
        for key, folder in (("image", "images"), ("annotation", "labels")):
            file = annotated_plate / folder / sample[key]
            assert sample[f"{key}_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert sample["objects"] == 1
    wells = [{sample["group"] for sample in written[part]} for part in ("training", "held_out")]
    assert not wells[0] & wells[1]
    assert len(wells[0] | wells[1]) == 5
    (sitting,) = written["sittings"]
    assert (sitting["from_step"], sitting["to_step"]) == (0, 3)
    assert sitting["versions"]["torch"] == torch.__version__
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (stored["steps"], stored["seed"], stored["network"]["widths"]) == (3, 5, [8, 16])
    assert stored["domains"] == {"images": 0.75, "synthetic": 0.25}


def test_a_run_is_watched_stopped_from_outside_and_gone_on_with(tmp_path: Path, annotated_plate: Path) -> None:
    run = TrainingRun(tmp_path / "run", data(annotated_plate), config(100_000))
    seen: list[Row] = []
    leave = run.on_row(seen.append)
    run.start()
    with pytest.raises(TrainingError, match="already"):
        run.start()
    for _ in range(600):
        if len(run.rows()) > 2 or run.wait(0.1):
            break
    assert run.running
    run.stop()
    assert run.wait(60)
    leave()
    assert seen == run.rows()
    assert {"loss", "validation_iou", "validation_loss"} <= set(seen[-1])
    reached = run.trainer.step
    assert reached < 100_000
    again = TrainingRun(tmp_path / "run", data(annotated_plate), config(reached + 5))  # other steps may be asked for
    assert again.resumed
    assert again.trainer.step == reached
    assert [row["step"] for row in again.rows()] == [row["step"] for row in seen]
    again.start()
    assert again.wait(60)
    assert again.trainer.step == reached + 5
    sittings = json.loads((tmp_path / "run" / "run.json").read_text())["sittings"]
    assert [(one["from_step"], one["to_step"]) for one in sittings] == [(0, reached), (reached, reached + 5)]


def test_other_data_or_settings_are_refused_by_name_and_nothing_is_changed(
    tmp_path: Path, annotated_plate: Path, base: ModelInfo
) -> None:
    folder = tmp_path / "run"
    run = TrainingRun(folder, data(annotated_plate), config(2))
    run.start()
    run.wait(120)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TrainingError, match=r"rate was 0\.005, now 0\.001"):
        TrainingRun(folder, data(annotated_plate), config(2, rate=1e-3))
    with pytest.raises(TrainingError, match="seed was 1, now 2"):
        TrainingRun(folder, data(annotated_plate), config(2, seed=2))
    with pytest.raises(TrainingError, match=r"synthetic share was 0\.25, now 0\.5"):
        TrainingRun(folder, data(annotated_plate), config(2), synthetic=0.5)
    with pytest.raises(TrainingError, match=r"the model to start from was None, now .*tiny"):
        TrainingRun(folder, data(annotated_plate), config(2), base=base)
    with pytest.raises(TrainingError, match="kind of annotation was masks, now labels"):
        TrainingRun(folder, data(annotated_plate, "labels"), config(2))
    changed = annotated_plate / "masks" / "plate_A03_24h.png"
    mask = cv2.imread(str(changed), cv2.IMREAD_UNCHANGED)
    mask[0, 0] = 255
    cv2.imencode(".png", mask)[1].tofile(changed)
    with pytest.raises(TrainingError, match=r"\(plate_A03_24h\.tif: its annotation changed\)"):
        TrainingRun(folder, data(annotated_plate), config(2))
    shutil.rmtree(annotated_plate / "masks")
    shutil.copytree(annotated_plate / "labels", annotated_plate / "masks")
    (annotated_plate / "images" / "plate_B02_24h.tif").rename(annotated_plate / "images" / "plate_C09_24h.tif")
    (annotated_plate / "masks" / "plate_B02_24h.png").rename(annotated_plate / "masks" / "plate_C09_24h.png")
    with pytest.raises(TrainingError, match=r"plate_C09_24h\.tif is new"):
        TrainingRun(folder, data(annotated_plate), config(2))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (folder / "run.json").unlink()
    with pytest.raises(TrainingError, match="another kind of run"):
        TrainingRun(folder, data(annotated_plate), config(2))


def test_training_from_a_model_starts_with_its_weights_and_network(
    tmp_path: Path, annotated_plate: Path, base: ModelInfo
) -> None:
    run = TrainingRun(tmp_path / "run", data(annotated_plate), config(2, rate=0.0, network=NetworkConfig()), base=base)
    assert run.trainer.config.network == SMALL
    started = base.load().state_dict()
    assert all(torch.equal(value, started[key]) for key, value in run.trainer.network.state_dict().items())
    run.start()
    run.wait(120)
    folder = run.export("from-tiny")
    weights = load_file(folder / "weights.safetensors")
    learned = [key for key, _ in ResUNet(SMALL).named_parameters()]
    description = json.loads((folder / "model.json").read_text())
    started = Calibration(**description["training"]["calibration"]).applied(started, SMALL.cell)
    assert all(torch.allclose(weights[key], started[key], atol=1e-5) for key in learned)  # at a rate of 0 nothing moves
    assert description["training"]["base"] == {"name": "tiny", "version": "7", "sha256": base.sha256}
    assert description["defaults"].pop("min_confidence") in CANDIDATES
    assert description["defaults"] == {"threshold": 0.37, "seed_level": 0.4, "seam_level": 0.6}
    assert "the weights of tiny, version 7" in (folder / "README.md").read_text()
    with pytest.raises(ModelError, match="method without weights"):
        TrainingRun(tmp_path / "other", data(annotated_plate), config(2), base=find_model("threshold"))
    original = ModelInfo("old.pth", "", "original", tmp_path / "old.pth", "", {})
    with pytest.raises(ModelError, match="original platform"):
        TrainingRun(tmp_path / "other", data(annotated_plate), config(2), base=original)


def test_a_base_of_one_polarity_is_taught_that_way_round_and_so_is_what_comes_of_it(
    tmp_path: Path, annotated_plate: Path, base: ModelInfo
) -> None:
    dataset = data(annotated_plate)
    half = [
        replace(sample, alike="negative", annotated=replace(sample.annotated, image=1 - sample.annotated.image))
        for sample in dataset.samples
    ]
    both = replace(dataset, samples=dataset.samples[:5] + half[5:])
    assert {sample.alike for sample in dataset.samples} == {"plate|"}
    darker = replace(base, settings={**base.settings, "defaults": {"polarity": DARKER}})
    run = TrainingRun(tmp_path / "run", both, config(2), base=darker, validation=0.4)
    assert 0 < run.trainer.config.inverted < TrainingConfig().inverted
    views = [run.trainer.domains[0].view(np.random.default_rng(seed), 64) for seed in range(20)]
    assert max(contrasts([*views, *run.trainer.validation])) < -0.2
    scenes = [run.trainer.domains[1].view(np.random.default_rng(seed), 96)[0] for seed in range(12)]
    assert not any(lighter([scene]) for scene in scenes)
    run.start()
    run.wait(120)
    description = json.loads((run.export("of-darker") / "model.json").read_text())
    assert description["defaults"]["polarity"] == DARKER

    as_is = TrainingRun(tmp_path / "other", both, config(2), base=base, validation=0.4)
    assert as_is.trainer.config.inverted == TrainingConfig().inverted
    views = [as_is.trainer.domains[0].view(np.random.default_rng(seed), 64) for seed in range(20)]
    assert max(contrasts(views)) > 0.2


def test_a_run_begun_before_polarity_was_configured_goes_on(tmp_path: Path, annotated_plate: Path) -> None:
    run = TrainingRun(tmp_path / "run", data(annotated_plate), config(2))
    run.start()
    run.wait(120)
    file = tmp_path / "run" / "config.json"
    written = json.loads(file.read_text())
    assert written.pop("polarity") == AS_IS
    file.write_text(json.dumps(written))
    assert TrainingRun(tmp_path / "run", data(annotated_plate), config(3)).resumed
    with pytest.raises(TrainingError, match="polarity was as_is, now darker"):
        TrainingRun(tmp_path / "run", data(annotated_plate), config(3, polarity=DARKER))


def test_the_exported_model_is_found_is_the_best_and_segments(
    tmp_path: Path, annotated_plate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A rate that grows until training falls apart: the best weights are not the last ones.
    run = TrainingRun(tmp_path / "plate-7", data(annotated_plate), config(60, rate=8e-3, cooldown=0.01), synthetic=0.0)
    run.start()
    assert run.wait(200)
    scores = {row["step"]: row["validation_loss"] for row in run.rows() if "validation_loss" in row}
    best = min(scores, key=lambda step: scores[step])
    assert best > 0
    folder = run.export()
    monkeypatch.setenv("SPHEROSEG_MODELS", str(tmp_path / "plate-7"))
    info = find_model("plate-7")
    assert info.version == str(best)
    assert info.settings["training"]["validation"]["loss"] == pytest.approx(scores[best], abs=1e-4)
    kept = torch.load(tmp_path / "plate-7" / "best.pt", weights_only=True)["averaged"]
    line = Calibration(**info.settings["training"]["calibration"])
    assert line != Calibration(), "probabilities of so short a training are not right by chance"
    kept = line.applied(kept, SMALL.cell)
    assert all(torch.equal(value, kept[key]) for key, value in load_file(folder / "weights.safetensors").items())
    pixels = tifffile.imread(annotated_plate / "images" / "plate_A01_0h.tif")
    found = Predictor(info, threads=1).segment(pixels, Settings(min_confidence=0.0))
    assert found.maps.shape == (2, 64, 80)
    truth = cv2.imread(str(annotated_plate / "masks" / "plate_A01_0h.png"), cv2.IMREAD_UNCHANGED) > 0
    inside, outside = found.maps[0][truth].mean(), found.maps[0][~truth].mean()
    assert inside > outside + 30  # of 255: it has learned where the spheroid is
    card = (folder / "README.md").read_text()
    assert card.startswith(f"# plate-7, version {best}\n")
    assert f"{info.settings['training']['validation']['iou']:.3f}" in card


def test_without_validation_the_last_averaged_weights_become_the_model(tmp_path: Path, annotated_plate: Path) -> None:
    run = TrainingRun(tmp_path / "run", data(annotated_plate), config(3), validation=0.0)
    with pytest.raises(TrainingError, match="saved nothing yet"):
        run.export()
    run.start()
    run.wait(120)
    folder = run.export("all-images")
    assert not run.trainer.best_file.exists()
    weights = load_file(folder / "weights.safetensors")
    assert all(torch.equal(value, run.trainer.averaged[key]) for key, value in weights.items())
    assert "was not measured" in (folder / "README.md").read_text()
    for name in ("threshold", "model.pt", " "):
        with pytest.raises(ModelError, match="cannot be a model's name"):
            run.export(name)


def test_what_ends_a_run_in_its_thread_is_raised_where_it_is_waited_for(tmp_path: Path, annotated_plate: Path) -> None:
    run = TrainingRun(tmp_path / "run", data(annotated_plate), config(20))

    def broken(rng: np.random.Generator, size: int) -> tuple[Image, Labels]:
        raise MemoryError("no room for a view")

    object.__setattr__(run.trainer.domains[0], "view", broken)
    run.start()
    with pytest.raises(MemoryError, match="no room"):
        run.wait(60)
    assert run.wait(0)
