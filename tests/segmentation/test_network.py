"""The network and the weights of the original platform."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from spheroseg_widgets.errors import ModelError
from spheroseg_widgets.segmentation.checkpoint import load_original, load_weights, save_weights
from spheroseg_widgets.segmentation.network import ORIGINAL, NetworkConfig, ResUNet, count_parameters
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.speed import network_flops

NARROW = NetworkConfig(3, 1, (32, 32, 64, 64, 64), 96)


def test_the_full_network_has_the_originals_parameters_and_keys() -> None:
    with torch.device("meta"):
        network = ResUNet(ORIGINAL)
    assert count_parameters(network) == 132_238_512
    keys = set(network.state_dict())
    for key in (
        "downs.4.adjust_channels.weight", "bottleneck.se.fc.2.weight", "ups.0.bias", "ups.9.gn2.bias",
        "attentions.4.psi.1.num_batches_tracked", "attentions.0.W_g.1.running_var", "final_conv.bias",
    ):  # fmt: skip
        assert key in keys


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapped", [True, False])
def test_an_original_checkpoint_loads_and_gives_the_same_output(tmp_path: Path, prefix: str, wrapped: bool) -> None:
    torch.manual_seed(0)
    network = ResUNet(NARROW).eval()
    state = {prefix + key: value for key, value in network.state_dict().items()}
    content = {"epoch": 9, "state_dict": state, "optimizer": {}, "loss": 0.1} if wrapped else state
    torch.save(content, tmp_path / "checkpoint_epoch_9.pth.tar")
    loaded, digest = load_original(tmp_path / "checkpoint_epoch_9.pth.tar")
    assert loaded.config == NARROW
    assert len(digest) == 64
    x = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        torch.testing.assert_close(loaded(x), network(x))


def test_a_checkpoint_that_is_none_says_why(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no weights")
    torch.save({"state_dict": {"conv.weight": torch.zeros(2)}}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match="not a readable checkpoint"):
        load_original(tmp_path / "text.pth")
    with pytest.raises(ModelError, match="structure"):
        load_original(tmp_path / "other.pth")


def test_damaged_weights_are_refused_by_their_hash(tmp_path: Path) -> None:
    config = NetworkConfig(widths=(8, 16), bottleneck=16)
    digest = save_weights(ResUNet(config).state_dict(), tmp_path / "w.safetensors")
    load_weights(tmp_path / "w.safetensors", config, digest)
    data = bytearray((tmp_path / "w.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "w.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        load_weights(tmp_path / "w.safetensors", config, digest)


def test_cells_of_two_pixels_keep_the_size_and_see_every_pixel() -> None:
    config = NetworkConfig(widths=(8, 16), bottleneck=16, cell=2)
    assert config.stride == 8
    assert NetworkConfig.from_dict(config.to_dict()) == config
    without = {key: value for key, value in config.to_dict().items() if key != "cell"}
    assert NetworkConfig.from_dict(without).cell == 1, "models written before there were cells"
    torch.manual_seed(0)
    network = ResUNet(config).eval()
    image = torch.rand(1, 1, 24, 40, requires_grad=True)
    logits = network(image)
    assert logits.shape == (1, 2, 24, 40)
    (seen,) = torch.autograd.grad(logits[0, 0, 8, 9], image)
    assert (seen[0, 0, 6:11, 7:12] != 0).all()


@pytest.mark.parametrize("name", [DEFAULT_MODEL, "resunet-spheroid-fast"])
def test_the_shipped_weights_load_and_are_small(name: str) -> None:
    info = find_model(name)
    assert info.weights is not None
    assert info.weights.stat().st_size < 30e6
    network = info.load()
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}
    with torch.inference_mode():
        assert np.isfinite(network(torch.rand(1, 1, 64, 64)).numpy()).all()


def test_the_fast_model_takes_less_than_a_third_of_the_arithmetic() -> None:
    default, fast = (find_model(name).load().config for name in (DEFAULT_MODEL, "resunet-spheroid-fast"))
    assert network_flops(default, 512, 512) > 3 * network_flops(fast, 512, 512)
