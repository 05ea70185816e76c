"""Watches a cluster that a dispatcher has open: its workers, what they do, and which models they hold."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from distributed import Security
from distributed.core import rpc
from distributed.protocol.pickle import dumps

from spheroseg_widgets.store.clusters import OpenCluster
from spheroseg_widgets.store.requests import this_process

from .cluster import security_at_hand
from .loaded import loaded_models

log = logging.getLogger(__name__)

READ_SECONDS = 0.5
MODELS_SECONDS = 5.0
"""How often workers are asked for their models: it is done between two of their other messages, but it is work."""
ANSWER_SECONDS = 10.0
"""How long a scheduler may take to answer before it counts as gone; one that is busy takes seconds."""


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as its last heartbeat told.

    Parameters
    ----------
    address, name, host : str
        The name is a number on a local cluster.
    status : str
        Dask's word: "running", "paused" (short of memory), "closing_gracefully".
    threads : int
    cpu : float
        Percent of one core.
    memory, memory_limit : int
        Bytes; a limit of 0 is none.
    executing, ready : int
        Tasks it works on, and tasks it holds that wait. A task is one image, or a few small ones.
    models : tuple of str or None
        Names of the models it has loaded; None until it has told.
    """

    address: str
    name: str
    host: str
    status: str
    threads: int
    cpu: float
    memory: int
    memory_limit: int
    executing: int
    ready: int
    models: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster at one moment.

    Parameters
    ----------
    workers : tuple of WorkerState
        By name.
    has_bokeh : bool or None
        Whether the scheduler can draw Dask's dashboard; None where it does not say.
    """

    workers: tuple[WorkerState, ...]
    has_bokeh: bool | None = None


class ClusterWatch:
    """Reads a cluster twice a second on a thread of its own, until it is closed or the scheduler does not answer.

    Parameters
    ----------
    cluster : OpenCluster
        What the store says of it.
    told : callable
        Called when there is a new state, or it is gone; on the watch's thread, so it only notes that.

    Attributes
    ----------
    state : ClusterState or None
        The newest; None before the first.
    gone : str
        Why there will be no more; empty while it watches.
    """

    def __init__(self, cluster: OpenCluster, told: Callable[[], object]) -> None:
        self.cluster = cluster
        self.state: ClusterState | None = None
        self.gone = ""
        self._told = told
        self._ended = threading.Event()
        self._cancel: Callable[[], object] | None = None
        self._thread = threading.Thread(target=self._run, name="spheroseg-watch-dask", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still watches."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End it; the cluster is left as it is."""
        self._ended.set()
        if self._cancel is not None:
            with suppress(RuntimeError):  # it ended by itself meanwhile
                self._cancel()

    def _run(self) -> None:
        try:
            asyncio.run(self._watch())
        except asyncio.CancelledError:
            return
        except OSError:  # as a time that runs out
            log.debug("the cluster at %s cannot be watched", self.cluster.address, exc_info=True)
        except Exception as error:  # whatever it is, the cluster cannot be seen any more
            log.debug("the cluster at %s cannot be watched", self.cluster.address, exc_info=True)
            self.gone = str(error) or type(error).__name__
        if not self._ended.is_set():
            self.gone = self.gone or "the scheduler does not answer"
            self._told()

    async def _watch(self) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        security = _security_of(self.cluster)
        arguments = {} if security is None else security.get_connection_args("client")
        # Not a Client: it would count as one that uses the cluster, and call in vain, aloud, for a scheduler that ended.
        async with rpc(self.cluster.address, timeout=ANSWER_SECONDS, connection_args=arguments) as scheduler:
            info = await _in_time(scheduler.identity(n_workers=-1))
            bokeh = await _bokeh_of(scheduler)
            models: dict[str, tuple[str, ...]] = {}
            asked = asyncio.create_task(_ask_models(scheduler, models))
            try:
                while not self._ended.is_set():
                    self.state = ClusterState(workers_of(info, models), bokeh)
                    self._told()
                    await asyncio.sleep(READ_SECONDS)
                    info = await _in_time(scheduler.identity(n_workers=-1))
            finally:
                asked.cancel()
                with suppress(asyncio.CancelledError):
                    await asked


def workers_of(info: Mapping[str, Any], models: Mapping[str, tuple[str, ...]]) -> tuple[WorkerState, ...]:
    """Read what a scheduler says of its workers.

    Parameters
    ----------
    info : mapping
        Answer of the scheduler's `identity`.
    models : mapping
        Models by address of worker, as far as they are known.
    """
    found = [_worker(address, worker, models.get(address)) for address, worker in info["workers"].items()]
    return tuple(sorted(found, key=lambda one: (not one.name.isdecimal(), len(one.name), one.name)))


def _worker(address: str, worker: Mapping[str, Any], models: tuple[str, ...] | None) -> WorkerState:
    metrics = worker["metrics"]  # empty until the first heartbeat
    counts = metrics.get("task_counts", {})
    return WorkerState(
        address=address,
        name=str(worker["name"]),
        host=str(worker["host"]),
        status=str(worker["status"]),
        threads=int(worker["nthreads"]),
        cpu=float(metrics.get("cpu", 0.0)),
        memory=int(metrics.get("memory", 0)),
        memory_limit=int(worker["memory_limit"] or 0),
        executing=int(counts.get("executing", 0)),
        ready=int(counts.get("ready", 0)),
        models=models,
    )


async def _in_time(answer: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(answer, ANSWER_SECONDS)


async def _ask_models(scheduler: Any, models: dict[str, tuple[str, ...]]) -> None:
    """Keep asking the workers for their models; one that is too busy to answer holds up nobody else."""
    question = {"op": "run", **_function(loaded_models)}
    while True:
        try:
            told = await _in_time(scheduler.broadcast(msg=question, on_error="return_pickle"))
        except Exception:  # who only watches does not mind; the workers' figures tell whether the scheduler is gone
            log.debug("the workers were not asked for their models", exc_info=True)
        else:
            models.clear()
            for address, answer in told.items():
                if isinstance(answer, dict) and answer["status"] == "OK":
                    # A checkpoint of the original platform goes by its path.
                    models[address] = tuple(PurePath(one).name for one in answer["result"])
        await asyncio.sleep(MODELS_SECONDS)


async def _bokeh_of(scheduler: Any) -> bool | None:
    """Ask the scheduler whether it has what draws the dashboard, by a function that it certainly has."""
    try:
        answer = await _in_time(scheduler.run_function(**_function(find_spec, "bokeh")))
    except Exception:  # a scheduler may refuse to run functions
        log.debug("the scheduler was not asked for bokeh", exc_info=True)
        return None
    return answer["result"] is not None if answer["status"] == "OK" else None


def _function(function: Callable[..., object], *args: object) -> dict[str, Any]:
    return {"function": dumps(function), "args": dumps(args), "kwargs": dumps({}), "wait": True}


def _security_of(cluster: OpenCluster) -> Any:
    if cluster.security:
        return Security(**dict(cluster.security), require_encryption=True)
    return security_at_hand(cluster.here) if cluster.here else None


def can_reach(cluster: OpenCluster) -> bool:
    """Whether this process can connect to a cluster: some can be reached by the one that opened them only."""
    return not cluster.here or cluster.process == this_process()


def port_here(address: str) -> int | None:
    """Return the port of a page that this machine serves; None where another one does, or it is encrypted.

    Parameters
    ----------
    address : str
        URL of the page.
    """
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname is None:
        return None
    return (parts.port or 80) if _is_here(parts.hostname) else None


def _is_here(host: str) -> bool:
    if host in {"localhost", socket.gethostname()}:
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or str(found) in _own_addresses()


def _own_addresses() -> set[str]:
    import psutil  # noqa: PLC0415 - comes with distributed

    return {one.address for each in psutil.net_if_addrs().values() for one in each}
