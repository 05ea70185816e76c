"""What runs on a worker: one image from file to measured outlines. Imports neither the store nor Jupyter."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from typing import Any

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.measure.intensity import measure_intensity
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import Settings

_loaded: dict[tuple[str, str, str, str], Predictor] = {}


@dataclass(frozen=True, slots=True)
class Task:
    """One image to segment: where it is and how; no pixels travel."""

    job_id: int
    attempt: int
    uri: str
    plane: dict[str, Any]
    model: str
    model_sha256: str
    settings: dict[str, Any]
    threads: int = 1


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task: outlines and rows, or a reason."""

    job_id: int
    attempt: int
    outlines: bytes = b""
    objects: dict[str, list[Any]] = field(default_factory=dict)
    sha256: str = ""
    z_index: int | None = None
    seconds: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)
    reason: str | None = None
    traceback: str | None = None


def predictor_for(model: str, expected_sha256: str, settings: Settings, threads: int) -> Predictor:
    """Return a ready model: loaded once a process, checked against the run's hash, computing as the run says."""
    key = (model, expected_sha256, settings.engine, settings.precision)
    if key not in _loaded:
        info = find_model(model)
        if info.sha256 != expected_sha256:
            raise ImageError(model, "this worker holds other weights of this name than the run was started with")
        _loaded[key] = Predictor.of_run(info, settings, threads)
    return _loaded[key]


def segment_image(task: Task) -> TaskResult:
    """Read, segment and measure one image; a failure is an answer, not an exception."""
    began = time.perf_counter()
    try:
        settings = Settings.from_dict(task.settings)
        predictor = predictor_for(task.model, task.model_sha256, settings, task.threads)
        loaded = time.perf_counter()
        digest = sha256(task.uri)
        read = read_plane(task.uri, Plane(**task.plane))
        reading = time.perf_counter() - loaded
        found = predictor.segment(read.pixels, settings)
        before = time.perf_counter()
        objects = measure_shape(found.outlines).join(measure_intensity(found.outlines, read.pixels))
        objects["confidence"] = found.confidence.astype(float)
        objects["touches_border"] = found.touches_border
        timings = {"read": reading, **found.seconds, "measure": time.perf_counter() - before}
        return TaskResult(
            job_id=task.job_id,
            attempt=task.attempt,
            outlines=found.outlines.to_bytes(),
            objects={str(name): column.tolist() for name, column in objects.items()},
            sha256=digest,
            z_index=read.z_index,
            seconds=time.perf_counter() - began,
            timings={name: round(value, 5) for name, value in timings.items()},
        )
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with one image must not stop the batch
        known = isinstance(error, ImageError)
        return TaskResult(
            job_id=task.job_id,
            attempt=task.attempt,
            seconds=time.perf_counter() - began,
            reason=str(error) if known else f"{type(error).__name__}: {error}",
            traceback=None if known else traceback.format_exc(),
        )
