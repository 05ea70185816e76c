"""What a comparison shows where no kernel runs: its images side by side, with the outlines that are compared."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .static_face import jpeg, png

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
