"""The report: one file, everything in it, nothing of it from elsewhere."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.errors import ExportError
from spheroseg_widgets.project.drafts import open_draft
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.reports.methods import missing_table, unsaved_table
from spheroseg_widgets.reports.notebooks import packaged_notebook
from spheroseg_widgets.reports.report import write_report
from spheroseg_widgets.reports.style import shown, table_html, three_digits
from spheroseg_widgets.reports.wells import sheet_images

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def page(small_plate: Project, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "plate 7.html"
    assert small_plate.report(path, title="Plate <7> & co", cards=8) == path
    return path.read_text()


@pytest.fixture(scope="module")
def words(page: str) -> str:
    """What a reader sees, without scripts, styles and tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_file_is_whole_and_asks_nothing_of_anybody(page: str) -> None:
    assert len(re.findall(r"plotly\.js v\d", page)) == 1
    shell = re.sub(r"<script>/\*\*.*?</script>", "", page, flags=re.DOTALL)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:|#)[^"']""", shell)
    assert "@import" not in shell
    assert shell.count("Plotly.newPlot(") == 2


def test_the_code_stays_in_the_notebook(words: str) -> None:
    assert "import spheroseg_widgets" not in words
    assert "open_project" not in words


def test_it_tells_how_the_numbers_were_made(words: str, small_plate: Project) -> None:
    for said in (
        "threshold",
        "min_area_px2 64 working pixels",
        "torch",
        "spheroseg_widgets",
        "2.00 the ImageJ tag of the files 12",
    ):
        assert said in words, said


def test_it_tells_what_is_missing_and_what_was_left_out(words: str) -> None:
    assert "well A03 from 24 h onward bubble &amp; dust" in words
    assert re.search(r"plate_B03_24h\.tif B03 24\.0 unusable the TIFF", words)
    assert "1 excluded" in words
    assert "1 unusable" in words


def test_a_reason_that_was_stored_with_its_path_is_told_without(
    small_plate: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = small_plate.images()
    table["reason"] = [
        f"{path}: the TIFF is cut" if state == "failed" else None
        for path, state in zip(table["path"], table["status"], strict=True)
    ]
    monkeypatch.setattr(small_plate, "images", lambda: table)
    assert missing_table(small_plate)["reason"].dropna().tolist() == ["the TIFF is cut"]


def test_a_correction_that_was_not_saved_is_named(small_plate: Project) -> None:
    first = small_plate.images().iloc[0]
    draft = open_draft(small_plate, int(first["image_id"]), "another session")
    assert unsaved_table(small_plate).empty
    draft.append_all({str(uuid.uuid4()): {"kind": "move"}})
    assert unsaved_table(small_plate)[["image", "changes"]].to_numpy().tolist() == [[first["name"], 1]]
    draft.discard()
    assert unsaved_table(small_plate).empty


def test_names_are_shown_as_they_are_and_not_run(page: str, words: str) -> None:
    assert "Plate &lt;7&gt; &amp; co" in words
    assert "<title>Plate &lt;7&gt; &amp; co</title>" in page
    assert "drug &lt;1&gt;" in words


def test_no_path_of_this_machine_travels_with_it(page: str, small_plate: Project) -> None:
    assert str(small_plate.folder.parent) not in page


def test_the_table_has_the_numbers_of_the_project(words: str, small_plate: Project) -> None:
    table = small_plate.wells().set_index(["well", "time_h"])
    assert f"A01 control {three_digits(table.loc[('A01', 0.0), 'equivalent_diameter_um'])}" in words
    assert re.search(r"A03 control \S+ excluded", words)
    assert re.search(r"B03 drug &lt;1&gt; \S+ unusable", words)
    assert re.search(r"B02 drug &lt;1&gt; \S+ 0 ", words)


def test_of_too_many_images_the_last_times_are_shown_and_that_is_said(words: str, small_plate: Project) -> None:
    assert "6 of 12 images: the last time of every well." in words
    chosen, note = sheet_images(small_plate.images(), 3)
    assert chosen["time_h"].tolist() == [24.0] * 3
    assert note == "3 of 12 images: the last time of every well, of these evenly chosen."
    everything, note = sheet_images(small_plate.images(), 12)
    assert note == "All 12 images."
    assert everything["well"].is_monotonic_increasing


def test_a_notebook_of_ones_own_that_fails_is_one_clear_error(small_plate: Project, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("project = ''", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("raise ValueError('no such column')"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    own = tmp_path / "own.ipynb"
    nbformat.write(notebook, own)
    with pytest.raises(ExportError, match=r"own\.ipynb: cell .* failed \(ValueError: no such column\)"):
        write_report(small_plate, tmp_path / "out.html", notebook=own)
    assert not (tmp_path / "out.html").exists()


def test_the_packaged_notebook_has_a_parameters_cell_and_no_output() -> None:
    notebook = nbformat.read(packaged_notebook("report.ipynb"), as_version=4)
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert all(not cell.get("outputs") for cell in notebook.cells)
    with pytest.raises(ExportError, match="lacks the notebook"):
        packaged_notebook("nonesuch.ipynb")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (3.14159, "3.14"), (41288.73, "41\u202f300"), (0.00123, "0.00123"), (99.96, "100"), (-12.34, "-12.3"),
     (float("nan"), "\u2013"), (None, "\u2013"), (pd.NA, "\u2013"), (np.True_, "yes"), (7, "7"), ("<x>", "<x>")],
)  # fmt: skip
def test_values_as_a_reader_wants_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_table_escapes_what_it_shows() -> None:
    assert "&lt;x&gt;" in table_html(pd.DataFrame({"<x>": ["<x>"]}))
    assert "<x>" not in table_html(pd.DataFrame({"<x>": ["<x>"]}))
