"""What the network's arithmetic runs on, and how."""

from __future__ import annotations

import os

import torch


def best_device() -> torch.device:
    """Return the CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def multiplies_bf16(device: torch.device) -> bool:
    """Say whether a device multiplies bfloat16 in hardware; elsewhere it is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and bf16_is_fast()


def bf16_is_fast() -> bool:
    """Say whether this CPU multiplies bfloat16 in hardware (AVX-512 BF16 or AMX)."""
    supported = getattr(torch.backends.cpu, "get_cpu_capability", lambda: "")()
    flags = ""
    if os.path.exists("/proc/cpuinfo"):  # noqa: PTH110 - a pseudo file
        with open("/proc/cpuinfo") as stream:  # noqa: PTH123
            flags = next((line for line in stream if line.startswith("flags")), "")
    return "avx512_bf16" in flags or "amx_bf16" in flags or supported == "AMX"
