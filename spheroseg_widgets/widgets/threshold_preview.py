"""Outlines at another threshold, seen before they are made: painted by the kernel, which holds the probability map."""

from __future__ import annotations

import html
import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd
from ipycanvas import MultiCanvas, hold_canvas
from numpy.typing import NDArray

from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.jobs.task import outline_decoded
from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.segmentation.objects import Segmentation
from spheroseg_widgets.store import runs

from .monitor import Monitor
from .newest import Newest
from .numbers import three
from .static_face import jpeg, outlined, png, read_picture
from .strings import text

CANVAS_WIDTH = 1080
"""Pixels across what is painted; it is shown at `SHOWN_WIDTH`, so that lines are fine on fine screens."""
SHOWN_WIDTH = 720
MOST_HEIGHT = 1600
PAUSE_S = 0.03
SKY = "#56b4e9"  # of Okabe and Ito: the class spheroid, as in gallery and editor
_painting = threading.Lock()
"""All canvases of a process share one line to the page, on which commands are held."""
IMAGE, CHOSEN, RUN = "image", "chosen", "run"


class ThresholdPreview(ipywidgets.VBox):  # type: ignore[misc]
    """Move threshold, minimum area, smoothing and seeds, see the outlines at once, and apply them as new revisions.

    Parameters
    ----------
    project : Project
    image : str, Path or int
        As in `Project.image`; it needs kept probability maps.
    images : sequence of int
        image_ids of a selection that the settings can be applied to, as `gallery.selected_ids`.
    run : Run or int, optional
        Whose maps; by default those of the newest run that has some of the image.

    Attributes
    ----------
    settings : dict
        As they are now: threshold, min_area_px2, smoothing_px, seed_level; what `Project.rethreshold` takes.
    outlines : Outlines
        What is shown.
    applied : Run or None
        The run that applies them, once that was asked for.

    Raises
    ------
    StoreError
        There is no such image, or there are no probability maps of it.

    Examples
    --------
    >>> preview = ThresholdPreview(plate, "B07_48h.tif", images=gallery.selected_ids)  # doctest: +SKIP
    >>> preview.settings  # doctest: +SKIP
    """

    def __init__(
        self, project: Project, image: str | Path | int, *, images: Sequence[int] = (), run: Run | int | None = None
    ) -> None:
        self._painter: Newest[dict[str, float]] = Newest(self._show, PAUSE_S)
        self._parts: tuple[ipywidgets.Widget, ...] = ()  # an object whose making failed is closed as well
        self.project = project
        self.row = project.image(image)
        self.chosen = [int(one) for one in images]
        self.applied: Run | None = None
        kept = project.probability_maps(int(self.row["image_id"]), run=run)
        self._kept, self._maps = kept, kept.maps
        self._picture = read_picture(self.row.to_dict())
        height, width = kept.shape
        self._factor = min(CANVAS_WIDTH / width, MOST_HEIGHT / height)
        self._size = (round(width * self._factor), round(height * self._factor))
        self._found: Segmentation | None = None
        self._build()
        super().__init__([self._head, self._canvas, self._words, self._sliders_box, self._verbs, self._below])
        self._show(self.settings)
        # A page that opens, or opens again, has an empty canvas.
        self._canvas.on_client_ready(lambda *_: self._painter.ask(self.settings))
        for slider in self._sliders.values():
            slider.observe(lambda _change: self._painter.ask(self.settings), "value")

    @property
    def settings(self) -> dict[str, float]:
        """What the sliders say, as `Project.rethreshold` takes it."""
        return {name: float(slider.value) for name, slider in self._sliders.items()}

    @property
    def outlines(self) -> Outlines:
        """The outlines that are shown, in image pixels."""
        return Outlines.empty() if self._found is None else self._found.outlines

    def apply(self, to: str = IMAGE) -> Run:
        """Outline images anew as shown, as new revisions; what a person edited, approved or excluded holds.

        Parameters
        ----------
        to : {"image", "chosen", "run"}
            This image, the selection, or all images of the run.

        Raises
        ------
        ValueError
            There is no such choice.
        StoreError
            The maps are not there any more.
        """
        images = self._images_of(to)
        settings: dict[str, Any] = self.settings
        made = self.project.rethreshold(settings.pop("threshold"), images, run=self._kept.run_id, **settings)
        self.applied = made
        for old in self._below.children:
            old.close()
        self._below.children = (Monitor(made),)
        return made

    def close(self) -> None:
        """Close it; a run that applies the settings goes on."""
        self._painter.forget()
        for widget in (*self._parts, *(self._below.children if self._parts else ())):
            widget.close()
        super().close()

    def _images_of(self, to: str) -> list[int]:
        if to == IMAGE:
            return [int(self.row["image_id"])]
        if to == CHOSEN:
            return self.chosen
        if to == RUN:
            with self.project.database.read() as connection:
                return sorted(runs.results_of_run(connection, self.project.id, self._kept.run_id))
        raise ValueError(f"{to!r}: apply to {IMAGE!r}, {CHOSEN!r} or {RUN!r}")

    # Building

    def _build(self) -> None:
        settings = self._kept.settings
        least = max(1.0, settings.least_area_px2)
        wide = ipywidgets.Layout(width="360px", max_width="100%")
        style = {"description_width": "110px"}

        def slider(kind: Callable[..., Any], name: str, **more: Any) -> Any:
            words = {"description": text(f"threshold.{name}"), "tooltip": text(f"threshold.{name}_tip")}
            return kind(**words, **more, layout=wide, style=style, continuous_update=True)

        self._sliders = {
            "threshold": slider(
                ipywidgets.FloatSlider, "threshold", value=settings.threshold, min=0.02, max=0.98, step=0.01
            ),
            "min_area_px2": slider(
                ipywidgets.FloatLogSlider, "min_area", value=least, min=0, max=max(5.0, np.ceil(np.log10(least))),
                step=0.02, readout_format=".0f",
            ),
            "smoothing_px": slider(
                ipywidgets.FloatSlider, "smoothing", value=settings.smoothing_px, min=0, max=20, step=0.5
            ),
            "seed_level": slider(
                ipywidgets.FloatSlider, "seeds", value=settings.seed_level, min=0.05, max=0.95, step=0.01
            ),
        }  # fmt: skip
        self._sliders_box = ipywidgets.Box(list(self._sliders.values()), layout=ipywidgets.Layout(flex_flow="row wrap"))
        bare = outlined(self._picture, Outlines.empty(), np.zeros(0, np.bool_), self._size[0])
        self._shown = ipywidgets.Image(value=jpeg(bare, 92), format="jpeg")
        self._head = ipywidgets.HTML(f"<b>{html.escape(str(self.row['name']))}</b>")
        self._words = ipywidgets.HTML()
        across = round(SHOWN_WIDTH * self._size[0] / CANVAS_WIDTH)
        self._canvas = MultiCanvas(
            2,
            width=self._size[0],
            height=self._size[1],
            layout=ipywidgets.Layout(width=f"{across}px", max_width="100%"),
        )
        options = [(text("threshold.to_image"), IMAGE)]
        if self.chosen:
            options.append((text("threshold.to_chosen", n=len(self.chosen)), CHOSEN))
        options.append((text("threshold.to_run", run=self._kept.run_id), RUN))
        self._to = ipywidgets.Dropdown(options=options, layout=ipywidgets.Layout(width="220px"))
        self._button = ipywidgets.Button(description=text("threshold.apply"), button_style="primary")
        self._button.on_click(lambda _button: threading.Thread(target=self._apply_clicked, daemon=True).start())
        self._verbs = ipywidgets.HBox([self._button, self._to])
        self._below = ipywidgets.VBox()
        self._parts = (
            self._head, self._canvas, self._words, self._sliders_box, self._verbs, self._below,
            *self._sliders.values(), self._to, self._button, self._shown,
        )  # fmt: skip

    def _apply_clicked(self) -> None:
        self._button.disabled = True
        try:
            self.apply(self._to.value)
        except SpherosegError as error:
            self._say(str(error))
        finally:
            self._button.disabled = False

    # Painting

    def _show(self, settings: dict[str, float]) -> None:
        """Outline and paint; on the painter's thread, but for the first time."""
        try:
            found = outline_decoded(self._maps, self._kept.shape, self._kept.settings_with(**settings))
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it on this thread
            self._say(str(error) or type(error).__name__)
            return
        self._found = found
        self._paint(found)
        self._say(self._said(found))

    def _paint(self, found: Segmentation) -> None:
        layer = self._canvas[1]
        with _painting, hold_canvas():
            # The picture as well: a page that opens needs it, and learns only from a change of layers where to paint.
            self._canvas[0].draw_image(self._shown, 0, 0, *self._size)
            layer.clear()
            layer.line_join = "round"
            for colour, width in (("rgba(0, 0, 0, 0.7)", 6), (SKY, 3)):
                layer.stroke_style, layer.line_width = colour, width
                for index, cut in enumerate(found.touches_border.tolist()):
                    layer.set_line_dash([12, 7] if cut else [])
                    for ring in found.outlines.rings(index):
                        layer.stroke_polygon(np.asarray(ring * self._factor, np.float64))

    def _said(self, found: Segmentation) -> str:
        if not len(found.outlines):
            return text("threshold.none")
        sizes: NDArray[np.float64] = areas(found.outlines)
        size, unit = self.row["pixel_size_um"], "px²"
        if not pd.isna(size):
            sizes, unit = sizes * float(size) ** 2, "µm²"
        return text(
            "threshold.said", n=len(sizes), total=f"{three(float(sizes.sum()))} {unit}",
            least=f"{three(float(sizes.min()))} {unit}", most=f"{three(float(sizes.max()))} {unit}",
        )  # fmt: skip

    def _say(self, words: str) -> None:
        self._words.value = f'<span role="status">{html.escape(words)}</span>'

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        found = self._found
        data["text/html"] = f"<p>{self._head.value}<br>{self._words.value}</p>"
        if found is not None:
            face = outlined(self._picture, found.outlines, found.touches_border, SHOWN_WIDTH)
            data["image/png"] = b64encode(png(face)).decode("ascii")
        return data, metadata
