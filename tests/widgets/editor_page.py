"""A page that shows an editor, over a wire of its own, and two images to edit."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pytest
import tifffile
from comm.base_comm import BaseComm

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.widgets.editor import Editor

WAIT = 10.0
NUMBERS = itertools.count(1)
SQUARE = np.array([(20, 20), (60, 20), (60, 60), (20, 60)], np.float32)
HOLE = np.array([(30, 30), (30, 40), (40, 40), (40, 30)], np.float32)
CORNER = np.array([(150, 100), (192, 100), (192, 128), (150, 128)], np.float32)


class Browser(BaseComm):
    """The browser half's end: it calls, and waits for the answer."""

    def __init__(self, **kwargs: Any) -> None:
        self.answers: dict[int, tuple[dict[str, Any], list[Any]]] = {}
        self.events: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        super().__init__(**kwargs)

    def publish_msg(self, _type: str, data: Any = None, buffers: Any = None, **_: Any) -> None:
        content = (data or {}).get("content") or {}
        with self._arrived:
            if content.get("kind") in {"result", "error"}:
                self.answers[content["id"]] = (content, list(buffers or []))
            elif content.get("kind") == "event":
                self.events.append(content)
            self._arrived.notify_all()


class Page:
    """A page that shows an editor."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        assert isinstance(editor.comm, Browser)
        self.wire = editor.comm

    def call(self, method: str, buffers: list[bytes] | None = None, **params: Any) -> tuple[Any, list[bytes]]:
        number = next(NUMBERS)
        content = {
            "kind": "call",
            "id": number,
            "method": method,
            "params": {"image_id": self.editor.image_id, **params},
        }
        self.editor.rpc.receive(content, [memoryview(one) for one in buffers or []])
        with self.wire._arrived:
            assert self.wire._arrived.wait_for(lambda: number in self.wire.answers, WAIT), f"no answer to {method}"
        answer, blobs = self.wire.answers[number]
        if answer["kind"] == "error":
            raise FailedError(answer["error"]["type"], answer["error"]["message"])
        return answer["value"], [bytes(blob) for blob in blobs]

    def put(
        self, ring: np.ndarray, outline: str | None = None, operation: str | None = None, base: int | None = -1
    ) -> Any:
        described = put_of(outline or str(uuid7()), id=operation or str(uuid7()))
        return self._send(described, [Outlines.from_rings([[ring]]).to_bytes()], base)

    def delete(self, outline: str, base: int | None = -1) -> Any:
        return self._send(put_of(outline, kind="delete", label="editor.did.delete"), [], base)

    def _send(self, described: dict[str, Any], blobs: list[bytes], base: int | None) -> Any:
        return self.step([described], blobs, base)[0]

    def step(self, described: list[dict[str, Any]], blobs: list[bytes], base: int | None = -1) -> list[Any]:
        """Send operations in one call; gives the verdicts, each with the rings that came with it."""
        if base == -1:
            base = self.call("document")[0]["base_revision"]
        value, buffers = self.call("operations", blobs, base_revision=base, operations=described)
        for verdict in value["verdicts"]:
            if isinstance(verdict["geometry"], int) and verdict["geometry"] >= 0:
                verdict["rings"] = Outlines.from_bytes(buffers[verdict["geometry"]]).rings(0)
        return list(value["verdicts"])


def die(editor: Editor) -> None:
    """Leave the editor as a killed kernel leaves it: no revision is closed, and nobody holds its draft."""
    for leave in editor._leave:
        leave()
    assert editor._open is not None
    editor._open.end()


def put_of(outline: str, **over: Any) -> dict[str, Any]:
    """Describe an operation as the browser sends it."""
    return {
        "id": str(uuid7()), "kind": "put", "outline_id": outline, "class_name": "spheroid", "label": "editor.did.draw",
        "step": str(uuid7()), "parents": [], **over,
    }  # fmt: skip


class FailedError(Exception):
    """The kernel answered with an error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Browser)


@pytest.fixture
def project(tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Two images of 192 x 128 px, 2 um a pixel; the first has two outlines, one with a hole."""
    noise = np.random.default_rng(0)
    for name in ("a.tif", "b.tif"):
        pixels = noise.integers(100, 4000, (128, 192), dtype=np.uint16)
        tifffile.imwrite(tmp_path / name, pixels)
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add([tmp_path / "a.tif", tmp_path / "b.tif"], pixel_size_um=2.0)
    outlines = Outlines.from_rings([[SQUARE, HOLE], [CORNER]])
    rows = measure_shape(outlines).assign(confidence=[0.9, 0.4], touches_border=[False, True], class_name="spheroid")
    opened.save(first(opened), outlines, rows, parent=None)
    yield opened
    opened.close()


def first(project: Project) -> int:
    return int(project.images()["image_id"].iloc[0])


def current(project: Project) -> int:
    return int(project.images()["current_result_id"].iloc[0])
