"""Nothing is lost between two people, two kernels and one project, whatever they do and whenever a kernel dies."""

from __future__ import annotations

import random
import shutil
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import tifffile

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.drafts import open_drafts
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.store.ids import uuid7
from tests.editor_store import bits, faults, holding

from .editor_page import Browser
from .two_kernels import World
from .two_people import Kept, Page

IMAGES = 2
SIDE = 160


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two images; the first has outlines."""
    folder = tmp_path_factory.mktemp("template")
    luck = np.random.default_rng(0)
    for number in range(1, IMAGES + 1):
        tifffile.imwrite(folder / f"{number}.tif", luck.integers(100, 4000, (SIDE, SIDE), dtype=np.uint16))
    project = open_project(folder / "project", create=True)
    project.add(folder / "*.tif", pixel_size_um=2.0)
    outlines = Outlines.from_rings([[square(x, 20)] for x in (20, 60, 100)])
    rows = measure_shape(outlines).assign(confidence=0.9, touches_border=False, class_name="spheroid")
    project.save(1, outlines, rows, parent=None)
    project.close()
    return folder / "project"


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Browser)
    yield
    ipywidgets.Widget.close_all()


def square(x: float, y: float, side: float = 20) -> np.ndarray:
    return np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], np.float32)


class Course:
    """What two people do, by a seed.

    Parameters
    ----------
    seed : int
    world : World
    authors : (str, str)
        The same name twice is one person with two notebooks in one browser.
    """

    def __init__(self, seed: int, world: World, authors: tuple[str, str]) -> None:
        self.luck = random.Random(seed)
        self.world = world
        browsers: dict[str, dict[str, Kept]] = {author: {} for author in authors}
        self.pages = [Page(world, author, 1, browsers[author]) for author in authors]
        self.done: list[str] = []
        self.acts: dict[str, tuple[int, Callable[[Page], object]]] = {
            "refresh": (4, Page.refresh), "change": (14, self.change), "undo": (3, Page.undo), "deliver": (10, self.deliver), "lose an answer": (2, self.lose),
            "save": (4, Page.save), "next": (4, self.go), "next, changes on their way": (3, self.go_at_once),
            "look around": (6, Page.look_around), "hear": (8, Page.hear), "take over": (6, Page.take_over),
            "continue": (5, lambda page: page.decide(keep=True)), "discard": (1, lambda page: page.decide(keep=False)),
            "apply": (3, lambda page: page.answer_offer(apply=True)), "drop": (1, lambda page: page.answer_offer(apply=False)),
            "reload": (2, Page.reload), "restart": (2, Page.restart), "kill": (1, self.kill), "run again": (1, Page.run_again),
            "take numbers": (1, self.settle), "time passes": (3, self.wait),
        }  # fmt: skip

    def step(self) -> None:
        names = list(self.acts)
        [name] = self.luck.choices(names, [self.acts[one][0] for one in names])
        at = self.luck.randrange(2)
        self.done.append(f"{'AB'[at]} {self.pages[at].image}: {name}")
        self.acts[name][1](self.pages[at])

    def change(self, page: Page) -> None:
        """Move an outline, delete it, or draw one."""
        if page.info is None or page.barred:
            return
        for _ in range(self.luck.randint(1, 3)):
            kind = self.luck.choice(["move", "move", "delete", "draw"])
            if kind == "draw" or not page.shown:
                page.change(str(uuid7()), self.somewhere())
            else:
                page.change(self.luck.choice(sorted(page.shown)), None if kind == "delete" else self.somewhere())

    def somewhere(self) -> bytes:
        x, y = self.luck.uniform(5, SIDE - 30), self.luck.uniform(5, SIDE - 30)
        return bits([square(x, y, self.luck.uniform(5, 20))])

    def deliver(self, page: Page) -> None:
        for number in list(page.outboxes):
            page.deliver(number)

    def lose(self, page: Page) -> None:
        page.deliver(page.image, answered=False)

    def go(self, page: Page) -> None:
        page.deliver(page.image)
        self.go_at_once(page)

    def go_at_once(self, page: Page) -> None:
        page.open(self.luck.randint(1, IMAGES))

    def kill(self, page: Page) -> None:
        if page.kernel.alive:
            page.kernel.die()

    def settle(self, page: Page) -> None:
        if page.kernel.alive:
            with page.kernel.acts(), warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                page.kernel.project.changes.settle()
            page.told.extend(f"not saved: {one.message}" for one in said)

    def wait(self, _page: Page) -> None:
        self.world.later += timedelta(seconds=self.luck.choice([3, 6, 20]))

    def finish(self) -> None:
        """Store, decide and save all there is; then everybody looks at every image."""
        for page in self.pages:
            if not page.kernel.alive:
                page.restart()
        for _ in range(2):
            for page in self.pages:
                for number in range(1, IMAGES + 1):
                    self.settle_image(page, number)
        for page in self.pages:
            page.look_around()
            page.hear()

    def settle_image(self, page: Page, number: int) -> None:
        page.open(number)
        page.take_over()
        for _ in range(4):
            page.deliver(number)
            page.save()
            page.decide(keep=True)
            page.answer_offer(apply=True)
        page.save()
        for left in list(page.outboxes):
            page.deliver(left)


def go_through(seed: int, folder: Path, steps: int, patch: pytest.MonkeyPatch) -> None:
    """Let two people work on a project; nothing may be lost meanwhile, and all agree in the end."""
    project = open_project(folder)
    authors = ("ann", "ann") if seed % 2 else ("ann", "bob")
    course = Course(seed, World(folder, patch), authors)
    for number in range(steps):
        course.step()
        if number % 4 == 0:
            found = faults(project, course.pages)
            assert not found, (seed, found, course.done)
    course.finish()
    found = faults(project, course.pages)
    assert not found, (seed, found, course.done)
    assert not open_drafts(project), (seed, course.done)
    wanted = holding(project)
    for page in course.pages:
        assert not page.journal, (seed, page.told[-5:], course.done)
        for number in (page.image, *wanted):
            if number != page.image:  # the open one follows what others save by itself
                page.open(number)
            assert page.shown == wanted[number], (seed, number, course.done)
        page.kernel.end()
    project.close()


ROUNDS = [
    *(pytest.param(range(first, first + 10), 25, id=f"from {first}") for first in range(0, 60, 10)),
    *(
        pytest.param(
            range(first, first + 50), 80, id=f"from {first}", marks=[pytest.mark.long, pytest.mark.timeout(1200)]
        )
        for first in range(100, 400, 50)
    ),
]


@pytest.mark.parametrize(("seeds", "steps"), ROUNDS)
def test_nothing_is_lost(template: Path, tmp_path: Path, seeds: range, steps: int) -> None:
    for seed in seeds:
        folder = Path(shutil.copytree(template, tmp_path / str(seed)))
        with pytest.MonkeyPatch.context() as patch:
            go_through(seed, folder, steps, patch)
