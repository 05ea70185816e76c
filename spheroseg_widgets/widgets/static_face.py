"""What a widget, a report or a page shows where nothing runs: pictures with their outlines, as plain HTML."""

from __future__ import annotations

import base64
import html
from collections.abc import Hashable, Mapping
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project

from .editor_pixels import read_original

CARD_WIDTH = 208
"""Width of a card in CSS px; pictures have twice as many, for fine screens."""
SKY = (233, 180, 86)  # of Okabe and Ito, as BGR: the class spheroid, as in gallery and editor
ORANGE = (0, 159, 230)
MANY = 500
"""Above so many outlines a picture has no room for halos: thin lines, of vertices about a pixel apart."""
CARDS_NOTE = "Outlines in blue, of objects cut by the border dashed."
STYLE = """
.sw-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 8px; }
.sw-card { margin: 0; background: var(--sw-image, var(--jp-layout-color2, #e8e8e8)); border-radius: 4px; overflow: hidden; }
.sw-card img { display: block; width: 100%; }
.sw-card figcaption { padding: 4px 8px; font-size: 11px; line-height: 16px; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.sw-card b { font-weight: 600; }
.sw-card .sw-reason { padding: 24px 8px; font-size: 11px; overflow-wrap: anywhere; }
"""


def read_picture(row: Mapping[Hashable, Any]) -> NDArray[np.float32]:
    """Read the plane of an image, stretched to 0..1.

    Parameters
    ----------
    row : mapping
        Of `Project.images()`: path, series, page, channel, z.

    Raises
    ------
    ImageError
        The file cannot be read; the reason says why.
    """
    return normalise(read_original(row))


def outlined(
    picture: NDArray[np.float32],
    outlines: Outlines,
    touches_border: NDArray[np.bool_],
    width: int,
    tint: tuple[int, int, int] = SKY,
    *,
    downsample: int = 1,
) -> NDArray[np.uint8]:
    """Draw outlines on a picture.

    Parameters
    ----------
    picture : (h, w) float32
        0 to 1.
    outlines : Outlines
        In pixels of the image.
    touches_border : (n,) bool
        Objects that are drawn as cut.
    width : int
        Of the drawing, in px.
    tint : (int, int, int)
        Colour of the outlines, as BGR.
    downsample : int
        Image pixels a pixel of the picture is wide.

    Returns
    -------
    (height, width, 3) uint8
        BGR, with the picture's proportions.
    """
    factor = width / picture.shape[1]
    size = (width, max(1, round(picture.shape[0] * factor)))
    grey = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    colour = cv2.cvtColor((grey * 255).astype(np.uint8), cv2.COLOR_GRAY2BGR).astype(np.uint8)
    draw_outlines(colour, outlines, touches_border, factor / downsample, tint)
    return colour


def draw_outlines(
    drawing: NDArray[np.uint8],
    outlines: Outlines,
    touches_border: NDArray[np.bool_],
    factor: float,
    tint: tuple[int, int, int] = SKY,
) -> None:
    """Draw outlines onto a drawing, in place, enlarged by `factor`; each over a dark halo."""
    if len(outlines) > MANY:
        cv2.polylines(
            drawing, _sparse(outlines, factor), isClosed=True, color=tint, thickness=1, lineType=cv2.LINE_AA, shift=4
        )
        return
    stroke = max(2, round(drawing.shape[1] / CARD_WIDTH))
    for index in range(len(outlines)):
        cut = bool(touches_border[index])
        for ring in outlines.rings(index):
            points = _sixteenths(ring * factor)
            pieces = _dashes(points) if cut else [np.vstack([points, points[:1]])]
            for colour, thickness in (((0, 0, 0), stroke + 2), (tint, stroke)):
                cv2.polylines(
                    drawing, pieces, isClosed=False, color=colour, thickness=thickness, lineType=cv2.LINE_AA, shift=4
                )


def jpeg(drawing: NDArray[np.uint8], quality: int = 80) -> bytes:
    """Return a drawing as JPEG, small enough for many on a page."""
    # Codes of its own make it a tenth smaller, and change no pixel.
    _, code = cv2.imencode(".jpg", drawing, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    return code.tobytes()


def png(drawing: NDArray[np.uint8]) -> bytes:
    """Return a drawing as PNG, for the `image/png` of a widget."""
    _, code = cv2.imencode(".png", drawing)
    return code.tobytes()


def draw_image(project: Project, row: Mapping[Hashable, Any], width: int) -> NDArray[np.uint8]:
    """Read an image of the project and draw the outlines that hold for it.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    outlines, objects = project.outlines(int(row["image_id"]))
    cut = objects["touches_border"].to_numpy(bool) if len(outlines) else np.zeros(0, bool)
    return outlined(read_picture(row), outlines, cut, width)


def card_html(project: Project, row: Mapping[Hashable, Any]) -> str:
    """Return an image as a card: picture, outlines, well and time or name, and what is not as usual."""
    name = html.escape(str(row["name"]))
    label = name
    if isinstance(row["well"], str):
        label = f"{row['well']} {row['time_h']:g} h" if pd.notna(row["time_h"]) else row["well"]
    if pd.notna(row["z"]) and str(row["z"]).isdigit():
        label += f" z{row['z']}"
    outcome = row["outcome"] if isinstance(row["outcome"], str) else row["status"]
    count = int(row["n_objects"]) if pd.notna(row["n_objects"]) else 0
    said = [] if outcome == "measured" else [str(outcome).replace("_", " ")]
    if count > 1:
        said.append(f"{count} objects")
    if row["excluded"]:
        said.append("excluded")
    if row["review"] in {"approved", "corrected"}:
        said.append(str(row["review"]))
    try:
        code = base64.b64encode(jpeg(draw_image(project, row, CARD_WIDTH * 2))).decode()
        picture = f'<img alt="{name}" src="data:image/jpeg;base64,{code}">'
    except ImageError as error:
        picture = f'<div class="sw-reason">{html.escape(error.reason)}</div>'
    return (
        f'<figure class="sw-card">{picture}<figcaption title="{name}"><b>{html.escape(label)}</b> '
        f"{html.escape(', '.join(said))}</figcaption></figure>"
    )


def cards_html(project: Project, images: pd.DataFrame) -> str:
    """Return images as a sheet of cards.

    Parameters
    ----------
    project : Project
        Whose outlines are drawn.
    images : DataFrame
        Rows of `Project.images()`, in the order in which they are shown.
    """
    cards = "".join(card_html(project, row) for row in images.to_dict("records"))
    return f'<style>{STYLE}</style><div class="sw-cards">{cards}</div>'


def _sixteenths(ring: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return a ring as OpenCV takes it with `shift=4`: from the middle of the first pixel."""
    return np.rint((ring - 0.5) * 16).astype(np.int32)


def _sparse(outlines: Outlines, factor: float) -> list[NDArray[np.int32]]:
    """Return all rings as OpenCV takes them, without vertices that would lie closer than about a pixel."""
    starts, counts = outlines.ring_offsets[:-1].astype(np.intp), np.diff(outlines.ring_offsets)
    xy = outlines.xy * factor
    around = 2 * (np.maximum.reduceat(xy, starts) - np.minimum.reduceat(xy, starts)).sum(axis=1)
    step = np.maximum(1, counts / np.maximum(8, around)).astype(np.intp)
    kept = (np.arange(len(xy)) - np.repeat(starts, counts)) % np.repeat(step, counts) == 0
    return np.split(_sixteenths(xy[kept]), np.cumsum(np.add.reduceat(kept.astype(np.intp), starts))[:-1])


def _dashes(points: NDArray[np.int32], length: float = 12.0, gap: float = 7.0) -> list[NDArray[np.int32]]:
    """Cut a closed ring, in sixteenths of a px, into dashes of `length` px."""
    closed = np.vstack([points, points[:1]]).astype(np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    pieces = []
    for start in np.arange(0.0, along[-1], (length + gap) * 16):
        end = min(start + length * 16, along[-1])
        inner = along[(along > start) & (along < end)]
        at = np.concatenate([[start], inner, [end]])
        pieces.append(np.rint(np.column_stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)])))
    return [piece.astype(np.int32) for piece in pieces]
