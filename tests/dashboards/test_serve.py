"""Before the server runs: its port, its notebook, and that what only shows changes nothing."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.dashboards.serve import NOTEBOOK, PORT, SHARE, TEMPLATE, free_port, serve_dashboard
from spheroseg_widgets.errors import RunError, SpherosegError, StoreError
from spheroseg_widgets.reports.notebooks import packaged_notebook


def test_a_free_port_is_found_and_a_taken_one_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SpherosegError, match=f"port {port} .* --port"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", port) == port
    assert free_port("127.0.0.1", None) >= PORT


def test_the_default_port_in_use_means_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr("spheroseg_widgets.dashboards.serve.PORT", taken.getsockname()[1])
        assert free_port("127.0.0.1", None) > taken.getsockname()[1]


def test_a_folder_without_a_project_is_one_clear_error_and_stays_without(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no project here"):
        serve_dashboard(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_the_notebook_and_the_template_are_there_and_name_no_other_machine() -> None:
    notebook = nbformat.read(packaged_notebook(NOTEBOOK), as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    template = (SHARE / "voila" / "templates" / TEMPLATE / "index.html.j2").read_text()
    assert "http" not in template.replace("http-equiv", "")
    assert (SHARE / "voila" / "templates" / TEMPLATE / "conf.json").is_file()


def test_what_only_shows_takes_no_verb(tmp_path: Path) -> None:
    monitor = sw.Monitor(sw.open_project(tmp_path / "p", create=True), read_only=True)
    for verb in (monitor._cancel, monitor._retry_failed):
        with pytest.raises(RunError, match="only shows"):
            verb({}, [], SimpleNamespace())
