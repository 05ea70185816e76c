"""Two people, two kernels, one image: who edits it is said, it can be taken over, and a kernel that dies holds nothing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.store import presence

from .conftest import Lab, Watch
from .hands import bring, drag_vertex, kill_kernel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
SEEN_S, EXPIRED_S = 5.0, 15.0
WIDTH, HEIGHT = 256, 192


def open_editor(lab: Lab, page: Page, author: str, folder: Path) -> Locator:
    """Open the project as somebody, in a notebook and a kernel of their own; gives their editor."""
    source = f"""import os
os.environ["JUPYTERHUB_USER"] = {author!r}
import spheroseg_widgets as sw
project = sw.open_project({str(folder)!r})
editor = sw.Editor(project, image=1)
editor"""
    write_notebook(lab.root / f"{author}.ipynb", [source])
    page.goto(lab.address(f"{author}.ipynb", author))
    run_all(page)
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-name")).to_contain_text("plate_A01_0h")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    return editor


def test_a_second_kernel_is_told_who_edits_takes_over_and_outlives_the_first(
    segmented: Path, lab: Lab, new_page: NewPage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(segmented.parent, tmp_path / "copy")) / segmented.name
    project = sw.open_project(folder)
    ann = open_editor(lab, new_page()[0], "ann", folder)
    bob = open_editor(lab, new_page()[0], "bob", folder)  # the newest kernel: the one that is killed in the end
    outlines = project.outlines(1)[0]
    hers, his = (one.locator('[data-key="presence"]') for one in (ann, bob))

    began = time.monotonic()
    drag_vertex(ann, outlines, WIDTH, HEIGHT, 30)
    changed = time.monotonic()
    expect(his).to_contain_text("Edited by ann now")
    seen = time.monotonic() - changed
    assert seen < SEEN_S

    his.get_by_role("button", name="Take over").click()
    expect(his).to_be_hidden()
    drag_vertex(bob, outlines, WIDTH, HEIGHT, 30, "left")
    expect(bob.locator(".sw-editor-storing")).to_contain_text("1 change stored")
    expect(hers).to_contain_text("bob took over")
    told = time.monotonic() - changed - seen
    assert holder(project) == "bob"

    kill_kernel(lab)
    killed = time.monotonic()
    while holder(project) is not None:
        assert time.monotonic() - killed < EXPIRED_S
        time.sleep(0.1)
    expired = time.monotonic() - killed
    hers.get_by_role("button", name="Take over").click()
    expect(hers).to_be_hidden()
    drag_vertex(ann, outlines, WIDTH, HEIGHT, 30, "bottom")
    expect(ann.locator(".sw-editor-storing")).to_contain_text("2 changes stored")
    took = time.monotonic() - began
    project.close()
    with capsys.disabled():
        print(
            f" seen after {seen:.1f} s, taken over and told in {told:.1f} s, free {expired:.1f} s after the kernel's death;"
            f" {took:.1f} s in all, beside the start of both kernels"
        )


def holder(project: sw.Project) -> str | None:
    """Return who holds the image."""
    with project.database.read() as connection:
        held = presence.holder_of(connection, 1)
    return None if held is None else held.author
