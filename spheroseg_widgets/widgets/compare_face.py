"""What a comparison shows where no kernel runs: its images side by side, with the outlines that are compared."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store.pages import OutlinePage

from .compare_pixels import Limits, Pixels, grey
from .kept import Row
from .numbers import three
from .static_face import jpeg, outlined, png
from .strings import text

WIDTH, SHEET_WIDTH = 480, 240
"""Of a picture in the HTML and in the PNG, px."""
MOST = 8
"""Pictures of a series, evenly spread."""
GAP, SURROUND = 8, 232
STYLE = (
    "display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:8px;max-width:960px;margin:8px 0 0;"
    "font:13px/20px var(--jp-ui-font-family,system-ui,sans-serif);color:var(--jp-ui-font-color1,inherit)"
)


@dataclass(frozen=True, slots=True)
class Face:
    """One picture.

    Parameters
    ----------
    name, said : str
        Its caption: what it is, and what is said of it.
    drawing : (h, w, 3) uint8 or None
        BGR, with its outlines.
    reason : str
        Why there is no drawing.
    """

    name: str
    said: str
    drawing: NDArray[np.uint8] | None
    reason: str = ""


def draw_face(pixels: Pixels, row: Row, name: str, limits: Limits | None, page: OutlinePage | None) -> Face:
    """Draw an image with outlines.

    Parameters
    ----------
    pixels : Pixels
        Where it is read.
    row : mapping
        Of `Project.images()`.
    name : str
        What it is called in its caption.
    limits : (float, float), optional
        Grey values shown black and white; by default its own.
    page : OutlinePage, optional
        Its outlines.
    """
    level = max(0, int(np.log2(row["width"] / WIDTH)))
    try:
        finest, finer = pixels.at(row, level)
        whole = finest.read(slice(0, finest.shape[0]), slice(0, finest.shape[1]))
        picture = grey(whole, limits or pixels.limits(row), finer)
    except ImageError as error:
        return Face(name, _said(row), None, error.reason)
    outlines = Outlines.empty() if page is None else Outlines.from_bytes(page.blob)
    shown = outlines.transformed(0.5**level, 0.5**level, 0, 0)
    touches = np.asarray(() if page is None else page.touches_border, bool)
    return Face(name, _said(row), outlined(picture.astype(np.float32) / np.float32(255), shown, touches, WIDTH))


def held_by(row: Row) -> int:
    """Return the revision that holds of an image, 0 without one."""
    return 0 if pd.isna(row["current_result_id"]) else int(row["current_result_id"])


def revision_name(record: Mapping[str, Any]) -> str:
    """Return what a revision of `compare_document.revision_records` is called."""
    when = str(record["created_at"])[:16].replace("T", " ")
    return text(f"compare.by_{record['source']}", **{**record, "when": f"{when} UTC"})


def face_html(title: str, faces: Sequence[Face]) -> str:
    """Return the pictures as HTML, without scripts and requests."""
    cards = "".join(map(_card, faces))
    return f'<div><b>{html.escape(title)}</b><div style="{STYLE}">{cards}</div></div>'


def face_png(faces: Sequence[Face]) -> bytes | None:
    """Return the pictures side by side; None where there is none."""
    drawings = [_narrowed(face.drawing) for face in faces if face.drawing is not None]
    if not drawings:
        return None
    columns = min(4, len(drawings))
    height = max(drawing.shape[0] for drawing in drawings)
    rows = -(-len(drawings) // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (SHEET_WIDTH + GAP) - GAP, 3), SURROUND, np.uint8)
    for index, drawing in enumerate(drawings):
        top, left = index // columns * (height + GAP), index % columns * (SHEET_WIDTH + GAP)
        sheet[top : top + drawing.shape[0], left : left + SHEET_WIDTH] = drawing
    return png(sheet)


def _narrowed(drawing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height = max(1, round(drawing.shape[0] * SHEET_WIDTH / drawing.shape[1]))
    return np.asarray(cv2.resize(drawing, (SHEET_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _card(face: Face) -> str:
    name = html.escape(face.name)
    if face.drawing is None:
        picture = (
            f'<div style="padding:16px 8px;font-size:11px;overflow-wrap:anywhere">{html.escape(face.reason)}</div>'
        )
    else:
        code = base64.b64encode(jpeg(face.drawing)).decode("ascii")
        picture = f'<img alt="{name}" style="display:block;width:100%;margin:0" src="data:image/jpeg;base64,{code}">'
    cut = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
    return (
        '<figure style="margin:0;background:var(--jp-layout-color2,#e8e8e8);border-radius:4px;overflow:hidden">'
        f'{picture}<figcaption style="padding:4px 8px;{cut}" title="{name}">{name}<br>'
        f'<span style="font-size:11px">{html.escape(face.said)}</span></figcaption></figure>'
    )


def _said(row: Row) -> str:
    """Return an image's time and size, and what became of it."""
    outcome = row["outcome"] if isinstance(row["outcome"], str) else row["status"]
    said = [text(f"gallery.state.{'excluded' if row['excluded'] else outcome}")]
    if pd.notna(row["total_area_px2"]) and row["n_objects"]:
        size = row["pixel_size_um"]
        unit, factor = ("px²", 1.0) if pd.isna(size) else ("µm²", float(size) ** 2)
        said.insert(0, f"{three(float(row['total_area_px2']) * factor)} {unit}")
    if pd.notna(row["time_h"]):
        said.insert(0, f"{row['time_h']:g} h")
    return ", ".join(said)
