"""What a dispatcher writes of its clusters is what a monitor reads, and a wish for another size reaches it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from spheroseg_widgets.store import clusters
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.requests import this_process
from spheroseg_widgets.store.tables import event

from .plates import project_of


@pytest.fixture
def project(store: Database) -> int:
    with store.write() as c:
        return project_of(c, 1)[0]


def opened(store: Database, project: int, **more: Any) -> int:
    with store.write() as c:
        return clusters.record_opened(
            c, project, **{"address": "tcp://127.0.0.1:1", "local": True, "workers": 2, **more}
        )


def seen(store: Database, project: int) -> list[clusters.OpenCluster]:
    with store.read() as c:
        return clusters.open_clusters(c, project)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_was_written_is_read(store: Database, project: int) -> None:
    security = (("tls_ca_file", "/keys/ca.pem"),)
    number = opened(
        store, project, address="tls://10.0.0.5:8786", local=False, security=security, here="Client-1",
        dashboard="http://10.0.0.5:8787/status", workers=None, most=4, room=8,
    )  # fmt: skip
    (one,) = seen(store, project)
    assert (one.id, one.process, one.address, one.local) == (number, this_process(), "tls://10.0.0.5:8786", False)
    assert (one.security, one.here, one.dashboard) == (security, "Client-1", "http://10.0.0.5:8787/status")
    assert (one.workers, one.most, one.room) == (None, 4, 8)
    assert one.opened_at.tzinfo is not None


def test_a_closed_cluster_is_not_among_the_open_ones(store: Database, project: int) -> None:
    first, second = opened(store, project), opened(store, project, address="tcp://127.0.0.1:2")
    with store.write() as c:
        clusters.record_closed(c, project, first)
    assert [one.id for one in seen(store, project)] == [second]


def test_a_cluster_of_a_process_that_is_gone_counts_as_closed(store: Database, project: int) -> None:
    opened(store, project)
    assert len(seen(store, project)) == 1
    host = this_process().rpartition(":")[0]
    with store.write() as c:
        detail = c.execute(sa.select(event.c.detail)).scalar_one()
        c.execute(event.update().values(detail={**detail, "process": f"{host}:{ended_process()}"}))
    assert seen(store, project) == []
    with store.write() as c:  # of another machine nobody can say so from here
        c.execute(event.update().values(detail={**detail, "process": "another-host:1"}))
    assert len(seen(store, project)) == 1


def test_the_last_word_on_its_size_counts(store: Database, project: int) -> None:
    number = opened(store, project)
    with store.write() as c:
        clusters.request_size(c, project, number, 3, "me")
    assert [(one.workers, one.most) for one in seen(store, project)] == [(3, None)]
    with store.write() as c:
        clusters.record_size(c, project, number, 1, 6)
    assert [(one.workers, one.most) for one in seen(store, project)] == [(1, 6)]


def test_wishes_are_read_once_and_in_order(store: Database, project: int) -> None:
    number = opened(store, project)
    with store.write() as c:
        other = project_of(c, 1, name="q")[0]
        clusters.request_size(c, other, number, 9, "me")
        clusters.request_size(c, project, number, 3, "me")
        clusters.request_size(c, project, number, 4, "me")
    with store.read() as c:
        asked = clusters.requested_sizes(c, project, number)
        assert [(cluster, workers) for _, cluster, workers in asked] == [(number, 3), (number, 4)]
        assert clusters.requested_sizes(c, project, asked[0][0]) == asked[1:]
        assert clusters.requested_sizes(c, project, asked[-1][0]) == []


def test_projects_do_not_see_each_others_clusters(store: Database, project: int) -> None:
    opened(store, project)
    with store.write() as c:
        other = project_of(c, 1, name="q")[0]
    assert seen(store, other) == []
