"""A one-page HTML summary of a project: self-contained, no script, opens offline."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets import __version__
from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.exports.atomic import write_bytes
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.measure.definitions import definitions_frame
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project

CARD_WIDTH = 208
MOST_CARDS = 120
OKABE_ITO_ORANGE, OKABE_ITO_SKY = (0, 159, 230), (233, 180, 86)  # BGR
STYLE = """
:root { color-scheme: light dark; --back: #ffffff; --text: #1c1c1c; --quiet: #616161; --line: #d6d6d6; --image: #e8e8e8; }
@media (prefers-color-scheme: dark) { :root { --back: #111111; --text: #e6e6e6; --quiet: #a0a0a0; --line: #3a3a3a; --image: #1e1e1e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1160px; padding: 24px; background: var(--back); color: var(--text);
  font: 13px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 16px; margin: 0 0 4px; } h2 { font-size: 13px; margin: 28px 0 8px; } p { margin: 0 0 8px; color: var(--quiet); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; } th, td { padding: 4px 12px 4px 0; text-align: right;
  border-bottom: 1px solid var(--line); white-space: nowrap; } th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; } .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(168px, 1fr)); gap: 8px; }
figure { margin: 0; background: var(--image); border-radius: 4px; overflow: hidden; } img { display: block; width: 100%; }
figcaption { padding: 4px 8px; font-size: 11px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
figcaption b { font-weight: 600; } .reason { padding: 24px 8px; font-size: 11px; color: var(--quiet); white-space: normal; overflow-wrap: anywhere; }
"""


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
    counts = project.summary()
    states = ", ".join(f"{n} {state}" for state, n in counts["status"].items())
    results = ", ".join(f"{n} {str(name).replace('_', ' ')}" for name, n in counts["outcome"].items())
    parts = [
        f"<h1>{html.escape(project.name)}</h1>",
        f"<p>{counts['images']} images: {states}. {counts['objects']} objects in {counts['wells']} wells: {results}.</p>",
    ]
    history = project.runs()
    if len(history):
        last = history.iloc[-1]
        parts.append(
            f"<p>Model {html.escape(str(last['model']))} (sha256 {html.escape(str(last['model_sha256'])[:12])}), "
            f"spheroseg_widgets {__version__}. Lengths in micrometres where the pixel size is known.</p>"
        )
    parts += ["<h2>Images</h2>", f"<p>{_cards_note(len(table))}</p>", '<div class="cards">']
    parts += [_card(project, row) for row in table.head(MOST_CARDS).to_dict("records")]
    parts.append("</div>")
    if growth is not None:
        parts += [
            "<h2>Growth of the volume a day (natural logarithm; mean of wells, 95 % CI)</h2>",
            table_html(growth),
        ]
    if accuracy is not None:
        parts += ["<h2>Against the known truth</h2>", table_html(accuracy)]
    wells = project.wells() if table["well"].notna().any() else None
    if wells is not None and len(wells):
        size = "equivalent_diameter_um" if wells["equivalent_diameter_um"].notna().any() else "equivalent_diameter_px"
        wide = wells.pivot_table(index="well", columns="time_h", values=size, aggfunc="mean", dropna=False)
        wide.columns = [f"{hours:g} h" for hours in wide.columns]
        unit = "um" if size.endswith("um") else "px"
        parts += [f"<h2>Equivalent diameter, {unit}</h2>", table_html(wide.reset_index())]
    parts += ["<h2>Definitions</h2>", table_html(definitions_frame())]
    title = html.escape(project.name)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{"".join(parts)}</body></html>'
    )
    return write_bytes(path, page.encode())


def table_html(frame: pd.DataFrame) -> str:
    """Return a table as HTML, numbers to three significant digits, missing as a dash."""
    head = "".join(f"<th>{html.escape(str(name).replace('_', ' '))}</th>" for name in frame.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_shown(value))}</td>" for value in row) + "</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{rows}</table></div>'


def _shown(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "\u2013"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def _cards_note(count: int) -> str:
    shown = "All images" if count <= MOST_CARDS else f"The first {MOST_CARDS} of {count} images"
    return f"{shown}; outlines of spheroids in orange, of objects cut by the border in blue."


def _card(project: Project, row: dict[str, object]) -> str:
    name = html.escape(str(row["name"]))
    try:
        z = str(row["z"])
        plane = Plane(
            int(str(row["series"])),
            int(str(row["page"])),
            int(str(row["channel"])),
            int(z) if z.isdigit() else z or None,
        )
        picture = normalise(read_plane(str(row["path"]), plane).pixels)
    except ImageError as error:
        return f'<figure><div class="reason">{html.escape(error.reason)}</div><figcaption title="{name}">{name}</figcaption></figure>'
    outlines, objects = project.outlines(int(str(row["image_id"])))
    code = base64.b64encode(_drawn(picture, outlines, objects)).decode()
    label = f"{row['well']} {row['time_h']:g} h" if isinstance(row["well"], str) else name
    outcome = str(row["outcome"] or row["status"]).replace("_", " ")
    return (
        f'<figure><img alt="{name}" src="data:image/jpeg;base64,{code}"><figcaption title="{name}"><b>{html.escape(label)}</b> '
        f"{html.escape(outcome)}, {len(outlines)} object{'' if len(outlines) == 1 else 's'}</figcaption></figure>"
    )


def _drawn(picture: NDArray[np.float32], outlines: Outlines, objects: pd.DataFrame) -> bytes:
    factor = CARD_WIDTH * 2 / picture.shape[1]
    size = (CARD_WIDTH * 2, max(1, round(picture.shape[0] * factor)))
    grey = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    colour = cv2.cvtColor((grey * 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    for index in range(len(outlines)):
        cut = bool(objects["touches_border"].iloc[index])
        for ring in outlines.rings(index):
            points = np.rint((ring * factor - 0.5) * 16).astype(np.int32)[None]
            cv2.polylines(colour, points, isClosed=True, color=(0, 0, 0), thickness=4, lineType=cv2.LINE_AA, shift=4)
            tint = OKABE_ITO_SKY if cut else OKABE_ITO_ORANGE
            cv2.polylines(colour, points, isClosed=True, color=tint, thickness=2, lineType=cv2.LINE_AA, shift=4)
    _, code = cv2.imencode(".jpg", colour, [cv2.IMWRITE_JPEG_QUALITY, 82])
    return code.tobytes()
