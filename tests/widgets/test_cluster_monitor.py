"""The cluster monitor shows a real cluster's workers and changes its size; what it cannot do it says."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from distributed import Client, Security

import spheroseg_widgets as sw
from spheroseg_widgets.jobs.cluster import Clients, ClusterWish
from spheroseg_widgets.jobs.cluster_record import ClusterRecord
from spheroseg_widgets.jobs.cluster_watch import workers_of
from spheroseg_widgets.store import clusters
from spheroseg_widgets.store.tables import event
from spheroseg_widgets.widgets.cluster_monitor import SHOWN_WORKERS, ClusterMonitor
from tests.clusters import small_cluster

from .page import Wire, call, until

pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass
class Held:
    """A dispatcher's clusters without its work, looked after as it does."""

    clients: Clients
    record: ClusterRecord


@pytest.fixture
def held(project: sw.Project) -> Iterator[Held]:
    record = ClusterRecord(project.database, project.id)
    clients = Clients(record)
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            record.scale(clients)

    thread = threading.Thread(target=look)
    thread.start()
    yield Held(clients, record)
    ended.set()
    thread.join()
    clients.close()


def live(monitor: ClusterMonitor, workers: int) -> bool:
    return monitor.cluster["state"] == "live" and monitor.cluster["count"] == workers


@pytest.mark.slow
def test_it_follows_a_local_cluster_from_none_to_its_end_and_changes_its_size(project: sw.Project, held: Held) -> None:
    monitor = ClusterMonitor(project)
    assert monitor.cluster == {"state": "none"}
    assert "project.segment()" in monitor.static_html()
    assert "error" in call(monitor, "scale", workers=2)

    held.clients.client(ClusterWish(workers=1))
    until(lambda: live(monitor, 1))
    now = monitor.cluster
    assert (now["local"], now["scalable"], now["wanted"], now["most"] >= 1) == (True, True, 1, True)
    (worker,) = now["workers"]
    assert worker["status"] == "running"
    assert 10e6 < worker["memory"] < worker["memory_limit"]
    assert now["dashboard"]["why"] in {"", "no_bokeh"}

    # What it is asked for it gets; more than fits is refused, and nothing changes.
    refused = call(monitor, "scale", 2, workers=now["most"] + 1)
    assert f"from 1 to {now['most']}" in refused["error"]["message"]
    assert monitor.cluster["wanted"] == 1
    clusters_room(project, 2)
    assert "error" not in call(monitor, "scale", 3, workers=2)
    assert monitor.cluster["wanted"] == 2
    until(lambda: live(monitor, 2))
    assert [one["name"] for one in monitor.cluster["workers"]] == ["0", "1"]
    page = monitor._repr_mimebundle_()[0]["text/html"]
    assert "2 workers" in page
    assert "<script" not in page
    assert "error" not in call(monitor, "scale", 4, workers=1)
    until(lambda: live(monitor, 1))

    held.clients.close()
    until(lambda: monitor.cluster == {"state": "none"})


def clusters_room(project: sw.Project, room: int) -> None:
    """Say that the machine has room for so many, whatever machine this is."""
    with project.database.write() as c:
        number, detail = c.execute(sa.select(event.c.id, event.c.detail).where(event.c.kind == clusters.OPENED)).one()
        c.execute(event.update().where(event.c.id == number).values(detail={**detail, "room": room}))


@pytest.mark.slow
def test_a_run_opens_a_cluster_that_is_shown_until_its_end(project: sw.Project) -> None:
    monitor = ClusterMonitor(project)
    seen: list[dict[str, Any]] = []
    monitor.observe(lambda change: seen.append(change["new"]), "cluster")
    run = project.segment(model="threshold", workers=1, detached=False).wait(timeout=120)
    assert run.progress().done == 3
    until(lambda: monitor.cluster["state"] == "none")  # the workers go down with the last image
    assert any(one.get("local") and one["wanted"] == 1 for one in seen)


@pytest.mark.slow
def test_what_a_removed_worker_works_on_goes_to_another(project: sw.Project, held: Held) -> None:
    client = held.clients.client(ClusterWish(workers=2))
    monitor = ClusterMonitor(project)
    until(lambda: live(monitor, 2))
    futures = [client.submit(_slowly, number, pure=False) for number in range(6)]
    until(lambda: monitor.cluster["executing"] == 2)
    assert "error" not in call(monitor, "scale", workers=1)
    until(lambda: live(monitor, 1))
    assert client.gather(futures) == list(range(6))


def _slowly(number: int) -> int:
    time.sleep(1.5)
    return number


@pytest.mark.slow
def test_a_worker_tells_which_model_it_has_loaded(project: sw.Project, held: Held) -> None:
    client = held.clients.client(ClusterWish(workers=1))
    monitor = ClusterMonitor(project)
    until(lambda: live(monitor, 1) and monitor.cluster["workers"][0]["models"] == [])
    client.submit(_load_threshold).result(timeout=60)
    until(lambda: monitor.cluster["workers"][0]["models"] == ["threshold"])
    assert "threshold" in monitor.static_html()


def _load_threshold() -> None:
    from spheroseg_widgets.jobs.task import predictor_for
    from spheroseg_widgets.segmentation.registry import find_model
    from spheroseg_widgets.segmentation.settings import Settings

    predictor_for("threshold", find_model("threshold").sha256, Settings(), 1)


def test_a_busy_worker_is_shown_at_work(project: sw.Project, given: Any) -> None:
    with given_to(project, given):
        monitor = ClusterMonitor(project)
        until(lambda: live(monitor, 1))
        futures = [given.submit(time.sleep, 4, pure=False) for _ in range(3)]
        until(lambda: monitor.cluster["executing"] == 1 and monitor.cluster["ready"] >= 1)
        given.cancel(futures)


@pytest.fixture
def given() -> Iterator[Any]:
    """A cluster that somebody else made: a worker of one thread, in this process."""
    with (
        small_cluster(protocol="tcp", host="127.0.0.1") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def given_to(project: sw.Project, client: Any) -> Iterator[Clients]:
    """Put a cluster into the hands of a dispatcher of this process."""
    clients = Clients(ClusterRecord(project.database, project.id))
    clients.client(ClusterWish.of(cluster=client))
    try:
        yield clients
    finally:
        clients.close()


def test_a_given_cluster_is_shown_and_not_resized(project: sw.Project, given: Any) -> None:
    with given_to(project, given):
        monitor = ClusterMonitor(project)
        until(lambda: live(monitor, 1))
        assert not monitor.cluster["scalable"]
        assert not monitor.cluster["local"]
        assert monitor.cluster["address"] == given.scheduler.address
        assert "could be changed" in call(monitor, "scale", workers=2)["error"]["message"]
        assert monitor.cluster["address"] in monitor.static_html()


def test_a_cluster_of_objects_in_memory_is_watched_where_it_lies(project: sw.Project) -> None:
    with small_cluster() as c:
        assert c.scheduler_address.startswith("inproc")
        with given_to(project, c):
            monitor = ClusterMonitor(project)
            until(lambda: live(monitor, 1))


@pytest.mark.parametrize("in_memory", [False, True])
def test_an_encrypted_cluster_is_watched_with_the_keys_of_its_run(
    project: sw.Project, tmp_path: Path, in_memory: bool
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the keys, and is not installed")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=test",
        "-keyout",
        key,
        "-out",
        cert,
    ]
    subprocess.run(command, check=True, capture_output=True)
    keys = [one.read_text() if in_memory else str(one) for one in (key, cert)]
    roles = {
        f"tls_{role}_{kind}": keys[kind == "cert"]
        for role in ("client", "scheduler", "worker")
        for kind in ("key", "cert")
    }
    security = Security(tls_ca_file=keys[1], require_encryption=True, **roles)
    with (
        small_cluster(protocol="tls://", host="127.0.0.1", security=security) as cluster,
        given_to(project, cluster),
    ):
        monitor = ClusterMonitor(project)
        until(lambda: live(monitor, 1))
        assert monitor.cluster["address"].startswith("tls://")
        with project.database.read() as c:
            (opened,) = clusters.open_clusters(c, project.id)
        assert bool(opened.here) is in_memory
        assert "PRIVATE" not in str(opened)


@pytest.mark.slow
def test_a_cluster_that_adapts_can_be_given_a_fixed_size_by_the_next_run(project: sw.Project, held: Held) -> None:
    monitor = ClusterMonitor(project)
    held.clients.client(ClusterWish(workers=1, most=2))
    until(lambda: live(monitor, 1))
    assert (monitor.cluster["adapts"], monitor.cluster["scalable"]) == ([1, 2], False)
    held.clients.client(ClusterWish(workers=2))
    until(lambda: live(monitor, 2))
    assert (monitor.cluster["adapts"], monitor.cluster["wanted"], monitor.cluster["scalable"]) == (None, 2, True)
    time.sleep(3)  # by then one that still adapts would have taken the idle worker away
    assert live(monitor, 2)


def test_a_scheduler_that_is_gone_is_said_to_be_silent(project: sw.Project, given: Any) -> None:
    with given_to(project, given):
        monitor = ClusterMonitor(project)
        until(lambda: live(monitor, 1))
        given.cluster.close()
        until(lambda: monitor.cluster["state"] == "silent")
        assert monitor.cluster["reason"] == "the scheduler does not answer"
        assert not monitor.cluster["scalable"]
        assert monitor.error == ""


def test_pages_hear_of_it_at_most_ten_times_a_second(project: sw.Project, given: Any) -> None:
    with given_to(project, given):
        monitor = ClusterMonitor(project)
        until(lambda: live(monitor, 1))
        wire = monitor.comm
        assert isinstance(wire, Wire)
        begun = time.monotonic()
        while time.monotonic() < begun + 2.0:
            project.changes.tell("results", [])
            given.submit(abs, -1, pure=False)
            time.sleep(0.005)
        sent = [when for when, message in list(wire.messages) if begun <= when <= begun + 2.0 and "state" in message]
        assert 1 <= len(sent) <= 20


def test_hundreds_of_workers_do_not_travel_with_every_push(project: sw.Project, given: Any) -> None:
    one = {
        "name": 0, "host": "h", "status": "running", "nthreads": 1, "memory_limit": 2e9,
        "metrics": {"cpu": 50.0, "memory": 1e9, "task_counts": {"executing": 1, "ready": 2}},
    }  # fmt: skip
    workers = workers_of({"workers": {f"tcp://h:{n}": {**one, "name": n} for n in range(250)}}, {})
    assert [worker.name for worker in workers[:3]] == ["0", "1", "2"]
    with given_to(project, given):
        monitor = ClusterMonitor(project)
        until(lambda: live(monitor, 1))
        with monitor.lock:
            watch = monitor._watch
            assert watch is not None
            assert watch.state is not None
            watch.close()
            until(lambda: not watch.alive)
            watch.state = type(watch.state)(workers, None)
            monitor.reload()
            assert len(monitor.cluster["workers"]) == SHOWN_WORKERS
            assert (monitor.cluster["count"], monitor.cluster["executing"], monitor.cluster["ready"]) == (250, 250, 500)
            assert monitor.cluster["memory"] == 250e9
        assert "and 150 more" in monitor.static_html()
