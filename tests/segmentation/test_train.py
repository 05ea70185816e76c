"""Training: views keep pixels and labels together; a run learns, stops, goes on, starts from weights."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from spheroseg_widgets.segmentation.augment import ViewRange, random_camera, random_view
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.scenes import random_scene
from spheroseg_widgets.segmentation.train import Annotated, Domain, Trainer, TrainingConfig, typical_diameter

SMALL = NetworkConfig(widths=(8, 16), bottleneck=16)


def domains() -> list[Domain]:
    rng = np.random.default_rng(0)
    items = []
    for number in range(4):
        scene = random_scene(rng, (96, 96))
        grey = scene.pixels.astype(np.float32)
        items.append(Annotated(str(number), grey / grey.max(), scene.labels, typical_diameter(scene.labels)))
    return [Domain.of_images("synthetic", 1.0, items, ViewRange(10, 60))]


def config(steps: int, **changes: object) -> TrainingConfig:
    values = {"steps": steps, "views": ((32, 4), (64, 2)), "warmup": 5, "rate": 5e-3, "network": SMALL, "threads": 1}
    return TrainingConfig(**{**values, **changes})  # type: ignore[arg-type]


def test_a_view_moves_pixels_and_labels_alike() -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros((120, 150), np.int32)
    labels[40:80, 50:110] = 1
    image = labels.astype(np.float32)  # the picture is its own truth
    for _ in range(30):
        view, cut = random_view(image, labels, 50.0, 64, rng, ViewRange(20, 60))
        assert np.mean((view > 0.5) != (cut > 0)) < 0.03


def test_no_object_is_drawn_larger_than_the_view_shows() -> None:
    labels = np.zeros((400, 400), np.int32)
    labels[100:300, 100:300] = 1
    spans = []
    for seed in range(40):
        _, cut = random_view(
            labels.astype(np.float32), labels, 200.0, 64, np.random.default_rng(seed), ViewRange(20, 300)
        )
        spans.append((cut > 0).mean())
    assert np.mean(spans) < 0.75  # without the bound most views would be nothing but foreground


def test_the_camera_keeps_the_range_and_the_type() -> None:
    image = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for seed in range(60):
        out = random_camera(image, np.random.default_rng(seed))
        assert out.dtype == np.float32
        assert out.shape == image.shape
        assert 0 <= out.min() <= out.max() <= 1


def test_a_run_learns_and_writes_its_curve(tmp_path: Path) -> None:
    trainer = Trainer(tmp_path, domains(), config(60))
    trainer.run()
    rows = list(csv.DictReader((tmp_path / "curve.csv").read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40, 50, 60]
    assert float(rows[-1]["loss"]) < 0.8 * float(rows[0]["loss"])


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    Trainer(tmp_path, domains(), config(100)).run(lambda row: row["step"] < 20)
    again = Trainer(tmp_path, domains(), config(30))
    assert again.resume()
    assert again.step == 20
    again.run()
    assert again.step == 30
    state = torch.load(tmp_path / "last.pt", weights_only=True)
    assert state["step"] == 30


def test_a_run_starts_from_a_models_weights(tmp_path: Path) -> None:
    torch.manual_seed(3)
    base = ResUNet(SMALL).state_dict()
    trainer = Trainer(tmp_path, domains(), config(5))
    trainer.start_from(base)
    for key, value in trainer.network.state_dict().items():
        assert torch.equal(value, base[key]), key
        assert torch.equal(trainer.averaged[key], base[key]), key


def test_the_rate_rises_and_falls_with_the_clock() -> None:
    timed = config(10_000, minutes=10.0, warmup=10)
    assert timed.rate_at(0, 0) < timed.rate_at(9, 1)
    assert timed.rate_at(50, 60) == pytest.approx(timed.rate)
    assert timed.rate_at(50, 599) < 0.02 * timed.rate
    assert timed.is_over(50, 600)
