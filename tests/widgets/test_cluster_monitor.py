"""The cluster monitor shows a real cluster's workers and changes its size; what it cannot do it says."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import sqlalchemy as sa
from comm.base_comm import BaseComm
from distributed import Client, LocalCluster, Security

import spheroseg_widgets as sw
from spheroseg_widgets.jobs.cluster import Clients, ClusterWish
from spheroseg_widgets.jobs.cluster_record import ClusterRecord
from spheroseg_widgets.jobs.cluster_watch import port_here, workers_of
from spheroseg_widgets.store import clusters
from spheroseg_widgets.store.requests import this_process
from spheroseg_widgets.store.tables import event
from spheroseg_widgets.widgets.cluster_face import amount
from spheroseg_widgets.widgets.cluster_monitor import SHOWN_WORKERS, ClusterMonitor

pytestmark = pytest.mark.filterwarnings("ignore")
WAIT = 60.0


class Wire(BaseComm):
    """A comm that keeps what goes out."""

    def __init__(self, **kwargs: Any) -> None:
        self.messages: list[tuple[float, dict[str, Any]]] = []
        super().__init__(**kwargs)

    def publish_msg(self, _type: str, data: Any = None, **_: Any) -> None:
        self.messages.append((time.monotonic(), data or {}))

    def answers(self, number: int) -> list[dict[str, Any]]:
        contents = [message["content"] for _, message in list(self.messages) if message.get("method") == "custom"]
        return [content for content in contents if content.get("id") == number]


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipywidgets.comm, "create_comm", Wire)


@pytest.fixture
def project(three_images: Path, tmp_path: Path) -> Iterator[sw.Project]:
    opened = sw.open_project(tmp_path / "p", create=True)
    opened.add(three_images / "*.tif")
    yield opened
    ipywidgets.Widget.close_all()
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith(("spheroseg-watch", "spheroseg-widget"))])
    opened.close()


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


def until(condition: Callable[[], Any], seconds: float = WAIT) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def call(monitor: ClusterMonitor, method: str, number: int = 1, **params: Any) -> dict[str, Any]:
    """Call as a page does, through the widget's own message handler, and return the answer."""
    monitor._handle_custom_msg({"kind": "call", "id": number, "method": method, "params": params}, [])
    wire = monitor.comm
    assert isinstance(wire, Wire)
    return until(lambda: wire.answers(number))[0]


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
    options = {"dashboard_address": "127.0.0.1:0"}
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None,
            scheduler_kwargs=options, silence_logs=50,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
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
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50) as c:
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
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tls://", host="127.0.0.1", security=security,
        dashboard_address=None, silence_logs=50,
    ) as cluster, given_to(project, cluster):  # fmt: skip
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
