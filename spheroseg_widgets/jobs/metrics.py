"""What a worker counts for Prometheus. Dask serves it with its own figures, at /metrics of the worker's HTTP port.

Dask serves prometheus_client's default registry, so registering there is all there is to do. Without prometheus_client
(extra `metrics`) nothing is counted, and Dask serves nothing either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

State = Literal["done", "failed", "given_up"]
STATES: tuple[State, ...] = ("done", "failed", "given_up")

STAGE_SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0, 600.0)
"""Limits of the classes of an image's seconds: from a small image on a fast core to 20,000 x 20,000 px."""
WAIT_SECONDS = (0.01, 0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0)


@dataclass(frozen=True, slots=True)
class _Metrics:
    images: Counter
    running: Gauge
    inference: Histogram
    image: Histogram
    wait: Histogram


def _registered() -> _Metrics | None:
    """Register the metrics in this process; None without prometheus_client."""
    try:
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    made = _Metrics(
        images=Counter("spheroseg_images", "Images a worker is through with, by how they ended.", ["state"]),
        running=Gauge("spheroseg_jobs_running", "Images being worked on."),
        inference=Histogram("spheroseg_inference_seconds", "Network stage of an image.", buckets=STAGE_SECONDS),
        image=Histogram(
            "spheroseg_image_seconds", "An image as a whole, from file to measured outlines.", buckets=STAGE_SECONDS
        ),
        wait=Histogram(
            "spheroseg_queue_wait_seconds", "From handing an image out to its start on a worker.", buckets=WAIT_SECONDS
        ),
    )
    for state in STATES:
        made.images.labels(state)  # there from the start with 0, or the first failure would not show as an increase
    return made


_metrics = _registered()


def begin(submitted_at: float) -> None:
    """Count an image that is begun.

    Parameters
    ----------
    submitted_at : float
        Unix time at which it was handed out, by the clock of whoever did; 0 where it is not known. A worker whose clock
        is behind counts a wait of 0.
    """
    if _metrics is None:
        return
    _metrics.running.inc()
    if submitted_at > 0:
        _metrics.wait.observe(max(0.0, time.time() - submitted_at))


def end(state: State, seconds: float, inference: float | None) -> None:
    """Count an image that was begun and has ended.

    Parameters
    ----------
    state : {"done", "failed", "given_up"}
        How.
    seconds : float
        All of it. Counted of images that are done: how long it took to fail says nothing of speed.
    inference : float or None
        Of the network; None where none ran.
    """
    if _metrics is None:
        return
    _metrics.running.dec()
    _metrics.images.labels(state).inc()
    if state == "done":
        _metrics.image.observe(seconds)
    if inference is not None:
        _metrics.inference.observe(inference)
