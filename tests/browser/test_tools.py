"""The editor's tools in JupyterLab, by real mouse, keys and touch: each does its work in the kernel, and is undone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from editor_place import place_on_screen
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

from .conftest import Lab, Watch
from .hands import ask, bring

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")]
NewPage = Callable[..., tuple[Page, Watch]]
NOTEBOOK = "tools.ipynb"
WIDTH, HEIGHT = 256, 192
X, Y = 128, 96  # the middle of the spheroid, whose radius is about 30 px
WAIT_S = 60
AREAS = "sorted(editor.outlines['area_px2'].tolist())"
HOLES = "[len(shape.interiors) for shape in editor.outlines['geometry']]"
CONFIDENCE = "[None if value != value else value for value in editor.outlines['confidence'].tolist()]"


class Desk:
    """An open editor with a spheroid, and a hand on mouse and keys."""

    def __init__(self, page: Page, editor: Locator, lab: Lab) -> None:
        self.page, self.editor, self.lab = page, editor, lab
        self.at, self.scale = place_on_screen(editor, WIDTH, HEIGHT)

    def click(self, x: float, y: float, *modifiers: str) -> None:
        self.hold(modifiers, lambda: self.page.mouse.click(*self.at((x, y))))

    def drag(self, *way: tuple[float, float], modifiers: tuple[str, ...] = ()) -> None:
        def along() -> None:
            self.page.mouse.move(*self.at(way[0]))
            self.page.mouse.down()
            for point in way[1:]:
                self.page.mouse.move(*self.at(point), steps=6)
            self.page.mouse.up()

        self.hold(modifiers, along)

    def hold(self, modifiers: tuple[str, ...], act: Callable[[], None]) -> None:
        for key in modifiers:
            self.page.keyboard.down(key)
        act()
        for key in modifiers:
            self.page.keyboard.up(key)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def read(self, code: str) -> Any:
        """Ask the kernel once all that was done is stored."""
        expect(self.editor.locator(".sw-editor-storing[data-state=storing]")).to_have_count(0)
        return ask(self.lab, code)

    def wait(self, code: str, wanted: Callable[[Any], bool]) -> Any:
        until = time.monotonic() + WAIT_S
        while not wanted(found := self.read(code)):
            assert time.monotonic() < until, found
            self.page.wait_for_timeout(100)
        return found

    def undone(self, *, steps: int, areas: list[float]) -> None:
        """Undo, and find everything as it was, the model's confidence with it."""
        self.keys(*["Control+z"] * steps)
        assert self.wait(AREAS, lambda found: found == areas) == areas
        assert self.read(CONFIDENCE) == self.read("[found[0]]")
        self.keys("v", "Escape")


@pytest.fixture(scope="module")
def opened(segmented: Path, lab: Lab, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A notebook with an editor that is open on a spheroid."""
    folder = Path(shutil.copytree(segmented.parent, tmp_path_factory.mktemp("tools") / "copy")) / segmented.name
    sources = [
        f"import spheroseg_widgets as sw\nproject = sw.open_project({str(folder)!r})",
        "editor = sw.Editor(project, image=1, classes=['core'])\nfound = editor.outlines['confidence'].tolist()\neditor",
    ]
    write_notebook(lab.root / NOTEBOOK, sources)
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, has_touch=True)
    context.set_default_timeout(240_000)
    page = context.new_page()
    watch = Watch(page)
    page.goto(lab.address(NOTEBOOK, "tools"))
    run_all(page)
    editor = bring(page, ".sw-editor")
    expect(editor.locator(".sw-editor-name")).to_contain_text("plate_A01_0h")
    expect(editor.locator(".sw-editor-wait")).to_be_hidden()
    yield Desk(page, editor, lab)
    assert watch.errors == []
    context.close()


@pytest.fixture
def desk(opened: Desk) -> tuple[Desk, list[float]]:
    """The editor with nothing selected, and the areas of what is there."""
    opened.click(5, 5)
    opened.keys("v", "Escape")
    return opened, opened.read(AREAS)


def test_slice_acts_on_the_second_click_and_is_undone(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    assert len(areas) == 1
    hand.keys("s")
    hand.click(X - 60, Y)
    hand.page.mouse.move(*hand.at((X + 60, Y)))
    expect(hand.editor.locator(".sw-editor-count")).to_have_text("1 object")
    hand.click(X + 60, Y)
    expect(hand.editor.locator(".sw-editor-count")).to_have_text("2 objects")
    halves = hand.wait(AREAS, lambda found: len(found) == 2)
    assert sum(halves) == pytest.approx(areas[0], rel=1e-4)
    hand.undone(steps=1, areas=areas)


def test_what_was_sliced_is_merged_again_and_both_are_undone(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    hand.keys("s")
    hand.drag((X, Y - 60), (X + 5, Y), (X, Y + 60))
    hand.wait(AREAS, lambda found: len(found) == 2)
    hand.keys("m")  # both halves are selected
    merged = hand.wait(AREAS, lambda found: len(found) == 1)
    assert merged == pytest.approx(areas, rel=1e-4)
    hand.undone(steps=2, areas=areas)


def test_the_brush_adds_and_the_eraser_takes_away(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    hand.click(X, Y)
    hand.keys("b")
    hand.hold(("Alt",), lambda: hand.page.mouse.wheel(0, 300))  # a smaller brush
    hand.drag((X, Y), (X + 40, Y), (X + 60, Y - 10))
    [larger] = hand.wait(AREAS, lambda found: found != areas)
    assert larger > 1.1 * areas[0]
    hand.keys("Shift+B")
    hand.drag((X - 10, Y - 60), (X - 10, Y + 60))
    parts = hand.wait(AREAS, lambda found: len(found) == 2)
    assert sum(parts) < larger
    hand.undone(steps=2, areas=areas)


def test_a_hole_is_drawn_filled_and_made_an_object(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    hand.keys("l", "i")
    hand.drag((X - 8, Y - 8), (X + 8, Y + 8))
    assert hand.wait(HOLES, lambda found: found == [1]) == [1]
    hand.keys("i", "v")
    hand.page.mouse.move(*hand.at((X, Y)))
    hand.keys("Shift+I")
    both = hand.wait(AREAS, lambda found: len(found) == 2)
    assert sum(both) == pytest.approx(areas[0], rel=1e-3)
    hand.keys("Control+z")
    hand.click(X + 20, Y)
    hand.keys("g")
    assert hand.wait(HOLES, lambda found: found == [0]) == [0]
    hand.undone(steps=2, areas=areas)


def test_it_grows_with_a_preview_and_the_change_of_area_shown(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    hand.click(X, Y)
    hand.keys("t")
    strip = hand.editor.locator(".sw-editor-strip")
    strip.locator("select").first.select_option("grow")
    strip.locator(".sw-editor-field").fill("10")  # um: five pixels
    strip.locator(".sw-editor-field").press("Tab")
    expect(strip.locator(".sw-editor-words")).to_contain_text("µm²")
    assert hand.read(AREAS) == areas
    strip.get_by_role("button", name="Apply").click()
    [larger] = hand.wait(AREAS, lambda found: found != areas)
    assert larger > 1.25 * areas[0]
    hand.undone(steps=1, areas=areas)


def test_without_a_mouse_one_selects_moves_classes_locks_copies_and_deletes(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    cells = hand.page.locator(".jp-Cell").count()
    hand.keys("j", "Shift+ArrowRight", "2", "Shift+L", "Delete")
    expect(hand.editor.locator(".sw-editor-said")).to_contain_text("locked")
    hand.wait("editor.locked_ids == editor.selected_ids", bool)
    assert hand.wait("editor.outlines['class'].tolist()", lambda found: found == ["core"])
    hand.keys("Shift+L", "Control+c", "Delete")
    hand.wait(AREAS, lambda found: found == [])
    hand.keys("Control+v")
    assert hand.wait(AREAS, lambda found: len(found) == 1) == pytest.approx(areas, rel=1e-4)
    assert hand.page.locator(".jp-Cell").count() == cells  # Lab's own Shift+M, D, C never acted
    hand.undone(steps=6, areas=areas)


def test_two_fingers_zoom_while_a_tool_that_draws_is_on(desk: tuple[Desk, list[float]]) -> None:
    hand, areas = desk
    hand.keys("d")
    zoom = hand.editor.locator(".sw-editor-zoom")
    before = zoom.inner_text()
    touch = hand.page.context.new_cdp_session(hand.page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(map(hand.at, places))]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (X - 10, Y))
    fingers("touchStart", (X - 10, Y), (X + 10, Y))
    for reach in (20, 30, 40):
        fingers("touchMove", (X - reach, Y), (X + reach, Y))
    fingers("touchEnd")
    expect(zoom).not_to_have_text(before)
    hand.keys("Enter", "f")
    expect(zoom).to_have_text(before)
    assert hand.read(AREAS) == areas
