"""A page on how well models outline annotated images: a table by set, and the worst cases as pictures."""

from __future__ import annotations

import base64
import html
from pathlib import Path

import numpy as np
import pandas as pd

from spheroseg_widgets import __version__
from spheroseg_widgets.exports.atomic import write_bytes
from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.outlines.contour import contour_labels
from spheroseg_widgets.segmentation.evaluate import Evaluation
from spheroseg_widgets.segmentation.pairs import read_only_plane, read_truth
from spheroseg_widgets.widgets.static_face import CARD_WIDTH, ORANGE, draw_outlines, jpeg, outlined
from spheroseg_widgets.widgets.static_face import STYLE as CARDS_STYLE

from .style import STYLE, table_html

WORST = 12
DEFINITIONS = """Mean IoU (intersection over union of the foreground) with its 95 % bootstrap interval over images;
below half: share of images with IoU under 0.5; boundary F1: edge pixels within 0.75 % of the image's diagonal (Csurka et
al. 2013); precision, recall, F1 and AP50 of objects matched one to one at IoU 0.5, AP the mean of TP / (TP + FP + FN) over
IoU 0.5 to 0.95; area bias: median over images of found over true area, minus 1."""

TITLES = {
    "iou": "IoU", "iou_low": "from", "iou_high": "to", "dice": "Dice", "boundary_f1": "boundary F1", "f1": "F1",
    "ap50": "AP50", "ap": "AP", "seconds_an_image": "s an image",
}  # fmt: skip


def write_evaluation(evaluation: Evaluation, truths: dict[str, Path], path: Path) -> Path:
    """Write the page; returns its path.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate` gave.
    truths : dict
        File of the annotation, by the path of its image.
    path : Path
        The HTML file.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    parts = [
        "<h1>Models against annotations</h1>",
        f"<p>{html.escape(DEFINITIONS)} spheroseg_widgets {__version__}.</p>",
        table_html(evaluation.summary().rename(columns=TITLES)),
    ]
    for (name, model), group in evaluation.images.groupby(["set", "model"], sort=False):
        worst = group.nsmallest(WORST, "iou")
        shown = "Worst first." if len(worst) == len(group) else f"The {len(worst)} worst of {len(group)} images."
        parts += [
            f"<h2>{html.escape(f'{name}, {model}')}</h2>",
            f"<p>{shown} Orange: the annotation. Blue: what was found.</p>",
            f'<div class="sw-cards">{"".join(_card(evaluation, row, truths[row["path"]]) for _, row in worst.iterrows())}</div>',
        ]
    if evaluation.problems:
        left_out = pd.DataFrame(evaluation.problems, columns=["file", "reason"])
        parts += ["<h2>Left out</h2>", table_html(left_out)]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Models against annotations</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}{CARDS_STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>"
    )
    return write_bytes(path, page.encode())


def _card(evaluation: Evaluation, row: pd.Series, truth: Path) -> str:
    pixels = read_only_plane(Path(row["path"]))
    drawn, _ = contour_labels(read_truth(truth, pixels.shape), None)
    found = evaluation.outlines[row["set"], row["model"], row["path"]]
    width = CARD_WIDTH * 2
    picture = outlined(normalise(pixels), drawn, np.zeros(len(drawn), bool), width, ORANGE)
    draw_outlines(picture, found, np.zeros(len(found), bool), width / pixels.shape[1])
    name = html.escape(row["image"])
    code = base64.b64encode(jpeg(picture)).decode()
    return (
        f'<figure class="sw-card"><img alt="{name}" src="data:image/jpeg;base64,{code}">'
        f'<figcaption title="{name}"><b>IoU {row["iou"]:.2f}</b>, {row["objects_found"]} of {row["objects_true"]} objects, '
        f"{name}</figcaption></figure>"
    )
