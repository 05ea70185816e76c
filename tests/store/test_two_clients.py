"""Two who write at once, each with connections of their own: nothing is lost, done twice, or decided on what is past."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import (
    database,
    drafts,
    experiment,
    images,
    jobs,
    judgement,
    leases,
    result_frames,
    results,
    runs,
)
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.tables import edit, image, job, metadata, model, project, review, source

from .plates import add_files, model_result, objects, project_of, square

PATIENCE_S = 20.0
NOT_YET_S = 0.4


class Clients:
    """Two who have the store open."""

    def __init__(self, address: str | Path) -> None:
        self.both = [Database.open(address) for _ in range(2)]
        self._pool = ThreadPoolExecutor(2)

    def begin(self, act: Callable[[Database], Any], who: int) -> Future[Any]:
        return self._pool.submit(act, self.both[who])

    def at_once(self, act: Callable[[Database, int], Any]) -> list[Any]:
        """Have both do something at the same moment; returns what came of it, errors too."""
        ready = threading.Barrier(2)

        def do(number: int) -> Any:
            ready.wait(PATIENCE_S)
            try:
                return act(self.both[number], number)
            except StoreError as error:
                return error

        return [future.result(PATIENCE_S) for future in [self._pool.submit(do, number) for number in range(2)]]

    def close(self) -> None:
        self._pool.shutdown()
        for one in self.both:
            one.close()


@pytest.fixture
def clients(store_address: str | Path) -> Iterator[Clients]:
    made = Clients(store_address)
    yield made
    made.close()


def numbers(store: Database, statement: sa.Select[Any]) -> list[Any]:
    with store.read() as c:
        return list(c.scalars(statement))


def test_of_two_who_save_on_one_revision_one_is_refused_and_both_are_kept(clients: Clients) -> None:
    with clients.both[0].write() as c:
        _, ids = project_of(c, 12)
        first = {i: model_result(c, i, 10)[0] for i in ids}
    for image_id in ids:

        def save(store: Database, number: int, image_id: int = image_id) -> int:
            with store.write(commit_on=(results.KeptConflictError,)) as c:
                return results.save_edit(
                    c,
                    image_id,
                    square(11 + number),
                    objects(11 + number),
                    parent_id=first[image_id],
                    author=str(number),
                )

        told = clients.at_once(save)
        (saved,) = [one for one in told if isinstance(one, int)]
        (refused,) = [one for one in told if isinstance(one, results.KeptConflictError)]
        with clients.both[0].read() as c:
            assert c.scalar(sa.select(image.c.current_result_id).where(image.c.id == image_id)) == saved
            kept = result_frames.revisions_frame(c, image_id)
            assert set(kept["id"]) == {first[image_id], saved, refused.result_id}
            assert kept["author"].tolist().count(str(told.index(refused))) == 1


def test_no_job_is_claimed_twice_and_none_is_forgotten(clients: Clients) -> None:
    with clients.both[0].write() as c:
        made, ids = project_of(c, 60)
        run = runs.create_run(c, made, runs.ensure_model(c, "m", "1", "00", None), {}, ids, "me")

    both_at_it = threading.Barrier(2)

    def claim_all(store: Database, number: int) -> list[int]:
        out: list[int] = []
        while True:
            with store.write() as c:
                some = [one for (one,) in jobs.claim_jobs(c, run, 2, str(number), 60.0)]
            if not some:
                return out
            if not out:
                both_at_it.wait(PATIENCE_S)
            out += [one.job_id for one in some]

    hers, his = clients.at_once(claim_all)
    assert sorted(hers + his) == numbers(clients.both[0], sa.select(job.c.id).order_by(job.c.id))
    assert set(numbers(clients.both[0], sa.select(job.c.attempt))) == {1}


def test_one_of_two_gets_the_lease(clients: Clients) -> None:
    with clients.both[0].write() as c:
        made = [experiment.ensure_project(c, f"p{number}", "me") for number in range(10)]
    for project_id in made:

        def acquire(store: Database, number: int, project_id: int = project_id) -> bool:
            with store.write() as c:
                return leases.acquire_lease(c, project_id, f"host{number}:1:x", 60)

        assert sorted(clients.at_once(acquire)) == [False, True]


def test_what_is_decided_waits_for_what_is_being_decided(clients: Clients) -> None:
    """A result may displace what nobody approved; whoever approves meanwhile must not approve what they have not seen."""
    with clients.both[0].write() as c:
        made, (one,) = project_of(c, 1)
        model_result(c, one, 10)

    def approve(store: Database) -> None:
        with store.write() as c:
            judgement.set_review(c, made, [one], "approved", "me")

    with clients.both[0].write() as c:
        _, moved = model_result(c, one, 20)
        assert moved
        later = clients.begin(approve, 1)
        with pytest.raises(TimeoutError):
            later.result(NOT_YET_S)
    later.result(PATIENCE_S)
    with clients.both[0].write() as c:
        assert not model_result(c, one, 30)[1]
    assert numbers(clients.both[0], sa.select(review.c.state)) == ["approved"]


def test_files_that_two_add_at_once_are_added_once(clients: Clients) -> None:
    with clients.both[0].write() as c:
        made = experiment.ensure_project(c, "p", "me")
    names = [f"{number}.tif" for number in range(40)]

    def add(store: Database, _number: int) -> list[int]:
        with store.write() as c:
            return add_files(c, made, names)

    told = clients.at_once(add)
    assert sorted(map(len, told)) == [0, 40]
    assert len(numbers(clients.both[0], sa.select(source.c.id))) == 40
    assert numbers(clients.both[0], sa.select(image.c.id).order_by(image.c.id)) == max(told, key=len)


def test_a_project_that_two_open_at_once_is_one(clients: Clients) -> None:
    for number in range(10):
        name = f"plate {number}"
        hers, his = clients.at_once(
            lambda store, number, name=name: experiment.enter_project(store, name, str(number), "the key")
        )
        assert hers == his
        assert [store.project_id for store in clients.both] == [hers, hers]
        for store in clients.both:
            store.project_id = None
    assert len(numbers(clients.both[0], sa.select(project.c.id))) == 10


def test_operations_of_one_draft_from_two_clients_get_numbers_of_their_own(clients: Clients) -> None:
    with clients.both[0].write() as c:
        _, (one,) = project_of(c, 1)
        draft = drafts.open_draft(c, one, "session", "me")

    def append(store: Database, _number: int) -> None:
        for _ in range(10):
            with store.write() as c:
                assert drafts.append_edits(c, draft, "session", {uuid7(): {"delete": 1}}) == [drafts.STORED]

    assert clients.at_once(append) == [None, None]
    assert numbers(clients.both[0], sa.select(edit.c.number).order_by(edit.c.number)) == list(range(1, 21))


def test_all_that_one_reads_together_is_of_one_moment(clients: Clients) -> None:
    hers, his = clients.both
    with hers.write() as c:
        made, ids = project_of(c, 2)
        for one in ids:
            model_result(c, one, 10)
    with his.read() as c:
        before = result_frames.objects_frame(c, made)
        with hers.write() as other:
            add_files(other, made, ["later.tif"])
            model_result(other, ids[0], 20)
        assert len(images.images_frame(c, made)) == 2
        assert result_frames.objects_frame(c, made)["area_px2"].tolist() == before["area_px2"].tolist()
    with his.read() as c:
        assert len(images.images_frame(c, made)) == 3


def test_who_waits_too_long_is_told_and_has_changed_nothing(
    store_address: str | Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)
    clients = Clients(store_address)
    with clients.both[0].write() as c:
        experiment.ensure_project(c, "first", "me")

        def add(store: Database) -> None:
            with store.write() as c:
                experiment.ensure_project(c, "second", "me")

        began = time.monotonic()
        with pytest.raises(StoreError, match="not stored"):
            clients.begin(add, 1).result(PATIENCE_S)
        assert 0.8 < time.monotonic() - began < 10
    assert numbers(clients.both[1], sa.select(project.c.name)) == ["first"]
    add(clients.both[1])
    clients.close()


def test_who_is_killed_in_the_middle_of_a_change_keeps_nobody_waiting(store_address: str | Path) -> None:
    code = (
        "import sys, time\nfrom spheroseg_widgets.store.database import Database\nfrom spheroseg_widgets.store import experiment\n"
        "with Database.open(sys.argv[1]).write() as c:\n    experiment.ensure_project(c, 'half', 'me')\n"
        "    print('in it', flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(store_address)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "in it\n"
        child.kill()
    store = Database.open(store_address)
    began = time.monotonic()
    with store.write() as c:
        experiment.ensure_project(c, "whole", "me")
    assert time.monotonic() - began < 5
    assert numbers(store, sa.select(project.c.name)) == ["whole"]
    store.close()


def test_an_empty_database_that_two_open_at_once_gets_its_tables_once(empty_database: str) -> None:
    ready = threading.Barrier(2)

    def open_it() -> Database:
        ready.wait(PATIENCE_S)
        return Database.open(empty_database)

    with ThreadPoolExecutor(2) as pool:
        both = [future.result(PATIENCE_S) for future in [pool.submit(open_it) for _ in range(2)]]
    for one in both:
        with one.read() as c:
            assert compare_metadata(MigrationContext.configure(c), metadata) == []
        one.close()


@pytest.mark.parametrize("kind", ["postgresql"])
def test_two_projects_on_a_server_do_not_wait_for_each_other_and_one_who_changes_all_waits_for_both(
    make_store_address: Callable[[str], str | Path], kind: str
) -> None:
    clients = Clients(make_store_address(kind))
    hers, his = clients.both
    experiment.enter_project(hers, "hers", "her")
    experiment.enter_project(his, "his", "him")

    def add(store: Database) -> None:
        with store.write() as c:
            assert store.project_id is not None
            add_files(c, store.project_id, ["a.tif"])

    def make_model(store: Database) -> None:
        with store.write() as c:
            runs.ensure_model(c, "m", "1", "00", None)

    with hers.write() as c:
        assert hers.project_id is not None
        add_files(c, hers.project_id, ["a.tif"])
        clients.begin(add, 1).result(PATIENCE_S)
        his.project_id = None
        later = clients.begin(make_model, 1)
        with pytest.raises(TimeoutError):
            later.result(NOT_YET_S)
    later.result(PATIENCE_S)
    assert len(numbers(hers, sa.select(image.c.id))) == 2
    assert len(numbers(hers, sa.select(model.c.id))) == 1
    clients.close()
