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
import pandas as pd
import pytest
import sqlalchemy as sa
import tifffile

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.project import Project, open_project
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.results import load_outlines
from spheroseg_widgets.store.tables import audit, draft, edit, image, result
from spheroseg_widgets.widgets.editor_document import Document, Operation

from .test_editor import Browser
from .two_people import Page, Shown, World, bits

IMAGES = 2
STEPS = 80
SIDE = 160


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three images; two have outlines, one has none."""
    folder = tmp_path_factory.mktemp("template")
    luck = np.random.default_rng(0)
    for number in range(1, IMAGES + 1):
        tifffile.imwrite(folder / f"{number}.tif", luck.integers(100, 4000, (SIDE, SIDE), dtype=np.uint16))
    project = open_project(folder / "project", create=True)
    project.add(folder / "*.tif", pixel_size_um=2.0)
    outlines = Outlines.from_rings([[square(x, 20)] for x in (20, 60, 100)])
    rows = measure_shape(outlines).assign(confidence=0.9, touches_border=False, class_name="spheroid")
    for number in (1,):
        project.save(number, outlines, rows, parent=None)
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
        The same name twice is one person in two notebooks.
    """

    def __init__(self, seed: int, world: World, authors: tuple[str, str]) -> None:
        self.luck = random.Random(seed)
        self.world = world
        self.pages = [Page(world, author, 1) for author in authors]
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


def faults(project: Project, pages: list[Page]) -> list[str]:
    """Return what is lost or wrong in the store; nothing where all is well."""
    with project.database.read() as connection:
        drafts = {one.id: one for one in connection.execute(sa.select(draft))}
        edits = list(connection.execute(sa.select(edit).order_by(edit.c.draft_id, edit.c.number)))
        results = {one.id: one for one in connection.execute(sa.select(result))}
        currents = {one.id: one.current_result_id for one in connection.execute(sa.select(image))}
        conflicts = {
            int(one.row_id): one.author for one in connection.execute(sa.select(audit).where(audit.c.action == "conflict"))
        }
        made = {
            one.id: replayed(connection, one, [row for row in edits if row.draft_id == one.id])
            for one in drafts.values()
            if one.closed_by_result_id is not None
        }
        saved = {key: shown_of(connection, key) for key in results}
    found = []
    lies_in = {str(row.id): drafts[row.draft_id] for row in edits}
    for page in pages:
        discarded = set().union(*(one.discarded for one in pages if one.author == page.author))
        for one, number in page.stored.items():
            at = lies_in.get(one)
            if at is None:
                if one not in discarded:
                    found.append(f"{one} of {page.author} on {number} was shown as stored and is gone")
            elif (at.image_id, at.author) != (number, page.author):
                found.append(f"{one} of {page.author} on {number} lies with {at.author} on {at.image_id}")
        for one in page.made.keys() - page.stored.keys() - page.refused - discarded:
            if one not in lies_in and one not in page.journal:
                found.append(f"{one} of {page.author} on {page.made[one]} vanished without a word")
    for key, wanted in made.items():
        closed = results[drafts[key].closed_by_result_id]
        if saved[closed.id] != wanted:
            found.append(f"revision {closed.id} of {closed.image_id} is not what its draft holds")
        if closed.author != drafts[key].author or closed.parent_id != drafts[key].base_result_id:
            found.append(f"revision {closed.id} is of {closed.author} on {closed.parent_id}")
    for number, current in currents.items():
        chain = set()
        while current is not None:
            chain.add(current)
            current = results[current].parent_id
        beside = {key for key, one in results.items() if one.image_id == number} - chain
        if any(results[key].image_id != number for key in chain):
            found.append(f"the revisions of {number} lead to another image")
        if beside - conflicts.keys():
            found.append(f"revisions {sorted(beside - conflicts.keys())} of {number} lie beside the chain without a conflict")
    return found


def replayed(connection: sa.Connection, one: sa.Row, operations: list[sa.Row]) -> Shown:
    """Return what a draft's operations make of the revision it was begun on."""
    outlines, rows = Outlines.empty(), pd.DataFrame()
    if one.base_result_id is not None:
        outlines, rows = load_outlines(connection, one.base_result_id)
    document = Document(outlines, rows, one.base_result_id, SIDE, SIDE)
    for row in operations:
        document.apply(Operation.from_json(str(row.id), row.operation))
    return {key: bits(document.rings(key) or []) for key in document.ids}


def shown_of(connection: sa.Connection, revision: int) -> Shown:
    outlines, rows = load_outlines(connection, revision)
    return {str(key): bits(outlines.rings(at)) for at, key in enumerate(rows["outline_id"])}


def go_through(seed: int, folder: Path, authors: tuple[str, str], patch: pytest.MonkeyPatch, *, steps: int = STEPS) -> None:
    """Let two people work on a copy of a project; nothing may be lost after any step, and all agree in the end."""
    world = World(folder, patch)
    project = open_project(folder)
    course = Course(seed, world, authors)
    for _ in range(steps):
        course.step()
        found = faults(project, course.pages)
        assert not found, (seed, found, course.done)
    course.finish()
    found = faults(project, course.pages)
    assert not found, (seed, found, course.done)
    with project.database.read() as connection:
        currents = {one.id: one.current_result_id for one in connection.execute(sa.select(image))}
        holding = {key: {} if one is None else shown_of(connection, one) for key, one in currents.items()}
        still_open = connection.scalar(sa.select(sa.func.count()).select_from(draft).where(draft.c.closed_by_result_id.is_(None)))
    assert still_open == 0, (seed, course.done)
    for page in course.pages:
        assert not page.journal, (seed, page.told[-5:], course.done)
        for number in (page.image, *holding):
            if number != page.image:
                page.open(number)
            assert page.shown == holding[number], (seed, number, course.done)
        page.kernel.end()
    project.close()


@pytest.mark.parametrize("start", range(0, 100, 10))
def test_nothing_is_lost(template: Path, tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 10):
        folder = Path(shutil.copytree(template, tmp_path / str(seed)))
        authors = ("ann", "ann") if seed % 3 == 0 else ("ann", "bob")
        with pytest.MonkeyPatch.context() as patch:
            go_through(seed, folder, authors, patch)
