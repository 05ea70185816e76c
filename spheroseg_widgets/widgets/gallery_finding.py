"""Finding images: what a gallery is asked to show, expressions, saved views, and the rows that come of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import traitlets
from numpy.typing import NDArray

from spheroseg_widgets.errors import QueryError, StoreError
from spheroseg_widgets.project.query import select

from .gallery_rows import columns_of
from .gallery_table import ShowsTable
from .gallery_view import View, check_view, rows_shown
from .rpc import Answer, Call, rpc_method


class FindsImages(ShowsTable):
    """The part of a gallery that filters.

    Attributes
    ----------
    view : dict
        What is shown and how, as `widgets/gallery_view.py` describes it; the page changes it, and it may be set:
        ``gallery.view = {"facets": {"condition": ["control"]}, "sort": {"by": "area_um2", "descending": True}}``.
    show_filters : bool
        Whether the filters are open.
    """

    view = traitlets.Dict().tag(sync=True)
    show_filters = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003 - a trait's default

    @traitlets.validate("view")
    def _checked_view(self, proposal: Any) -> View:
        try:
            return check_view(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    def query(self, expression: str | None) -> None:
        """Show the images that an expression is true of, as far as the filters let them through.

        Parameters
        ----------
        expression : str or None
            As `Project.query` takes it, such as ``area_um2 > 5e4 and edited == False``; None takes it away.

        Raises
        ------
        QueryError
            It cannot be read, or names a column that is not there; what is shown stays.
        """
        wanted = (expression or "").strip()
        if wanted:
            self._true_of(self._ensure(), wanted)  # here, so that the cell that asks has the error
        self.view = {**self.view, "expression": wanted}

    @property
    def shown(self) -> pd.DataFrame:
        """The images that the filters leave, as rows of `project.images()`, in the project's order."""
        table = self.project.images()
        return table[self._shows(table)].reset_index(drop=True)

    def show_view(self, name: str) -> None:
        """Show a saved view.

        Raises
        ------
        StoreError
            There is none of this name.
        """
        for saved in self._saved_views():
            if saved["name"] == name:
                self.view = saved["view"]
                return
        raise StoreError(f"view {name}: there is none of this name in this project")

    def _shows(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        view = self.view
        shows = rows_shown(columns_of(table), view) if view else np.ones(len(table), bool)
        if "expression" in view:
            shows &= table["image_id"].isin(self._true_of(table, view["expression"])).to_numpy()
        return shows

    def _true_of(self, table: pd.DataFrame, expression: str) -> NDArray[np.int32]:
        """Return the image_id of the rows that an expression is true of."""
        words = table.select_dtypes("category").columns
        try:
            found = select(table.astype(dict.fromkeys(words, object)), expression)
        except QueryError:  # of a column that the gallery's own table leaves out, or no expression at all
            found = self.project.query(expression)
        return found["image_id"].to_numpy(np.int32)

    def _hear(self, kind: str, image_ids: list[int]) -> None:
        if kind == "view":
            self.push("views", {"views": self._saved_views()})
        super()._hear(kind, image_ids)

    def _saved_views(self) -> list[dict[str, Any]]:
        views: list[dict[str, Any]] = self.project.views()[["name", "view"]].to_dict("records")
        return views

    # What the browser asks for

    @rpc_method("matching")
    def _answer_matching(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        ids = self._true_of(self._ensure(), str(params["expression"]))
        call.check()
        return Answer({"images": len(ids)}, [ids.astype("<i4").tobytes()])

    @rpc_method("views")
    def _answer_views(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        return {"views": self._saved_views()}

    @rpc_method("save_view", ordered=True)
    def _answer_save(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        self.project.save_view(str(params["name"]), check_view(params["view"]))
        return {"views": self._saved_views()}

    @rpc_method("delete_view", ordered=True)
    def _answer_delete(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        self.project.delete_view(str(params["name"]))
        return {"views": self._saved_views()}
