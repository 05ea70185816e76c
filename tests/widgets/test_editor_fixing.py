"""The kernel half of going through images in the editor: the list, judging, what is looked at ahead, who is the spheroid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import results
from spheroseg_widgets.widgets.editor import Editor
from spheroseg_widgets.widgets.editor_document import PRIMARY
from spheroseg_widgets.widgets.workbench import Workbench

from .page import Page

LARGE, SMALL = [(20, 20), (80, 20), (80, 80), (20, 80)], [(100, 20), (120, 20), (120, 40), (100, 40)]


@pytest.fixture
def project(three_images: Path, tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Three wells; in each a large and a small outline, which nobody has judged."""
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(three_images, pixel_size_um=2.0)
    objects = pd.DataFrame({"area_px2": [3600.0, 400.0], "touches_border": [False] * 2, "confidence": [0.9, 0.8]})
    with opened.database.write() as connection:
        for image_id in (1, 2, 3):
            outlines = Outlines.from_rings([[LARGE], [SMALL]])
            made = results.add_revision(connection, image_id, outlines, objects, source="model", author="model")
            results.point_current(connection, image_id, made, author="model")
    yield opened
    opened.close()


@pytest.fixture
def editor(project: Project) -> Iterator[Editor]:
    shown = Editor(project, images=[3, "plate_A01_24h.tif"])
    yield shown
    shown.close()


def decide(editor: Editor, image: int, kind: str) -> int:
    return int(Page(editor).call("review.decide", image=image, decision={"kind": kind})["undo"])


def test_a_list_is_opened_at_its_first_image(editor: Editor, project: Project) -> None:
    assert (editor.queue, editor.image_id) == ([3, 1], 3)
    assert [item["id"] for item in Page(editor).call("review.queue", ids=editor.queue)["items"]] == [3, 1]
    editor.go_through(project.images().iloc[1:])
    assert (editor.queue, editor.image_id, editor.judged_ids) == ([2, 3], 2, [])
    editor.go_through()
    assert editor.queue == project.review_queue()["image_id"].tolist()
    with pytest.raises(StoreError, match="no images to go through"):
        editor.go_through([])
    with pytest.raises(StoreError, match="image 99"):
        editor.go_through(pd.DataFrame({"image_id": [99]}))


def test_what_is_said_of_an_image_is_said_of_what_was_drawn_in_it(editor: Editor, project: Project) -> None:
    before = project.image(3)["current_result_id"]
    editor.delete(2)
    number = decide(editor, 3, "approve")
    row = project.image(3)
    assert (row["review"], row["n_objects"], row["result_source"]) == ("approved", 1, "edit")
    assert row["current_result_id"] != before
    Page(editor).call("review.undo", undo=number)
    assert project.image(3)["review"] == "corrected"
    editor.image_id = 1
    decide(editor, 3, "absent")  # of the one that was left
    assert project.image(3)["outcome"] == "absent"


def test_an_editor_that_only_shows_judges_nothing(project: Project) -> None:
    shown = Editor(project, read_only=True)
    with pytest.raises(RuntimeError, match="only shows"):
        decide(shown, 1, "approve")
    assert project.image(1)["review"] == "unreviewed"
    shown.close()


def test_an_image_is_looked_at_ahead_and_opened_as_it_is_by_then(editor: Editor, project: Project) -> None:
    page = Page(editor)
    document = page.call("document", image_id=1, ahead=True)
    assert (document["image"]["id"], len(document["ids"])) == (1, 2)
    assert page.call("pixels", image_id=1, ahead=True)["width"] == document["image"]["width"]
    assert editor.image_id == 3
    with pytest.raises(RuntimeError, match="another image"):
        page.call("revisions", image_id=1, ahead=True)
    other = Editor(project, 1)
    other.delete(1)
    other.save()
    other.close()
    editor.image_id = 1
    assert len(page.call("document", image_id=1)["ids"]) == 1


def test_a_person_says_which_outline_is_the_spheroid(editor: Editor, project: Project) -> None:
    def area() -> float:
        return float(project.wells().set_index("image_id").loc[3, "area_px2"])

    assert area() == pytest.approx(3600)
    editor.update(2, primary=True)
    assert editor.outlines["primary"].tolist() == [False, True]
    assert editor.outlines["confidence"].tolist() == pytest.approx([0.9, 0.8])  # its shape is the model's still
    editor.save()
    assert area() == pytest.approx(400)
    assert project.measurements().query("image_id == 3")["is_primary"].tolist() == [False, True]
    [flags] = [buffers[3] for _, buffers in [Page(editor).ask("document", image_id=3)]]
    assert [bool(one & PRIMARY) for one in flags] == [False, True]
    editor.update(1, primary=True)
    assert editor.outlines["primary"].tolist() == [True, False]
    editor.update(1, primary=False)
    editor.save()
    assert editor.outlines["primary"].tolist() == [False, False]
    assert area() == pytest.approx(3600)


def test_a_draft_keeps_who_is_the_spheroid(editor: Editor, project: Project) -> None:
    editor.update(2, primary=True)
    editor.reload()  # from the draft
    assert editor.outlines["primary"].tolist() == [False, True]
    editor.update(1, class_name="debris")  # nothing is said of that
    assert editor.outlines["primary"].tolist() == [False, True]


def test_what_is_under_review_in_the_gallery_is_gone_through_in_the_workbench(project: Project) -> None:
    bench = Workbench(project)
    assert bench.editor is not None
    bench.gallery.opened_among = [2, 3]
    bench.gallery.opened = 2
    assert (bench.editor.queue, bench.editor.image_id) == ([2, 3], 2)
    bench.gallery.opened_among = []
    bench.gallery.opened = 1
    assert bench.editor.queue == []
    bench.close()
