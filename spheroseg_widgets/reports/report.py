"""A report: one notebook run by papermill, shown as one HTML file that opens anywhere, offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbconvert import HTMLExporter

from spheroseg_widgets.exports.atomic import write_bytes
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store.handed_on import environment_with

from .notebooks import packaged_notebook, run_notebook
from .style import STYLE
from .template import MIMETYPE, PAGE_STYLE, figure_html, plotly_script

NOTEBOOK = "report.ipynb"
PAGES = Path(__file__).resolve().parent / "nbconvert"


def write_report(
    project: Project,
    path: str | Path,
    *,
    title: str | None = None,
    size: str = "equivalent_diameter",
    cards: int = 120,
    notebook: str | Path | None = None,
) -> Path:
    """Write a report of a project: methods, pictures with outlines, table of wells, two figures.

    Parameters
    ----------
    project : Project
        Its stored state is what the report shows.
    path : str or Path
        The HTML file.
    title : str, optional
        By default the project's name.
    size : {"equivalent_diameter", "area", "volume_sphere"}
        What the figures show.
    cards : int
        Most pictures of the contact sheet.
    notebook : str or Path, optional
        A notebook of one's own instead of the packaged one; its cell tagged `parameters` receives project,
        title, size and cards.

    Returns
    -------
    Path
        The file: self-contained, plotly.js in it once, no request to anywhere.

    Raises
    ------
    ExportError
        A cell of the notebook failed, or the file cannot be written.
    """
    name = title or project.name
    parameters = {"project": str(project.folder), "title": name, "size": size, "cards": cards}
    source = Path(notebook) if notebook is not None else packaged_notebook(NOTEBOOK)
    executed = run_notebook(source, parameters, environment_with(project.folder, project.store))
    return write_bytes(Path(path), to_page(executed, name).encode())


def to_page(notebook: nbformat.NotebookNode, title: str) -> str:
    """Convert an executed notebook to one HTML page, without its code.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; plotly figures as their mimetype.
    title : str
        Of the page.
    """
    count = _embed_figures(notebook)
    exporter = HTMLExporter(
        template_name="spheroseg_report", extra_template_basedirs=[str(PAGES)], exclude_input=True,
        exclude_input_prompt=True, exclude_output_prompt=True, exclude_anchor_links=True,
    )  # fmt: skip
    resources: dict[str, Any] = {
        "title": title, "style": STYLE + PAGE_STYLE, "plotly": plotly_script() if count else "",
        "metadata": {"name": title},
    }  # fmt: skip
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return page


def _embed_figures(notebook: nbformat.NotebookNode) -> int:
    """Turn the figures of a notebook into HTML that uses the page's one plotly.js; returns how many."""
    count = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if MIMETYPE not in output.get("data", {}):
                continue
            count += 1
            shown = json.loads(json.dumps(output.data[MIMETYPE]))
            picture = {key: shown[key] for key in ("data", "layout") if key in shown}
            if shown.get("config", {}).get("responsive"):
                picture["layout"].pop("width", None)  # that of a cell; on the page it follows the page
            page = figure_html(picture, f"figure-{count}")
            output.data = nbformat.from_dict({"text/html": page})
    return count
