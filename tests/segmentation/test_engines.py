"""Engines compute the same, are chosen by a rule, and say what they cannot before work starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from spheroseg_widgets.errors import ModelError
from spheroseg_widgets.outlines.rasterise import to_mask
from spheroseg_widgets.segmentation import engines
from spheroseg_widgets.segmentation.engines import (
    Choice,
    OnnxEngine,
    TorchEngine,
    check_usable,
    choose_engine,
    make_engine,
)
from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet
from spheroseg_widgets.segmentation.objects import outline_maps
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.speed import Measured, mask_iou, network_flops, recommended, synthetic_image

CONFIGS = [
    NetworkConfig(widths=(8, 12, 24), bottleneck=40, cell=1),
    NetworkConfig(widths=(24, 48), bottleneck=96, cell=2),
    NetworkConfig(in_channels=3, out_channels=1, widths=(16, 32), bottleneck=64),  # as the original, but smaller
    NetworkConfig(in_channels=2, out_channels=3, widths=(8, 16), bottleneck=16, cell=4),
]


def lively(config: NetworkConfig) -> ResUNet:
    """A network all of whose parameters and statistics matter: fresh ones are zeros and ones in many places."""
    torch.manual_seed(1)
    network = ResUNet(config).eval()
    with torch.no_grad():
        for name, values in [*network.named_parameters(), *network.named_buffers()]:
            if values.dtype == torch.float32 and values.dim() == 1:
                values.copy_(torch.rand_like(values) + (0.5 if "weight" in name or "var" in name else -0.5))
    return network


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.in_channels}-{c.out_channels}-cell{c.cell}")
def test_onnxruntime_computes_what_torch_computes_at_any_size(config: NetworkConfig) -> None:
    network = lively(config)
    fast = make_engine("onnxruntime", network, "float32", 1)
    usual = make_engine("torch", network, "float32")
    rng = np.random.default_rng(0)
    for height, width in ((2, 3), (4, 2), (1, 1), (2, 3)):
        shape = (1, config.in_channels, 4 * height * config.stride, 4 * width * config.stride)
        planes = rng.random(shape, np.float32)
        one, other = fast(planes), usual(planes)
        assert one.dtype == np.float32
        assert one.shape == other.shape == (1, config.out_channels, *shape[2:])
        assert np.abs(one).max() > 0.1, "logits that differ from nothing"
        np.testing.assert_allclose(one, other, atol=2e-4 * max(1.0, float(np.abs(other).max())))


def test_masks_of_the_shipped_model_agree_between_engines_and_precisions() -> None:
    info = find_model(DEFAULT_MODEL)
    scene = synthetic_image(256)
    settings = Settings.from_dict(info.settings["defaults"])
    masks = {}
    predictor = Predictor(info, 1)
    made = {
        Choice("torch"): TorchEngine(info.load(), "float32"),
        Choice("onnxruntime"): OnnxEngine(info.load(), 1),
        # Imitated where the processor does not multiply it: slow, and the same numbers.
        Choice("torch", "bfloat16"): TorchEngine(info.load(), "bfloat16"),
    }
    for choice, engine in made.items():
        predictor.engine = engine
        maps = predictor.maps(predictor.working(scene, settings))
        masks[choice] = to_mask(outline_maps(maps, scene.shape, settings).outlines, *scene.shape)
    usual = masks[Choice("torch")]
    assert usual.mean() > 0.05
    assert mask_iou(masks[Choice("onnxruntime")], usual) > 0.9999
    assert mask_iou(masks[Choice("torch", "bfloat16")], usual) >= 0.995


def test_the_rule_takes_the_fast_engine_where_it_is_installed_and_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_engine() == Choice("onnxruntime", "float32")
    assert choose_engine("torch") == Choice("torch", "float32")
    assert choose_engine(precision="bfloat16") == Choice("torch", "bfloat16")
    monkeypatch.setattr(engines, "_missing_packages", lambda: ["onnx"])
    assert choose_engine() == Choice("torch", "float32")


def test_what_there_is_not_is_refused_with_what_there_is() -> None:
    with pytest.raises(ModelError, match="no engine 'warp'; choose one of torch, onnxruntime, cuda"):
        choose_engine("warp")
    with pytest.raises(ModelError, match="no precision 'int4'; choose one of float32, bfloat16"):
        choose_engine(precision="int4")
    with pytest.raises(ModelError, match="float32 only; for bfloat16 choose the engine torch"):
        choose_engine("onnxruntime", "bfloat16")
    with pytest.raises(ModelError, match="no engine"):
        make_engine("warp", ResUNet(CONFIGS[0]), "float32")


def test_a_machine_says_what_it_cannot_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None if name == "onnx" else True)
    with pytest.raises(ModelError, match=r"onnx not installed here; pip install 'spheroseg_widgets\[fast\]'"):
        check_usable(Choice("onnxruntime"))
    monkeypatch.setattr(engines, "multiplies_bfloat16", lambda: False)
    with pytest.raises(ModelError, match=r"does not multiply bfloat16.*start the run with engine='torch'"):
        check_usable(Choice("torch", "bfloat16"))
    assert engines.usable_choices()[0] == Choice("torch")
    assert Choice("onnxruntime") not in engines.usable_choices()
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="no CUDA device"):
            make_engine("cuda", ResUNet(CONFIGS[0]), "float32")


def test_importing_the_engines_loads_neither_torch_nor_a_runtime() -> None:
    code = (
        "import sys; from spheroseg_widgets.segmentation.engines import choose_engine; choose_engine(); "
        "sys.exit(', '.join(m for m in ('torch', 'onnxruntime', 'onnx') if m in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="where the runtime keeps its notes is known of Linux")
def test_the_runtime_leaves_no_identifier_and_sends_no_events(tmp_path: Path) -> None:
    code = (
        "from spheroseg_widgets.segmentation.engines import make_engine\n"
        "from spheroseg_widgets.segmentation.network import NetworkConfig, ResUNet\n"
        "make_engine('onnxruntime', ResUNet(NetworkConfig(widths=(8,), bottleneck=8)).eval(), 'float32', 1)\n"
    )
    silent = {"CI", "ORT_DISABLE_TELEMETRY", "GITHUB_ACTIONS", "TF_BUILD"}  # which would keep it silent by themselves
    environment = {name: value for name, value in os.environ.items() if name not in silent}
    environment |= {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert not [name for name in left if name in {"deviceid", "onnxruntime.db"}], left


def test_the_runtime_keeps_to_its_threads() -> None:
    network = ResUNet(CONFIGS[0]).eval()
    process = psutil.Process()
    held = [OnnxEngine(network, 1)]
    before = process.num_threads()
    held.append(OnnxEngine(network, 1))
    assert process.num_threads() == before
    held.append(OnnxEngine(network, 3))
    assert process.num_threads() == before + 2


def test_arithmetic_is_counted_as_on_paper() -> None:
    # One level of width 4 over a bottleneck of 8, on 8 x 8 pixels; two operations a product.
    config = NetworkConfig(in_channels=1, out_channels=1, widths=(4,), bottleneck=8)
    full, half = 64, 16
    down = full * (1 * 9 + 4 * 9 + 1) * 4
    deep = half * (4 * 9 + 8 * 9 + 4) * 8
    up = half * 8 * 4 * 4 + full * (8 * 9 + 4 * 9 + 8) * 4
    gate = full * (4 * 2 + 4 * 2 + 2)
    linear = 2 * 4 + 2 * 8 + 2 * 4
    assert network_flops(config, 8, 8) == 2 * (down + deep + up + gate + full * 4 + linear)


def test_the_default_is_recommended_unless_it_loses_clearly_and_never_what_disagrees() -> None:
    def one(choice: Choice, seconds: float, iou: float) -> Measured:
        return Measured(choice, 1.0, {512: seconds}, 1.0, 1.0, iou)

    usual, other = Choice("onnxruntime"), Choice("torch")
    assert recommended([one(other, 0.97, 1.0), one(usual, 1.0, 1.0)], usual).choice == usual
    assert recommended([one(other, 0.90, 1.0), one(usual, 1.0, 1.0)], usual).choice == other
    assert recommended([one(other, 0.50, 0.99), one(usual, 1.0, 1.0)], usual).choice == usual
