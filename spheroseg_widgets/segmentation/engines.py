"""What computes a network: one engine a run, the same on all workers, so that no step in a series comes from it.

Importing this loads neither torch nor a runtime; making an engine does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ModelError

from .processor import multiplies_bfloat16

if TYPE_CHECKING:
    from .network import ResUNet

TORCH = "torch"
ONNX = "onnxruntime"
CUDA = "cuda"
ENGINES = (TORCH, ONNX, CUDA)
FLOAT32, BFLOAT16 = "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16)
FAST_PACKAGES = ("onnxruntime", "onnx")
"""What the extra `fast` brings."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine and its arithmetic, as they stand in a run's settings.

    Parameters
    ----------
    engine : {"torch", "onnxruntime", "cuda"}
        What computes the network.
    precision : {"float32", "bfloat16"}
        In what arithmetic.
    """

    engine: str
    precision: str = FLOAT32

    def __str__(self) -> str:
        return f"{self.engine}, {self.precision}"


class Engine(Protocol):
    """A network made ready to compute."""

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (1, out, h, w) of planes (1, in, h, w), sides divisible by the network's stride."""
        ...


def choose_engine(engine: str | None = None, precision: str | None = None) -> Choice:
    """Choose the engine of a run, once: what was asked for, the rest by the rule.

    The rule: ONNX Runtime where its packages are installed, else torch, and float32. bfloat16 and CUDA are never
    chosen unasked: they move an outline by a little, and the same images should give the same outlines on a laptop and
    on a cluster.

    Parameters
    ----------
    engine, precision : str, optional
        Asked for; None leaves it to the rule. bfloat16 without an engine is torch's.

    Raises
    ------
    ModelError
        No such engine or precision, or one that the engine does not have.
    """
    if engine is None:
        engine = ONNX if not _missing_packages() and precision != BFLOAT16 else TORCH
    chosen = Choice(engine, precision or FLOAT32)
    check_choice(chosen)
    return chosen


def check_choice(choice: Choice) -> None:
    """Refuse an engine or a precision that there is not, anywhere.

    Raises
    ------
    ModelError
    """
    if choice.engine not in ENGINES:
        raise ModelError(f"there is no engine {choice.engine!r}; choose one of {', '.join(ENGINES)}")
    if choice.precision not in PRECISIONS:
        raise ModelError(f"there is no precision {choice.precision!r}; choose one of {', '.join(PRECISIONS)}")
    if choice.precision == BFLOAT16 and choice.engine != TORCH:
        raise ModelError(f"the engine {choice.engine} computes in float32 only; for bfloat16 choose the engine {TORCH}")


def why_not(choice: Choice) -> str | None:
    """Say why this machine cannot compute so; None when it can."""
    check_choice(choice)
    if choice.engine == ONNX and (missing := _missing_packages()):
        return f"{' and '.join(missing)} not installed here; pip install 'spheroseg_widgets[fast]'"
    if choice.precision == BFLOAT16 and not multiplies_bfloat16():
        return "the processor here does not multiply bfloat16 (flags amx_bf16 or bf16, or avx512_bf16 on AMD's)"
    if choice.engine == CUDA:
        import torch  # noqa: PLC0415 - only who asks for CUDA waits for it

        if not torch.cuda.is_available():
            return "torch finds no CUDA device here"
    return None


def check_usable(choice: Choice) -> None:
    """Refuse what this machine cannot compute: asked before work starts.

    Raises
    ------
    ModelError
        No such engine or precision, or not on this machine; the message says what to do.
    """
    if (reason := why_not(choice)) is not None:
        raise ModelError(
            f"the run computes with {choice.engine} in {choice.precision}, which this machine cannot: {reason}. Every "
            f"worker must compute alike: make it so on all of them, or start the run with engine={TORCH!r} in {FLOAT32}"
        )


def usable_choices() -> list[Choice]:
    """Return what this machine can compute with, all precisions of all engines."""
    every = [Choice(TORCH), Choice(TORCH, BFLOAT16), Choice(ONNX), Choice(CUDA)]
    return [choice for choice in every if why_not(choice) is None]


def make_engine(name: str, network: ResUNet, precision: str, threads: int | None = None) -> Engine:
    """Make a network ready with an engine of this name.

    Parameters
    ----------
    name : {"torch", "onnxruntime", "cuda"}
        The engine.
    network : ResUNet
        Loaded, set to inference; taken over.
    precision : {"float32", "bfloat16"}
        Arithmetic.
    threads : int, optional
        Threads of the arithmetic; None leaves the library's choice.

    Raises
    ------
    ModelError
        No such engine or precision, or this machine cannot compute so.
    """
    check_usable(Choice(name, precision))
    if name == ONNX:
        return OnnxEngine(network, threads)
    return TorchEngine(network, precision, threads, device="cuda" if name == CUDA else "cpu")


class TorchEngine:
    """The network as torch computes it.

    Parameters
    ----------
    network : ResUNet
        Taken over: laid out by pixel, moved to the device.
    precision : {"float32", "bfloat16"}
        Arithmetic.
    threads : int, optional
        Threads of the arithmetic, for the whole process; None leaves the library's choice.
    device : {"cpu", "cuda"}
        Where; "cuda" is the first such device.
    """

    def __init__(self, network: ResUNet, precision: str, threads: int | None = None, device: str = "cpu") -> None:
        import torch  # noqa: PLC0415 - whoever needs no network shall not wait for the library

        self.torch = torch
        if threads is not None:
            torch.set_num_threads(threads)
        # Planes by pixel, not by channel: the convolutions of a CPU are an eighth faster that way.
        self.network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
        self.bfloat16 = precision == BFLOAT16
        self.device = device
        if device == "cuda":
            # float32 would otherwise be rounded to ten bits (TF32): fewer than its name promises.
            torch.backends.cudnn.allow_tf32 = False

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, see `Engine`."""
        torch = self.torch
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits: NDArray[np.float32] = self.network(torch.from_numpy(planes).to(self.device)).float().cpu().numpy()
        return logits


class OnnxEngine:
    """The network as ONNX Runtime computes it, on the CPU in float32.

    Parameters
    ----------
    network : ResUNet
        Written as a graph once, and not needed afterwards.
    threads : int, optional
        Threads of the arithmetic; None leaves the library's choice.
    """

    def __init__(self, network: ResUNet, threads: int | None = None) -> None:
        from .onnx_graph import INPUT, onnx_bytes  # noqa: PLC0415 - an extra

        runtime = _onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        # Patterns are kept for every size of image that was seen.
        options.enable_mem_pattern = False
        self.input = INPUT
        self.session: Any = runtime.InferenceSession(
            onnx_bytes(network), options, providers=["CPUExecutionProvider"]
        )  # fmt: skip

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, see `Engine`."""
        logits: NDArray[np.float32] = self.session.run(None, {self.input: np.ascontiguousarray(planes)})[0]
        return logits


def _missing_packages() -> list[str]:
    return [name for name in FAST_PACKAGES if find_spec(name) is None]


def _onnxruntime() -> Any:
    """Import ONNX Runtime with its telemetry off: by itself it sends events about models to its maker."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when the library is loaded, and never again
    import onnxruntime  # noqa: PLC0415

    onnxruntime.disable_telemetry_events()  # and where another package has loaded it before
    return onnxruntime
