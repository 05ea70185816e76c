"""The workbench's kernel half: what is opened where, its verbs, and an archive in parts."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL
from spheroseg_widgets.widgets import archives as module
from spheroseg_widgets.widgets.base import SpheroWidget
from spheroseg_widgets.widgets.workbench import Workbench

from .page import until


@pytest.fixture
def project(three_images: Path, tmp_path: Path) -> Iterator[Project]:
    opened = open_project(tmp_path / "plate 7", create=True)
    opened.add(three_images)
    yield opened
    opened.close()


@pytest.fixture
def bench(project: Project) -> Iterator[Workbench]:
    shown = Workbench(project)
    yield shown
    shown.close()


def asked(widget: SpheroWidget, method: str, **params: Any) -> tuple[Any, list[bytes]]:
    """Call a widget as its browser half does."""
    came: list[tuple[dict[str, Any], list[bytes]]] = []
    answered = threading.Event()

    def hear(content: dict[str, Any], buffers: list[Any]) -> None:
        if content.get("id") == 1:
            came.append((content, [bytes(one) for one in buffers]))
            answered.set()

    widget.rpc._send = hear
    widget.rpc.receive({"kind": "call", "id": 1, "method": method, "params": params})
    assert answered.wait(60)
    content, buffers = came[0]
    if content["kind"] == "error":
        raise RuntimeError(content["error"]["message"])
    return content["value"], buffers


def test_what_is_opened_in_gallery_or_monitor_is_in_the_editor(bench: Workbench, project: Project) -> None:
    ids = project.images()["image_id"].tolist()
    assert bench.editor is not None
    assert (bench.editor.image_id, bench.gallery.opened, bench.bar.pane) == (ids[0], ids[0], "gallery")
    bench.gallery.opened = ids[2]
    assert (bench.editor.image_id, bench.bar.pane) == (ids[2], "editor")
    bench.bar.pane = "gallery"
    bench.monitor.opened = ids[1]
    assert (bench.editor.image_id, bench.gallery.opened, bench.bar.pane) == (ids[1], ids[1], "editor")
    bench.editor.image_id = ids[0]  # next or previous, in the editor
    assert bench.gallery.opened == ids[0]


def test_a_project_without_images_gets_its_editor_with_the_first(tmp_path: Path, three_images: Path) -> None:
    project = open_project(tmp_path / "empty", create=True)
    bench = Workbench(project)
    assert bench.editor is None
    assert len(bench._panes.children) == 1
    project.add(three_images)
    assert bench.editor is not None
    assert [type(one).__name__ for one in bench._panes.children] == ["Gallery", "Editor"]
    bench.close()
    project.close()


def test_segmenting_takes_what_was_chosen(bench: Workbench, project: Project) -> None:
    ids = project.images()["image_id"].tolist()
    assert bench.bar.models[0] == DEFAULT_MODEL
    bench.gallery.selected_ids = ids[:2]
    assert bench.bar.n_selected == 2
    assert asked(bench.bar, "counts")[0] == {"all": 3, "new": 3, "selected": 2}
    first, _ = asked(bench.bar, "segment", which="selected", model="threshold")
    assert first["images"] == 2
    project.run(first["run"]).wait(120)
    assert asked(bench.bar, "counts")[0] == {"all": 3, "new": 1, "selected": 2}
    rest, _ = asked(bench.bar, "segment", which="new", model="threshold")
    assert rest["images"] == 1
    project.run(rest["run"]).wait(120)
    assert project.images()["n_objects"].notna().all()
    with pytest.raises(RuntimeError, match="no such image"):
        asked(bench.bar, "segment", which="new", model="threshold")
    with pytest.raises(RuntimeError, match="no model named 'nothing'"):
        asked(bench.bar, "segment", which="all", model="nothing")
    until(lambda: bench.monitor.progress["run_id"] == rest["run"] and bench.monitor.progress["finished"])


def test_an_export_comes_in_parts_and_stays_in_the_project(
    bench: Workbench, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.segment(model="threshold", wait=True)
    monkeypatch.setattr(module, "PART_BYTES", 500)
    told, _ = asked(bench.bar, "export", formats=["csv", "masks"])
    parts = []
    while sum(map(len, parts)) < told["bytes"]:
        _, [part] = asked(bench.bar, "part", name=told["name"], offset=sum(map(len, parts)))
        parts.append(part)
    assert len(parts) > 1
    whole = b"".join(parts)
    assert Path(told["path"]).read_bytes() == whole
    assert Path(told["path"]).parent == project.folder / "exports"
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert len(archive.namelist()) == told["files"]
        assert "images.csv" in archive.namelist()
        assert sum(name.startswith("masks/") for name in archive.namelist()) == 3
    with pytest.raises(RuntimeError, match="not known here"):
        asked(bench.bar, "part", name="../project.toml", offset=0)


def test_who_only_looks_starts_nothing(project: Project) -> None:
    bench = Workbench(project, read_only=True)
    assert bench.editor is not None
    assert bench.editor.read_only
    assert bench.monitor.read_only
    with pytest.raises(RuntimeError, match="only shows"):
        asked(bench.bar, "segment", which="all", model="threshold")
    assert project.last_run() is None
    bench.close()


def test_its_static_face_is_the_contact_sheet(bench: Workbench, project: Project) -> None:
    data, _ = bench._repr_mimebundle_()
    assert project.images()["name"].iloc[0] in data["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/png"]
