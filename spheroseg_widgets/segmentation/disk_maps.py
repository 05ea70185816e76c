"""Maps too large for memory: a chunked array in a temporary folder that goes when the object goes."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 512
"""Working pixels on a side of what is compressed and read as one."""
PREFIX = "spheroseg-maps-"
STALE_SECONDS = 3600.0
"""Younger folders are let be, whoever made them."""


def sweep(folder: Path) -> list[Path]:
    """Delete what processes of this machine left behind that were killed; returns the folders that went.

    Parameters
    ----------
    folder : Path
        Where temporary folders are made.
    """
    import psutil  # noqa: PLC0415 - comes with distributed

    gone = []
    for each in folder.glob(f"{PREFIX}*"):
        host, _, rest = each.name.removeprefix(PREFIX).rpartition("-pid")
        pid = rest.partition("-")[0]
        if host != platform.node() or not pid.isdigit() or psutil.pid_exists(int(pid)):
            continue
        with suppress(OSError):  # somebody else was faster, or it is another user's
            if time.time() - each.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(each)
                gone.append(each)
    return gone


class DiskMaps:
    """Probability maps in a chunked, compressed array on disk: read and written by slices.

    The folder is deleted when the object is no longer used, or with `close`; whoever keeps the maps copies them.

    Parameters
    ----------
    shape : (int, int, int)
        Maps, height, width.
    folder : str, optional
        Where the temporary folder is made; by default where the system makes them.
    chunk : int
        Working pixels on a side of one chunk.
    """

    dtype = np.dtype(np.uint8)
    ndim = 3

    def __init__(self, shape: tuple[int, int, int], folder: str | None = None, chunk: int = CHUNK) -> None:
        import zarr  # noqa: PLC0415 - most images need none; it starts a thread

        self.shape = shape
        sweep(Path(folder or tempfile.gettempdir()))
        self.folder = tempfile.mkdtemp(prefix=f"{PREFIX}{platform.node()}-pid{os.getpid()}-", dir=folder)
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        # Chunks of nothing but zeros, as of empty background, are not written.
        self._array: Any = zarr.create_array(
            self.folder, shape=shape, chunks=(1, chunk, chunk), dtype="uint8", fill_value=0
        )

    @property
    def chunks(self) -> tuple[int, int, int]:
        """Shape of a chunk."""
        return tuple(self._array.chunks)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        return np.asarray(self._array[key], np.uint8)

    def __setitem__(self, key: Any, values: NDArray[np.uint8]) -> None:
        self._array[key] = values

    def close(self) -> None:
        """Delete the folder now; the maps cannot be read any more."""
        self._finalizer()
