"""The detached dispatcher: a process of its own that works on a project's runs, whatever becomes of the notebook."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from spheroseg_widgets.store.database import process_lives
from spheroseg_widgets.store.handed_on import environment_with

from .dispatcher import Dispatcher

IDLE_SECONDS = 300.0
"""How long a detached dispatcher that a notebook started keeps its workers warm for a next run."""
PRESENCE = "dispatcher.pid"
LOG = "dispatcher.log"
MOST_LOG_BYTES = 5_000_000
FRESH_SECONDS = 10.0
BEAT_SECONDS = 2.0
IDLE_VARIABLE = "SPHEROSEG_IDLE_SECONDS"


def start_service(folder: Path, store: str | None = None) -> bool:
    """Start the detached dispatcher of a project, unless one is there.

    Two that are started at the same moment do no harm: the project's lease lets one work, and the other ends.

    Parameters
    ----------
    folder : Path
        Of the project.
    store : str, optional
        Its store, where that is another than the folder's description says.

    Returns
    -------
    bool
        Whether one was started.
    """
    if is_present(folder):
        return False
    idle = os.environ.get(IDLE_VARIABLE, str(IDLE_SECONDS))
    command = [sys.executable, "-m", "spheroseg_widgets.cli", "dispatch", str(folder), "--idle", idle]
    log = folder / "cache" / LOG
    if log.exists() and log.stat().st_size > MOST_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as out:
        # A session of its own: what ends the kernel's processes does not end it.
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            env=environment_with(folder, store), cwd=folder,
        )  # fmt: skip
    # An ended child that nobody waited for would still look alive.
    threading.Thread(target=process.wait, name="spheroseg-service", daemon=True).start()
    return True


def is_present(folder: Path) -> bool:
    """Whether a detached dispatcher of this host is there for a project."""
    path = folder / "cache" / PRESENCE
    try:
        number = int(path.read_text())
        # The number of a process that is long gone may be another's by now: a living one touches its file.
        return time.time() - path.stat().st_mtime < FRESH_SECONDS and process_lives(number)
    except (OSError, ValueError):
        return False


def serve(dispatcher: Dispatcher, folder: Path, idle_seconds: float) -> None:
    """Work as a project's detached dispatcher until nothing is left, a signal ends it, or the project is gone."""
    ended = threading.Event()
    path = folder / "cache" / PRESENCE

    def be_present() -> None:
        while not ended.is_set():
            with suppress(OSError):
                path.write_text(str(os.getpid()))
            ended.wait(BEAT_SECONDS)
        with suppress(OSError, ValueError):
            if int(path.read_text()) == os.getpid():
                path.unlink()

    def end(_number: int, _frame: object) -> None:
        dispatcher.stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    presence = threading.Thread(target=be_present, name="spheroseg-presence", daemon=True)
    presence.start()
    try:
        dispatcher.serve(idle_seconds)
    finally:
        ended.set()
        presence.join(timeout=5)


def ends_with_server(
    environment: Mapping[str, str] = os.environ, exists: Callable[[str], Any] = os.path.exists
) -> bool:
    """Whether stopping the notebook's server ends every process that it started, a detached dispatcher too.

    So it is in a container, under a Hub that spawns single-user servers, and in a batch job.
    """
    contained = exists("/.dockerenv") or exists("/run/.containerenv")
    return bool(contained) or any(
        name in environment for name in ("KUBERNETES_SERVICE_HOST", "JUPYTERHUB_API_TOKEN", "SLURM_JOB_ID")
    )
