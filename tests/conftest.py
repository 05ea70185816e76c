"""Shared by all tests: a small plate with known truth, and a project of it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import fsspec
import numpy as np
import pytest
import tifffile
from hypothesis import settings

from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.store.database import Database

from . import s3
from .postgres import Server, server

# Dispatchers that tests start detached end soon after their last run.
os.environ.setdefault("SPHEROSEG_IDLE_SECONDS", "5")

# How long an example takes says more of what else runs on the machine than of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

KINDS = ("sqlite", "postgresql")
"""Kinds of store: what holds for one holds for the other."""
ON_A_SERVER_TOO = (
    "test_runs", "test_watching_runs", "test_project", "test_adding", "test_drafts", "test_maps", "test_settling",
    "test_editor", "test_editor_drafts", "test_editor_face", "test_editor_operations", "test_editor_saving",
    "test_gallery", "test_gallery_face", "test_gallery_filters", "test_gallery_flags", "test_gallery_pictures", "test_gallery_rows",
    "test_compare", "test_compare_face", "test_compare_pixels", "test_compare_revisions", "test_compare_series",
    "test_cataloguing", "test_decisions", "test_reviewing", "test_acting",
)  # fmt: skip
"""Files whose tests have their project on PostgreSQL as well; what the others test does not depend on the store."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "store_kind" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_A_SERVER_TOO:
        metafunc.parametrize("store_kind", KINDS)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of this session's own; tests that ask for it are skipped where none is installed."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(postgres: Server) -> str:
    """Name of a database with the tables in it, to make others after."""
    name = postgres.make_database()
    Database.open(postgres.address(name)).close()
    return name


@pytest.fixture
def empty_database(postgres: Server) -> Iterator[str]:
    """URL of a database with nothing in it."""
    name = postgres.make_database()
    yield postgres.address(name)
    postgres.drop_database(name)


@pytest.fixture
def make_store_address(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], str | Path]]:
    """Return a function that gives a fresh place for a store of a kind, with the tables in it."""
    made: list[str] = []

    def make(kind: str) -> str | Path:
        if kind == "sqlite":
            path = tmp_path / "store.sqlite"
            Database.open(path, create=True).close()
            return path
        running = request.getfixturevalue("postgres")
        made.append(running.make_database(request.getfixturevalue("migrated")))
        return running.address(made[-1])

    yield make
    for name in made:
        request.getfixturevalue("postgres").drop_database(name)


@pytest.fixture(params=KINDS)
def store_address(make_store_address: Callable[[str], str | Path], request: pytest.FixtureRequest) -> str | Path:
    """Where a fresh store is, once a SQLite file and once a database on the server."""
    return make_store_address(request.param)


@pytest.fixture
def store(store_address: str | Path) -> Iterator[Database]:
    """A fresh store of each kind."""
    opened = Database.open(store_address)
    yield opened
    opened.close()


@pytest.fixture
def store_kind() -> str:
    """What kind of store a project has."""
    return "sqlite"


@pytest.fixture
def project_store(store_kind: str, make_store_address: Callable[[str], str | Path]) -> str | None:
    """What `open_project` is to be told of the store: nothing, or a URL."""
    return None if store_kind == "sqlite" else str(make_store_address(store_kind))


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """An S3 server of this session's own."""
    with s3.s3_server() as address:
        yield address


@pytest.fixture
def bucket(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name of an empty bucket that this process, and those it starts, may read and write."""
    s3.credentials(s3_address, monkeypatch)
    name = f"plates-{uuid.uuid4().hex}"
    fsspec.filesystem("s3").mkdir(name)
    yield name
    s3.forget()


@pytest.fixture
def upload(bucket: str) -> Callable[[Path], str]:
    """Return a function that copies a local folder into the bucket and gives the URL of the copy."""
    return partial(s3.copy_into, bucket=bucket)


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary files of this process, and of those it starts, are made in."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def three_images(tmp_path: Path) -> Path:
    """Three wells with one spheroid each, growing with the well's number; 2 um a pixel."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for number, well in enumerate(("A01", "A02", "A03")):
        spheroid = Spheroid(128, 96, 34 + 6 * number, roughness=0.3, shape_seed=number, depth=0.6)
        scene = render(SceneSpec(192, 256, (spheroid,)), np.random.default_rng(number))
        tifffile.imwrite(
            folder / f"plate_{well}_24h.tif",
            scene.pixels,
            imagej=True,
            resolution=(0.5, 0.5),
            metadata={"unit": "um"},
        )
    return folder


@pytest.fixture
def annotated_plate(tmp_path: Path) -> Path:
    """Five wells at two times, one small spheroid each, with masks (0, 255) and labels (16 bits) beside the images."""
    root = tmp_path / "annotated"
    for folder in ("images", "masks", "labels"):
        (root / folder).mkdir(parents=True)
    number = 0
    for well in ("A01", "A02", "A03", "B01", "B02"):
        for hours in (0, 24):
            number += 1
            spheroid = Spheroid(40, 32, 11 + number % 3, roughness=0.2, shape_seed=number, depth=0.7)
            scene = render(SceneSpec(64, 80, (spheroid,)), np.random.default_rng(number))
            stem = f"plate_{well}_{hours}h"
            files = {
                f"images/{stem}.tif": scene.pixels,
                f"masks/{stem}.png": np.where(scene.labels > 0, 255, 0).astype(np.uint8),
                f"labels/{stem}.png": scene.labels.astype(np.uint16),
            }
            for name, pixels in files.items():
                write_picture(root / name, pixels)
    return root


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """Write a TIFF or PNG that looks an hour old: a fresh file would be waited for, as if still being copied."""
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels)
    else:
        cv2.imencode(path.suffix, pixels)[1].tofile(path)
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
