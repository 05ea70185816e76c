"""Where the notebooks lie that travel with the package, and running one."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from spheroseg_widgets.errors import ExportError

KERNEL = "python3"


def packaged_notebook(name: str) -> Path:
    """Return the path of a notebook such as "report.ipynb" or "dashboards/review.ipynb".

    Raises
    ------
    ExportError
        The installation lacks it.
    """
    package = Path(__file__).resolve().parent.parent
    # An installed wheel carries the notebooks inside the package; a clone has them beside it.
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if (folder / name).is_file():
            return folder / name
    raise ExportError(f"{name}: this installation lacks the notebook; install spheroseg_widgets again")


def run_notebook(path: Path, parameters: dict[str, Any], environment: dict[str, str]) -> nbformat.NotebookNode:
    """Run a notebook with papermill and return it executed; nothing is left on the disk.

    Parameters
    ----------
    path : Path
        A notebook with a cell tagged `parameters`.
    parameters : dict
        JSON-able values that replace those of that cell; they are kept in the notebook.
    environment : dict
        Of its kernel.

    Raises
    ------
    ExportError
        A cell failed; the message is that of the error, without its traceback.
    """
    with tempfile.TemporaryDirectory(prefix="spheroseg-report-") as folder:
        done = Path(folder) / path.name
        try:
            papermill.execute_notebook(
                path, done, parameters=parameters, kernel_name=KERNEL, cwd=folder, progress_bar=False, log_output=False,
                store_widget_state=False, config=_transport(Path(folder)), kernel_manager_class=_manager_with(environment),
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise ExportError(f"{path.name}: cell {error.exec_count} failed ({error.ename}: {error.evalue})") from error
        except DeadKernelError as error:
            raise ExportError(f"{path.name}: the kernel that ran it died, perhaps for want of memory") from error
        return nbformat.read(done, as_version=4)


def _manager_with(environment: dict[str, str]) -> type[AsyncKernelManager]:
    """Return what starts the kernel in an environment: papermill has no other way to say so."""

    class Manager(AsyncKernelManager):
        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]  # typed there without its `async`
            await super().start_kernel(**{"env": environment, **options})

    return Manager


def _transport(folder: Path) -> Config:
    """Return how to reach the kernel: sockets that only this user can open, where there are such."""
    if sys.platform == "win32":
        return Config()
    return Config(KernelManager={"transport": "ipc", "connection_file": str(folder / "kernel.json")})
