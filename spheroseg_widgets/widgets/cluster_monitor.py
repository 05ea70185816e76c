"""The cluster monitor: the workers of the cluster a project's runs use, and the two verbs: more of them, and fewer."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import Any, ClassVar

import traitlets

from spheroseg_widgets.errors import RunError
from spheroseg_widgets.jobs.cluster_watch import ClusterState, ClusterWatch, WorkerState, can_reach, port_here
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import clusters
from spheroseg_widgets.store.clusters import OpenCluster

from .base import STATIC, SpheroWidget
from .cluster_face import static_html
from .rpc import Call, rpc_method

SHOWN_WORKERS = 100
"""Workers that the page holds; of more it names the number, and the sums count them all."""
LEAST_SECONDS_BETWEEN = 0.15
"""Between two pushes, whatever tells of news."""
LOOK_SECONDS = 1.0
"""How often it is looked for a cluster that was opened or closed."""
AGAIN_SECONDS = 5.0
"""After how long a scheduler that did not answer is asked again."""


class ClusterMonitor(SpheroWidget):
    """The workers of the cluster that a project's runs use, live, with buttons for more and fewer.

    ```python
    sw.ClusterMonitor(project)
    ```

    It shows the newest cluster that is open, whichever process holds it. Of a cluster that the project made for itself
    on this machine the size can be changed; of others it says why not.

    Parameters
    ----------
    project : Project
        Whose runs use it.
    read_only : bool
        Show only: the size is not changed from here.

    Attributes
    ----------
    cluster : dict
        See `shown`. All that is shown is here, so a reloaded page shows it again.
    """

    _esm = STATIC / "cluster.js"
    _css = STATIC / "cluster.css"
    section: ClassVar[str] = "cluster"

    cluster = traitlets.Dict().tag(sync=True)
    read_only = traitlets.Bool(default_value=False, read_only=True).tag(sync=True)

    def __init__(self, project: Project, *, read_only: bool = False) -> None:
        self._project = project
        self._open: OpenCluster | None = None
        self._watch: ClusterWatch | None = None
        self._lost_at = 0.0
        self._closing = False
        self._wake = threading.Event()
        self._follower: threading.Thread | None = None
        super().__init__()
        self.set_trait("read_only", read_only)
        self._leave = project.on_change(lambda _kind, _image_ids: self._wake.set())
        self.try_reload()

    def reload(self) -> None:
        """Read which cluster is open, and follow it from now on."""
        with self.lock:
            self._show()
            if self._follower is None and not self._closing:
                self._follower = threading.Thread(target=self._follow, name="spheroseg-watch-cluster", daemon=True)
                self._follower.start()

    def close(self) -> None:
        """Close the monitor; the cluster stays as it is."""
        self._leave()
        with self.lock:
            self._closing = True
            self._drop_watch()
        self._wake.set()
        super().close()

    def _follow(self) -> None:
        """Publish what is new, until the monitor is closed or the store cannot be read."""
        while True:
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            with self.lock:
                if not self._closing:
                    with self.errors_shown():
                        self._show()
                if self._closing or self.error:
                    self._follower = None
                    self._drop_watch()
                    return
            time.sleep(LEAST_SECONDS_BETWEEN)

    def _show(self) -> None:
        """Publish how it stands now."""
        with self._project.database.read() as connection:
            found = clusters.open_clusters(connection, self._project.id)
        if found:
            if self._open is None or self._open.id != found[-1].id:
                self._drop_watch()
            self._open = found[-1]
            self._keep_watch(self._open)
        elif self._watch is not None:
            self._drop_watch()
        ended = not found and self._open is not None and self._open.gone
        if not found and not ended:
            self._open = None
        self.cluster = shown(self._open, self._watch, others=max(0, len(found) - 1), ended=ended)

    def _keep_watch(self, cluster: OpenCluster) -> None:
        watch = self._watch
        if watch is not None and watch.gone:
            self._lost_at = self._lost_at or time.monotonic()
            if time.monotonic() - self._lost_at >= AGAIN_SECONDS:
                self._drop_watch()
        if self._watch is None and can_reach(cluster):
            self._watch = ClusterWatch(cluster, self._wake.set)

    def _drop_watch(self) -> None:
        self._lost_at = 0.0
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    @rpc_method("refresh")
    def _refresh(self, _params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """Read it now; a page asks when it opens, and now and then while no cluster is live."""
        self.reload()

    @rpc_method("scale", ordered=True)
    def _scale(self, params: dict[str, Any], _buffers: list[memoryview], _call: Call) -> None:
        """Ask for so many workers; the process that holds the cluster looks for it four times a second."""
        if self.read_only:
            raise RunError("this monitor only shows: open the project in a notebook to change the cluster")
        workers = int(params["workers"])
        with self.lock:
            self._show()
            now = self._open
            if now is None or not self.cluster["scalable"]:
                raise RunError("there is no cluster open of which the size could be changed from here")
            if not 1 <= workers <= self.cluster["most"]:
                raise RunError(f"{workers} workers: give a number from 1 to {self.cluster['most']}")
            with self._project.database.write() as connection:
                clusters.request_size(connection, self._project.id, now.id, workers, self._project.author)
            self._show()

    def static_html(self) -> str:
        """Return the state at the time of display: a line and a table of the workers."""
        with self.lock:
            return static_html(self.cluster)


def shown(
    cluster: OpenCluster | None, watch: ClusterWatch | None, *, others: int = 0, ended: bool = False
) -> dict[str, Any]:
    """Return what a page shows of a cluster.

    Parameters
    ----------
    cluster : OpenCluster or None
        The newest that is open, or was until its process ended.
    watch : ClusterWatch or None
        What reads it; None where this process cannot reach it.
    others : int
        Further clusters that are open.
    ended : bool
        Whether the process that held it is gone.

    Returns
    -------
    dict
        `state`: "none", "connecting", "live", "gone" (its process has ended), "silent" (the scheduler does not answer, for
        a `reason`) or "apart" (only the process that opened it can reach it). Where there is a cluster also `others`, `id`,
        `local`, `address`, `host`, `wanted` and `most` workers, `scalable`, `adapts` (least and most, where it sizes
        itself), `dashboard` (`address`, `port` on this machine, `why` none can be opened), `workers` (fields of
        `WorkerState`), and over all of them `count`, `cpu`, `memory`, `executing` and `ready`.
    """
    if cluster is None:
        return {"state": "none"}
    state = None if watch is None else watch.state
    if ended:
        said = "gone"
    elif watch is None:
        said = "apart"
    elif watch.gone:
        said = "silent"
    else:
        said = "connecting" if state is None else "live"
    workers = () if state is None else state.workers
    adapts = None if cluster.most is None else [cluster.workers or 1, cluster.most]
    return {
        "state": said,
        "reason": "" if watch is None else watch.gone,
        "others": others,
        "id": cluster.id,
        "local": cluster.local,
        "address": cluster.address,
        "host": cluster.process.rpartition(":")[0],
        "wanted": cluster.workers,
        "most": max(cluster.room, cluster.workers or 1),
        "scalable": said in {"live", "connecting"} and cluster.local and adapts is None,
        "adapts": adapts,
        "dashboard": _dashboard(cluster, state),
        "workers": [_row(one) for one in workers[:SHOWN_WORKERS]],
        "count": len(workers),
        "cpu": sum(one.cpu for one in workers),
        "memory": sum(one.memory for one in workers),
        "executing": sum(one.executing for one in workers),
        "ready": sum(one.ready for one in workers),
    }


def _row(worker: WorkerState) -> dict[str, Any]:
    # As JSON has it: a page that is reloaded and a test see the same.
    return {**asdict(worker), "models": None if worker.models is None else list(worker.models)}


def _dashboard(cluster: OpenCluster, state: ClusterState | None) -> dict[str, Any]:
    if not cluster.dashboard:
        return {"address": "", "port": None, "why": "none"}
    if state is not None and state.has_bokeh is False:
        return {"address": "", "port": None, "why": "no_bokeh"}
    return {"address": cluster.dashboard, "port": port_here(cluster.dashboard), "why": ""}
