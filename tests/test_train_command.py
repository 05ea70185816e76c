"""`spheroseg train` as a user calls it: what it writes, says, refuses, and that Ctrl-C keeps what was reached."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.training.model_folder import write_model
from spheroseg_widgets.training_command import register

SMALL = NetworkConfig(widths=(4, 8), bottleneck=8)
# Tests that a shell started in the background inherit that interrupts are ignored.
PROGRAM = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import typer; from spheroseg_widgets.training_command import register; a = typer.Typer(); register(a); a()"


@pytest.fixture(autouse=True)
def tiny_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network so small that a step takes no time: training from it has its size."""
    torch.manual_seed(2)
    write_model(tmp_path / "models" / "tiny", "tiny", "1", ResUNet(SMALL).state_dict(), SMALL, {})
    monkeypatch.setenv("SPHEROSEG_MODELS", str(tmp_path / "models"))


def arguments(plate: Path, out: Path, *more: object) -> list[str]:
    usual = ["--images", plate / "images", "--masks", plate / "masks", "--out", out, "--from", "tiny", "--threads", 1]
    return [str(part) for part in (*usual, "--synthetic", 0, *more)]


def train(*more: str) -> tuple[int, str]:
    app = typer.Typer()
    register(app)
    done = CliRunner().invoke(app, list(more), catch_exceptions=False)
    return done.exit_code, " ".join(done.output.split())


def test_a_folder_of_images_and_masks_becomes_a_model_and_the_same_call_goes_on(
    tmp_path: Path, annotated_plate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "runs" / "plate 7"
    code, told = train(*arguments(annotated_plate, out, "--steps", 2))
    assert code == 0, told
    assert "8 images to train on, 2 for validation" in told
    assert "plate 7: 2 steps, IoU 0." in told
    assert "--model 'plate 7' --out" in told
    code, told = train(*arguments(annotated_plate, out, "--steps", 3, "--name", "second"))
    assert code == 0, told
    assert "going on from step 2" in told
    assert "second: 3 steps" in told
    with monkeypatch.context() as patch:
        patch.setenv("SPHEROSEG_MODELS", str(out))
        info = find_model("second")
    assert info.settings["training"]["base"]["name"] == "tiny"
    assert info.settings["training"]["rate"] == pytest.approx(3e-4)
    assert info.load().config == SMALL
    assert torch.load(out / "last.pt", weights_only=True)["step"] == 3
    code, told = train(*arguments(annotated_plate, out, "--steps", 3))
    assert code == 0, told
    assert "has had its steps or minutes" in told


def test_a_bad_image_is_named_and_the_exit_code_tells(tmp_path: Path, annotated_plate: Path) -> None:
    (annotated_plate / "masks" / "plate_A01_0h.png").write_bytes(b"not a mask")
    code, told = train(*arguments(annotated_plate, tmp_path / "run", "--steps", 1))
    assert code == 2
    assert "left out:" in told
    assert "plate_A01_0h.png" in told
    assert "holds no TIFF, JPEG, PNG or BMP" in told
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["left_out"]) == 1


def test_calls_that_cannot_work_are_one_clear_error(tmp_path: Path, annotated_plate: Path) -> None:
    images, masks = annotated_plate / "images", annotated_plate / "masks"
    with pytest.raises(SpherosegError, match="either --masks or --labels"):
        train("--images", str(images), "--out", str(tmp_path / "run"))
    with pytest.raises(SpherosegError, match="either --masks or --labels"):
        train(*arguments(annotated_plate, tmp_path / "run", "--labels", annotated_plate / "labels"))
    with pytest.raises(SpherosegError, match="no model named 'nonesuch'"):
        train("--images", str(images), "--masks", str(masks), "--out", str(tmp_path / "run"), "--from", "nonesuch")
    assert not (tmp_path / "run").exists()
    assert train(*arguments(annotated_plate, tmp_path / "run", "--steps", 1))[0] == 0
    with pytest.raises(SpherosegError, match=r"the validation share was 0\.2, now 0\.5"):
        train(*arguments(annotated_plate, tmp_path / "run", "--steps", 1, "--validation", 0.5))
    (tmp_path / "file").write_text("")
    with pytest.raises(SpherosegError, match=r"file.*cannot be written"):
        train(*arguments(annotated_plate, tmp_path / "file" / "run", "--steps", 1))


def test_ctrl_c_stops_saves_and_writes_the_model(tmp_path: Path, annotated_plate: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-c", PROGRAM, *arguments(annotated_plate, out, "--minutes", 60)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if (out / "curve.csv").exists() and len((out / "curve.csv").read_text().splitlines()) > 2:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert "terminate" not in stderr
    step = torch.load(out / "last.pt", weights_only=True)["step"]
    assert step >= 10
    assert f"run: {step} steps" in stdout
    assert (out / "model" / "model.json").exists()
    (sitting,) = json.loads((out / "run.json").read_text())["sittings"]
    assert sitting["to_step"] == step


def test_a_program_that_ends_while_it_trains_saves_what_was_reached(tmp_path: Path, annotated_plate: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from spheroseg_widgets.segmentation.training.dataset import read_dataset
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.training.trainer import TrainingConfig
from spheroseg_widgets.segmentation.training.run import TrainingRun
plate, out = map(Path, sys.argv[1:])
data = read_dataset(plate / "images", plate / "masks", "masks")
config = TrainingConfig(views=((32, 2),), threads=1, validation_side=64)
run = TrainingRun(out, data, config, synthetic=0.0, base=find_model("tiny"))
run.start()
while len(run.rows()) < 2:
    time.sleep(0.05)
"""
    command = [sys.executable, "-c", program, str(annotated_plate), str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert torch.load(tmp_path / "run" / "last.pt", weights_only=True)["step"] >= 10
