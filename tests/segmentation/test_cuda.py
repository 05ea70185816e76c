"""What a CUDA device computes, where there is one: the same outlines, and training that learns and goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spheroseg_widgets.outlines.rasterise import to_mask
from spheroseg_widgets.segmentation.engines import CUDA, ONNX, TORCH, Choice, choose_engine, make_engine, usable_choices
from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.speed import mask_iou, synthetic_image
from spheroseg_widgets.segmentation.training.domains import Domain
from spheroseg_widgets.segmentation.training.trainer import Trainer, TrainingConfig

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


def test_it_is_found_but_never_chosen_unasked() -> None:
    assert Choice(CUDA) in usable_choices()
    assert choose_engine().engine in {ONNX, TORCH}


def test_its_maps_are_those_of_the_processor() -> None:
    model = find_model(DEFAULT_MODEL)
    planes = np.random.default_rng(0).random((1, 1, 256, 384), np.float32)
    usual = make_engine(TORCH, model.load(), "float32")(planes)
    found = make_engine(CUDA, model.load(), "float32")(planes)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, usual, atol=2e-3)


def test_its_outlines_are_those_of_the_processor() -> None:
    model = find_model(DEFAULT_MODEL)
    image = synthetic_image(1024)
    settings = Settings.from_dict(model.settings["defaults"])
    found = [
        Predictor(model, engine=engine).segment(image, replace(settings, engine=engine)).outlines
        for engine in (TORCH, CUDA)
    ]
    assert len(found[0]) == len(found[1]) > 0
    assert mask_iou(*[to_mask(outlines, *image.shape) for outlines in found]) > 0.995


def test_training_learns_and_is_continued_there(tmp_path: Path) -> None:
    small = NetworkConfig(widths=(16, 32), bottleneck=48)
    config = TrainingConfig(steps=60, views=((64, 8),), warmup=5, rate=5e-3, network=small)
    trainer = Trainer(tmp_path, [Domain.of_scenes(1.0)], config)
    assert trainer.device.type == "cuda"
    losses: list[float] = []
    trainer.run(lambda row: losses.append(row["loss"]) or True)
    assert losses[-1] < 0.8 * losses[0]
    longer = Trainer(tmp_path, [Domain.of_scenes(1.0)], TrainingConfig(steps=70, views=((64, 8),), network=small))
    assert longer.resume()
    longer.run()
    assert longer.step == 70
    on_processor = Trainer(tmp_path, [Domain.of_scenes(1.0)], config, device=torch.device("cpu"))
    assert on_processor.resume(), "a run goes on where there is no such device"
