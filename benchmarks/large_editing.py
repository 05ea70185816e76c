"""A huge image in the editor: memory and time of the kernel for opening it, an edit, saving, and an outline by a click.

A field of 20,000 x 20,000 px with 200 outlined spheroids and some that were missed, as a TIFF with tiles and as a PNG,
which can only be decoded whole. Every session is a process of its own that imports what a kernel does, torch included,
opens the project and calls the editor's Python half as a page does. "First" is a session without the smaller copies of
the image, which are made of all of it once; "again" a later one that finds them. Each is done three times: seconds are
medians (also of the processors, which others may use as well), memory is the most. Prints and writes `results/large_editing.json`.

What grows is the largest resident memory during a step over what the process had before it opened the image; pages of
files that are mapped count.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from figures import Metric, keep, machine, metric, tell
from numpy.typing import NDArray

import spheroseg_widgets as sw
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store.ids import uuid7

RESULTS = Path(__file__).parent / "results" / "large_editing.json"
SIDE, TILE, EDGE, APART = 20_000, 512, 15, 1300
COUNT, VERTICES = 200, 100
TIMES = 3
STEPS = ("open", "edit", "save", "assist")
TARGETS_S: dict[str, float | None] = {"open": None, "edit": None, "save": 5.0, "assist": 5.0}
TARGET_MB = 300.0


def places() -> NDArray[np.float64]:
    """Return (n, 3) x, y and radius of the spheroids; what follows the first `COUNT` has no outline."""
    rng = np.random.default_rng(7)
    at = np.stack(np.meshgrid(np.arange(EDGE), np.arange(EDGE)), axis=-1).reshape(-1, 2) * APART + APART * 0.8
    return np.column_stack([at + rng.uniform(-80, 80, at.shape), rng.uniform(180, 420, len(at))])


def tiles(found: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
    """Give the field tile by tile: dark spheroids with a soft edge on uneven, noisy ground."""
    noise = np.random.default_rng(8).normal(0, 4, (TILE, TILE)).astype(np.float32)
    for top in range(0, SIDE, TILE):
        for left in range(0, SIDE, TILE):
            y, x = np.ogrid[top : top + TILE, left : left + TILE]
            ground = np.roll(noise, (top // 7, left // 3), (0, 1)) + 170 + 20 * np.sin(x / 6000) * np.cos(y / 5000)
            near = (np.abs(found[:, :2] - (left + TILE / 2, top + TILE / 2)) < found[:, 2:] + TILE).all(axis=1)
            for cx, cy, radius in found[near]:
                away = (radius - np.hypot(x - cx, y - cy)) / 6
                ground = ground - 90 / (1 + np.exp(-np.clip(away, -30, 30)))
            yield np.clip(ground, 0, 255).astype(np.uint8)


def prepare(folder: Path) -> None:
    """Write the field in both formats, each in a project with its outlines."""
    found = places()
    tifffile.imwrite(
        folder / "field.tif", tiles(found), shape=(SIDE, SIDE), dtype=np.uint8, tile=(TILE, TILE),
        compression="zlib", maxworkers=1,
    )  # fmt: skip
    (folder / "field.png").write_bytes(imagecodecs.png_encode(tifffile.imread(folder / "field.tif"), level=1))
    turn = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    ring = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    outlines = Outlines.from_rings([[(at[:2] + ring * at[2]).astype(np.float32)] for at in found[:COUNT]])
    rows = measure_shape(outlines).assign(confidence=0.9, touches_border=False, class_name="spheroid")
    for kind in ("tif", "png"):
        project = sw.open_project(folder / kind, create=True)
        project.add([folder / f"field.{kind}"], pixel_size_um=0.65)
        project.save(int(project.images()["image_id"].iloc[0]), outlines, rows, parent=None)
        project.close()


class Calls:
    """A widget whose methods are called as a page calls them."""

    def __init__(self, widget: Any) -> None:
        self._answers: dict[int, dict[str, Any]] = {}
        self._widget, self._number = widget, 0
        widget.rpc._send = self._keep

    def _keep(self, content: dict[str, Any], _buffers: object) -> None:
        if content["kind"] in {"result", "error"}:
            self._answers[content["id"]] = content

    def ask(self, method: str, buffers: list[memoryview] | None = None, **params: Any) -> Any:
        """Return the value of an answer; an error is raised with its message."""
        self._number += 1
        params = {"image_id": self._widget.image_id, **params}
        call = {"kind": "call", "id": self._number, "method": method, "params": params}
        self._widget.rpc.receive(call, buffers or [])
        while self._number not in self._answers:
            time.sleep(0.002)
        answer = self._answers.pop(self._number)
        if answer["kind"] == "error":
            raise RuntimeError(answer["error"]["message"])
        return answer["value"]


def resident(name: str) -> float:
    """Return the resident memory of this process in MB: now, "VmRSS", or the most since `forget_peak`, "VmHWM"."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024 / 1e6


def forget_peak() -> None:
    """Begin to look for the most resident memory anew."""
    Path("/proc/self/clear_refs").write_text("5")


def session(folder: Path) -> None:
    """Do what somebody does with the image; prints seconds and MB by step as JSON."""
    import torch  # noqa: F401, PLC0415 - a kernel that has used a model holds it

    project = sw.open_project(folder)
    found = places()
    editor = sw.Editor(project, int(project.images()["image_id"].iloc[0]))
    call = Calls(editor).ask
    idle = resident("VmRSS")
    figures: dict[str, Any] = {"idle": idle}

    def opened() -> None:
        value = call("pixels")
        call("document")
        for level in range(value["levels"]):
            call("tiles", tiles=[(level, column, 1) for column in range(3)])

    def edited() -> None:
        document = call("document")
        x, y, radius = found[0]
        ring = np.array([(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)], np.float32)
        operation = {
            "id": str(uuid7()), "kind": "put", "outline_id": document["ids"][0], "class_name": "spheroid",
            "label": "editor.did.draw", "step": str(uuid.uuid4()), "parents": [],
        }  # fmt: skip
        blob = memoryview(Outlines.from_rings([[ring]]).to_bytes())
        call("operations", [blob], base_revision=document["base_revision"], operations=[operation])

    def assisted() -> None:
        x, y, _ = found[COUNT + 3]
        figures["found"] = call("assist", box=[x, y, x, y], ask=1)

    for name, step in zip(STEPS, (opened, edited, lambda: call("save"), assisted), strict=True):
        forget_peak()
        began, worked = time.perf_counter(), time.process_time()
        step()
        figures[name] = {
            "seconds": time.perf_counter() - began, "CPU s": time.process_time() - worked, "MB": resident("VmHWM") - idle,
        }  # fmt: skip
    figures["kept"] = resident("VmRSS") - idle
    editor.close()
    project.close()
    print(json.dumps(figures))


def measured(folder: Path) -> dict[str, Any]:
    """Run `session` in a fresh process."""
    call = [sys.executable, __file__, str(folder)]
    done = subprocess.run(call, capture_output=True, text=True, env=dict(os.environ), check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def metrics(label: str, sessions: Sequence[dict[str, Any]], *, aimed: bool) -> list[Metric]:
    """Return the figures of alike sessions, medians of seconds and the most memory; `aimed`: with their targets."""
    found = []
    for name in STEPS:
        seconds = median(one[name]["seconds"] for one in sessions)
        found.append(metric(f"{name}, {label}", seconds, "s", TARGETS_S[name] if aimed else None))
        worked = median(one[name]["CPU s"] for one in sessions)
        found.append(metric(f"processors: {name}, {label}", worked, "s", None))
    for name in STEPS:
        grown = max(one[name]["MB"] for one in sessions)
        found.append(metric(f"growth of memory: {name}, {label}", grown, "MB", TARGET_MB if aimed else None))
    for name, called in (("kept", "memory kept afterwards"), ("idle", "memory before")):
        found.append(metric(f"{called}, {label}", max(one[name] for one in sessions), "MB", None))
    return found


def main() -> None:
    """Measure and write."""
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for kind, called in (("tif", "TIFF"), ("png", "PNG")):
            sessions: dict[str, list[dict[str, Any]]] = {"first": [], "again": []}
            for _ in range(TIMES):
                shutil.rmtree(folder / kind / "cache" / "pyramids", ignore_errors=True)
                for when, those in sessions.items():
                    those.append(measured(folder / kind))
                    if those[-1]["found"] is None:
                        raise RuntimeError(f"{called}, {when}: the click found nothing")
            for when, those in sessions.items():
                # A format that can only be decoded whole is held while its copies are made.
                found = metrics(f"{called}, {when}", those, aimed=(called, when) != ("PNG", "first"))
                tell(called, found)
                keep(RESULTS, found)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        session(Path(sys.argv[1]))
    else:
        main()
