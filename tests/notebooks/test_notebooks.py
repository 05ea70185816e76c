"""The notebooks that travel with the package: clean as they are, and the quickstart runs from top to bottom."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.reports.notebooks import packaged_notebook

NAMES = ("01_quickstart.ipynb", "report.ipynb", "dashboards/review.ipynb")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_valid_and_carries_no_output(name: str) -> None:
    notebook = nbformat.read(packaged_notebook(name), as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"


def test_the_quickstart_speaks_before_every_step() -> None:
    cells = nbformat.read(packaged_notebook("01_quickstart.ipynb"), as_version=4).cells
    assert cells[0].cell_type == "markdown"
    headings = [cell.source.splitlines()[0] for cell in cells if cell.cell_type == "markdown"]
    assert len(headings) == 9
    assert all(heading.startswith("#") for heading in headings)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_the_quickstart_runs_from_top_to_bottom(tmp_path: Path) -> None:
    shutil.copy(packaged_notebook("01_quickstart.ipynb"), tmp_path)
    # Away from the clone: the installed package and this notebook are all there is.
    command = [
        sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=900", "-p", "no:cacheprovider", "-q", "-c", os.devnull,
        f"--rootdir={tmp_path}", "01_quickstart.ipynb",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    project = sw.open_project(tmp_path / "quickstart" / "project")
    assert project.summary()["status"] == {"done": 16}
    assert set(project.wells()["outcome"]) == {"measured"}
    project.close()
    assert (tmp_path / "quickstart" / "report.html").stat().st_size > 4_000_000
    assert (tmp_path / "quickstart" / "export" / "measurements.csv").is_file()
