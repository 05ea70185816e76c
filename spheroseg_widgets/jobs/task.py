"""What runs on a worker: images from file to measured outlines. Imports neither the store nor Jupyter."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.imaging.remote import local_file
from spheroseg_widgets.measure.objects import measure_objects
from spheroseg_widgets.segmentation.disk_maps import DiskMaps
from spheroseg_widgets.segmentation.map_codec import decode_maps, encode_maps
from spheroseg_widgets.segmentation.objects import Segmentation, outline_maps
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.tiles import Stop, StoppedError, Tiling

from . import metrics
from .stages import MEASURING, READING, SEGMENTING, Teller

log = logging.getLogger(__name__)

_loaded: dict[tuple[str, str, str, str], Predictor] = {}
_given_up: set[str] = set()
_refusals: dict[str, str] = {}


def give_up(keys: list[str]) -> None:
    """Have this process end the tasks of these keys at their next step: Dask does not stop what a worker has begun."""
    _given_up.update(keys)


def refuse(run: str, reason: str | None) -> None:
    """Have this process refuse the tasks of a run, by its name on the cluster, for a reason; None takes it back.

    A worker that joins later is given work whether it could be prepared or not: Dask only writes that to its log.
    """
    if reason is None:
        _refusals.pop(run, None)
    else:
        _refusals[run] = reason


@dataclass(frozen=True, slots=True)
class Task:
    """One image to segment: where it is and how; no pixels travel.

    `maps` are packed probability maps (`map_codec.py`) to outline in place of running the network, and `maps_sha256`
    what the file's sha256 was when they were made. `key` is Dask's name of the task, by which it can be given up.
    `submitted_at` is the unix time at which it was handed out; 0 where that is not known. `run` is the run's name on the
    cluster, and the topic of Dask's events by which it is told how far the image is, where `told` says so.
    """

    key: str
    job_id: int
    attempt: int
    uri: str
    plane: dict[str, Any]
    model: str
    model_sha256: str
    settings: dict[str, Any]
    threads: int = 1
    model_folder: str = ""
    maps: bytes = b""
    maps_sha256: str = ""
    submitted_at: float = 0.0
    run_id: int = 0
    run: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task: outlines and rows, or a reason.

    `settings` and `model_sha256` are what it was computed with, as this worker understood it; `maps` are packed
    probability maps, of a network that ran. `by_network` is False for the classical method, which has neither engine
    nor threshold. `worker` is Dask's name of who did it; empty outside a worker. `refused`: it can do none of this run.
    """

    job_id: int
    attempt: int
    outlines: bytes = b""
    objects: dict[str, list[Any]] = field(default_factory=dict)
    sha256: str = ""
    z_index: int | None = None
    seconds: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)
    maps: bytes = b""
    settings: dict[str, Any] = field(default_factory=dict)
    model_sha256: str = ""
    by_network: bool = True
    reason: str | None = None
    traceback: str | None = None
    worker: str = ""
    refused: bool = False


def predictor_for(
    model: str, expected_sha256: str, settings: Settings, threads: int, folder: str = ""
) -> Predictor:  # fmt: skip
    """Return a ready model: loaded once a process, checked against the run's hash, computing as the run says.

    Parameters
    ----------
    model, expected_sha256 : str
        Name and weights.
    settings : Settings
        The run's.
    threads : int
        Of the network's arithmetic.
    folder : str
        Path or URL of the folder of models where the run's was found: searched as well.

    Raises
    ------
    ModelError, ImageError
        There is no such model here, or it has other weights.
    """
    key = (model, expected_sha256, settings.engine, settings.precision)
    if key not in _loaded:
        info = find_model(model, sha256=expected_sha256, folder=folder)
        if info.sha256 != expected_sha256:
            raise ImageError(model, "this worker holds other weights of this name than the run was started with")
        _loaded[key] = Predictor.of_run(info, settings, threads)
    return _loaded[key]


def segment_image(task: Task) -> TaskResult:
    """Read, segment and measure one image; a failure is an answer, not an exception."""
    began = time.perf_counter()
    state: metrics.State = "failed"
    inference: float | None = None
    metrics.begin(task.submitted_at)
    tell = Teller(task.run if task.told else "", task.job_id, task.attempt)

    def stop() -> bool:
        return task.key in _given_up

    try:
        settings = Settings.from_dict(task.settings)
        predictor = None if task.maps else predictor_for(
            task.model, task.model_sha256, settings, task.threads, task.model_folder
        )  # fmt: skip
        loaded = time.perf_counter()
        tell.stage(READING)
        with local_file(task.uri) as file:  # what lies behind a URL travels once
            digest = sha256(file)
            _check_same(task, digest)
            read = read_plane(file, Plane(**task.plane))
        reading = time.perf_counter() - loaded
        tell.stage(SEGMENTING)
        if predictor is None:
            found = outline_packed(task.maps, read.pixels.shape, settings, stop=stop)
            packed = b""
        else:
            found = predictor.segment(read.pixels, settings, stop=stop, progress=tell.progress)
            packed = encode_maps(found.maps, read.pixels.shape) if len(found.maps) else b""
            if predictor.engine is not None:
                inference = found.seconds["network"]
        before = time.perf_counter()
        tell.stage(MEASURING)
        objects = measure_objects(found.outlines, read.pixels)
        objects["confidence"] = found.confidence.astype(float)
        objects["touches_border"] = found.touches_border
        timings = {"read": reading, **found.seconds, "measure": time.perf_counter() - before}
        result = TaskResult(
            job_id=task.job_id,
            attempt=task.attempt,
            outlines=found.outlines.to_bytes(),
            objects={str(name): column.tolist() for name, column in objects.items()},
            sha256=digest,
            z_index=read.z_index,
            seconds=time.perf_counter() - began,
            timings={name: round(value, 5) for name, value in timings.items()},
            maps=packed,
            settings=_computed(settings, predictor),
            model_sha256=task.model_sha256 if predictor is None else predictor.model.sha256,
            by_network=predictor is None or predictor.engine is not None,
            worker=tell.worker,
        )
        state = "done"
        return result  # noqa: TRY300 - the state holds for a whole answer only
    except Exception as error:  # whatever goes wrong with one image must not stop the batch
        known = isinstance(error, ImageError | StoppedError)
        if isinstance(error, StoppedError):
            state = "given_up"
        else:
            about = {"run_id": task.run_id, "job_id": task.job_id, "attempt": task.attempt}
            log.warning("%s", error, exc_info=None if known else error, extra=about)
        return TaskResult(
            job_id=task.job_id,
            attempt=task.attempt,
            seconds=time.perf_counter() - began,
            reason=_reason(error, task.uri),
            traceback=None if known else traceback.format_exc(),
            worker=tell.worker,
        )
    finally:
        tell.end()
        metrics.end(state, time.perf_counter() - began, inference)
        _given_up.discard(task.key)


def _reason(error: Exception, uri: str) -> str:
    """Say why an image has no result; the row that holds it names the image."""
    if isinstance(error, ImageError) and error.path == uri:
        return error.reason
    return str(error) if isinstance(error, ImageError | StoppedError) else f"{type(error).__name__}: {error}"


def segment_images(tasks: Sequence[Task]) -> list[TaskResult]:
    """Work on images that travel together, one after the other; one answer each, in their order."""
    return [_refusal(task) or segment_image(task) for task in tasks]


def _refusal(task: Task) -> TaskResult | None:
    reason = _refusals.get(task.run)
    return None if reason is None else TaskResult(task.job_id, task.attempt, reason=reason, refused=True)


def outline_packed(
    data: bytes, shape: tuple[int, ...], settings: Settings, *, stop: Stop | None = None
) -> Segmentation:
    """Outline packed maps as the run that made them did, at the threshold of `settings`.

    Parameters
    ----------
    data : bytes
        Of `encode_maps`.
    shape : tuple of int
        Height and width of the image.
    settings : Settings
        Those of the maps' run, but for what comes after the network.
    stop : callable, optional
        Asked before each window of large maps whether to give up.

    Raises
    ------
    StoppedError
        `stop` said so.
    ValueError
        The data are damaged or of another version.
    """
    began = time.perf_counter()
    maps = decode_maps(data)
    decoded = time.perf_counter()
    found = outline_decoded(maps, shape, settings, stop=stop)
    return replace(found, seconds={"maps": decoded - began, "outlines": time.perf_counter() - decoded})


def outline_decoded(
    maps: NDArray[np.uint8] | DiskMaps, shape: tuple[int, ...], settings: Settings, *, stop: Stop | None = None
) -> Segmentation:
    """Outline maps that `decode_maps` gave, as `outline_packed` does."""
    usual = Tiling()
    # What was outlined as one piece is so again, however large.
    whole = maps[0].size if isinstance(maps, np.ndarray) else 0
    return outline_maps(maps, shape, settings, tiling=replace(usual, one_piece=max(usual.one_piece, whole)), stop=stop)


def differs(settings: dict[str, Any], model_sha256: str, result: TaskResult) -> str | None:
    """Say what a worker computed otherwise than its run; None where there is nothing.

    Parameters
    ----------
    settings : dict
        Of the task.
    model_sha256 : str
        Of the run.
    result : TaskResult
        What the worker answered.
    """
    told = {**result.settings, "weights": result.model_sha256}
    wanted = {**settings, "weights": model_sha256}
    other = [
        f"{name} {told[name]!r} in place of {value!r}" if name in told else f"no {name}, which is {value!r}"
        for name, value in wanted.items()
        if name not in told or told[name] != value
    ]
    if not other:
        return None
    return (
        f"the worker computed otherwise than the run says ({', '.join(other)}): results of the two must not be mixed; "
        "install the same version of this package on all workers"
    )


def _check_same(task: Task, digest: str) -> None:
    if task.maps and digest != task.maps_sha256:
        raise ImageError(task.uri, "the file has changed since its probability maps were made; segment it again")


def _computed(settings: Settings, predictor: Predictor | None) -> dict[str, Any]:
    """Return the settings as they were used: engine and precision from what computed, not from what was asked."""
    used = settings.to_dict()
    if predictor is not None:
        used |= {"engine": predictor.engine_name, "precision": predictor.precision}
    return used
