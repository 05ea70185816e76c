"""The store: opens after a kill, refuses what it must, is safe on a network file system."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from spheroseg_widgets.errors import StoreError, StoreVersionError
from spheroseg_widgets.measure.definitions import PX_COLUMNS
from spheroseg_widgets.store import experiment, jobs, leases, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.job_state import ALLOWED, FINAL
from spheroseg_widgets.store.tables import MEASUREMENTS, job, metadata

from .plates import project_of


def queued_run(store: Database, count: int = 3) -> tuple[int, int]:
    with store.write() as c:
        project, made = project_of(c, count)
        model = runs.ensure_model(c, "m", "1", "00", None)
        return project, runs.create_run(c, project, model, {}, made, "me")


def test_the_migrations_make_exactly_the_tables(store: Database) -> None:
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_every_measured_column_has_a_place() -> None:
    assert MEASUREMENTS == PX_COLUMNS


def test_a_file_is_read_while_it_is_written(tmp_path: Path) -> None:
    with closing(Database.open(tmp_path / "s.sqlite", create=True)) as store, store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_network_file_system_gets_the_safe_mode_and_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="network file system"):
        store = Database.open(tmp_path / "s.sqlite", create=True, type_of=lambda _: "nfs4")
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "delete"
    (tmp_path / "s.sqlite.1.host").write_text("another-host\n7")
    with pytest.raises(StoreError, match=r"another-host.*delete s\.sqlite\.1\.host"):
        Database.open(tmp_path / "s.sqlite", type_of=lambda _: "nfs4")


@pytest.mark.filterwarnings("ignore:.*network file system")
def test_a_second_process_of_the_host_that_closes_leaves_the_first_one_s_lock(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "s.sqlite.old.host").write_text(f"{socket.gethostname()}\n{ended.pid}")  # a crash left it
    first = Database.open(path, create=True, type_of=lambda _: "nfs4")
    locks = list(tmp_path.glob("*.host"))
    assert len(locks) == 1
    code = (
        "import sys, warnings\nwarnings.simplefilter('ignore')\n"
        "from pathlib import Path\nfrom spheroseg_widgets.store.database import Database\n"
        "store = Database.open(sys.argv[1], type_of=lambda _: 'nfs4')\n"
        "print(len(list(Path(sys.argv[1]).parent.glob('*.host'))))\nstore.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"
    assert list(tmp_path.glob("*.host")) == locks
    first.close()
    assert list(tmp_path.glob("*.host")) == []


def test_a_newer_store_is_refused_and_unchanged(store: Database, store_address: str | Path) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreVersionError, match="newer version"):
        Database.open(store_address)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_what_is_no_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to be looked at as one" * 50)
    with pytest.raises(StoreError, match="cannot be opened"):
        Database.open(tmp_path / "text.sqlite")
    with pytest.raises(StoreError, match="no store"):
        Database.open(tmp_path / "absent.sqlite")


def test_a_killed_process_leaves_a_store_that_opens_and_keeps_nobody_from_writing(store_address: str | Path) -> None:
    code = (
        "import sys\nfrom spheroseg_widgets.store.database import Database\nfrom spheroseg_widgets.store import experiment\n"
        "store = Database.open(sys.argv[1])\nn = 0\n"
        "while True:\n    n += 1\n    with store.write() as c: experiment.ensure_project(c, str(n), 'me')\n    print(n, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(store_address)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = [child.stdout.readline() for _ in range(20)]
    time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    with closing(Database.open(store_address)) as store:
        with store.read() as connection:
            if store.path is not None:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            stored = int(connection.exec_driver_sql("SELECT count(*) FROM project").scalar() or 0)
        assert stored >= int(told[-1])
        with store.write() as connection:
            assert experiment.ensure_project(connection, "1", "me") == 1


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    Database.open(path, create=True).close()
    code = (
        "import resource, signal, sys\nfrom spheroseg_widgets.errors import StoreError\n"
        "from spheroseg_widgets.store.database import Database\nfrom spheroseg_widgets.store import audit, experiment\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nstore = Database.open(sys.argv[1])\n"
        "with store.write() as c: experiment.ensure_project(c, 'kept', 'me')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))\n"
        "try:\n    with store.write() as c: audit.record(c, None, 'me', 'x', 'y', 1, text='z' * 2_000_000)\n"
        "except StoreError as error:\n    print('refused:', error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    assert "refused" in done.stdout, done.stdout + done.stderr
    with Database.open(path).read() as connection:
        assert connection.exec_driver_sql("SELECT name FROM project").scalar() == "kept"
        assert connection.exec_driver_sql("SELECT count(*) FROM audit WHERE action = 'x'").scalar() == 0


def test_a_late_answer_of_an_old_attempt_is_kept_out(store: Database) -> None:
    _, run = queued_run(store)
    with store.write() as c:
        first = jobs.claim_jobs(c, run, 1, "w1", 60.0)[0][0]
        assert jobs.requeue_orphans(c, run) == 1
        second = jobs.claim_jobs(c, run, 1, "w2", 60.0)[0][0]
        assert (second.job_id, second.attempt) == (first.job_id, first.attempt + 1)
        assert not jobs.finish_jobs(c, [(first.job_id, first.attempt, "w1", 1.0, {})])
        assert jobs.finish_jobs(c, [(second.job_id, second.attempt, "w2", 1.0, {})])


def test_a_cancelled_job_never_turns_done_and_done_stays_done(store: Database) -> None:
    _, run = queued_run(store)
    with store.write() as c:
        (a,), (b,) = jobs.claim_jobs(c, run, 2, "w", 60.0)
        assert jobs.finish_jobs(c, [(a.job_id, a.attempt, "w", 1.0, {})])
        assert jobs.cancel_jobs(c, run) == 2
        assert not jobs.finish_jobs(c, [(b.job_id, b.attempt, "w", 1.0, {})])
        assert not jobs.fail_job(c, b.job_id, b.attempt, "late", None)
        states = pd.read_sql_query(sa.select(job.c.status), c)["status"].value_counts().to_dict()
        assert states == {"cancelled": 2, "done": 1}
        assert runs.close_run(c, run) == "cancelled"


def test_one_dispatcher_at_a_time(store: Database) -> None:
    project, _ = queued_run(store)
    with store.write() as c:
        assert leases.acquire_lease(c, project, "a", 60)
        assert not leases.acquire_lease(c, project, "b", 60)
        assert leases.acquire_lease(c, project, "a", -60)
        assert leases.acquire_lease(c, project, "b", 60)


def test_a_dispatcher_whose_process_is_gone_holds_nothing(store: Database) -> None:
    project, _ = queued_run(store)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with store.write() as c:
        mine = leases.new_owner()
        assert leases.acquire_lease(c, project, mine, 60)
        assert leases.lease_holder(c, project) == mine
        assert leases.acquire_lease(c, project, mine, -1)
        dead = mine.replace(f":{os.getpid()}:", f":{ended.pid}:")
        assert leases.acquire_lease(c, project, dead, 60)
        assert leases.lease_holder(c, project) is None
        assert leases.acquire_lease(c, project, "other-host:1:x", 60)
        assert leases.lease_holder(c, project) == "other-host:1:x"


def test_a_heartbeat_of_an_old_attempt_prolongs_nothing(store: Database) -> None:
    _, run = queued_run(store)
    with store.write() as c:
        old = jobs.claim_jobs(c, run, 1, "w1", 60.0)[0][0]
        jobs.requeue_orphans(c, run)
        new = jobs.claim_jobs(c, run, 1, "w2", 1.0)[0][0]
        before = c.scalar(sa.select(job.c.lease_until).where(job.c.id == new.job_id))
        assert jobs.heartbeat(c, [(old.job_id, old.attempt)], 3600.0) == set()
        assert c.scalar(sa.select(job.c.lease_until).where(job.c.id == new.job_id)) == before
        assert jobs.heartbeat(c, [(new.job_id, new.attempt)], 3600.0) == {new.job_id}
        assert c.scalar(sa.select(job.c.lease_until).where(job.c.id == new.job_id)) > before


def test_final_states_lead_nowhere_but_a_retry() -> None:
    assert {state: following for state, following in ALLOWED.items() if state in FINAL and following} == {
        "failed": {"queued"}
    }
