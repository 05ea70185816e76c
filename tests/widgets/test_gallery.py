"""The gallery's kernel half: selection, opening, a store that cannot be read, closing, and showing only."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import pytest

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.project.run import Run
from spheroseg_widgets.store import runs
from spheroseg_widgets.widgets import gallery_table
from spheroseg_widgets.widgets.gallery import Gallery

from .gallery_of_three import gallery, project, save
from .page import Page, until

__all__ = ["gallery", "project"]  # fixtures


def test_selection_is_a_table_and_can_be_set(project: Project, gallery: Gallery) -> None:
    assert gallery.selected.empty
    gallery.selected_ids = [3, 1, 99]
    assert gallery.selected["name"].tolist() == ["plate_A01_24h.tif", "plate_A03_24h.tif"]
    gallery.selected = project.images().tail(1)
    assert gallery.selected_ids == [3]
    gallery.selected = [2]
    assert gallery.selected["image_id"].tolist() == [2]


def test_opening_calls_back_until_left(gallery: Gallery) -> None:
    opened: list[int] = []
    assert not gallery.opens
    leave = gallery.on_open(opened.append)
    assert gallery.opens
    gallery.set_state({"opened": 2})
    gallery.set_state({"opened": None})
    gallery.set_state({"opened": 2})
    leave()
    gallery.set_state({"opened": 3})
    assert opened == [2, 2]
    assert not gallery.opens


def test_a_callback_that_fails_is_shown_and_stops_no_other(gallery: Gallery) -> None:
    browser = Page(gallery)
    opened: list[int] = []
    gallery.on_open(lambda image_id: 1 / 0)
    gallery.on_open(opened.append)
    gallery.set_state({"opened": 1})
    assert opened == [1]
    event = until(lambda: [m for m, _ in browser.messages if m.get("name") == "problem"])[0]
    assert "ZeroDivisionError" in event["value"]["message"]


def test_an_unreadable_project_is_an_error_and_retry_reads_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> pd.DataFrame:
        raise OSError("the share is gone")

    with monkeypatch.context() as patched:
        patched.setattr(gallery_table, "overview_table", broken)
        gallery = Gallery(project)
        until(lambda: gallery.error)
        assert gallery.error == "the share is gone"
        with pytest.raises(RuntimeError, match="the share is gone"):
            Page(gallery).ask("rows", since=0)
    browser = Page(gallery)
    browser.ask("retry")
    assert gallery.error == ""
    gallery.error = "a reading in the background failed"
    save(project, 1)
    until(lambda: not gallery.error)  # the next one that works takes the card away
    assert browser.ask("rows", since=0)[0]["count"] == 3
    gallery.close()


def test_a_closed_gallery_hears_nothing_more(project: Project) -> None:
    gallery = Gallery(project)
    until(lambda: gallery.rows_version)
    gallery.close()
    version = gallery.rows_version
    save(project, 1)
    time.sleep(0.4)
    assert gallery.rows_version == version


def test_a_reading_that_ends_after_the_closing_does_not_follow_a_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening: list[int] = []
    monkeypatch.setattr(Run, "on_change", lambda run, _listener: listening.append(run.id) or (lambda: None))
    shown = Gallery(project)
    until(lambda: shown.rows_version)
    shown.close()
    with project.database.write() as connection:
        model = runs.ensure_model(connection, "m", "1", "00", None)
        runs.create_run(connection, project.id, model, {}, project.images()["image_id"].tolist(), "me")
    shown.reload()
    assert listening == []


def test_a_gallery_that_only_shows_takes_no_change_whatever_its_page_sets(project: Project) -> None:
    result = save(project, 1)
    gallery = Gallery(project, read_only=True)
    browser = Page(gallery)
    gallery.set_state({"can_act": True, "can_add": True})
    assert not gallery.can_act
    assert not gallery.can_add
    for method, params in {
        "review.decide": {"image": 1, "decision": {"kind": "unusable"}}, "act.delete": {"ids": [1]}, "act.tag": {"ids": [1], "tag": "a"},
        "add_preview": {"path": "."},
    }.items():  # fmt: skip
        with pytest.raises(RuntimeError, match="only shows"):
            browser.ask(method, **params)
    assert project.images()["current_result_id"].iloc[0] == result
    assert project.images()["outcome"].iloc[0] == "measured"
    assert project.tags().empty
    gallery.close()
