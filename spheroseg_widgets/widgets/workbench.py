"""Gallery, editor and run monitor of a project in one place: what a notebook or a page for colleagues shows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any, ClassVar

import ipywidgets
import traitlets

from spheroseg_widgets.errors import SpherosegError
from spheroseg_widgets.exports.registry import formats
from spheroseg_widgets.project.find import pickable
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, list_models

from .archives import HandsOutArchives
from .base import STATIC
from .editor import Editor
from .gallery import Gallery
from .monitor import Monitor
from .rpc import Call, rpc_method
from .strings import text

GALLERY, EDITOR = "gallery", "editor"


class WorkbenchBar(HandsOutArchives):
    """The verbs above gallery and editor, and which of the two is seen where there is room for one.

    Parameters
    ----------
    project : Project
    selected : callable
        Returns the image_id of what is selected.
    read_only : bool
        Show no verb that changes the project.

    Attributes
    ----------
    pane : {"gallery", "editor"}
        What is seen in a narrow place.
    n_selected : int
        How many images are selected.
    models : list of str
        Names of models, the default first.
    formats : list of str
        Of exports.
    """

    section: ClassVar[str] = "workbench"
    _esm = STATIC / "workbench.js"
    _css = STATIC / "workbench.css"

    pane = traitlets.Enum([GALLERY, EDITOR], GALLERY).tag(sync=True)
    n_selected = traitlets.Int(0).tag(sync=True)
    models: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    formats: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    read_only = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)

    def __init__(self, project: Project, selected: Callable[[], list[int]], *, read_only: bool = False) -> None:
        self.project = project
        self._selected = selected
        names = [info.name for info in list_models()]
        super().__init__(
            models=sorted(names, key=lambda name: name != DEFAULT_MODEL), formats=list(formats())
        )  # fmt: skip
        self.set_trait("read_only", read_only)

    @rpc_method("counts")
    def _counts(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, int]:
        """How many images each choice of the form would segment."""
        table = self.project.images()
        return {
            "all": len(table),
            "new": int(table["current_result_id"].isna().sum()),
            "selected": len(self._selected()),
        }

    @rpc_method("segment", ordered=True)
    def _segment(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, int]:
        """Start a run over all images, those without a result, or the selected ones."""
        if self.read_only:
            raise SpherosegError(text("workbench.only_shows"))
        which = params["which"]
        images: list[int] | None = None
        if which == "selected":
            images = self._selected()
        elif which == "new":
            table = self.project.images()
            images = table.loc[table["current_result_id"].isna(), "image_id"].astype(int).tolist()
        if images is not None and not images:
            raise SpherosegError(text("workbench.none_of_them"))
        run = self.project.segment(model=str(params["model"]), images=images)
        return {"run": run.id, "images": run.progress().total}

    @rpc_method("export")
    def _export(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        """Write an archive of tables, masks and outlines; the page fetches it in parts."""
        return self.make_archive([str(name) for name in params["formats"]])


class Workbench(ipywidgets.VBox):  # type: ignore[misc]
    """A project's gallery, editor and run monitor as one: pick an image on the left, correct it on the right.

    Parameters
    ----------
    project : Project
    height : int
        Of gallery and editor, px.
    read_only : bool
        Show only: nothing is segmented, edited or cancelled from here.

    Attributes
    ----------
    gallery : Gallery
    editor : Editor or None
        None as long as the project has no images.
    monitor : Monitor
        Of the newest run.

    Examples
    --------
    >>> bench = Workbench(plate)  # doctest: +SKIP
    >>> bench.gallery.selected  # doctest: +SKIP
    """

    def __init__(self, project: Project, *, height: int = 560, read_only: bool = False) -> None:
        self.project = project
        self.editor: Editor | None = None
        self._marking = False
        self._only_shows = read_only
        self.gallery = Gallery(project, height=height, read_only=read_only)
        self.monitor = Monitor(project, read_only=read_only)
        self.bar = WorkbenchBar(project, lambda: list(self.gallery.selected_ids), read_only=read_only)
        self._panes = ipywidgets.Box([self.gallery])
        self._panes.add_class("sw-panes")
        self.gallery.add_class("sw-pane-gallery")
        super().__init__([self.bar, self._panes, self.monitor])
        self.add_class("sw-workbench")
        self.gallery.on_open(self._opened_in_gallery)
        self.monitor.on_open(self.open_image)
        self.gallery.observe(lambda change: setattr(self.bar, "n_selected", len(change["new"])), "selected_ids")
        self._leave = project.on_change(self._changed)
        self._add_editor()

    def open_image(self, image_id: int) -> None:
        """Open an image in the editor, and bring the editor into sight.

        Parameters
        ----------
        image_id : int
            Of the project.
        """
        if self.editor is None:
            self._add_editor()
        if self.editor is not None:
            self.editor.image_id = image_id
            self.bar.pane = EDITOR

    def close(self) -> None:
        """Close all of it; a run goes on."""
        self._leave()
        for widget in (self.bar, self.gallery, self.editor, self.monitor, self._panes):
            if widget is not None:
                widget.close()
        super().close()

    def _changed(self, kind: str, _image_ids: list[int]) -> None:
        if kind == "add" and self.editor is None:
            self._add_editor()

    def _add_editor(self) -> None:
        """Put an editor beside the gallery, once there is an image to open."""
        if not pickable(self.project.database, self.project.id, None):
            return
        self.editor = Editor(self.project, read_only=self._only_shows)
        self.editor.add_class("sw-pane-editor")
        self.editor.observe(lambda change: self._mark(change["new"]), "image_id")
        self._panes.children = (self.gallery, self.editor)
        self._mark(self.editor.image_id)

    def _mark(self, image_id: int) -> None:
        """Show in the gallery which image the editor has, also after next and previous there."""
        self._marking = True
        try:
            self.gallery.opened = image_id
        finally:
            self._marking = False

    def _opened_in_gallery(self, image_id: int) -> None:
        if self._marking:
            return
        self.open_image(image_id)
        # It goes on with those that are under review there; what was said meanwhile of the same ones holds.
        if self.editor is not None and self.editor.queue != self.gallery.opened_among:
            self.editor.judged_ids = []
            self.editor.queue = self.gallery.opened_among

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        data["text/html"] = self.gallery.static_html() + self.monitor.static_html()
        picture = self.gallery.static_png()
        if picture is not None:
            data["image/png"] = b64encode(picture).decode("ascii")
        return data, metadata
