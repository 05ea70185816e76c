"""Weights on disk: our safetensors files, and checkpoints of the original platform, loaded by key."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from spheroseg_widgets.errors import ModelError

from .network import NetworkConfig, ResUNet


def weights_sha256(path: Path) -> str:
    """Return the sha256 of a weights file as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save_weights(state: dict[str, Tensor], path: Path) -> str:
    """Write weights as safetensors.

    Returns
    -------
    str
        The sha256 of the file.
    """
    # Not `save_file`, which lets nobody but its maker read the file.
    path.write_bytes(save({key: value.detach().contiguous().clone() for key, value in state.items()}))
    return weights_sha256(path)


def load_weights(path: Path, config: NetworkConfig, sha256: str | None) -> ResUNet:
    """Build a network and load our weights into it, ready for inference.

    Parameters
    ----------
    path : Path
        A safetensors file.
    config : NetworkConfig
        The network it belongs to.
    sha256 : str or None
        What the file must hash to; None skips the check.

    Raises
    ------
    ModelError
        The file is missing, does not hash to `sha256`, is damaged, or belongs to another network.
    """
    if not path.is_file():
        raise ModelError(f"{path}: the weights file is missing; reinstall the package or the model")
    if sha256 is not None and (found := weights_sha256(path)) != sha256:
        raise ModelError(
            f"{path}: the weights are damaged or were replaced (sha256 {found[:12]}..., "
            f"expected {sha256[:12]}...); reinstall the package or the model"
        )
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: not a readable safetensors file ({error})") from error
    return _filled(ResUNet(config), state, path)


def load_original(path: Path) -> tuple[ResUNet, str]:
    """Load a checkpoint of the original platform, of any widths.

    Parameters
    ----------
    path : Path
        A ``.pth``/``.pth.tar`` file: a dict with ``state_dict``, or a bare state dict; keys may carry
        ``module.``. It is read with ``weights_only=True``: no code in it is run.

    Returns
    -------
    network : ResUNet
        Ready for inference; its widths are read off the weights' shapes.
    sha256 : str
        Of the file.

    Raises
    ------
    ModelError
        The file is missing, damaged, holds other things than weights, or another network's.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"{path}: not a readable checkpoint ({reason})") from error
    state = _state_dict(content, path)
    return _filled(ResUNet(_config_of(state, path)), state, path), weights_sha256(path)


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise ModelError(f"{path}: holds no state_dict of a network")
    return {str(key).removeprefix("module."): value for key, value in content.items()}


def _config_of(state: dict[str, Tensor], path: Path) -> NetworkConfig:
    try:
        widths: list[int] = []
        while f"downs.{len(widths)}.conv1.weight" in state:
            widths.append(int(state[f"downs.{len(widths)}.conv1.weight"].shape[0]))
        return NetworkConfig(
            in_channels=int(state["downs.0.conv1.weight"].shape[1]),
            out_channels=int(state["final_conv.weight"].shape[0]),
            widths=tuple(widths),
            bottleneck=int(state["bottleneck.conv1.weight"].shape[0]),
        )
    except (KeyError, IndexError) as error:
        raise ModelError(f"{path}: not a ResUNet of the original's structure ({error} is missing)") from error


def _filled(network: ResUNet, state: dict[str, Tensor], path: Path) -> ResUNet:
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()[1:]]
        raise ModelError(f"{path}: the weights do not fit the network: {' '.join(lines)[:300]}") from error
    return network.eval()
