"""What is shown in the gallery decided from a notebook: views, expressions, saved views."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import traitlets

from spheroseg_widgets.errors import QueryError, StoreError
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets.gallery import Gallery

from .gallery_of_three import gallery, project, save
from .page import Page, until

__all__ = ["gallery", "project"]  # fixtures


def test_a_view_set_in_python_decides_what_is_shown(project: Project, gallery: Gallery) -> None:
    project.set_map([{"well": "A01", "condition": "control"}, {"well": "A02", "condition": "drug"}])
    save(project, 1)
    assert gallery.shown["image_id"].tolist() == [1, 2, 3]
    gallery.view = {"facets": {"condition": ["drug", ""]}, "sort": {"by": "name", "descending": True}}
    assert gallery.shown["image_id"].tolist() == [2, 3]
    pd.testing.assert_frame_equal(gallery.shown, project.images().iloc[1:].reset_index(drop=True))
    with pytest.raises(traitlets.TraitError, match="the facet 'conditions' is unknown"):
        gallery.view = {"facets": {"conditions": ["drug"]}}
    assert gallery.view["facets"] == {"condition": ["drug", ""]}
    with pytest.raises(traitlets.TraitError, match="the group 'rows' is unknown"):
        Gallery(project, view={"group": "rows"})


def test_an_expression_is_evaluated_here_and_shown_there(project: Project, gallery: Gallery) -> None:
    save(project, 2)
    gallery.reload()
    gallery.view = {"text": "plate_a"}
    gallery.query("area_um2 > 1e4 and edited == True")
    assert gallery.view == {"text": "plate_a", "expression": "area_um2 > 1e4 and edited == True"}
    assert gallery.shown["image_id"].tolist() == [2]
    value, buffers = Page(gallery).ask("matching", expression="edited == False")
    assert value == {"images": 2}
    assert np.frombuffer(buffers[0], "<i4").tolist() == [1, 3]
    gallery.query("page == 0 and 'late' not in tags and well in ['A03']")  # also of columns that stay in the store
    assert gallery.shown["image_id"].tolist() == [3]
    gallery.query("area_um2 > 1e4 and edited == True")
    with pytest.raises(QueryError, match="there is no column area"):
        gallery.query("area > 3")
    assert gallery.shown["image_id"].tolist() == [2]
    with pytest.raises(RuntimeError, match="there is no column area"):
        Page(gallery).ask("matching", expression="area > 3")
    gallery.query(None)
    assert gallery.view == {"text": "plate_a"}


def test_saved_views_are_kept_shown_and_told(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    assert browser.ask("views")[0] == {"views": []}
    view = {"facets": {"well": ["A02"]}, "group": "plate"}
    expected = [{"name": "second <b>", "view": view}]
    assert browser.ask("save_view", name="second <b>", view=view)[0] == {"views": expected}
    told = until(lambda: [m for m, _ in browser.messages if m.get("name") == "views"])
    assert told[-1]["value"] == {"views": expected}
    gallery.show_view("second <b>")
    assert gallery.view == view
    assert gallery.shown["well"].tolist() == ["A02"]
    with pytest.raises(RuntimeError, match="the range 'area' is unknown"):
        browser.ask("save_view", name="x", view={"ranges": {"area": [0, 1]}})
    assert browser.ask("delete_view", name="second <b>")[0] == {"views": []}
    with pytest.raises(StoreError, match="view second <b>: there is none"):
        gallery.show_view("second <b>")


def test_a_saved_view_does_not_have_the_images_read_again(project: Project, gallery: Gallery) -> None:
    until(lambda: gallery._reader is None and gallery.rows_version)
    asked: list[str] = []
    sa.event.listen(project.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    project.save_view("any", {})
    time.sleep(0.5)
    assert not any("FROM outline" in statement for statement in asked)
