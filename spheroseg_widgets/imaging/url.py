"""Addresses of images on object stores and servers: a URL's name and folders, as `pathlib` gives them of a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from spheroseg_widgets.errors import ImageError

URL = re.compile(r"(?P<protocol>[A-Za-z][A-Za-z0-9+.-]+(?:::[^/]*)?)://")
SIGNED = re.compile(
    r"[?&](?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|token)=", re.IGNORECASE
)
"""A query that lets in whoever has it."""


@dataclass(frozen=True, slots=True)
class Url:
    """The URL of a file or folder, as fsspec takes it. A `Path` of it would lose one of its two slashes.

    Parameters
    ----------
    text : str
        With its protocol; a slash at the end is dropped.
    """

    text: str

    def __post_init__(self) -> None:
        protocol, mark, rest = self.text.partition("://")
        object.__setattr__(self, "text", protocol.lower() + mark + rest.rstrip("/"))

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> Url:
        return Url(f"{self.text}/{name}")

    @property
    def protocol(self) -> str:
        """What stands before the two slashes."""
        return self.text.partition("://")[0]

    @property
    def on_the_web(self) -> bool:
        """Whether it is served as web pages are: with queries, and as a rule without lists of what a folder holds."""
        return self.protocol in {"http", "https"}

    @property
    def root(self) -> Url:
        """The bucket or host."""
        return Url(f"{self.protocol}://{self._rest.partition('/')[0]}")

    @property
    def parts(self) -> tuple[str, ...]:
        """Bucket or host, folders, name."""
        return tuple(part for part in self._rest.split("/") if part)

    @property
    def name(self) -> str:
        """The last part."""
        return self._rest.rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """What the name ends with, from its last dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Url:
        """The folder it lies in; a bucket or host is its own."""
        folder, slash, _ = self._rest.rpartition("/")
        return Url(f"{self.protocol}://{folder}") if slash else self

    def resolve(self) -> Url:
        """Return itself: a URL is whole already."""
        return self

    @property
    def _rest(self) -> str:
        rest = self.text.partition("://")[2]
        # Elsewhere a question mark may be part of a name.
        return re.split(r"[?#]", rest, maxsplit=1)[0].rstrip("/") if self.on_the_web else rest


Place: TypeAlias = Path | Url
"""Where an image lies."""


def is_url(path: object) -> bool:
    """Whether this names something by a URL; one of a local file (``file://``) counts too."""
    return isinstance(path, Url) or URL.match(str(path)) is not None


def as_path(path: str | Path | Url) -> Place:
    """Return a path, or a `Url` where the text is one; ``file://`` gives the path."""
    if isinstance(path, Path | Url):
        return path
    found = URL.match(path)
    if found is None:
        return Path(path)
    if found["protocol"].lower() in {"file", "local"}:
        from fsspec.core import strip_protocol  # noqa: PLC0415 - takes a moment to import; only URLs need it

        return Path(strip_protocol(path))
    return Url(path)


def refuse_secrets(url: Url) -> None:
    """Refuse what must not be stored, in words that do not repeat it.

    Raises
    ------
    ImageError
        The URL holds a password or a signature, or is a chain of several.
    """
    shown = f"{url.protocol}://..."
    host = url.text.partition("://")[2].partition("/")[0]
    before, at, _ = host.rpartition("@")
    # An S3 key's secret may hold a slash, so that no @ is seen; after a plain host's colon only a port may stand.
    _, colon, port = host.rpartition(":")
    named = host.startswith("arn:") or (host.startswith("[") and host.endswith("]"))
    if (at and ":" in before) or (colon and not at and not port.isdecimal() and not named):
        raise ImageError(shown, "the URL holds a password, which would be stored; leave it out of the URL")
    if SIGNED.search(url.text):
        raise ImageError(shown, "the URL holds a signature, which would be stored; use one without")
    if "::" in url.text:
        raise ImageError(str(url), "URLs within URLs (::) are not read")
