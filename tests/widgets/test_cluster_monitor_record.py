"""The cluster monitor goes by the store's record: clusters that ended, those of other processes, names and figures as text."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa

import spheroseg_widgets as sw
from spheroseg_widgets.jobs.cluster_watch import port_here, workers_of
from spheroseg_widgets.store import clusters
from spheroseg_widgets.store.requests import this_process
from spheroseg_widgets.store.tables import event
from spheroseg_widgets.widgets.cluster_face import amount
from spheroseg_widgets.widgets.cluster_monitor import ClusterMonitor

from .page import call, until

pytestmark = pytest.mark.filterwarnings("ignore")


def write_opened(project: sw.Project, **more: Any) -> int:
    with project.database.write() as c:
        return clusters.record_opened(c, project.id, **{"address": "tcp://127.0.0.1:9", "local": True, **more})


def of_process(project: sw.Project, number: int, process: str) -> None:
    """Say that another process opened a cluster."""
    with project.database.write() as c:
        detail = c.execute(sa.select(event.c.detail).where(event.c.id == number)).scalar_one()
        c.execute(event.update().where(event.c.id == number).values(detail={**detail, "process": process}))


def test_a_cluster_whose_process_ended_is_gone_until_the_next_one(project: sw.Project) -> None:
    number = write_opened(project)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        of_process(project, number, f"{this_process().rpartition(':')[0]}:{process.pid}")
        monitor = ClusterMonitor(project)
        assert monitor.cluster["state"] == "connecting"
        process.kill()
    until(lambda: monitor.cluster["state"] == "gone")
    assert not monitor.cluster["scalable"]
    assert "Gone with the process" in monitor.static_html()
    assert ClusterMonitor(project).cluster == {"state": "none"}  # who did not see it has nothing to tell of
    write_opened(project)
    until(lambda: monitor.cluster["state"] == "connecting")


def test_of_several_clusters_the_newest_is_shown_and_the_others_are_counted(project: sw.Project) -> None:
    write_opened(project, local=False, address="tcp://127.0.0.1:7")
    number = write_opened(project)
    monitor = ClusterMonitor(project)
    assert (monitor.cluster["id"], monitor.cluster["others"]) == (number, 1)
    with project.database.write() as c:
        clusters.record_closed(c, project.id, number)
    until(lambda: monitor.cluster["others"] == 0)
    assert monitor.cluster["address"] == "tcp://127.0.0.1:7"


def test_a_cluster_that_only_another_process_can_reach_is_said_to_be_so(project: sw.Project) -> None:
    of_process(project, write_opened(project, local=False, here="LocalCluster-1"), "another-host:1")
    monitor = ClusterMonitor(project)
    assert monitor.cluster["state"] == "apart"
    assert "process that opened it" in monitor.static_html()


def test_a_cluster_that_sizes_itself_is_left_alone(project: sw.Project) -> None:
    write_opened(project, workers=1, most=4)
    monitor = ClusterMonitor(project)
    assert monitor.cluster["adapts"] == [1, 4]
    assert not monitor.cluster["scalable"]


def test_who_may_only_look_changes_nothing(project: sw.Project) -> None:
    write_opened(project, room=4)
    monitor = ClusterMonitor(project, read_only=True)
    assert "only shows" in call(monitor, "scale", workers=2)["error"]["message"]
    with project.database.read() as c:
        assert clusters.requested_sizes(c, project.id, 0) == []


def test_a_store_that_cannot_be_read_is_an_error_with_a_retry(
    project: sw.Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(clusters, "open_clusters", lambda *_: (_ for _ in ()).throw(OSError("the disk is gone")))
        monitor = ClusterMonitor(project)
        assert monitor.error == "the disk is gone"
        assert monitor.cluster == {}
    call(monitor, "retry")
    assert monitor.error == ""
    assert monitor.cluster == {"state": "none"}


def test_names_with_markup_stay_text(project: sw.Project) -> None:
    write_opened(project, local=False, address="tcp://<script>alert(1)</script>:1")
    page = ClusterMonitor(project)._repr_mimebundle_()[0]["text/html"]
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_only_pages_of_this_machine_go_through_the_proxy() -> None:
    assert port_here("http://127.0.0.1:8787/status") == 8787
    assert port_here("http://[::1]:8787/status") == 8787
    assert port_here("http://192.0.2.7:8787/status") is None
    assert port_here("https://127.0.0.1:8787/status") is None
    assert port_here("http://no.such.host.example:8787/status") is None


def test_a_worker_without_a_heartbeat_is_shown_as_well() -> None:
    info = {"name": "w", "host": "h", "status": "running", "nthreads": 2, "memory_limit": None, "metrics": {}}
    (worker,) = workers_of({"workers": {"tcp://h:1": info}}, {"tcp://h:1": ("m",)})
    assert (worker.cpu, worker.memory, worker.memory_limit, worker.executing) == (0, 0, 0, 0)
    assert worker.models == ("m",)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1 kB"),
        (410_000_000, "410 MB"),
        (12_638_255_104, "12.6 GB"),
        (5e15, "5000 TB"),
    ],
)
def test_amounts_of_memory_have_three_digits(size: float, said: str) -> None:
    assert amount(size) == said
