"""An S3 server of the tests' own, with buckets in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest
from moto.server import ThreadedMotoServer


@contextmanager
def s3_server() -> Iterator[str]:
    """Start a server; gives its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def environment(address: str) -> dict[str, str]:
    """What a process needs to see the server's buckets."""
    return {
        "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


def forget() -> None:
    """Have this process connect anew: fsspec keeps file systems with the credentials of before."""
    if "s3" in fsspec.available_protocols():
        fsspec.get_filesystem_class("s3").clear_instance_cache()


def copy_into(folder: Path, bucket: str) -> str:
    """Copy a local folder's files into a bucket; returns the URL of the copy."""
    system = fsspec.filesystem("s3")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            system.pipe_file(f"{bucket}/{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return f"s3://{bucket}/{folder.name}"


def credentials(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process, and those it starts, what it needs to see the buckets."""
    for name, value in environment(address).items():
        monkeypatch.setenv(name, value)
    forget()
