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
"""Flags of bfloat16 that is faster than float32, whoever made the processor."""
OF_AMD = "avx512_bf16"
"""Is so on AMD's: an EPYC took half of float32's time for an image. On an Intel processor whose tiles (AMX) were hidden,
products took 1.7 times and training steps 1.6 times as long as in float32."""


def processor_flags() -> frozenset[str]:
    """Return the flags of `MATTER` that this processor has; none where the system does not list them (not Linux)."""
    listed = _first("flags") or _first("features")
    return frozenset(listed.split()) & frozenset(MATTER)


def multiplies_bfloat16() -> bool:
    """Return whether bfloat16 is arithmetic here and not imitation, which would be slower than float32."""
    flags = processor_flags()
    return not flags.isdisjoint(MULTIPLY_BFLOAT16) or (OF_AMD in flags and _first("vendor_id") == "AuthenticAMD")


def processor_name() -> str:
    """Return what the processor calls itself."""
    return _first("model name") or platform.processor() or platform.machine()


def _first(name: str) -> str:
    """Return what Linux says of the first core under a name; nothing where it does not."""
    return next((value for key, value in _said(CPUINFO) if key == name and value), "")


@functools.cache
def _said(cpuinfo: Path) -> tuple[tuple[str, str], ...]:
    """Return names and values in the order of the file; none on systems without it (not Linux)."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple((name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
