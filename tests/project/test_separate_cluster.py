"""Runs on a scheduler and workers that are processes of their own: by address, encrypted, lost and found again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from distributed import Client, Security

import spheroseg_widgets as sw
from spheroseg_widgets.errors import RunError

from .dask_processes import free_port, scheduler, worker
from .plates import plate_of, until

COUNT = 16


def may_unshare(what: str, *programs: str) -> bool:
    """Whether this user may have namespaces of a kind, and the programs for it are there."""
    if os.geteuid() != 0 or any(shutil.which(program) is None for program in ("unshare", *programs)):
        return False
    return subprocess.run(["unshare", what, "true"], check=False, capture_output=True).returncode == 0


@pytest.fixture
def plate(tmp_path: Path) -> Iterator[sw.Project]:
    with closing(plate_of(tmp_path, COUNT)) as project:
        yield project


@pytest.fixture
def two_hosts() -> Iterator[tuple[str, str]]:
    """Two network namespaces: the first is reached from here, the second from the first alone.

    Names of the two. The first has 10.213.1.2 towards here and 10.213.2.1 towards the second, which has 10.213.2.2.
    """
    first, second = f"spheroseg-{os.getpid()}-1", f"spheroseg-{os.getpid()}-2"
    outer = f"sp{os.getpid()}"
    steps = [
        f"netns add {first}",
        f"netns add {second}",
        f"link add {outer} type veth peer name eth0 netns {first}",
        f"address add 10.213.1.1/30 dev {outer}",
        f"link set {outer} up",
        f"-n {first} link add eth1 type veth peer name eth0 netns {second}",
        f"-n {first} address add 10.213.1.2/30 dev eth0",
        f"-n {first} address add 10.213.2.1/30 dev eth1",
        f"-n {second} address add 10.213.2.2/30 dev eth0",
        *(f"-n {name} link set {device} up" for name, device in ((first, "lo"), (first, "eth0"), (first, "eth1"))),
        *(f"-n {second} link set {device} up" for device in ("lo", "eth0")),
    ]
    try:
        for step in steps:
            subprocess.run(["ip", *step.split()], check=True, capture_output=True)
        yield first, second
    finally:
        for name in (second, first):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def areas(project: sw.Project, run: sw.Run) -> list[float]:
    table = project.measurements(run=run)
    return [float(area) for area in table.sort_values(["image_id", "area_px2"])["area_px2"]]


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, str]:
    """A certificate that signed itself, for everybody."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return {"ca": str(certificate), "cert": str(certificate), "key": str(key)}


def test_a_run_by_address_gives_what_a_local_one_gives(plate: sw.Project) -> None:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with scheduler(port), worker(address):
        there = plate.segment(model="threshold", cluster=address).wait(90)
        # The scheduler is not ours to end.
        with Client(address, set_as_default=False, timeout=20) as client:
            assert len(client.scheduler_info()["workers"]) == 1
    here = plate.segment(model="threshold", workers=1).wait(90)
    assert there.progress().done == here.progress().done == COUNT
    assert areas(plate, there) == areas(plate, here)


def test_an_encrypted_cluster_is_reached_here_and_by_a_detached_dispatcher(
    plate: sw.Project, certificates: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPHEROSEG_IDLE_SECONDS", "0")
    port = free_port()
    address = f"tls://127.0.0.1:{port}"
    ca, certificate, key = certificates["ca"], certificates["cert"], certificates["key"]
    options = ("--tls-ca-file", ca, "--tls-cert", certificate, "--tls-key", key)
    security = Security(
        tls_ca_file=ca, tls_client_cert=certificate, tls_client_key=key, require_encryption=True
    )  # fmt: skip
    with (
        scheduler(port, "--protocol", "tls", *options),
        worker(address, *options),
        Client(address, security=security, set_as_default=False, timeout=60) as client,
    ):
        alone = plate.segment(model="threshold", cluster=address)  # without the certificate
        with pytest.raises(RunError, match=r"(?i)tls|certificate|encrypt|security"):
            alone.wait(90)
        assert plate.segment(model="threshold", cluster=client).wait(90).progress().done == COUNT
        away = plate.segment(model="threshold", cluster=client, detached=True).wait(90)
        assert away.progress().done == COUNT
        assert {who.partition(":")[0] for who in away.status()["worker"]} == {"tls"}


def test_a_worker_that_is_killed_loses_nothing(plate: sw.Project) -> None:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with scheduler(port), worker(address), ExitStack() as stack:
        lost = stack.enter_context(worker(address, "--no-nanny"))
        with Client(address, set_as_default=False, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            run = plate.segment(model="threshold", cluster=client, detached=False)
            until(lambda: run.progress().done >= 2)
            os.kill(lost.pid, signal.SIGKILL)
            seen = run.wait(90).progress()
    assert (seen.done, seen.failed) == (COUNT, 0)


def test_a_scheduler_that_is_killed_and_started_again_loses_nothing(plate: sw.Project) -> None:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        first = stack.enter_context(scheduler(port))
        stack.enter_context(worker(address, "--death-timeout", "60"))
        run = plate.segment(model="threshold", cluster=address)
        until(lambda: run.progress().done >= 2)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        stack.enter_context(scheduler(port))
        stack.enter_context(worker(address))
        seen = run.wait(120).progress()
    assert (seen.done, seen.failed) == (COUNT, 0)


@pytest.mark.skipif(not may_unshare("-n", "ip"), reason="network namespaces take root")
def test_a_worker_on_another_host_that_only_the_scheduler_reaches(
    plate: sw.Project, two_hosts: tuple[str, str]
) -> None:
    """Nothing goes by way of this host's own addresses, and nothing straight from here to the worker."""
    port = free_port()
    first, second = (("ip", "netns", "exec", name) for name in two_hosts)
    address = f"tcp://10.213.1.2:{port}"
    with (
        scheduler(port, host="0.0.0.0", before=first),
        worker(f"tcp://10.213.2.1:{port}", before=second),
        Client(address, set_as_default=False, timeout=60) as client,
    ):
        client.wait_for_workers(1, timeout=60)
        assert next(iter(client.scheduler_info()["workers"])).startswith("tcp://10.213.2.2:")
        run = plate.segment(model="threshold", cluster=address).wait(90)
        assert (run.progress().done, run.progress().failed) == (COUNT, 0)
        assert run.status()["worker"].str.startswith("tcp://10.213.2.2:").all()
        cancelled = plate.segment(model="threshold", cluster=address)
        until(lambda: cancelled.progress().done)
        assert cancelled.cancel() > 0
        assert cancelled.wait(5).progress().status == "cancelled"
        away = plate.segment(model="threshold", cluster=address, detached=True).wait(90)
        assert away.progress().done == COUNT
    here = plate.segment(model="threshold", workers=1).wait(90)
    assert areas(plate, run) == areas(plate, away) == areas(plate, here)


@pytest.mark.skipif(not may_unshare("-m"), reason="hiding a folder takes root")
@pytest.mark.parametrize("joined", ["before", "after"])
def test_a_worker_that_does_not_see_the_images_is_named_and_gets_none(plate: sw.Project, joined: str) -> None:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    folder = Path(str(plate.images()["path"].iloc[0])).parent
    hide = f'mount -t tmpfs none "{folder.parent}" && exec "$@"'
    with (
        scheduler(port),
        worker(address, before=("unshare", "-m", "sh", "-c", hide, "sh")),
        Client(address, set_as_default=False, timeout=60) as client,
    ):
        if joined == "before":
            client.wait_for_workers(1, timeout=60)
        run = plate.segment(model="threshold", cluster=address)
        with pytest.raises(RunError, match=f"cannot see {folder}"):
            run.wait(90)
    assert run.errors()["reason"].str.contains("cannot see").all()
    assert len(run.errors()) == COUNT
    if joined == "before":
        assert (run.status()["attempt"] == 0).all()
