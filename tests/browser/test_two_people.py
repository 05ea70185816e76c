"""Three hundred random steps of two people in JupyterLab, a kernel each, on one project: nothing is lost without a word."""

from __future__ import annotations

import os
import random
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Locator, Page, expect
from servers import run_all, write_notebook

import spheroseg_widgets as sw
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts
from tests.editor_store import bits, faults, holding

from .conftest import Lab, Watch
from .hands import ask, bring, kill_kernel, place_on_screen

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(3000), pytest.mark.filterwarnings("ignore")]
WIDTH, HEIGHT = 320, 240
IMAGES = 3
STEPS = int(os.environ.get("SPHEROSEG_STEPS", "300"))
SEED = int(os.environ.get("SPHEROSEG_SEED", "7"))
IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
ASKED_MS = 2500
"""Who else edits an image is asked every two seconds."""
COPIED = (
    "__import__('base64').b64encode(__import__('spheroseg_widgets.widgets.editor_clipboard', fromlist=['_'])"
    ".Clipboard._copied.outlines.to_bytes()).decode()"
)

PRESS = """(editor, [notice, name]) => {
  const buttons = [...editor.querySelectorAll(`[data-key="${notice}"] button`)];
  const button = buttons.find((one) => one.textContent === name && !one.disabled);
  button?.click();
  return button !== undefined;
}"""


def field(folder: Path) -> sw.Project:
    """Make a project of three images of four outlines."""
    luck = np.random.default_rng(SEED)
    project = sw.open_project(folder / "project", create=True)
    for number in range(1, IMAGES + 1):
        tifffile.imwrite(folder / f"field_{number}.tif", luck.integers(100, 4000, (HEIGHT, WIDTH), dtype=np.uint16))
    project.add(folder / "*.tif", pixel_size_um=1.0)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = [
        np.column_stack([x + 22 * np.cos(angles), y + 22 * np.sin(angles)]).astype(np.float32)
        for x, y in ((70, 70), (160, 70), (250, 70), (160, 170))
    ]
    outlines = Outlines.from_rings([[ring] for ring in rings])
    rows = measure_shape(outlines).assign(confidence=0.9, touches_border=False, class_name="spheroid")
    for number in range(1, IMAGES + 1):
        project.save(number, outlines, rows, parent=None)
    return project


class Somebody:
    """A person with a notebook, a kernel and a page.

    Attributes
    ----------
    made, stored : dict of str to int
        Operations made in the page, and those it showed as stored, by id; each with its image.
    kept, discarded : set of str
    """

    def __init__(self, author: str, lab: Lab, folder: Path, page: Page, watch: Watch, luck: random.Random) -> None:
        self.author, self.lab, self.page, self.watch, self.luck = author, lab, page, watch, luck
        self.notebook = f"{author}.ipynb"
        self.alive = True
        self.made: dict[str, int] = {}
        self.stored: dict[str, int] = {}
        self.kept: set[str] = set()
        self.discarded: set[str] = set()
        self.said: list[str] = []
        source = f"""import os
os.environ["JUPYTERHUB_USER"] = {author!r}
import spheroseg_widgets as sw
project = sw.open_project({str(folder)!r})
editor = sw.Editor(project, image=1)
editor"""
        write_notebook(lab.root / self.notebook, [source])
        page.add_init_script(path=Path(__file__).with_name("two_people.js"))
        page.goto(lab.address(self.notebook, author))
        run_all(page)
        self.arrive()
        self.keep_notebook()

    @property
    def refused(self) -> set[str]:
        """What the page said was not done: none of these steps is."""
        return set()

    @property
    def editor(self) -> Locator:
        return self.page.locator(".sw-editor").first

    def arrive(self) -> None:
        """Wait until the image is there."""
        bring(self.page, ".sw-editor")
        expect(self.editor.locator(".sw-editor-name")).to_contain_text("field")
        expect(self.editor.locator(".sw-editor-wait")).to_be_hidden()

    def keep_notebook(self) -> None:
        """Save the notebook: a reloaded page shows the editor that it names."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_role("button", name="Save").click()
        expect(self.page.locator(".lm-TabBar-tab.lm-mod-current.jp-mod-dirty")).to_have_count(0)

    def take(self) -> None:
        """Note what the page did since."""
        told = self.page.evaluate("window.swPeople.take()")
        self.made.update(dict(told["made"]))
        for one in told["dropped"]:
            if one in self.made and one not in self.discarded:
                self.stored[one] = self.made[one]
        self.kept = set(told["kept"])
        self.said += told["said"]

    # What hands do

    def at(self) -> Callable[[tuple[float, float]], tuple[float, float]]:
        if self.luck.random() < 0.8:
            self.take_over()
        self.press("f")
        return place_on_screen(self.editor, WIDTH, HEIGHT)[0]

    def somewhere(self, side: float = 0) -> tuple[float, float]:
        return self.luck.uniform(20, WIDTH - 30 - side), self.luck.uniform(20, HEIGHT - 30 - side)

    def select(self) -> None:
        """Select an outline where one most often is."""
        at = self.at()
        self.page.keyboard.press("v")
        x, y = self.luck.choice(((70, 70), (160, 70), (250, 70), (160, 170)))
        self.page.mouse.click(*at((x + self.luck.uniform(-8, 8), y + self.luck.uniform(-8, 8))))

    def nudge(self) -> None:
        self.select()
        for _ in range(self.luck.randint(1, 3)):
            self.page.keyboard.press(self.luck.choice([f"Shift+Arrow{way}" for way in ("Left", "Right", "Up", "Down")]))

    def vertex(self) -> None:
        at = self.at()
        self.page.keyboard.press("v")
        x, y = self.luck.choice(((70, 70), (160, 70), (250, 70), (160, 170)))
        self.page.mouse.click(*at((x, y)))
        self.page.mouse.move(*at((x + 22, y)))
        self.page.mouse.down()
        self.page.mouse.move(*at((x + self.luck.uniform(24, 36), y + self.luck.uniform(-6, 6))), steps=3)
        self.page.mouse.up()

    def draw(self) -> None:
        at = self.at()
        x, y = self.somewhere(20)
        self.page.keyboard.press("r")
        self.page.mouse.move(*at((x, y)))
        self.page.mouse.down()
        self.page.mouse.move(*at((x + self.luck.uniform(8, 20), y + self.luck.uniform(8, 20))), steps=3)
        self.page.mouse.up()
        self.page.keyboard.press("v")

    def delete(self) -> None:
        self.select()
        self.page.keyboard.press("Delete")

    def press(self, key: str) -> None:
        self.editor.locator(".sw-editor-stage").focus()
        self.page.keyboard.press(key)

    def undo(self) -> None:
        self.press("Control+z")

    def save(self) -> None:
        self.press("Control+s")

    def go(self) -> None:
        self.press(self.luck.choice([".", ","]))
        if self.luck.random() < 0.7:
            expect(self.editor.locator(".sw-editor-wait")).to_be_hidden()

    def answer(self, notice: str, name: str) -> bool:
        """Press a notice's button, where it is shown and can be pressed."""
        return bool(self.editor.evaluate(PRESS, [notice, name]))

    def take_over(self) -> None:
        self.answer("presence", "Take over")

    def decide(self) -> None:
        if self.luck.random() < 0.85:
            self.answer("draft", "Continue")
        else:
            self.throw_away()

    def throw_away(self) -> None:
        """Discard what the browser kept; what goes out of it then was not stored."""
        self.take()
        before = self.kept
        if not self.answer("kept", "Discard"):
            return
        self.page.wait_for_timeout(300)
        told = self.page.evaluate("window.swPeople.take()")
        self.made.update(dict(told["made"]))
        self.discarded |= before & set(told["dropped"])
        self.kept = set(told["kept"])

    def apply(self) -> None:
        self.answer("kept", "Apply")

    def wait(self) -> None:
        self.page.wait_for_timeout(self.luck.choice([300, 1000, 2500]))

    def reload(self) -> None:
        self.page.reload()
        self.page.wait_for_selector(IDLE)
        self.arrive()

    def kill(self) -> None:
        kill_kernel(self.lab, self.notebook)
        self.alive = False
        self.page.get_by_role("dialog").get_by_role("button", name="Ok").click()

    def restart(self) -> None:
        address = f"/api/kernels/{self.lab.kernel_id(self.notebook)}/restart"
        self.page.evaluate(
            "(address) => fetch(address, { method: 'POST', headers: { 'X-XSRFToken': /_xsrf=([^;]+)/.exec(document.cookie)[1] } })",
            address,
        )
        self.run_again()

    def run_again(self) -> None:
        self.page.wait_for_selector(IDLE)
        self.page.evaluate("document.querySelectorAll('.sw-editor').forEach((one) => one.setAttribute('data-old', ''))")
        run_all(self.page)
        expect(self.page.locator(".sw-editor:not([data-old])")).to_have_count(1)
        expect(self.page.locator(".sw-editor[data-old]")).to_have_count(0)
        self.alive = True
        self.arrive()
        self.keep_notebook()

    # In the end

    def show(self, number: int) -> None:
        """Go to an image by the keys; they are in their order."""
        for key in (*[","] * IMAGES, *["."] * (number - 1)):
            self.press(key)
            self.page.wait_for_timeout(200)
        expect(self.editor.locator(".sw-editor-name")).to_contain_text(f"field_{number}")
        expect(self.editor.locator(".sw-editor-wait")).to_be_hidden()

    def has_to_decide(self) -> bool:
        """Answer each of the notices that ask something; whether there was one."""
        asked = (("presence", "Take over"), ("draft", "Continue"), ("kept", "Apply"))
        return sum(self.answer(*one) for one in asked) > 0

    def settle(self, project: sw.Project) -> None:
        """Store, decide and save all there is of every image."""
        if not self.alive:
            self.run_again()
        for number in range(1, IMAGES + 1):
            self.show(number)
            self.page.wait_for_timeout(ASKED_MS)
            end = time.monotonic() + 60
            while self.has_to_decide() or any(one.author == self.author for one in open_drafts(project, number)):
                assert time.monotonic() < end, (self.author, number, self.said[-20:])
                self.page.wait_for_timeout(700)
                self.save()
                self.page.wait_for_timeout(ASKED_MS)
        self.take()

    def check_shown(self, number: int, wanted: Counter[bytes]) -> None:
        """Compare with what the page shows of an image: all of it is selected and copied."""
        self.show(number)
        expect(self.editor.locator(".sw-editor-count")).to_contain_text(f"{wanted.total()} object")
        for key in ("v", "Control+a", "Control+c"):
            self.press(key)
        end = time.monotonic() + 30
        while True:
            outlines = Outlines.from_bytes(b64decode(ask(self.lab, COPIED, self.notebook)))
            copied = Counter(bits(outlines.rings(at)) for at in range(len(outlines)))
            if copied == wanted:  # before, it is what was copied last
                return
            assert time.monotonic() < end, (self.author, number, copied - wanted, wanted - copied)


ACTS: dict[str, int] = {
    "nudge": 16, "vertex": 8, "draw": 8, "delete": 4, "undo": 8, "go": 12, "save": 8, "take_over": 12, "decide": 10, "apply": 8,
    "wait": 12, "reload": 3, "kill": 2, "restart": 2, "run_again": 1,
}  # fmt: skip
WITHOUT_KERNEL = {"nudge": 4, "vertex": 2, "draw": 2, "delete": 1, "undo": 2, "wait": 2, "run_again": 3}


def test_nothing_is_lost_between_two_people(
    lab: Lab, new_page: Callable[..., tuple[Page, Watch]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = field(tmp_path)
    luck = random.Random(SEED)
    people = [Somebody(author, lab, project.folder, *new_page(), luck) for author in ("ann", "bob")]
    done: list[str] = []
    began = time.monotonic()
    for _ in range(STEPS):
        person = luck.choice(people)
        acts = ACTS if person.alive else WITHOUT_KERNEL
        [name] = luck.choices(list(acts), list(acts.values()))
        done.append(f"{person.author}: {name}")
        getattr(person, name)()
        person.page.wait_for_timeout(luck.choice([0, 30, 150]))
        person.take()
        found = faults(project, people)
        assert not found, (found, done[-30:], [one.said[-20:] for one in people])
    for _ in range(2):  # what one of them saves last is a conflict of the other's
        for person in people:
            person.settle(project)
    found = faults(project, people)
    assert not found, (found, done[-30:], [one.said[-20:] for one in people])
    assert open_drafts(project) == []
    wanted = holding(project)
    for person in people:
        assert person.kept == set(), person.said[-20:]
        for number, outlines in wanted.items():
            person.check_shown(number, Counter(outlines.values()))
        assert person.watch.errors == []
    project.close()
    counted = Counter(one.partition(": ")[2] for one in done)
    told = ", ".join(f"{name} {n}" for name, n in counted.most_common())
    with capsys.disabled():
        made = " and ".join(f"{len(one.made)} of {one.author} ({len(one.stored)} shown as stored)" for one in people)
        print(f"\n{len(done)} steps in {time.monotonic() - began:.0f} s ({told}); operations: {made}")
    assert all(len(one.stored) > STEPS / 20 for one in people)
