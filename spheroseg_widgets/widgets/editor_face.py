"""What an editor shows where no kernel runs: the image with its outlines, and their areas."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.outlines.outlines import Outlines

from .editor_document import BORDER
from .editor_pixels import Pictures, grey_values
from .editor_session import EditSession
from .editor_wire import area
from .numbers import three
from .static_face import outlined, png
from .strings import text

FACE_WIDTH = 720
"""Of the picture, px."""
FACE_ROWS = 50


def face_html(session: EditSession) -> str:
    """Return the name of the open image and the areas of its outlines, of many only of the first."""
    document, ids = session.document, session.document.ids
    objects = [(document.class_of(one), area(document.rings(one)) or 0.0) for one in ids[:FACE_ROWS]]
    size = session.row["pixel_size_um"]
    factor, unit = (1.0, "px²") if pd.isna(size) else (float(size) ** 2, "µm²")
    rows = "".join(
        f"<tr><td>{number}</td><td>{html.escape(name)}</td><td>{three(px2 * factor)} {unit}</td></tr>"
        for number, (name, px2) in enumerate(objects, start=1)
    )
    head = html.escape(text("editor.face", name=str(session.row["name"]), n=len(ids)))
    left = len(ids) - len(objects)
    more = f"<p>{html.escape(text('editor.face_more', n=left))}</p>" if left else ""
    return f"<p><b>{head}</b></p><table>{rows}</table>{more}"


def face_png(pictures: Pictures, outlines: Outlines, flags: NDArray[np.uint8]) -> bytes:
    """Return an image with its outlines and which of them its edge cuts, as PNG.

    Parameters
    ----------
    pictures : Pictures
        Of the image; the plane it is segmented on is drawn.
    outlines : Outlines
        In pixels of the image.
    flags : (n,) uint8
        Of each outline, as `Document.columns` gives them.
    """
    grey, downsample = grey_values(pictures.get(pictures.own))
    return png(outlined(normalise(grey), outlines, (flags & BORDER) > 0, FACE_WIDTH, downsample=downsample))
