"""A model adapted to a project's reviewed images: what it learns from, what it is judged by, what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import spheroseg_widgets as sw
from spheroseg_widgets.errors import ModelError, TrainingError
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.training.model_folder import write_model

SMALL = NetworkConfig(widths=(8, 16), bottleneck=16)
QUICK: dict[str, Any] = {
    "base": "tiny", "views": ((32, 4),), "rate": 5e-3, "threads": 1, "validation_side": 64, "minutes": 5, "synthetic": 0.0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a small untrained model, and a folder of one's own for those that are added."""
    torch.manual_seed(4)
    write_model(tmp_path / "models" / "tiny", "tiny", "1", ResUNet(SMALL).state_dict(), SMALL, {})
    monkeypatch.setenv("SPHEROSEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


@pytest.fixture
def reviewed(tmp_path: Path, annotated_plate: Path) -> sw.Project:
    """Make a project of ten segmented images, eight of them approved: those of wells A01 to B01."""
    project = sw.open_project(tmp_path / "plate", create=True)
    project.add(annotated_plate / "images", names="{plate}_{well}_{time}h.tif")
    project.segment(model="threshold", workers=1, min_area_px2=50).wait()
    table = project.images()
    project.review(table.loc[table["well"] != "B02", "image_id"].tolist(), "approved")
    return project


def test_a_tuned_model_is_registered_and_better_on_wells_it_did_not_learn_from(reviewed: sw.Project) -> None:
    default = find_model(DEFAULT_MODEL)
    tuning = reviewed.finetune("ours", steps=150, **QUICK)
    model = tuning.wait()
    assert (model.name, model.kind) == ("ours", "resunet")
    assert find_model(DEFAULT_MODEL) == default
    compared = tuning.comparison().set_index("model")
    assert compared["images"].tolist() == [2, 2]
    assert compared.loc["ours", "iou"] > compared.loc["tiny", "iou"] + 0.2
    assert tuning.rows()[-1]["step"] == 150
    reviewed.segment(model="ours", images=[1], workers=1).wait()
    assert reviewed.images().set_index("image_id").loc[1, "status"] == "done"
    with pytest.raises(ModelError, match="already"):
        reviewed.finetune("ours", steps=1, **QUICK)


def test_only_complete_images_teach_and_wells_stay_whole(reviewed: sw.Project) -> None:
    table = reviewed.images().set_index("image_id")
    spare = table[table["well"] == "B02"].index.tolist()
    excluded, unusable = table[table["well"] == "A01"].index.tolist()
    reviewed.exclude(reason="scratched", image=excluded)
    reviewed.confirm([unusable], "unusable")
    reviewed.confirm([spare[0]], "absent")
    tuning = reviewed.finetune("ours", steps=1, **QUICK)
    tuning.wait()
    record = json.loads((reviewed.folder / "finetuning" / "ours" / "run.json").read_text())
    parts = {part: {sample["image"] for sample in record[part]} for part in ("training", "held_out")}
    stems = table["stem"]
    used = parts["training"] | parts["held_out"]
    assert stems[excluded] not in used
    assert stems[spare[1]] not in used
    assert stems[unusable] not in used
    assert stems[spare[0]] in used
    assert len(used) == 7
    wells = {part: {table.loc[stems == name, "well"].iloc[0] for name in names} for part, names in parts.items()}
    assert not wells["training"] & wells["held_out"]
    absent = next(s for part in parts for s in record[part] if s["image"] == stems[spare[0]])
    assert absent["objects"] == 0


def test_a_stopped_tuning_goes_on_where_it_was(reviewed: sw.Project) -> None:
    first = reviewed.finetune("ours", steps=10_000, **QUICK)
    while not first.rows() or first.rows()[-1]["step"] < 10:
        assert first.training.running
    first.stop()
    with pytest.raises(TrainingError, match=r"stopped after step \d+; the same call goes on"):
        first.wait()
    reached = first.training.trainer.step
    again = reviewed.finetune("ours", steps=reached + 5, **QUICK)
    assert again.training.resumed
    model = again.wait()
    assert again.training.trainer.step == reached + 5
    assert again.register() == model


def test_what_cannot_be_learned_from_is_refused_with_its_reason(reviewed: sw.Project) -> None:
    table = reviewed.images()
    spare = table.loc[table["well"] == "B02", "image_id"].tolist()
    with pytest.raises(TrainingError, match=rf"images {spare[0]}, {spare[1]}: not approved"):
        reviewed.finetune("ours", images=[1, *spare], **QUICK)
    with pytest.raises(TrainingError, match=r"3 images with outlines can be used"):
        reviewed.finetune("ours", images=[1, 2, 3], **QUICK)
    with pytest.raises(ModelError, match="without weights"):
        reviewed.finetune("ours", **{**QUICK, "base": "threshold"})
    with pytest.raises(ModelError, match="cannot be a model's name"):
        reviewed.finetune("a/b", **QUICK)
