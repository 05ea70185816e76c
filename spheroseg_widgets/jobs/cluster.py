"""The cluster a run uses: a local one sized by this machine, or one that is given."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import spawn
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster
from distributed.diagnostics.plugin import WorkerPlugin

from spheroseg_widgets.errors import RunError, ShareUnavailableError
from spheroseg_widgets.segmentation.settings import Settings

from .task import predictor_for

WORKER_BYTES = 1.2e9
"""Measured peak of a worker on 4-megapixel images, with room."""
START_SECONDS = 60
KEPT_BYTES = 2**31 - 1
"""Memory a worker keeps for its next arrays. A nanny's own setting (64 KiB) gives the network's planes back to the
system after every layer: a third of the time of an image went into page faults."""


@dataclass(slots=True)
class PrepareWorker(WorkerPlugin):  # type: ignore[misc]  # distributed is untyped
    """Check that a worker can do what a run asks, and load the model: when it starts, and again when restarted.

    What a worker cannot do is said here, before any image is worked on, and not once for each of thousands.

    Parameters
    ----------
    packages : dict
        Version by name, as the dispatcher has them.
    folders : tuple of str
        Of the images, as far as the dispatcher sees them: what is gone for all fails by itself, image by image.
    model, sha256 : str
        Name and weights; an empty name loads nothing.
    settings : Settings
        The run's.
    threads : int
        Of the network's arithmetic.
    name : str
        Of the plugin: one dispatcher's own, as a shared cluster may have several.
    """

    packages: dict[str, str]
    folders: tuple[str, ...]
    model: str
    sha256: str
    settings: Settings
    threads: int
    name: str

    def setup(self, worker: Any) -> None:
        """Check and load, once a process."""
        if other := _differing(self.packages):
            raise RunError(
                f"the worker {worker.address} has {other}: results could differ from worker to worker; install the same "
                "versions on all of them"
            )
        unseen = [folder for folder in self.folders if not os.path.isdir(folder)]  # noqa: PTH112 - as they are stored
        if unseen:
            more = f" and {len(unseen) - 1} more folders" if len(unseen) > 1 else ""
            raise ShareUnavailableError(
                f"the worker {worker.address} cannot see {unseen[0]}{more}, where the images lie; connect the share there "
                "under the same path"
            )
        if self.model:
            predictor_for(self.model, self.sha256, self.settings, self.threads)


def _differing(packages: dict[str, str]) -> str:
    """Name the packages of which this process has another version, with both; empty where there are none."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return ", ".join(
        f"{name} {here} in place of {packages[name]}" for name, here in found.items() if here != packages[name]
    )


def default_workers() -> int:
    """Workers for this machine: the cores it may use, and 0.6 of its memory over a worker's peak."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(cores, cgroup_cores() or cores, int(0.6 * memory_bytes() / WORKER_BYTES)))


def cgroup_cores() -> int | None:
    """Return the cores a container grants, rounded down; None where there is no limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if quota == "max" else max(1, int(int(quota) / int(period)))
    except (OSError, ValueError):
        return None


def memory_bytes() -> float:
    """Return the memory this process may use."""
    import psutil  # noqa: PLC0415 - comes with distributed

    total = float(psutil.virtual_memory().total)
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        return total if limit == "max" else min(total, float(limit))
    except (OSError, ValueError):
        return total


@functools.cache
def keep_main_out_of_workers() -> None:
    """Let Dask's worker processes start without importing the main module again.

    They need nothing of it: their task is imported by its name. But a script without ``if __name__ == "__main__":``
    would start its run anew in every worker, and a notebook or a command would be slower to start.
    """
    original = spawn.get_preparation_data

    def without_main(name: str) -> dict[str, Any]:
        data = original(name)
        if name.startswith("Dask Worker"):
            data.pop("init_main_from_name", None)
            data.pop("init_main_from_path", None)
        return data

    spawn.get_preparation_data = without_main


@contextmanager
def client_for(workers: int | None = None, cluster: Any = None) -> Iterator[Any]:
    """Give a Dask client, closed again when it was made here.

    Parameters
    ----------
    workers : int, optional
        Processes of a local cluster; None sizes it by this machine.
    cluster : optional
        A scheduler's address, a `Client`, or a cluster object; used instead of a local one.
    """
    if isinstance(cluster, Client):
        yield cluster
        return
    if cluster is not None:
        with Client(cluster, timeout=START_SECONDS, set_as_default=False) as client:
            yield client
        return
    keep_main_out_of_workers()
    with (
        # Threads of numeric libraries are ours to set (see task.py).
        dask.config.set(
            {
                "distributed.worker.daemon": True,
                "distributed.admin.log-format": "%(message)s",
                "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": KEPT_BYTES,
                "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": KEPT_BYTES,
            }
        ),
        LocalCluster(
            n_workers=workers or default_workers(), threads_per_worker=1, processes=True, dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # not the usual port: another cluster may have it
            silence_logs=50, memory_limit="auto",
        ) as local,
        Client(local, timeout=START_SECONDS, set_as_default=False) as client,
    ):  # fmt: skip
        yield client
