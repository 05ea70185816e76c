"""The notebooks that travel with the package: clean as they are, and those to begin with run from top to bottom."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.reports.notebooks import packaged_notebook

NAMES = ("01_quickstart.ipynb", "02_train.ipynb", "report.ipynb", "dashboards/review.ipynb")


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_valid_and_carries_no_output(name: str) -> None:
    notebook = nbformat.read(packaged_notebook(name), as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert "widgets" not in notebook.metadata
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(("name", "sections"), [("01_quickstart.ipynb", 9), ("02_train.ipynb", 8)])
def test_a_notebook_to_begin_with_speaks_before_every_step(name: str, sections: int) -> None:
    cells = nbformat.read(packaged_notebook(name), as_version=4).cells
    assert cells[0].cell_type == "markdown"
    headings = [cell.source.splitlines()[0] for cell in cells if cell.cell_type == "markdown"]
    assert len(headings) == sections
    assert all(heading.startswith("#") for heading in headings)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_the_quickstart_runs_from_top_to_bottom(tmp_path: Path) -> None:
    run_all_cells("01_quickstart.ipynb", tmp_path)
    project = sw.open_project(tmp_path / "quickstart" / "project")
    assert project.summary()["status"] == {"done": 16}
    assert set(project.wells()["outcome"]) == {"measured"}
    project.close()
    assert (tmp_path / "quickstart" / "report.html").stat().st_size > 4_000_000
    assert (tmp_path / "quickstart" / "export" / "measurements.csv").is_file()


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_the_notebook_of_training_teaches_a_model_and_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, away = tmp_path / "home", tmp_path / "away"
    away.mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    run_all_cells("02_train.ipynb", away)
    practice = away / "runs" / "practice"
    for folder in (practice / "project" / "finetuning" / "practice", practice / "line7-model"):
        with (folder / "curve.csv").open(newline="") as stream:
            judged = [float(row["validation_loss"]) for row in csv.DictReader(stream) if row["validation_loss"]]
        assert min(judged) < judged[0], folder
        assert (folder / "model" / "model.json").is_file()
    project = sw.open_project(practice / "project")
    assert project.images()["review"].tolist() == ["corrected"] * 6 + ["unreviewed"] * 2
    assert len(project.runs()) == 2
    project.close()
    assert [path.name for path in away.iterdir() if path.suffix != ".ipynb"] == ["runs"]
    assert not list(home.rglob("model.json"))


def run_all_cells(name: str, folder: Path) -> None:
    """Run a notebook away from the clone: the installed package and this notebook are all there is."""
    shutil.copy(packaged_notebook(name), folder)
    command = [
        sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=900", "-p", "no:cacheprovider", "-q", "-c", os.devnull,
        f"--rootdir={folder}", name,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
