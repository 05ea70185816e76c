"""Flags in the gallery: they come after the table, and in a large project when they are asked for."""

from __future__ import annotations

import pytest

from spheroseg_widgets.project.project import Project
from spheroseg_widgets.widgets import gallery_flags
from spheroseg_widgets.widgets.gallery import Gallery
from spheroseg_widgets.widgets.gallery_rows import BETWEEN

from .gallery_of_three import gallery, project, save, unpacked
from .page import Page, until

__all__ = ["gallery", "project"]  # fixtures


def test_flags_come_after_the_table_and_follow_it(project: Project, gallery: Gallery) -> None:
    browser = Page(gallery)
    assert set(flags_of(browser)) == {""}
    save(project, 1, touches_border=[True])
    until(lambda: flags_of(browser)[0])
    assert [one.split(BETWEEN) for one in flags_of(browser)] == [
        list(names) or [""] for names in project.flags()["flags"]
    ]
    assert "border" in flags_of(browser)[0]
    project.exclude(image=1, reason="cut off")
    until(lambda: not flags_of(browser)[0])


def test_flags_of_a_large_project_wait_until_they_are_asked_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery_flags, "AT_ONCE", 2)
    save(project, 1, touches_border=[True])
    gallery = Gallery(project)
    browser = Page(gallery)
    until(lambda: gallery._reader is None)
    assert gallery.flags_state == "waiting"
    assert set(flags_of(browser)) == {""}
    browser.ask("want_flags")
    until(lambda: gallery.flags_state == "there")
    assert "border" in flags_of(browser)[0]
    gallery.close()


def flags_of(browser: Page) -> list[str]:
    value, buffers = browser.ask("rows", since=0)
    return unpacked(value, buffers[0])["flags"].tolist()
