"""The commands about models: list, info, verify, add, evaluate."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from spheroseg_widgets.cli import app
from spheroseg_widgets.errors import ModelError, SpherosegError
from spheroseg_widgets.segmentation import registry
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, add_original, find_model
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

run = CliRunner().invoke
NARROW = NetworkConfig(3, 1, (32, 32, 64, 64, 64), 96)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of one's own for models that are added."""
    monkeypatch.setattr(registry, "user_folder", lambda: tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "checkpoint_epoch_9.pth.tar"
    torch.save({"epoch": 9, "state_dict": ResUNet(NARROW).state_dict(), "optimizer": {}, "loss": 0.1}, path)
    return path


def test_the_list_and_the_card_name_the_default(home: Path) -> None:
    listed = run(app, ["models", "list"])
    assert listed.exit_code == 0
    assert f"{DEFAULT_MODEL} (default)" in listed.output
    assert "threshold" in listed.output
    card = run(app, ["models", "info", DEFAULT_MODEL])
    assert find_model(DEFAULT_MODEL).sha256[:20] in card.output
    assert "Meant for" in card.output


def test_a_checkpoint_is_added_found_by_name_and_verified(home: Path, checkpoint: Path) -> None:
    added = run(app, ["models", "add", str(checkpoint), "--name", "lab-2023"])
    assert added.exit_code == 0, added.output
    checkpoint.unlink()  # what was added does not hang on the original file
    info = find_model("lab-2023")
    assert (info.kind, info.load().config) == ("original", NARROW)
    whole = run(app, ["models", "verify", "lab-2023"])
    assert whole.exit_code == 0
    assert "lab-2023: whole" in whole.output
    assert info.weights is not None
    with info.weights.open("r+b") as stream:
        stream.seek(-200, 2)
        stream.write(b"x" * 50)
    damaged = run(app, ["models", "verify", "lab-2023"])
    assert damaged.exit_code == 1
    assert "lab-2023" in damaged.output


def test_a_replaced_checkpoint_is_not_loaded(home: Path, checkpoint: Path) -> None:
    info = add_original(checkpoint, "lab")
    assert info.weights is not None
    torch.save(ResUNet(NARROW).state_dict(), info.weights)
    with pytest.raises(ModelError, match="damaged or was replaced"):
        info.load()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a/b", "cannot be a model's name"), ("resunet-spheroid", "already"), ("threshold", "cannot be a model's name")],
)
def test_a_name_that_cannot_be_is_refused(home: Path, checkpoint: Path, name: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        add_original(checkpoint, name)
    assert not list(home.glob("*"))


def test_a_description_that_cannot_be_read_is_named_and_hides_no_other_model(home: Path, checkpoint: Path) -> None:
    add_original(checkpoint, "lab")
    (home / "bad").mkdir()
    (home / "bad" / "model.json").write_text("[1]")
    listed = run(app, ["models", "list"])
    assert listed.exit_code == 0
    assert "lab" in listed.output
    assert str(home / "bad" / "model.json") in listed.output
    assert find_model("lab").name == "lab"
    assert run(app, ["models", "verify"]).exit_code == 1
    with pytest.raises(ModelError, match=r"bad/model\.json: not a readable model description"):
        find_model("bad")


def test_an_addition_that_breaks_off_leaves_no_half_model(
    home: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(ModelError, match="No space left"):
        add_original(checkpoint, "lab")
    assert not list(home.iterdir())


def test_what_is_no_checkpoint_is_not_added(home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pth"
    bad.write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match="not a readable checkpoint"):
        add_original(bad)
    assert not list(home.glob("*"))


def annotate(folder: Path, *, masks: int) -> None:
    """Write three fields with a spheroid each, and masks of the first so many."""
    for number in range(3):
        scene = render(SceneSpec(160, 200, (Spheroid(100, 80, 40, depth=0.7),)), np.random.default_rng(number))
        for name, pixels in (("images", scene.pixels), ("masks", (scene.labels > 0).astype(np.uint8) * 255)):
            (folder / name).mkdir(exist_ok=True)
            if name == "images" or number < masks:
                cv2.imwrite(str(folder / name / f"field{number}.png"), pixels)


def test_a_fitted_threshold_is_a_model_like_any_other(home: Path, tmp_path: Path) -> None:
    annotate(tmp_path, masks=3)
    folders = ["--images", str(tmp_path / "images"), "--masks", str(tmp_path / "masks")]
    fitted = run(app, ["fit-threshold", *folders, "--name", "ours"])
    assert fitted.exit_code == 0, fitted.output
    assert "on images it was not fitted to" in fitted.output
    assert "ours: needs no weights" in run(app, ["models", "verify"]).output
    done = run(app, ["evaluate", *folders, "-m", "ours", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    summary = pd.read_csv(tmp_path / "out" / "summary.csv").set_index("model")["iou"]
    assert summary["ours"] >= summary["threshold"] - 0.01
    again = run(app, ["fit-threshold", *folders, "--name", "ours"])
    assert isinstance(again.exception, ModelError)


def test_evaluate_writes_tables_and_a_page_and_says_what_was_left_out(tmp_path: Path) -> None:
    annotate(tmp_path, masks=2)
    out = tmp_path / "out"
    arguments = ["evaluate", "--images", str(tmp_path / "images"), "--masks", str(tmp_path / "masks"), "-o", str(out)]
    done = run(app, [*arguments, "-m", "threshold"])
    assert done.exit_code == 2, done.output
    assert f"{tmp_path / 'images' / 'field2.png'}: has no annotation" in done.output
    scores, summary = (pd.read_csv(out / f"{name}.csv") for name in ("scores", "summary"))
    assert scores["image"].tolist() == ["field0", "field1"]
    assert summary.loc[0, "images"] == 2
    assert summary.loc[0, "iou"] == pytest.approx(scores["iou"].mean())
    page = (out / "evaluation.html").read_text()
    assert page.count("data:image/jpeg;base64") == 2
    assert "field2.png" in page
    assert "http" not in page


def test_evaluate_wants_masks_for_each_folder_of_images(tmp_path: Path) -> None:
    done = run(app, ["evaluate", "--images", str(tmp_path), "--images", str(tmp_path), "--masks", str(tmp_path)])
    assert isinstance(done.exception, SpherosegError)
    assert "one for each" in str(done.exception)


def test_the_description_of_an_added_model_is_json_with_its_network(home: Path, checkpoint: Path) -> None:
    add_original(checkpoint, "lab")
    description = json.loads((home / "lab" / "model.json").read_text())
    assert description["network"]["bottleneck"] == 96
    assert description["sha256"] == find_model("lab").sha256
