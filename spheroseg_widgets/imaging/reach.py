"""Whether the folders that images lie in can be seen from this process."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from . import remote
from .url import Url, as_path

LOOKS = 16
"""Looks at a server at once."""


def one_a_folder(paths: Iterable[str]) -> dict[str, str]:
    """Return the folders of files, each with the first of its files."""
    found: dict[str, str] = {}
    for path in paths:
        found.setdefault(str(as_path(path).parent), path)
    return found


def unseen(paths: Iterable[str]) -> dict[str, str]:
    """Say which folders cannot be seen from here, and why.

    Parameters
    ----------
    paths : iterable of str
        One file of each folder. Behind a URL the file itself is looked for: whoever may read it need not be allowed to
        list its folder.

    Returns
    -------
    dict
        Reason by folder.
    """
    out: dict[str, str] = {}
    urls: dict[Url, list[Url]] = {}
    for path in map(as_path, paths):
        if isinstance(path, Url):
            urls.setdefault(path.root, []).append(path)
        elif not os.path.isdir(path.parent):  # noqa: PTH112 - thousands of them
            out[str(path.parent)] = "the folder is not there"
    for first, *others in urls.values():
        why = remote.why_unseen(first)
        # A server that does not answer is waited for once, not once a folder.
        if why is not None and why[1]:
            out |= {str(url.parent): why[0] for url in (first, *others)}
            continue
        with ThreadPoolExecutor(LOOKS) as pool:
            told = zip((first, *others), (why, *pool.map(remote.why_unseen, others)), strict=True)
        out |= {str(url.parent): reason[0] for url, reason in told if reason is not None}
    return out
