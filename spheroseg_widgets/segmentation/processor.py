"""What the processor can do that matters to a network: which vectors it has, and whether it multiplies bfloat16."""

from __future__ import annotations

import functools
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
MATTER = (
    "avx2",
    "fma",
    "f16c",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_bf16",
    "asimd",
    "sve",
    "bf16",
)
"""Flags that decide which arithmetic an engine uses, as Linux names them."""
MULTIPLY_BFLOAT16 = ("amx_bf16", "bf16")
"""Flags of bfloat16 that is faster than float32. `avx512_bf16` alone is not among them: on an Intel processor whose
tiles (AMX) were hidden, products took 1.7 times and training steps 1.6 times as long as in float32."""


@functools.cache
def processor_flags() -> frozenset[str]:
    """Return the flags of `MATTER` that this processor has; none where the system does not list them (not Linux)."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    listed: set[str] = set()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() in {"flags", "features"}:
            listed.update(value.split())
            break
    return frozenset(listed & set(MATTER))


def multiplies_bfloat16() -> bool:
    """Return whether bfloat16 is arithmetic here and not imitation, which would be slower than float32."""
    return not processor_flags().isdisjoint(MULTIPLY_BFLOAT16)


def processor_name() -> str:
    """Return what the processor calls itself."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
