"""Runs on a scheduler and workers that are processes of their own: by address, encrypted, lost and found again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from distributed import Client, Security

import spheroseg_widgets as sw
from spheroseg_widgets.errors import RunError
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render

DASK = [sys.executable, "-m", "dask"]
COUNT = 16


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def process(*command: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process in a group of its own, and end the group for sure."""
    started = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **options
    )  # fmt: skip
    try:
        yield started
    finally:
        for each in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(started.pid, each)
            except ProcessLookupError:
                break
            time.sleep(0.3)
        started.wait()


def scheduler(port: int, *options: str) -> Any:
    return process(*DASK, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", *options)


def worker(address: str, *options: str, before: tuple[str, ...] = ()) -> Any:
    return process(*before, *DASK, "worker", address, "--nthreads", "1", "--no-dashboard", *options)


@pytest.fixture
def plate(tmp_path: Path) -> Iterator[sw.Project]:
    """A project of images that are large enough to travel alone."""
    folder = tmp_path / "raw"
    folder.mkdir()
    scene = render(SceneSpec(640, 640, (Spheroid(320, 300, 120),)), np.random.default_rng(0)).pixels
    for number in range(COUNT):
        tifffile.imwrite(folder / f"well_{number:03}.tif", np.roll(scene, 5 * number, axis=1))
    project = sw.open_project(tmp_path / "plate", create=True)
    project.add(folder)
    yield project
    project.close()


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


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


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="hiding a folder takes root")
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
