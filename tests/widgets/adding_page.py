"""A page that images are added from: it calls as the browser half does, and sends files in pieces."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from spheroseg_widgets.project.known_content import HEAD
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.add_images import AddImages
from spheroseg_widgets.widgets.adding import AddsImages

from .page import until

MODIFIED = 1_700_000_000_000


def picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 80), np.uint8)
    return bytes(cv2.imencode(".png", pixels)[1].tobytes())


class Page:
    """What the browser half does, without its looks: calls by the widget's message handler, files in pieces."""

    def __init__(self, widget: AddsImages) -> None:
        self.widget = widget
        self.heard: list[tuple[dict[str, Any], list[bytes]]] = []
        self.number = 0
        widget.rpc._send = lambda content, buffers: self.heard.append((content, [bytes(b) for b in buffers]))

    def start(self, method: str, buffer: bytes | None = None, **params: Any) -> int:
        self.number += 1
        content = json.loads(json.dumps({"kind": "call", "id": self.number, "method": method, "params": params}))
        self.widget._handle_custom_msg(content, [] if buffer is None else [memoryview(buffer)])
        return self.number

    def answer(self, number: int) -> Any:
        found = until(lambda: [m for m, _ in self.heard if m["kind"] in {"result", "error"} and m["id"] == number])[0]
        if found["kind"] == "error":
            raise RuntimeError(f"{found['error']['type']}: {found['error']['message']}")
        json.dumps(found["value"])
        return found["value"]

    def call(self, method: str, buffer: bytes | None = None, **params: Any) -> Any:
        return self.answer(self.start(method, buffer, **params))

    def events(self) -> list[Any]:
        return [m["value"] for m, _ in list(self.heard) if m["kind"] == "event" and m["name"] == "adding"]

    def offer(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        told = [
            [name.split("/"), len(data), MODIFIED, zlib.crc32(data[:HEAD]), data[:16].hex()]
            for name, data in files.items()
        ]
        return self.call("add_offer", files=told)

    def send(
        self, key: str, data: bytes, start: int = 0, stop: int | None = None, piece: int = 2_000
    ) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for at in range(start, stop or len(data), piece):
            part = data[at : min(at + piece, stop or len(data))]
            whole = zlib.crc32(data) if at + len(part) == len(data) else None
            taken = self.call("add_chunk", part, key=key, offset=at, checksum=zlib.crc32(part), whole=whole)
        return taken

    def upload(self, files: dict[str, bytes]) -> list[list[Any]]:
        """Send files whole; returns what `add_images` takes."""
        sent = []
        for (name, data), offer in zip(files.items(), self.offer(files), strict=True):
            assert not offer["refused"]
            if offer["have"] == len(data):
                taken = self.call("add_chunk", key=offer["key"], offset=len(data), checksum=0, whole=zlib.crc32(data))
            else:
                taken = self.send(offer["key"], data, offer["have"])
            assert "stored" in taken
            sent.append([offer["key"], name.split("/")])
        return sent


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = open_project(tmp_path / "project", create=True)
    yield opened
    opened.close()


@pytest.fixture
def page(project: Project) -> Iterator[Page]:
    widget = AddImages(project)
    yield Page(widget)
    widget.close()
