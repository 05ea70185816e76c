"""The errors a user may meet; each message says what happened, to which file, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class SpherosegError(Exception):
    """Base of every error this package raises on purpose."""


class ImageError(SpherosegError):
    """An image that cannot be used: unreadable, not what its name says, truncated, too large.

    Parameters
    ----------
    path : str
        The file, as the user named it.
    reason : str
        One sentence, without the path.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[ImageError], tuple[str, str]]:
        """Survive pickling: the error crosses from a Dask worker to the client."""
        return (type(self), (self.path, self.reason))


class ShareUnavailableError(SpherosegError):
    """A folder or network share that was there is not reachable now."""


class TableError(SpherosegError):
    """A table of a person's own that cannot be read; the message names it and the reason."""


class UploadError(SpherosegError):
    """A file sent from a browser that cannot be stored; the message names it, the reason, and what to do."""


class UnknownUploadError(UploadError):
    """An upload that this process was not told of: its page offers the file again."""


class ModelError(SpherosegError):
    """A model that is unknown, damaged, or does not fit the network."""


class OutlineError(SpherosegError):
    """An outline that cannot be taken; the message names the image and the reason."""


class AnnotationError(SpherosegError):
    """Folders of images and annotations that do not belong together; the message names them and the reason."""


class TrainingError(SpherosegError):
    """Training data, or a training run, that cannot be used; the message names the file and the reason."""


class StoreError(SpherosegError):
    """A store that cannot be opened or refuses a change."""


class StoreVersionError(StoreError):
    """A store written by a newer version of this package."""


class ConflictError(StoreError):
    """A change made on top of a revision that is no longer the current one."""


class QueryError(SpherosegError):
    """A filter expression that cannot be read, or names a column that is not there; the message says where and what there is."""


class ExportError(SpherosegError):
    """An export that could not be written; the message names the file and the reason.

    Parameters
    ----------
    message : str
    failed : sequence of str
        Of an export of many files: each one that was not written, with its reason.
    written : sequence of Path
        The others.
    """

    def __init__(self, message: str, *, failed: Sequence[str] = (), written: Sequence[Path] = ()) -> None:
        super().__init__(message)
        self.failed = list(failed)
        self.written = list(written)


class RunError(SpherosegError):
    """A run that could not go on; the message says why."""
