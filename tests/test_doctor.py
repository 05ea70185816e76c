"""The doctor shows what a machine has and measures when asked; it changes nothing and notices damage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from alembic import command

import spheroseg_widgets as sw
from spheroseg_widgets.segmentation.checkpoint import save_weights
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.store.database import Database, migrations


def doctor(models: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "spheroseg_widgets.cli", "doctor", *arguments]
    environment = {**os.environ, "SPHEROSEG_MODELS": str(models), "COLUMNS": "200"}
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=280, env=environment)


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


def test_the_doctor_looks_at_a_project_s_store_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    small_model(tmp_path / "models")
    folder = tmp_path / "plate 7"
    sw.open_project(folder, create=True).close()
    done = doctor(tmp_path / "models", str(folder))
    assert done.returncode == 0, done.stderr
    for word in ("Store of plate 7", str(folder / "store.sqlite"), "SQLite", "up to date", "0 images"):
        assert word in done.stdout, word
    store = Database.open(folder / "store.sqlite")
    with store.write() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    store.close()
    done = doctor(tmp_path / "models", str(folder))
    assert done.returncode == 0, done.stderr
    assert "0001; opening the project makes it 0" in done.stdout
    (folder / "store.sqlite").write_bytes(b"not a database" * 1000)
    done = doctor(tmp_path / "models", str(folder))
    assert done.returncode == 1
    assert "the store cannot be opened" in " ".join(done.stderr.split())
    (folder / "store.sqlite").unlink()
    done = doctor(tmp_path / "models", str(folder))
    assert (done.returncode, (folder / "store.sqlite").exists()) == (1, False)
    assert "there is no store here" in " ".join(done.stderr.split())
