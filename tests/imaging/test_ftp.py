"""Images on servers of files: what follows the host is a path, whatever letters its names have."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import tifffile
from fsspec.registry import _registry
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

from spheroseg_widgets.errors import ShareUnavailableError
from spheroseg_widgets.imaging.digest import sha256
from spheroseg_widgets.imaging.listing import list_files, probe_many
from spheroseg_widgets.imaging.reach import unseen
from spheroseg_widgets.imaging.read import FileInfo, read_plane
from spheroseg_widgets.imaging.remote import connect
from spheroseg_widgets.imaging.url import Url

NAMES = ("day 3/A1 #2.tif", "day 3/A2?.tif", "ä 100%25.tif")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, str]]:
    """A folder, and the address of a server of it that lets in who has the password of the environment."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(FTPHandler):
        authorizer = DummyAuthorizer()

    Handler.authorizer.add_user("ann", "let me in", str(folder))
    server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setitem(fsspec.config.conf, "ftp", {"username": "ann", "password": "let me in"})
    fsspec.get_filesystem_class("ftp").clear_instance_cache()
    yield folder, f"ftp://127.0.0.1:{server.address[1]}"
    server.close_all()
    thread.join()


def test_images_are_listed_looked_at_and_read(served: tuple[Path, str], copies: Path) -> None:
    folder, address = served
    for number, name in enumerate(NAMES):
        path = folder / "plate" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tifffile.imwrite(path, np.full((8 + number, 9), 50 + number, np.uint8))
    found = [str(path) for path in list_files([f"{address}/plate"]).files]
    assert sorted(found) == sorted(f"{address}/plate/{name}" for name in NAMES)
    assert [str(path) for path in list_files([f"{address}/plate/*/*.tif"]).files] == [
        f"{address}/plate/{name}" for name in NAMES[:2]
    ]
    probed = {one.path: one for one in probe_many(found) if isinstance(one, FileInfo)}
    for number, name in enumerate(NAMES):
        url = f"{address}/plate/{name}"
        assert (probed[url].height, probed[url].width) == (8 + number, 9)
        assert probed[url].modified_at > 1_600_000_000
        assert (read_plane(url).pixels == 50 + number).all()
        assert sha256(url) == sha256(folder / "plate" / name)
    assert unseen(found) == {}
    assert list_files([f"{address}/none", f"{address}/plate/none.tif"]).skipped == [
        (f"{address}/none", "does not exist"), (f"{address}/plate/none.tif", "does not exist")
    ]  # fmt: skip
    assert not list(copies.iterdir())


def test_who_is_not_let_in_reads_why(served: tuple[Path, str]) -> None:
    fsspec.config.conf["ftp"]["password"] = "another"
    fsspec.get_filesystem_class("ftp").clear_instance_cache()
    with pytest.raises(ShareUnavailableError, match=r"ftp://127\.0\.0\.1.*Authentication failed"):
        list_files([f"{served[1]}/plate"])


@pytest.mark.parametrize("name", ["a.tif", "A1 #2.tif", "A2?.tif"])
def test_letters_of_a_name_are_no_options_of_the_connection(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class Sftp(fsspec.get_filesystem_class("memory")):  # type: ignore[misc]  # that of fsspec needs its package
        protocol = "sftp"
        cachable = False

        def __init__(self, host: str, **options: Any) -> None:
            super().__init__()
            self.told = {"host": host, **options}

        @staticmethod
        def _get_kwargs_from_urls(urlpath: str) -> dict[str, Any]:
            told = fsspec.utils.infer_storage_options(urlpath)
            return {key: value for key, value in told.items() if key not in {"path", "protocol"}}

    monkeypatch.setitem(_registry, "sftp", Sftp)
    system, path = connect(Url(f"sftp://me@host:22/plate/{name}"))
    assert path == f"/plate/{name}"
    assert system.told == {"host": "host", "port": 22, "username": "me"}
