"""A one-page HTML summary of a project: self-contained, no script, opens offline."""

from __future__ import annotations

import html
from pathlib import Path

import pandas as pd

from spheroseg_widgets import __version__
from spheroseg_widgets.exports.atomic import write_bytes
from spheroseg_widgets.measure.definitions import definitions_frame
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.static_face import CARDS_NOTE, cards_html

from .methods import counts_text
from .style import STYLE, table_html
from .wells import wells_by_time, wells_unit

MOST_CARDS = 120


def write_page(
    project: Project, path: Path, *, accuracy: pd.DataFrame | None = None, growth: pd.DataFrame | None = None
) -> Path:
    """Write the page; returns its path.

    Parameters
    ----------
    project : Project
    path : Path
        The HTML file.
    accuracy, growth : DataFrame, optional
        Comparison with a known truth, as the demo makes them.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    table = project.images()
    title = html.escape(project.name)
    parts = [f"<h1>{title}</h1>", f"<p>{html.escape(counts_text(project))}</p>"]
    history = project.runs()
    if len(history):
        last = history.iloc[-1]
        parts.append(
            f"<p>Model {html.escape(str(last['model']))} (sha256 {html.escape(str(last['model_sha256'])[:12])}), "
            f"spheroseg_widgets {__version__}. Lengths in micrometres where the pixel size is known.</p>"
        )
    shown = "All images." if len(table) <= MOST_CARDS else f"The first {MOST_CARDS} of {len(table)} images."
    parts += ["<h2>Images</h2>", f"<p>{shown} {CARDS_NOTE}</p>", cards_html(project, table.head(MOST_CARDS))]
    if growth is not None:
        parts += [
            "<h2>Growth of the volume a day (natural logarithm; mean of wells, 95 % CI)</h2>",
            table_html(growth),
        ]
    if accuracy is not None:
        parts += ["<h2>Against the known truth</h2>", table_html(accuracy)]
    wells = project.wells() if table["well"].notna().any() else None
    if wells is not None and len(wells):
        parts += [f"<h2>Equivalent diameter, {wells_unit(wells)}</h2>", table_html(wells_by_time(wells))]
    parts += ["<h2>Definitions</h2>", table_html(definitions_frame())]
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{"".join(parts)}</body></html>'
    )
    return write_bytes(path, page.encode())
