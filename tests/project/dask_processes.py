"""A Dask scheduler and workers as processes of their own, for tests that reach, lose and kill them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

DASK = [sys.executable, "-m", "dask"]
Started = AbstractContextManager[subprocess.Popen[bytes]]


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


def scheduler(port: int, *options: str, host: str = "127.0.0.1", before: tuple[str, ...] = ()) -> Started:
    return process(*before, *DASK, "scheduler", "--host", host, "--port", str(port), "--no-dashboard", *options)


def worker(address: str, *options: str, before: tuple[str, ...] = ()) -> Started:
    return process(*before, *DASK, "worker", address, "--nthreads", "1", "--no-dashboard", *options)
