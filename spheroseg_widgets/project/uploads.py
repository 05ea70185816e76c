"""Files sent from a browser: taken in piece by piece, gone on with after an interruption, checked, and put in place."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from spheroseg_widgets.errors import ImageError, UnknownUploadError, UploadError
from spheroseg_widgets.exports.stems import unique_stems
from spheroseg_widgets.imaging import limits
from spheroseg_widgets.imaging.read import probe
from spheroseg_widgets.imaging.signature import format_of

from .known_content import KnownContent, checksum, files_below
from .upload_offers import MEGABYTE, Offer, Stored, Unfinished, Wanted, megabytes, refusal, safe_parts

KEPT_DAYS = 7
"""What nobody goes on with is removed after so long."""
UNFINISHED = re.compile(r"(?P<key>[0-9a-f]{16})-(?P<size>\d+)-(?P<name>.*)\.part", re.DOTALL)


@dataclass(slots=True)
class _Upload:
    wanted: Wanted
    parts: tuple[str, ...]
    part: Path
    have: int = 0
    checksum: int = 0
    stored: Stored | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def name(self) -> str:
        return self.wanted.parts[-1]

    def look(self) -> None:
        """Take what lies there for what is here: another page, or an earlier kernel, may have written it."""
        size = self.part.stat().st_size if self.part.exists() else 0
        if size > self.wanted.size:
            self.part.unlink()
            size = 0
        if size != self.have:
            self.have, self.checksum = size, checksum(self.part) if size else 0


class Uploads:
    """The folder of a project's uploads, and what is on its way into it.

    A file is written to ``<key>-<size>-<name>.part`` beside the others and gets its name when it is whole and was
    checked. Two pages that send the same file at once write the same bytes to the same place.

    Parameters
    ----------
    folder : Path
        Where the files go; made when it is first needed.
    in_project : callable
        Returns the local files that the project refers to, with their sizes in bytes.
    """

    def __init__(self, folder: Path, in_project: Callable[[], Iterable[tuple[Path, int]]]) -> None:
        self.folder = folder
        self._in_project = in_project
        self._known = KnownContent()
        self._uploads: dict[str, _Upload] = {}
        self._lock = threading.Lock()

    def offer(self, files: Sequence[Wanted], before: int = 0) -> list[Offer]:
        """Say of each file whether it is taken, and how much of it is here.

        Parameters
        ----------
        files : sequence of Wanted
        before : int
            Bytes to be sent of what was offered earlier in the same batch.

        Raises
        ------
        UploadError
            The folder cannot be written.
        """
        self._make_folder()
        self._drop_stale({file.key for file in files})
        whole = [(path, size) for path, size in files_below(self.folder) if not UNFINISHED.fullmatch(path.name)]
        self._known.replace([*self._in_project(), *whole])
        self._known.read_heads((file.size, file.parts[-1]) for file in files if file.parts)
        room = shutil.disk_usage(self.folder).free
        offers = []
        for file in files:
            offer = Offer(file.key, refused=refusal(file))
            offers.append(offer)
            if offer.refused:
                continue
            self._look(file, offer)
            missing = file.size - offer.have
            if missing > 0 and before + missing > limits.MAX_UPLOAD_BATCH_MB * MEGABYTE:
                offer.refused = (
                    f"over the limit of {limits.MAX_UPLOAD_BATCH_MB:g} MB for what is sent from the browser at once; add "
                    "the rest afterwards, or give the path of its folder (SPHEROSEG_MAX_UPLOAD_BATCH_MB sets the limit)"
                )
            elif missing > room:
                offer.refused = (
                    f"needs {megabytes(missing)}, and the disk of {self.folder} has {megabytes(max(0, room))} left"
                )
            else:
                before += missing
                room -= missing
        return offers

    def write(self, key: str, offset: int, data: memoryview | bytes, expected: int) -> int:
        """Take the next bytes of a file; returns how many are here afterwards.

        Bytes that are here already, that come too early, or that were damaged on their way change nothing: the answer
        says from where to go on.

        Parameters
        ----------
        key : str
            Of its offer.
        offset : int
            Where they stand in the file.
        data : bytes
        expected : int
            Their CRC-32 where they were sent.

        Raises
        ------
        ImageError
            The file is no image; nothing of it stays.
        UploadError
            They cannot be written; what was here before is kept.
        UnknownUploadError
            The file was not offered to this kernel.
        """
        upload = self._upload(key)
        with upload.lock:
            upload.look()
            if offset != upload.have or zlib.crc32(data) != expected or upload.have + len(data) > upload.wanted.size:
                return upload.have
            if offset == 0:
                format_of(bytes(data[:16]), Path(upload.name))
            try:
                _append(upload.part, data, at=upload.have)
            except OSError as error:
                raise UploadError(
                    f"{upload.name}: cannot be written to {self.folder} ({error.strerror or error}); make room and try "
                    "again. What has arrived is kept."
                ) from error
            upload.have += len(data)
            upload.checksum = zlib.crc32(data, upload.checksum)
            return upload.have

    def finish(self, key: str, expected: int) -> Stored | None:
        """Check a file that is whole and put it in place; None where bytes are missing or others than were sent.

        Parameters
        ----------
        expected : int
            CRC-32 of the whole file where it was sent.

        Raises
        ------
        ImageError
            It is no image, damaged, or too large; nothing of it stays.
        UploadError
            It cannot be put in place.
        UnknownUploadError
            The file was not offered to this kernel.
        """
        upload = self._upload(key)
        with upload.lock:
            if upload.stored is not None and upload.stored.path.exists():
                return upload.stored
            upload.look()
            if upload.have != upload.wanted.size:
                upload.stored = self._alike(upload.wanted, expected)
                if upload.stored is not None:
                    upload.part.unlink(missing_ok=True)
                return upload.stored
            if upload.checksum != expected:
                upload.part.unlink()
                upload.look()
                return None
            try:
                _check_image(upload)
                upload.stored = self._place(upload)
            except ImageError:
                upload.part.unlink(missing_ok=True)
                raise
            except OSError as error:
                raise UploadError(
                    f"{upload.name}: cannot be put into {self.folder} ({error.strerror or error}); make room and try again"
                ) from error
            return upload.stored

    def have(self, key: str) -> int:
        """Return how many bytes of an upload are here.

        Raises
        ------
        UnknownUploadError
            The file was not offered to this kernel.
        """
        upload = self._upload(key)
        with upload.lock:
            upload.look()
            return upload.have

    def stored(self, key: str) -> Stored | None:
        """Return where a finished upload lies; None while it is not finished."""
        with self._lock:
            upload = self._uploads.get(key)
        return None if upload is None else upload.stored

    def discard(self, keys: Iterable[str]) -> None:
        """Remove parts, and files that were put in place and are not in the project."""
        used = {path for path, _ in self._in_project()}
        parts = {told["key"]: path for path, told in self._parts()}
        for key in keys:
            with self._lock:
                upload = self._uploads.pop(key, None)
            if upload is None:  # of an earlier kernel
                if key in parts:
                    parts[key].unlink(missing_ok=True)
                continue
            with upload.lock:
                upload.part.unlink(missing_ok=True)
                if (
                    upload.stored is not None
                    and not upload.stored.known
                    and upload.stored.path not in used | self._kept()
                ):
                    upload.stored.path.unlink(missing_ok=True)
                    self._known.forget(upload.stored.path)
                    self._drop_empty(upload.stored.path.parent)

    def unfinished(self) -> list[Unfinished]:
        """Return the parts that wait for the rest, by name."""
        found = []
        for path, told in self._parts():
            with suppress(OSError):
                found.append(Unfinished(told["name"], int(told["size"]), path.stat().st_size))
        return sorted(found, key=lambda part: part.name)

    def discard_unfinished(self) -> None:
        """Remove all parts, whoever sent them."""
        for path, _ in self._parts():
            path.unlink(missing_ok=True)

    def place_of(self, parts: Sequence[str]) -> Path:
        """Return where a file would lie if its name is free; its folders are kept, for what they say.

        Raises
        ------
        ImageError
            It has no name, or too many folders.
        """
        return self.folder.joinpath(*safe_parts(parts))

    def _kept(self) -> set[Path]:
        """Return where the files of all uploads lie; one may be that of several."""
        with self._lock:
            return {upload.stored.path for upload in self._uploads.values() if upload.stored is not None}

    def _parts(self) -> list[tuple[Path, re.Match[str]]]:
        told = ((path, UNFINISHED.fullmatch(path.name)) for path in self.folder.glob("*.part"))
        return [(path, match) for path, match in told if match is not None]

    def _upload(self, key: str) -> _Upload:
        with self._lock:
            upload = self._uploads.get(key)
        if upload is None:
            raise UnknownUploadError(f"{key}: this upload is not known here; offer the file again")
        return upload

    def _look(self, file: Wanted, offer: Offer) -> None:
        """Fill in what is here of a file that is taken."""
        parts = safe_parts(file.parts)
        part = self.folder / f"{file.key}-{file.size}-{parts[-1]}.part"
        with self._lock:
            upload = self._uploads.setdefault(file.key, _Upload(file, parts, part))
        with upload.lock:
            alike = self._known.alike(file.size, file.head, file.parts[-1])
            whole = None if alike is None else self._known.checksum(alike)
            if whole is not None:
                offer.have, offer.checksum = file.size, whole
                return
            upload.stored = None  # what was put in place is gone, or has changed
            upload.look()
            offer.have, offer.checksum = upload.have, upload.checksum
        wanted = self.folder.joinpath(*parts)
        target = _free(wanted)
        offer.taken = target != wanted
        stored_as = target.relative_to(self.folder)
        if stored_as.parts != file.parts:
            offer.stored_as = stored_as.as_posix()

    def _alike(self, file: Wanted, whole: int) -> Stored | None:
        """Return a file that is here with the checksums of one that was not sent."""
        path = self._known.alike(file.size, file.head, file.parts[-1])
        return None if path is None or self._known.checksum(path) != whole else Stored(path, known=True)

    def _place(self, upload: _Upload) -> Stored:
        same = self._known.same(upload.part, upload.name)
        if same is not None:
            upload.part.unlink()
            return Stored(same, known=True)
        with upload.part.open("r+b") as stream:
            os.fsync(stream.fileno())  # a full disk may show only here
        target = self.folder.joinpath(*upload.parts)
        if not target.parent.resolve().is_relative_to(self.folder.resolve()):
            raise ImageError("/".join(upload.wanted.parts), f"its folder leads out of {self.folder} by a link")
        with self._lock:
            target.parent.mkdir(parents=True, exist_ok=True)
            target = _free(target)
            target.touch(exist_ok=False)  # so that nobody else takes the name
            try:
                upload.part.replace(target)
            except OSError:
                target.unlink()
                raise
        # As the file was: whoever looks for files still being written need not wait for this one.
        with suppress(OSError, OverflowError):  # a time that no file system can hold
            os.utime(target, (upload.wanted.modified_ms / 1000,) * 2)
        self._known.add(target, upload.wanted.size)
        return Stored(target, known=False)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UploadError(f"{self.folder}: the folder cannot be made ({error.strerror or error})") from error

    def _drop_stale(self, wanted: set[str]) -> None:
        for path, told in self._parts():
            with suppress(OSError):
                if told["key"] not in wanted and path.stat().st_mtime < time.time() - KEPT_DAYS * 86_400:
                    path.unlink()

    def _drop_empty(self, folder: Path) -> None:
        while folder != self.folder and folder.is_relative_to(self.folder):
            try:
                folder.rmdir()
            except OSError:  # others lie in it
                return
            folder = folder.parent


def _append(path: Path, data: memoryview | bytes, *, at: int) -> None:
    """Write bytes at the end of a file; where that fails, the file is as it was."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        os.lseek(descriptor, at, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        os.ftruncate(descriptor, at)
        raise
    finally:
        os.close(descriptor)


def _check_image(upload: _Upload) -> None:
    """Refuse what is no image by its first bytes or its header, under the name that the user knows."""
    with upload.part.open("rb") as stream:
        format_of(stream.read(16), Path(upload.name))
    try:
        probe(upload.part)
    except ImageError as error:
        raise ImageError(upload.name, error.reason) from error


def _free(target: Path) -> Path:
    """Return a path nobody uses: the file's own, or one with a number."""
    try:
        siblings = [Path(name) for name in os.listdir(target.parent)]  # noqa: PTH208 - only the names are wanted
    except OSError:
        return target
    suffix = target.suffix.lower()
    taken = [path.stem for path in siblings if path.suffix.lower() == suffix]
    return target.with_name(unique_stems([target.stem], taken)[0] + target.suffix)
