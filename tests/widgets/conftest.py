"""What the tests of the cluster monitor share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest

import spheroseg_widgets as sw

from .page import Wire, until


@pytest.fixture
def project(three_images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sw.Project]:
    """The three images; what their monitors say goes to a `Wire`, and all of them end."""
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Wire)
    opened = sw.open_project(tmp_path / "p", create=True)
    opened.add(three_images / "*.tif")
    yield opened
    ipywidgets.Widget.close_all()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith(("spheroseg-watch", "spheroseg-widget"))])
    opened.close()
