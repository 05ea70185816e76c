"""Maps too large for memory: a chunked array in a temporary folder that goes when the object goes."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 512
"""Working pixels on a side of what is compressed and read as one."""


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
        self.folder = tempfile.mkdtemp(prefix="spheroseg-maps-", dir=folder)
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
