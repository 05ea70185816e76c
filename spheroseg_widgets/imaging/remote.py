"""Files behind a URL, by fsspec: looked at, listed, and copied here for as long as they are read.

Credentials are never asked for: they come from the environment, or from fsspec's configuration, of each process.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from spheroseg_widgets.errors import ImageError, ShareUnavailableError

from .url import Place, Url, as_path

COPY_PREFIX = "spheroseg-copy-"
"""Of the temporary folders that copies lie in."""
SMALL_BYTES = 1 << 20
"""A file up to this size is fetched whole to read its header: one request is quicker than several."""
BLOCK_BYTES = 1 << 18
NOT_THERE = "the file does not exist"
WHOLE = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "memory"}
"""Object stores: a file is there when it is complete, never before."""
OF_A_HOST = {"ftp", "sftp", "ssh", "smb"}
"""What follows the host is a path to the letter; fsspec takes what is behind a ``#`` or ``?`` in a name for an option."""
TIMES = ("LastModified", "last_modified", "mtime", "updated", "modify", "modified", "created")
"""What the file systems of fsspec call the time of the last change."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its bytes, size, and time of the last change in seconds since 1970 (0 where nobody says)."""

    stream: IO[bytes]
    size_bytes: int
    modified_at: float


@contextmanager
def opened(place: Place) -> Iterator[Opened]:
    """Open a file to read its header: of a large one behind a URL only the blocks that are read travel.

    Raises
    ------
    ImageError
        It is not there or cannot be read, with the reason.
    """
    if isinstance(place, Path):
        with _open_here(place) as file:
            status = os.fstat(file.fileno())
            yield Opened(file, status.st_size, status.st_mtime)
        return
    stream: IO[bytes] | None = None
    try:
        system, path = connect(place)
        info = system.info(path)
        if info["type"] == "directory":
            raise IsADirectoryError(str(place))  # noqa: TRY301 - told as a local one is
        size = info.get("size")
        if size is not None and size <= SMALL_BYTES:
            stream = io.BytesIO(system.cat_file(path))
        elif size is not None:
            stream = system.open(path, "rb", block_size=BLOCK_BYTES, cache_type="blockcache")
    except Exception as error:
        raise ImageError(str(place), reason_of(error)) from error
    if stream is not None and stream.seekable():
        with stream:
            yield Opened(stream, size, _modified(info))
        return
    with local_file(place) as copy, copy.open("rb") as whole:  # a server that sends files from their beginning only
        yield Opened(whole, copy.stat().st_size, _modified(info))


@contextmanager
def local_file(place: str | Place) -> Iterator[Path]:
    """Give a file that can be read here: the file itself, or a copy of what a URL names, deleted afterwards.

    An `ImageError` of the copy becomes one of the URL.

    Raises
    ------
    ImageError
        It cannot be fetched, with the reason.
    """
    where = as_path(place)
    if isinstance(where, Path):
        yield where
        return
    with tempfile.TemporaryDirectory(prefix=COPY_PREFIX, ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / f"image{where.suffix}"
        try:
            system, path = connect(where)
            system.get_file(path, str(copy))
        except Exception as error:
            raise ImageError(str(where), reason_of(error)) from error
        try:
            yield copy
        except ImageError as error:
            if error.path != str(copy):
                raise
            raise ImageError(str(where), error.reason.replace(str(copy), str(where))) from error


def connect(url: Url) -> tuple[Any, str]:
    """Return fsspec's file system of a URL, and the URL's path in it.

    Raises
    ------
    ImportError, ValueError
        A package is missing, or nobody knows the protocol.
    """
    from fsspec.core import url_to_fs  # noqa: PLC0415 - takes a moment to import; only URLs need it

    if url.protocol in OF_A_HOST:
        system, _ = url_to_fs(str(url.root))
        return system, str(url).removeprefix(str(url.root)) or "/"
    system, path = url_to_fs(str(url))
    return system, str(path)


def state(url: Url) -> tuple[int, float] | None:
    """Return size and time of the last change of a file as they are now; None where it cannot be seen."""
    try:
        system, path = connect(url)
        system.invalidate_cache()
        info = system.info(path)
    except Exception:  # noqa: BLE001 - what each protocol raises is its own
        return None
    return int(info.get("size") or 0), _modified(info)


def kind(url: Url) -> str:
    """Say whether a URL is a "folder", a "file" or "missing".

    Raises
    ------
    ShareUnavailableError
        It cannot be looked at: a package or credentials are missing, no connection, no permission.
    """
    try:
        system, path = connect(url)
        system.invalidate_cache()  # what was listed a while ago
        found = system.info(path)["type"]
    except FileNotFoundError:
        return "missing"
    except Exception as error:
        raise unavailable(url, error) from error
    return "folder" if found == "directory" else "file"


def refuse_missing(url: Url) -> None:
    """Tell a missing file from a missing bucket.

    Raises
    ------
    ShareUnavailableError
        The bucket is not there.
    """
    if not url.on_the_web and kind(url.root) == "missing":
        raise ShareUnavailableError(f"{url}: {url.root} is not there, or not under this name")


def find(folder: Url) -> list[str]:
    """Return the files below a folder, by their names from there.

    Raises
    ------
    ShareUnavailableError
        It cannot be listed.
    """
    try:
        system, path = connect(folder)
        found = system.find(path, detail=True)
    except Exception as error:
        raise unavailable(folder, error) from error
    return [
        _below(name, path) for name, info in found.items() if info["type"] == "file" and not name.endswith("/")
    ]  # fmt: skip


def match(folder: Url, pattern: str) -> dict[str, str]:
    """Return what a glob matches below a folder: "file" or "folder" by the name from there.

    Raises
    ------
    ShareUnavailableError
        It cannot be listed.
    """
    try:
        system, path = connect(folder)
        found = system.glob(f"{path.rstrip('/')}/{pattern}", detail=True)
    except Exception as error:
        raise unavailable(folder, error) from error
    return {
        _below(name, path).rstrip("/"): "folder" if info["type"] == "directory" else "file"
        for name, info in found.items()
    }


def text_of(place: str) -> str | None:
    """Return the text of a small file beside images; None where it cannot be read."""
    where = as_path(place)
    try:
        if isinstance(where, Path):
            return where.read_text(encoding="utf-8", errors="replace")
        system, path = connect(where)
        return str(system.cat_file(path).decode("utf-8", errors="replace"))
    except Exception:  # noqa: BLE001 - what each protocol raises is its own
        return None


def why_unseen(url: Url) -> tuple[str, bool] | None:
    """Say why this process cannot see an image; None where it can, or where only the image is gone.

    Returns
    -------
    (str, bool) or None
        The reason, and whether it holds for all of the bucket or host.
    """
    for asked in (url, url.parent):
        try:
            system, path = connect(asked)
            system.invalidate_cache()
            system.info(path)
        except FileNotFoundError:
            continue
        except Exception as error:  # noqa: BLE001 - what each protocol raises is its own
            return reason_of(error), not isinstance(error, PermissionError)
        return None
    return "it is not there", False


def reason_of(error: Exception) -> str:
    """Say in a few words why something behind a URL cannot be read."""
    text = (str(error).splitlines() or [""])[0][:160]
    if isinstance(error, ImportError):  # as fsspec says it: Install s3fs to access S3
        first, _, rest = text.partition(" ")
        return f"{first.lower() if first.istitle() else first} {rest}".rstrip() or "a package is missing"
    if isinstance(error, FileNotFoundError):
        return NOT_THERE
    if isinstance(error, IsADirectoryError):
        return "is a folder, not an image file"
    if isinstance(error, PermissionError):
        return f"no permission ({text})"
    return f"cannot be read ({text or type(error).__name__})"


def unavailable(url: Url, error: Exception) -> ShareUnavailableError:
    """Return what is raised where a folder or bucket cannot be reached."""
    return ShareUnavailableError(
        f"{url}: {'it is not there' if isinstance(error, FileNotFoundError) else reason_of(error)}"
    )


def _open_here(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise ImageError(str(path), NOT_THERE) from None
    except IsADirectoryError:
        raise ImageError(str(path), "is a folder, not an image file") from None
    except OSError as error:
        raise ImageError(str(path), f"cannot be read ({error.strerror or error})") from error


def _below(name: str, folder: str) -> str:
    return name.removeprefix(folder).removeprefix("/")


def _modified(info: dict[str, Any]) -> float:
    """Return the time of the last change, in seconds since 1970; 0 where a file system does not say."""
    for key in TIMES:
        value = info.get(key)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, str):
            try:
                if value[:14].isdecimal():  # of FTP: 20260131235959.000, in UTC
                    return datetime.strptime(value[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
                return datetime.fromisoformat(value).timestamp()
            except ValueError:
                continue
    return 0.0
