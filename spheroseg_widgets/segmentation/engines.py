"""What computes a network: one engine a run, the same on all workers, so that no step in a series comes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ModelError

if TYPE_CHECKING:
    from .network import ResUNet

TORCH = "torch"
PRECISIONS = ("float32", "bfloat16")


class Engine(Protocol):
    """A network made ready to compute."""

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (1, out, h, w) of planes (1, in, h, w), sides divisible by the network's stride."""
        ...


class TorchEngine:
    """The network as torch computes it, on the CPU.

    Parameters
    ----------
    network : ResUNet
        Taken over: laid out by pixel.
    precision : {"float32", "bfloat16"}
        Arithmetic.
    threads : int, optional
        Threads of the arithmetic, for the whole process; None leaves the library's choice.
    """

    def __init__(self, network: ResUNet, precision: str, threads: int | None = None) -> None:
        import torch  # noqa: PLC0415 - whoever needs no network shall not wait for the library

        self.torch = torch
        if threads is not None:
            torch.set_num_threads(threads)
        # Planes by pixel, not by channel: the convolutions of a CPU are an eighth faster that way.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs
        self.bfloat16 = precision == "bfloat16"

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits, see `Engine`."""
        torch = self.torch
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            logits: NDArray[np.float32] = self.network(torch.from_numpy(planes)).float().numpy()
        return logits


def make_engine(name: str, network: ResUNet, precision: str, threads: int | None = None) -> Engine:
    """Make a network ready with an engine of this name.

    Parameters
    ----------
    name : str
        "torch".
    network : ResUNet
        Loaded, set to inference; taken over.
    precision : {"float32", "bfloat16"}
        Arithmetic.
    threads : int, optional
        Threads of the arithmetic; None leaves the library's choice.

    Raises
    ------
    ModelError
        No such engine or precision.
    """
    if precision not in PRECISIONS:
        raise ModelError(f"there is no precision {precision!r}; choose one of {', '.join(PRECISIONS)}")
    if name != TORCH:
        raise ModelError(f"there is no engine {name!r}; choose {TORCH}")
    return TorchEngine(network, precision, threads)
