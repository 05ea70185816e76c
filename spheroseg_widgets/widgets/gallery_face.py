"""What a gallery shows where no kernel runs: a contact sheet of the first images."""

from __future__ import annotations

import base64
import html
import io
import math
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store.pages import OutlinePage

from .static_face import SKY, jpeg, outlined
from .strings import text

FACE_IMAGES = 12
WIDTH, SHEET_WIDTH = 256, 160
"""Of a drawn picture in the HTML and in the PNG, px."""
COLUMNS = 6
GAP, SURROUND = 8, 232
STYLE = (
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:8px;margin:8px 0 0;"
    "font:13px/20px var(--jp-ui-font-family,system-ui,sans-serif);color:var(--jp-ui-font-color1,inherit)"
)


def drawn(
    images: pd.DataFrame, pictures: dict[int, bytes], pages: dict[int, OutlinePage], width: int = WIDTH
) -> dict[int, NDArray[np.uint8]]:
    """Draw the outlines of images on their thumbnails.

    Parameters
    ----------
    images : DataFrame
        Rows of `Project.images()`.
    pictures : dict
        JPEG bytes of thumbnails by image id.
    pages : dict
        Outlines by result id.
    width : int
        Of a drawing, px.

    Returns
    -------
    dict
        (h, w, 3) uint8, BGR, by image id; only of those that have a picture.
    """
    out = {}
    for row in images.itertuples():
        if row.image_id not in pictures:
            continue
        grey = cv2.imdecode(np.frombuffer(pictures[row.image_id], np.uint8), cv2.IMREAD_GRAYSCALE)
        if grey is None:  # a damaged cache shows less, never an error
            continue
        page = None if pd.isna(row.current_result_id) else pages.get(int(row.current_result_id))
        outlines = Outlines.empty() if page is None else Outlines.from_bytes(page.blob)
        touches = np.asarray(() if page is None else page.touches_border, bool)
        scale_x, scale_y = grey.shape[1] / row.width, grey.shape[0] / row.height
        shown = outlines.transformed(scale_x, scale_y, 0, 0)
        out[int(row.image_id)] = outlined(grey.astype(np.float32) / 255, shown, touches, width)
    return out


def face_html(
    name: str,
    images: pd.DataFrame,
    total: int,
    pictures: dict[int, bytes],
    pages: dict[int, OutlinePage],
    *,
    filtered: bool = False,
) -> str:
    """Return the contact sheet as HTML, without scripts and requests; `filtered`: of the images that filters leave."""
    if not total:
        return f"<p><b>{html.escape(name)}</b> {html.escape(text('gallery.face.none' if filtered else 'gallery.empty'))}</p>"
    drawings = drawn(images, pictures, pages)
    head = (
        text("gallery.face.all", n=total)
        if total <= len(images)
        else text("gallery.face.more", shown=len(images), total=total)
    )
    cards = "".join(_card(row, drawings.get(int(row["image_id"]))) for row in images.to_dict("records"))
    return f'<div><b>{html.escape(name)}</b> {html.escape(head)}<div style="{STYLE}">{cards}</div></div>'


def face_png(
    images: pd.DataFrame, total: int, pictures: dict[int, bytes], pages: dict[int, OutlinePage]
) -> bytes | None:
    """Return the pictures of the contact sheet side by side; None where there is none."""
    large = drawn(images, pictures, pages, 2 * SHEET_WIDTH).values()  # drawn large for fine lines
    drawings = [cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for one in large]
    if not total or not drawings:
        return None
    height = max(drawing.shape[0] for drawing in drawings)
    rows = math.ceil(len(drawings) / COLUMNS)
    columns = min(COLUMNS, len(drawings))
    sheet = np.full((rows * (height + GAP) - GAP, columns * (SHEET_WIDTH + GAP) - GAP, 3), SURROUND, np.uint8)
    for index, drawing in enumerate(drawings):
        top, left = index // COLUMNS * (height + GAP), index % COLUMNS * (SHEET_WIDTH + GAP)
        sheet[top : top + drawing.shape[0], left : left + SHEET_WIDTH] = drawing
    # It lies in the notebook: grain compresses badly, and few colours are enough for a small picture.
    few = Image.fromarray(sheet[..., ::-1]).quantize(palette=_palette(), dither=Image.Dither.NONE)
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _palette() -> Image.Image:
    """Return 40 greys, and the colour of outlines from dark to light."""
    greys = [(level, level, level) for level in np.linspace(0, 255, 40).astype(int)]
    tints = [
        tuple(int(channel * part) for channel in reversed(SKY))
        for part in (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
    ]
    image = Image.new("P", (1, 1))
    image.putpalette([int(channel) for colour in (*greys, *tints) for channel in colour])
    return image


def _card(row: dict[Any, Any], drawing: NDArray[np.uint8] | None) -> str:
    name = html.escape(str(row["name"]))
    outcome = row["outcome"] if isinstance(row["outcome"], str) else row["status"]
    said = [text(f"gallery.state.{'excluded' if row['excluded'] else outcome}")]
    if isinstance(row["well"], str):
        said.append(row["well"])
    if pd.notna(row["time_h"]):
        said.append(f"{row['time_h']:g} h")
    if drawing is None:
        reason = str(row["reason"]) if isinstance(row["reason"], str) else text("gallery.face.pending")
        picture = f'<div style="padding:16px 8px;font-size:11px;overflow-wrap:anywhere">{html.escape(reason)}</div>'
    else:
        code = base64.b64encode(jpeg(drawing, 70)).decode("ascii")
        picture = f'<img alt="{name}" style="display:block;width:100%;margin:0" src="data:image/jpeg;base64,{code}">'
    cut = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
    return (
        '<figure style="margin:0;background:var(--jp-layout-color2,#e8e8e8);border-radius:4px;overflow:hidden">'
        f'{picture}<figcaption style="padding:4px 8px;{cut}" title="{name}">{name}<br>'
        f'<span style="font-size:11px">{html.escape(", ".join(said))}</span></figcaption></figure>'
    )
