"""What durable runs cost: dispatch against a plain loop, scaling, many small images, the first result, what overtakes.

What overtakes is the median of five, with one worker: it waits for the image that the worker has in hand. Tasks of 50 ms
and the bare ones are timed by turns, three times.

Ratios are of one run of this script. Simulated work sleeps on a cluster of threads, so that the dispatcher, the scheduler
and the store are measured, and not the network that outlines.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import psutil
from distributed import Client

from spheroseg_widgets import Monitor, Project, Run, open_project
from spheroseg_widgets.jobs import run_work
from spheroseg_widgets.jobs.dispatcher import Dispatcher
from spheroseg_widgets.jobs.task import Task, TaskResult, segment_image
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.store.runs import run_parameters

RESULTS = Path(__file__).parent / "results" / "dispatch.json"
SCALE = 0.5
WORKERS, NAP = 64, 0.05


def picture(side: int) -> np.ndarray:
    """Return one spheroid on a square image."""
    scene = render(SceneSpec(side, side, (Spheroid(side / 2, side / 2, side / 5),)), np.random.default_rng(0))
    return scene.pixels if scene.pixels.dtype == np.uint8 else (scene.pixels >> 8).astype(np.uint8)


def project_of(folder: Path, side: int, count: int) -> Project:
    """Make a project of images of which no two are the same."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    pixels = picture(side)
    for number in range(count):
        cv2.imwrite(str(raw / f"image_{number:05}.png"), np.roll(pixels, number, axis=1))
    project = open_project(folder / "project", create=True)
    project.add(raw)
    return project


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def segment(project: Project, **options: Any) -> Run:
    """Segment with the shipped network at a fixed scale, here, and wait."""
    return project.segment(scale=SCALE, detached=False, **options).wait()


def loop(project: Project, ids: Sequence[int]) -> None:
    """Do the same images one after the other, without anything around it."""
    info = find_model(DEFAULT_MODEL)
    run = project.last_run()
    assert run is not None
    with project.database.read() as connection:
        settings = Settings.from_dict(run_parameters(connection, run.id)["settings"])
    table = project.images().set_index("image_id")
    for number in ids:
        task = Task(
            f"loop-{number}", number, 1, str(table.loc[number, "path"]), {"series": 0, "t": 0, "channel": 0, "z": None},
            info.name, info.sha256, settings.at_scale(SCALE).to_dict(),
        )  # fmt: skip
        answer = segment_image(task)
        assert answer.reason is None, answer.reason


def timed_loop(folder: Path, ids: Sequence[int], ready: Any, told: Any) -> None:
    """Time the loop in a process of its own, once all processes are ready."""
    project = open_project(folder)
    loop(project, ids[:2])
    ready.wait()
    told.put(seconds(lambda: loop(project, ids)))
    project.close()


def seconds_in_processes(folder: Path, ids: Sequence[int], count: int) -> float:
    """Return how long loops over the same images take that run at once."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(count), context.Queue()
    processes = [context.Process(target=timed_loop, args=(folder, ids, ready, told)) for _ in range(count)]
    for one in processes:
        one.start()
    slowest = max(told.get(timeout=600) for _ in processes)
    for one in processes:
        one.join()
    return float(slowest)


@contextmanager
def local(workers: int) -> Iterator[Client]:
    """Give a cluster of processes, kept warm."""
    from spheroseg_widgets.jobs.cluster import ClusterWish, client_for  # noqa: PLC0415 - beside its use

    with client_for(ClusterWish(workers=workers)) as client:
        yield client


CLUSTER = """
import sys
from distributed import LocalCluster
cluster = LocalCluster(
    n_workers=int(sys.argv[1]), threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None,
    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, silence_logs=50,
    memory_limit=0,  # it would be that of the whole process, and a worker over its share pauses
)
print(cluster.scheduler_address, flush=True)
sys.stdin.read()
"""


OF_ITS_OWN_PROCESS = {
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "30s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}
"""What each worker watches of its process twice a second is one process here, watched 64 times: half of its core."""


@contextmanager
def threads(workers: int) -> Iterator[Client]:
    """Give a cluster of threads of one other process: as apart from the dispatcher as real workers are."""
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER, str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, **OF_ITS_OWN_PROCESS, "PYTHONPATH": str(Path(__file__).parent)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            with Client(process.stdout.readline().strip(), set_as_default=False) as client:
                client.wait_for_workers(workers)
                yield client
        finally:
            process.kill()


def measure_real(folder: Path, count: int) -> dict[str, float]:
    """Dispatch against a loop, and two workers against one, with the shipped network on 1-megapixel images."""
    project = project_of(folder, 1024, count)
    ids = [int(i) for i in project.images()["image_id"]]
    with local(1) as client:
        segment(project, images=ids[:2], cluster=client)
        loop(project, ids[:2])
        pairs = [
            (seconds(lambda: loop(project, ids)), seconds(lambda: segment(project, cluster=client))) for _ in range(2)
        ]
        firsts = [first_result(project, ids[number], client) for number in range(5)]
        overtaking = statistics.median(urgent(project, ids, client) for _ in range(5))
    one = min(run for _, run in pairs)
    with local(2) as client:
        segment(project, images=ids[:4], cluster=client)
        two = min(seconds(lambda: segment(project, cluster=client)) for _ in range(2))
    project.close()
    some = ids[: count // 4]
    limit = 2 * seconds_in_processes(folder / "project", some, 1) / seconds_in_processes(folder / "project", some, 2)
    return {
        "overhead against a loop": one / min(alone for alone, _ in pairs) - 1,
        "two workers against one": one / two,
        "two plain loops at once against one": limit,
        "first result over the image's own time": statistics.median(firsts),
        "an urgent image over its own time": overtaking,
    }


def first_result(project: Project, image: int, client: Client) -> float:
    """Return seconds from `segment` to the stored result of one image, less the image's own."""
    began = time.perf_counter()
    run = project.segment(scale=SCALE, detached=False, images=[image], cluster=client)
    while not run.progress().done:
        time.sleep(0.005)
    passed = time.perf_counter() - began
    return passed - float(run.status()["seconds"].iloc[0])


def urgent(project: Project, ids: list[int], client: Client) -> float:
    """Return how long the last of all waiting images takes once somebody asks for it, over its own time."""
    run = project.segment(scale=SCALE, detached=False, cluster=client)
    while run.progress().done < 2:
        time.sleep(0.005)
    began = time.perf_counter()
    project.prioritise(ids[-1:])
    while True:
        row = run.status().set_index("image_id").loc[ids[-1]]
        if row["status"] == "done":
            break
        time.sleep(0.005)
    passed = time.perf_counter() - began
    run.cancel()
    run.wait()
    return passed / float(row["seconds"])


class Simulated:
    """Stands for the work on images: sleeps, and gives the same answer every time."""

    def __init__(self, answer: TaskResult, nap: float) -> None:
        self.answer = answer
        self.nap = nap

    def __call__(self, tasks: list[Task]) -> list[TaskResult]:
        """Work on images."""
        time.sleep(self.nap * len(tasks))
        given = {
            name: getattr(self.answer, name) for name in ("outlines", "objects", "sha256", "timings", "by_network")
        }
        return [
            TaskResult(
                task.job_id, task.attempt, seconds=self.nap, settings={**self.answer.settings, **task.settings},
                model_sha256=task.model_sha256, **given,
            )
            for task in tasks
        ]  # fmt: skip


def answer_for(project: Project) -> TaskResult:
    """Return what a worker answers for the project's first image."""
    row = project.images().iloc[0]
    info = find_model("threshold")
    task = Task(
        "one", 1, 1, str(row["path"]), {"series": 0, "t": 0, "channel": 0, "z": None}, info.name, info.sha256,
        Settings().to_dict(),
    )  # fmt: skip
    return segment_image(task)


def wait_until_empty(client: Client) -> None:
    """Wait until the scheduler has dropped every task: what one run leaves to be dropped must not slow the next."""
    while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
        time.sleep(0.1)


def measure_simulated(folder: Path, count: int) -> dict[str, float]:
    """64 workers that sleep: how much of their time is used, and how many tasks a second."""
    project = project_of(folder, 512, count)  # large enough to travel alone
    answer = answer_for(project)
    ids = [int(i) for i in project.images()["image_id"]]

    def efficiency(nap: float, some: list[int]) -> float:
        wait_until_empty(client)
        with patch.object(run_work, "segment_images", Simulated(answer, nap)):
            taken = seconds(
                lambda: project.segment(
                    model="threshold", scale=1.0, images=some, cluster=client, detached=False
                ).wait()
            )
        return len(some) * nap / WORKERS / taken

    def bare() -> float:
        wait_until_empty(client)
        taken = seconds(lambda: client.gather(client.map(lambda _: time.sleep(NAP), range(count), pure=False)))
        return count / taken

    with threads(WORKERS) as client:
        efficiency(NAP, ids[:WORKERS])  # makes the cluster warm
        at_500 = efficiency(0.5, ids[: 32 * WORKERS])
        turns = [(efficiency(NAP, ids), bare()) for _ in range(3)]
    project.close()
    at_50 = statistics.median(ours for ours, _ in turns)
    return {
        "efficiency at 500 ms": at_500,
        "efficiency at 50 ms": at_50,
        "tasks a second at 50 ms": at_50 * WORKERS / NAP,
        "bare tasks a second at 50 ms": statistics.median(rate for _, rate in turns),
        "rate at 50 ms against bare": statistics.median(ours * WORKERS / NAP / rate for ours, rate in turns),
    }


def measure_many(folder: Path, count: int) -> dict[str, float]:
    """Many small images: the client's memory, the store's rate, the monitor's messages."""
    project = project_of(folder, 64, count)
    answer = answer_for(project)
    storing = [0.0]
    commit = Dispatcher._commit

    def timed(self: Dispatcher) -> None:
        waiting = sum(len(work.settled) for work in self._works.values())
        began = time.perf_counter()
        commit(self)
        if sum(len(work.settled) for work in self._works.values()) < waiting:
            storing[0] += time.perf_counter() - began

    pushed: list[float] = []
    with (
        threads(2) as client,
        patch.object(run_work, "segment_images", Simulated(answer, 0.0)),
        patch.object(Dispatcher, "_commit", timed),
    ):
        project.segment(
            model="threshold", scale=1.0, images=[int(project.images()["image_id"].iloc[0])], cluster=client
        ).wait()
        storing[0] = 0.0
        before = most = psutil.Process().memory_info().rss
        run = project.segment(model="threshold", scale=1.0, cluster=client, detached=False)
        monitor = Monitor(run)
        monitor.observe(lambda _change: pushed.append(time.perf_counter()), "progress")
        began = time.perf_counter()
        while not run.finished:
            most = max(most, psutil.Process().memory_info().rss)
            time.sleep(0.2)
        taken = time.perf_counter() - began
        monitor.close()
    done = run.progress().done
    project.close()
    busiest = max(sum(1 for moment in pushed if at <= moment < at + 1) for at in pushed)
    return {
        "client grows, MB": (most - before) / 1e6,
        "results stored a second": done / storing[0],
        "images a second": done / taken,
        "monitor messages a second, at most": float(busiest),
    }


TARGETS = {
    "overhead against a loop": (0.05, "lower"),
    "two workers against one": (1.8, "higher"),
    "first result over the image's own time": (0.3, "lower"),
    "an urgent image over its own time": (2.0, "lower"),
    "efficiency at 500 ms": (0.9, "higher"),
    "rate at 50 ms against bare": (0.7, "higher"),
    "client grows, MB": (200, "lower"),
    "results stored a second": (1000, "higher"),
    "monitor messages a second, at most": (10, "lower"),
}


def main() -> None:
    """Measure, print, and write `results/dispatch.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=160, help="of 1 megapixel")
    parser.add_argument("--simulated", type=int, default=5_000)
    parser.add_argument("--many", type=int, default=20_000, help="small images")
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores", flush=True)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, measure, count in (
            ("real", measure_real, options.images),
            ("simulated", measure_simulated, options.simulated),
            ("many", measure_many, options.many),
        ):
            found = measure(Path(folder) / name, count)
            for title, value in found.items():
                target = TARGETS.get(title)
                print(f"{title:42} {value:10.3f}" + ("" if target is None else f"   target {target[0]}"), flush=True)
            figures |= found
    metrics = [
        {
            "name": name, "value": round(value, 4), "unit": "",
            "target": TARGETS.get(name, (None, ""))[0], "better": TARGETS.get(name, (None, "higher"))[1],
        }
        for name, value in figures.items()
    ]  # fmt: skip
    RESULTS.write_text(json.dumps({"metrics": metrics}, indent=2) + "\n")


if __name__ == "__main__":
    main()
