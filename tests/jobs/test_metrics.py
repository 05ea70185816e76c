"""What a worker counts is at Dask's own endpoint, in numbers that hold; and the dashboard asks for nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tifffile
from distributed import Client
from prometheus_client.parser import text_string_to_metric_families

from spheroseg_widgets.jobs import task as task_module
from spheroseg_widgets.jobs.task import Task, give_up, segment_image
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import Settings
from tests.clusters import small_cluster

DASHBOARD = Path(__file__).parents[2] / "docs" / "clusters" / "grafana.json"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """One worker in a process of its own: the counts of this module start at 0 there."""
    with small_cluster(processes=True, worker_dashboard_address="127.0.0.1:0") as made:
        yield made


@pytest.fixture(scope="module")
def client(cluster: Any) -> Iterator[Any]:
    with Client(cluster, set_as_default=False) as made:
        yield made


def task_of(path: Path, key: str, *, model: str = "resunet-spheroid-fast", submitted_at: float = 0.0) -> Task:
    info = find_model(model)
    settings = Settings.from_dict({**info.settings.get("defaults", {}), "engine": "torch", "precision": "float32"})
    return Task(
        key=key,
        job_id=1,
        attempt=1,
        uri=str(path),
        plane={"series": 0, "t": 0, "channel": 0, "z": None},
        model=info.name,
        model_sha256=info.sha256,
        settings=settings.to_dict(),
        submitted_at=submitted_at,
    )


def text_of(address: str) -> str:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return str(answer.read().decode())


def of_worker(client: Any) -> str:
    """The text of the only worker's endpoint."""
    [port] = client.run(lambda dask_worker: dask_worker.http_server.port).values()
    return text_of(f"http://127.0.0.1:{port}/metrics")


def samples(text: str) -> dict[str, float]:
    """Values by name, with the labels in the order of the text: ``name{label="x"}``."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def test_a_worker_counts_images_stages_and_waits_at_dasks_endpoint(
    client: Any, three_images: Path, tmp_path: Path
) -> None:
    whole = three_images / "plate_A01_24h.tif"
    broken = tmp_path / "broken.tif"
    broken.write_bytes(whole.read_bytes()[:3000])
    client.submit(segment_image, task_of(whole, "none", model="threshold"), pure=False).result(timeout=60)
    # Before a network has run, and without a time of handing out.
    first = samples(of_worker(client))
    assert first['spheroseg_images_total{state="done"}'] == 1
    assert first['spheroseg_images_total{state="failed"}'] == 0
    assert first["spheroseg_inference_seconds_count"] == 0
    assert first["spheroseg_queue_wait_seconds_count"] == 0

    handed_out = time.time() - 7.0
    tasks = [task_of(path, path.stem, submitted_at=handed_out) for path in (whole, broken)]
    good, bad = client.gather([client.submit(segment_image, task, pure=False) for task in tasks])
    assert good.reason is None
    assert bad.reason
    assert "broken.tif" not in bad.reason  # the row that holds it names the file
    client.run(give_up, ["unwanted"])
    unwanted = client.submit(segment_image, task_of(whole, "unwanted"), pure=False).result(timeout=60)
    assert "stopped before the image was done" in unwanted.reason

    seen = samples(of_worker(client))
    ended = {state: f'spheroseg_images_total{{state="{state}"}}' for state in ("done", "failed", "given_up")}
    assert {state: seen[name] - first[name] for state, name in ended.items()} == {"done": 1, "failed": 1, "given_up": 1}
    assert seen["spheroseg_jobs_running"] == 0
    assert seen["spheroseg_inference_seconds_count"] == 1
    assert seen["spheroseg_inference_seconds_sum"] == pytest.approx(good.timings["network"], abs=1e-4)
    assert seen["spheroseg_image_seconds_count"] == 2
    taken = seen["spheroseg_image_seconds_sum"] - first["spheroseg_image_seconds_sum"]
    assert good.seconds <= taken < good.seconds + 0.1
    assert seen["spheroseg_queue_wait_seconds_count"] == 2
    assert 14.0 <= seen["spheroseg_queue_wait_seconds_sum"] < 40.0
    assert seen['spheroseg_queue_wait_seconds_bucket{le="5.0"}'] == 0
    assert any(name.startswith("dask_worker_") for name in seen)  # Dask's own stand beside them


def test_a_job_is_seen_running_while_it_runs(client: Any, tmp_path: Path) -> None:
    import numpy as np

    large = tmp_path / "large.tif"
    tifffile.imwrite(large, np.random.default_rng(0).integers(0, 255, (3000, 3000), np.uint8))
    task = task_of(large, "large")
    future = client.submit(segment_image, task, pure=False)
    end = time.monotonic() + 30
    while samples(of_worker(client)).get("spheroseg_jobs_running") != 1:
        assert not future.done(), "it was over before it was seen"
        assert time.monotonic() < end, "it was never seen"
    client.run(give_up, [task.key])
    future.result(timeout=60)
    assert samples(of_worker(client))["spheroseg_jobs_running"] == 0


def test_without_prometheus_client_images_are_segmented_as_ever(three_images: Path) -> None:
    """In a fresh process; and importing the task loads no part of the store, of Jupyter or of the plots."""
    script = (
        "import sys\n"
        "sys.modules['prometheus_client'] = None\n"
        "import pickle\n"
        "from spheroseg_widgets.jobs.task import segment_image\n"
        "loaded = {'sqlalchemy', 'ipywidgets', 'anywidget', 'plotly', 'IPython'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
        "result = segment_image(pickle.load(sys.stdin.buffer))\n"
        "assert result.reason is None, result.reason\n"
        "print(len(result.objects['confidence']))\n"
    )
    task = task_of(three_images / "plate_A01_24h.tif", "k", model="threshold", submitted_at=time.time())
    import pickle

    done = subprocess.run([sys.executable, "-c", script], input=pickle.dumps(task), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.split() == [b"1"]


def test_importing_the_task_loads_neither_store_nor_jupyter_nor_plots() -> None:
    script = f"import sys, {task_module.__name__}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "ipywidgets", "anywidget", "plotly", "IPython"} & set(done.stdout.split())
    assert "prometheus_client" in done.stdout.split()


def expressions(node: Any) -> Iterator[str]:
    """Every PromQL expression of a dashboard."""
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        for value in node.values():
            yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def test_the_dashboard_asks_for_metrics_that_there_are(client: Any, cluster: Any, three_images: Path) -> None:
    client.submit(segment_image, task_of(three_images / "plate_A01_24h.tif", "one", model="threshold")).result(60)
    scheduler = text_of(f"http://127.0.0.1:{cluster.scheduler.http_server.port}/metrics")
    served = {name.split("{")[0] for text in (of_worker(client), scheduler) for name in samples(text)}
    asked = {
        name for text in expressions(json.loads(DASHBOARD.read_text())) for name in re.findall(r"\b(?:dask|spheroseg)_\w+", text)
    }  # fmt: skip
    assert asked >= {
        "spheroseg_images_total",
        "spheroseg_jobs_running",
        "spheroseg_inference_seconds_bucket",
        "spheroseg_image_seconds_bucket",
        "spheroseg_queue_wait_seconds_bucket",
    }
    assert any(name.startswith("dask_worker_") for name in asked)
    assert any(name.startswith("dask_scheduler_") for name in asked)
    assert asked <= served, sorted(asked - served)
