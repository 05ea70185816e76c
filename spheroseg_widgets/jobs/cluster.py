"""The cluster a run uses: a local one sized by this machine, or one that is given; and the clients that are open."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import spawn
from pathlib import Path
from typing import Any, Protocol

import dask
from distributed import Client, LocalCluster, Security

from spheroseg_widgets.errors import RunError

WORKER_BYTES = 1.2e9
"""Measured peak of a worker on 4-megapixel images, with room."""
START_SECONDS = 60
KEPT_BYTES = 2**31 - 1
"""Memory a worker keeps for its next arrays. A nanny's own setting (64 KiB) gives the network's planes back to the
system after every layer: a third of the time of an image went into page faults."""


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


@dataclass(frozen=True, slots=True)
class ClusterWish:
    """Which cluster a run asks for, in words that can be written down and read by another process.

    Parameters
    ----------
    workers : int, optional
        Processes of a local cluster; None sizes it by this machine.
    most : int, optional
        The local cluster grows from `workers` to this many as there is work, and shrinks again.
    address : str, optional
        Of a scheduler, used instead of a local cluster.
    security : tuple of (str, str)
        TLS settings of the connection: names of `distributed.Security` and paths of files.
    here : str
        Name of a client or cluster object that only the asking process has; empty where there is none.
    """

    workers: int | None = None
    most: int | None = None
    address: str | None = None
    security: tuple[tuple[str, str], ...] = ()
    here: str = ""

    @classmethod
    def of(cls, workers: int | tuple[int, int] | None = None, cluster: Any = None) -> ClusterWish:
        """Put what a caller gave into words; objects are kept for `Clients` of this process.

        Parameters
        ----------
        workers : int or (int, int), optional
            A number of processes, or the least and the most of a local cluster that adapts.
        cluster : optional
            A number of workers, a scheduler's address, a `Client` or any Dask cluster object.

        Raises
        ------
        RunError
            A number that makes no sense, or an object that is no cluster.
        """
        if isinstance(cluster, int):
            workers, cluster = cluster, None
        if cluster is None:
            least, most = workers if isinstance(workers, tuple) else (workers, None)
            if (least is not None and least < 1) or (most is not None and most < (least or 1)):
                raise RunError(f"workers={workers!r}: give a number from 1, or (least, most)")
            return cls(workers=least, most=most)
        if isinstance(cluster, str):
            return cls(address=cluster)
        address = _address_of(cluster)
        if address is None:
            raise RunError(f"cluster={cluster!r}: give a scheduler's address, a Dask client or a cluster object")
        security = _files_of(getattr(cluster, "security", None))
        if address.startswith("inproc") or security is None:
            name = f"{type(cluster).__name__}-{id(cluster):x}"
            _objects[name] = cluster
            return cls(address=address, here=name)
        # Kept as well: what is at hand need not be connected to anew.
        _objects[address] = cluster
        return cls(address=address, security=security)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ClusterWish:
        """Read what `to_dict` wrote; an object of a process that is gone leaves a local cluster."""
        security = tuple((str(name), str(path)) for name, path in values.get("security", ()))
        here = str(values.get("here", ""))
        if here and here not in _objects:
            return cls()
        return cls(values.get("workers"), values.get("most"), values.get("address"), security, here)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)

    @property
    def local(self) -> bool:
        """Whether it asks for a cluster of this machine that is made for the run."""
        return self.address is None


_objects: dict[str, Any] = {}
"""Clients and cluster objects that runs of this process were given, by the name in their wish."""


def security_at_hand(name: str) -> Any:
    """Return the TLS settings of a client or cluster object that a run of this process was given; None without any."""
    return getattr(_objects.get(name), "security", None)


def _address_of(cluster: Any) -> str | None:
    if isinstance(cluster, Client):
        return None if cluster.scheduler is None else str(cluster.scheduler.address)
    address = getattr(cluster, "scheduler_address", None)
    return None if address is None else str(address)


def _files_of(security: Any) -> tuple[tuple[str, str], ...] | None:
    """Return TLS settings that are files; None where a key lies in memory only and cannot be written down."""
    if security is None:
        return ()
    names = [f"tls_{role}_{kind}" for role in ("client", "scheduler", "worker") for kind in ("cert", "key")]
    given = {name: getattr(security, name, None) for name in ("tls_ca_file", *names)}
    found = {name: value for name, value in given.items() if value}
    if any("\n" in value for value in found.values()):
        return None
    return tuple((name, str(Path(value).absolute())) for name, value in sorted(found.items()))


class Listener(Protocol):
    """Whoever is told of the clusters that are open."""

    def opened(self, client: Any, wish: ClusterWish) -> object:
        """Hear of a cluster that is open from now on."""

    def sized(self, client: Any, wish: ClusterWish) -> object:
        """Hear that the local cluster is to have the size of a wish."""

    def closed(self, client: Any) -> object:
        """Hear of a cluster that is about to be left, or is gone."""


class Clients:
    """The clusters that a dispatcher has open: one local one, and those it was given.

    Parameters
    ----------
    listener : Listener, optional
        Told of what is opened, sized and closed.
    """

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._open: dict[ClusterWish, tuple[Any, ExitStack]] = {}
        self._lock = threading.Lock()

    def client(self, wish: ClusterWish) -> Any:
        """Return a client of the cluster a run asks for, opened where it is not."""
        # All local wishes share one cluster: two of them would fight for the same cores. The newest number counts.
        key = ClusterWish() if wish.local else wish
        with self._lock:
            if key in self._open:
                client, stack = self._open[key]
                if client.status == "running":
                    if wish.local and (wish.workers or wish.most):
                        self._size(client, wish)
                    return client
                if client.status == "connecting":  # it tries by itself, and closes when it gives up
                    until = time.monotonic() + START_SECONDS
                    while client.status == "connecting" and time.monotonic() < until:
                        time.sleep(0.1)
                    if client.status == "running":
                        return client
                del self._open[key]
                self._leave(client, stack)
            stack = ExitStack()
            client = stack.enter_context(client_for(wish))
            self._open[key] = client, stack
        if self._listener is not None:
            self._listener.opened(client, wish)
        return client

    def open_clients(self) -> list[Any]:
        """Return the clients that are open."""
        with self._lock:
            return [client for client, _ in self._open.values()]

    def close(self) -> None:
        """Take down what was made here, and leave the rest."""
        with self._lock:
            for client, stack in self._open.values():
                self._leave(client, stack)
            self._open.clear()

    def scale(self, client: Any, workers: int) -> bool:
        """Have the local cluster get another number of workers; others are not ours to change.

        Returns
        -------
        bool
            False where a cluster is just being opened, which is not waited for: ask again.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            ours = self._open.get(ClusterWish())
            if ours is not None and ours[0] is client and client.status == "running":
                self._size(client, ClusterWish(workers=workers))
        finally:
            self._lock.release()
        return True

    def _size(self, client: Any, wish: ClusterWish) -> None:
        _size(client.cluster, wish)
        if self._listener is not None:
            self._listener.sized(client, wish)

    def _leave(self, client: Any, stack: ExitStack) -> None:
        if self._listener is not None:
            with suppress(Exception):  # whatever happens, no workers stay behind
                self._listener.closed(client)
        with suppress(Exception):  # a scheduler that is gone cannot be taken leave of
            stack.close()


def _size(cluster: Any, wish: ClusterWish) -> None:
    if wish.most is not None:
        cluster.adapt(minimum=wish.workers or 1, maximum=wish.most)
    elif wish.workers is not None:
        with suppress(AttributeError):  # there is none unless it adapts
            cluster._adaptive.stop()  # it would undo what follows; Dask's own buttons do the same
        if len(cluster.worker_spec) != wish.workers:
            cluster.scale(wish.workers)


@contextmanager
def client_for(wish: ClusterWish) -> Iterator[Any]:
    """Give a Dask client, closed again when it was made here."""
    kept = _objects.get(wish.here or wish.address or "")
    if isinstance(kept, Client) and kept.status == "running":
        yield kept
        return
    if wish.address is not None:
        target: Any = wish.address if kept is None or isinstance(kept, Client) else kept
        security = Security(**dict(wish.security), require_encryption=True) if wish.security else None
        with Client(target, security=security, timeout=START_SECONDS, set_as_default=False) as client:
            yield client
        return
    keep_main_out_of_workers()
    with (
        # Threads of numeric libraries are ours to set (see task.py).
        dask.config.set(
            {
                "distributed.worker.daemon": True,
                "distributed.admin.log-format": "%(message)s",
                # Every look at memory, CPU, event loop and stacks takes time from the workers, which have all cores.
                "distributed.admin.system-monitor.interval": "1s",
                "distributed.admin.tick.interval": "500ms",
                "distributed.worker.memory.monitor-interval": "250ms",
                "distributed.worker.profile.interval": "100ms",
                "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": KEPT_BYTES,
                "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": KEPT_BYTES,
            }
        ),
        LocalCluster(
            n_workers=wish.workers or (1 if wish.most else default_workers()), threads_per_worker=1, processes=True,
            dashboard_address=None,  # of the workers none
            # Not the usual port: another cluster may have it.
            scheduler_kwargs={"dashboard": True, "dashboard_address": "127.0.0.1:0"},
            silence_logs=50, memory_limit="auto",
        ) as local,
        Client(local, timeout=START_SECONDS, set_as_default=False) as client,
    ):  # fmt: skip
        if wish.most is not None:
            _size(local, wish)
        yield client
