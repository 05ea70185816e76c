"""Finding images: what a gallery is asked to show, expressions, saved views, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import traitlets
from numpy.typing import NDArray

from spheroseg_widgets.project.project import Project

from .gallery_rows import columns_of
from .gallery_view import View, check_view, rows_shown
from .opens_images import OpensImages
from .rpc import Answer, Call, rpc_method


class Finding(OpensImages):
    """The part of a gallery that filters.

    Attributes
    ----------
    view : dict
        What is shown and how, as `widgets/gallery_view.py` describes it; the page changes it, and it may be set:
        ``gallery.view = {"facets": {"condition": ["control"]}, "sort": {"by": "area_um2", "descending": True}}``.
    show_filters : bool
        Whether the filters are open.
    """

    project: Project

    view = traitlets.Dict().tag(sync=True)
    show_filters = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003 - a trait's default

    @traitlets.validate("view")
    def _checked_view(self, proposal: Any) -> View:
        try:
            return check_view(proposal["value"])
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    def query(self, expression: str | None) -> None:
        """Show the images for which an expression holds, together with what else is asked for.

        Parameters
        ----------
        expression : str or None
            As `Project.query` takes it, such as ``area_um2 > 5e4 and edited == False``; None shows all again.

        Raises
        ------
        StoreError
            It cannot be evaluated; the reason says why. What is shown stays.
        """
        wanted = (expression or "").strip()
        if wanted:
            self.project.query(wanted)  # here, so that the cell that asks has the error
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
        self.view = self.project.view(name)

    def _shows(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        view = self.view
        if not view:
            return np.ones(len(table), bool)
        shows = rows_shown(columns_of(table), view)
        if "expression" in view:
            shows &= np.isin(table["image_id"], self._matching(view["expression"]))
        return shows

    def _matching(self, expression: str) -> NDArray[np.int32]:
        return self.project.query(expression)["image_id"].to_numpy(np.int32)

    # What the browser asks for

    @rpc_method("matching")
    def _answer_matching(self, params: dict[str, Any], _buffers: list[memoryview], call: Call) -> Answer:
        ids = self._matching(str(params["expression"]))
        call.check()
        return Answer({"images": len(ids)}, [ids.astype("<i4").tobytes()])

    @rpc_method("views")
    def _answer_views(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        return self._views()

    @rpc_method("save_view", ordered=True)
    def _answer_save(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        view: Mapping[str, Any] = params["view"]
        self.project.save_view(str(params["name"]), check_view(view))
        return self._views()

    @rpc_method("delete_view", ordered=True)
    def _answer_delete(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> dict[str, Any]:
        self.project.delete_view(str(params["name"]))
        return self._views()
