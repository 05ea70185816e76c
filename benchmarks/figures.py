"""Figures as the results hold them: made, printed, and put among those of earlier runs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

Metric = dict[str, Any]


def metric(name: str, value: float, unit: str, target: float | None, better: str = "lower") -> Metric:
    """Return a figure as the results hold it."""
    return {"name": name, "value": round(float(value), 3), "unit": unit, "target": target, "better": better}


def machine() -> str:
    """Return what the figures were taken on."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB; pages drawn by software"


def tell(part: str, metrics: Sequence[Metric]) -> None:
    """Print the figures of a part, one a line, and the load they were taken under."""
    for one in metrics:
        target = "" if one["target"] is None else f"   target {one['target']:g}"
        print(f"{part:10} {one['name']:66} {one['value']:10.3f} {one['unit']:5}{target}", flush=True)
    print(f"{part:10} load {psutil.getloadavg()[0]:.1f}", flush=True)


def keep(path: Path, metrics: Sequence[Metric]) -> None:
    """Write figures to a file of results, in place of older ones of the same name."""
    old = json.loads(path.read_text())["metrics"] if path.exists() else []
    merged = {one["name"]: one for one in [*old, *metrics]}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"metrics": list(merged.values())}, indent=2) + "\n")
