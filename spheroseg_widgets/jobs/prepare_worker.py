"""What every worker of a run has to pass before the first image: versions, folders, the model."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

from spheroseg_widgets.errors import RunError, ShareUnavailableError
from spheroseg_widgets.imaging.reach import unseen
from spheroseg_widgets.imaging.url import is_url
from spheroseg_widgets.segmentation.settings import Settings

from .logs import log_to_stderr
from .task import predictor_for, refuse


@dataclass(slots=True)
class PrepareWorker(WorkerPlugin):  # type: ignore[misc]  # distributed is untyped
    """Check that a worker can do what a run asks, and load the model: when it starts, and again when restarted.

    What a worker cannot do is said here, before any image is worked on, and not once for each of thousands.

    Parameters
    ----------
    packages : dict
        Version by name, as the dispatcher has them.
    samples : tuple of str
        One image of each folder that the dispatcher sees: what is gone for all fails by itself, image by image.
    model, sha256, folder : str
        Name, weights, and where they were found; an empty name loads nothing.
    settings : Settings
        The run's.
    threads : int
        Of the network's arithmetic.
    name : str
        Of the run on the cluster and of the plugin: one dispatcher's own, as a shared cluster may have several.
    """

    packages: dict[str, str]
    samples: tuple[str, ...]
    model: str
    sha256: str
    folder: str
    settings: Settings
    threads: int
    name: str

    def setup(self, worker: Any) -> None:
        """Check and load, once a process."""
        if "distributed" in type(worker).__module__ and worker.nanny:  # a process of its own, not the dispatcher's
            log_to_stderr(at_terminal=False)
        try:
            self._check(worker)
        except Exception as error:
            refuse(self.name, str(error))
            raise
        refuse(self.name, None)

    def _check(self, worker: Any) -> None:
        if other := _differing(self.packages):
            raise RunError(
                f"the worker {worker.address} has {other}: results could differ from worker to worker; install the same "
                "versions on all of them"
            )
        if gone := unseen(self.samples):
            first = min(gone)
            more = f" and {len(gone) - 1} more folders" if len(gone) > 1 else ""
            help_ = (
                "packages and credentials are this worker's own"
                if is_url(first)
                else "connect the share there under the same path"
            )
            raise ShareUnavailableError(
                f"the worker {worker.address} cannot see {first}{more}, where the images lie: {gone[first]}; {help_}"
            )
        if self.model:
            predictor_for(self.model, self.sha256, self.settings, self.threads, self.folder)


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
