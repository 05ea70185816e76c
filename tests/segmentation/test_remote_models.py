"""Models of a folder on an S3 server: found by name, copied once, told apart, refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from spheroseg_widgets.errors import ModelError
from spheroseg_widgets.segmentation import remote_models
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model, list_models, model_folders

WEIGHTS = b"weights of a test"


@pytest.fixture
def folder_url(
    tmp_path: Path, upload: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> str:  # fmt: skip
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(remote_models, "LOOK_SECONDS", 0.0)
    model = tmp_path / "weights" / "ours"
    model.mkdir(parents=True)
    (model / "model.json").write_text(json.dumps(described("1" * 64)))
    (model / "weights.safetensors").write_bytes(WEIGHTS)
    return upload(tmp_path / "weights")


def described(sha256: str) -> dict[str, object]:
    return {"name": "ours", "version": "1", "kind": "resunet", "weights": "weights.safetensors", "sha256": sha256}


def test_a_model_behind_a_url_is_found_beside_the_shipped_ones(
    folder_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SPHEROSEG_MODELS", f"{folder_url}:{tmp_path / 'nothing'}")
    info = find_model("ours")
    assert (info.folder, info.sha256) == (folder_url, "1" * 64)
    assert info.weights is not None
    assert info.weights.read_bytes() == WEIGHTS
    assert tmp_path in info.weights.parents
    assert find_model("ours").weights == info.weights
    assert {"ours", DEFAULT_MODEL} <= {one.name for one in list_models()}


def test_a_worker_finds_it_where_the_run_did(folder_url: str) -> None:
    with pytest.raises(ModelError, match="no model named 'ours'"):
        find_model("ours")
    assert find_model("ours", sha256="1" * 64, folder=folder_url).folder == folder_url


def test_of_two_of_a_name_the_run_s_weights_are_taken(
    folder_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = tmp_path / "mine" / "ours"
    mine.mkdir(parents=True)
    (mine / "model.json").write_text(json.dumps(described("2" * 64)))
    monkeypatch.setenv("SPHEROSEG_MODELS", str(mine.parent))
    assert find_model("ours").sha256 == "2" * 64
    assert find_model("ours", sha256="1" * 64, folder=folder_url).sha256 == "1" * 64


def test_another_edition_under_the_same_name_is_copied_again(folder_url: str) -> None:
    first = find_model("ours", folder=folder_url).weights
    place = folder_url.removeprefix("s3://")
    system = fsspec.filesystem("s3")
    system.pipe_file(f"{place}/ours/weights.safetensors", b"other weights")
    system.pipe_file(f"{place}/ours/model.json", json.dumps(described("3" * 64)).encode())
    second = find_model("ours", folder=folder_url)
    assert second.sha256 == "3" * 64
    assert second.weights is not None
    assert second.weights.read_bytes() == b"other weights"
    assert first is not None
    assert first.read_bytes() == WEIGHTS


def test_the_colons_of_urls_separate_no_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    named = ["/one", "s3://bucket/models", "http://host:8000/models", "s3://bucket", "two"]
    monkeypatch.setenv("SPHEROSEG_MODELS", ":".join(named))
    assert [str(one) for one in model_folders()][: len(named)] == named


@pytest.mark.parametrize("weights", ["../../secret", None])
def test_one_that_cannot_be_copied_is_named_and_the_others_are_found(folder_url: str, weights: str | None) -> None:
    place = f"{folder_url.removeprefix('s3://')}/odd/model.json"
    named = {**described("4" * 64), "name": "odd", "weights": weights or "gone.safetensors"}
    fsspec.filesystem("s3").pipe_file(place, json.dumps(named).encode())
    assert find_model("ours", folder=folder_url).name == "ours"
    with pytest.raises(ModelError, match=rf"{folder_url}/odd: the model cannot be copied here: "):
        find_model("odd", folder=folder_url)


@pytest.mark.parametrize(
    ("address", "why"),
    [("s3://nobody-has-this-bucket/models", "not there"), ("s3://key:secret@host/models", "holds a password")],
)
def test_a_folder_that_gives_nothing_says_why_and_the_shipped_models_are_found(
    bucket: str, monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    monkeypatch.setenv("SPHEROSEG_MODELS", address)
    broken: list[ModelError] = []
    assert DEFAULT_MODEL in {one.name for one in list_models(broken)}
    assert [why in str(one) for one in broken] == [True]
    assert "secret" not in str(broken[0])
