"""The doctor shows what a machine has and measures when asked; it changes nothing and notices damage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from spheroseg_widgets.segmentation.checkpoint import save_weights
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet


def doctor(models: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spheroseg_widgets.cli", "doctor", *arguments]
    environment = {**os.environ, "SPHEROSEG_MODELS": str(models), "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, env=environment)


def small_model(folder: Path) -> Path:
    torch.manual_seed(0)
    config = NetworkConfig(widths=(4, 8), bottleneck=8, cell=2)
    where = folder / "small"
    where.mkdir(parents=True)
    digest = save_weights(ResUNet(config).state_dict(), where / "weights.safetensors")
    (where / "model.json").write_text(
        json.dumps(
            {"name": "small", "version": "1", "kind": "resunet", "weights": "weights.safetensors", "sha256": digest,
             "network": config.to_dict(), "defaults": {}}
        )
    )  # fmt: skip
    return where / "weights.safetensors"


def test_the_doctor_names_engines_and_models_and_notices_damaged_weights(tmp_path: Path) -> None:
    weights = small_model(tmp_path)
    done = doctor(tmp_path)
    assert done.returncode == 0, done.stderr
    for word in (
        "onnxruntime 1.",
        "the default",
        "resunet-spheroid (default)",
        "small",
        "whole",
        "cores",
        "GB of memory",
    ):
        assert word in done.stdout, word
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    done = doctor(tmp_path)
    assert done.returncode == 1
    assert "damaged" in done.stdout


def test_measuring_times_every_engine_and_recommends_without_deciding(tmp_path: Path) -> None:
    small_model(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = doctor(tmp_path, "--measure", "--model", "small")
    assert done.returncode == 0, done.stderr
    assert "small with 1 thread" in done.stdout
    assert "Recommended: " in done.stdout
    assert "Nothing was changed" in done.stdout
    assert "measuring torch, float32" in done.stderr
    assert "measuring onnxruntime, float32" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
