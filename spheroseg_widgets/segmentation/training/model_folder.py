"""A model as a folder that the registry finds: weights, their description, and a card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from spheroseg_widgets.segmentation.checkpoint import save_weights
from spheroseg_widgets.segmentation.network import NetworkConfig
from spheroseg_widgets.segmentation.registry import check_name
from spheroseg_widgets.segmentation.settings import Settings

from .state import write_json, write_text, writing

WEIGHTS = "weights.safetensors"


def write_model(
    folder: Path,
    name: str,
    version: str,
    weights: Mapping[str, Tensor],
    network: NetworkConfig,
    training: Mapping[str, Any],
    *,
    defaults: Mapping[str, Any] | None = None,
    card: str | None = None,
) -> str:
    """Write a model; ``find_model(name)`` finds it where `SPHEROSEG_MODELS` names the folder that `folder` lies in.

    Parameters
    ----------
    folder : Path
        Receives `weights.safetensors`, `model.json` and, with a card, `README.md`; what is there is replaced.
    name, version : str
        How the model is called.
    weights : mapping
        State of a `ResUNet` of this shape.
    network : NetworkConfig
        The shape.
    training : mapping
        How the weights came about, JSON-able.
    defaults : mapping, optional
        Prediction settings; those that are not named are those of `Settings`.
    card : str, optional
        The model card, Markdown.

    Returns
    -------
    str
        The sha256 of the weights file.

    Raises
    ------
    ModelError
        The name is one that cannot be found again.
    TrainingError
        The folder cannot be written.
    """
    check_name(name)
    usual = Settings()
    values = {
        "threshold": usual.threshold, "seed_level": usual.seed_level, "seam_level": usual.seam_level, **(defaults or {})
    }  # fmt: skip
    partial = folder / f"{WEIGHTS}.partial"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        digest = save_weights({key: value.cpu() for key, value in weights.items()}, partial)
    description = {
        "name": name, "version": version, "kind": "resunet", "weights": WEIGHTS, "sha256": digest,
        "network": network.to_dict(), "defaults": values, "training": dict(training),
    }  # fmt: skip
    if card is not None:
        write_text(folder / "README.md", card)
    # Weights and description change together as nearly as two files can: the hash would tell of a mixture.
    with writing(folder / WEIGHTS):
        partial.replace(folder / WEIGHTS)
    write_json(folder / "model.json", description)
    return digest
