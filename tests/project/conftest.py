"""What the tests of projects share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

import spheroseg_widgets as sw
from tests.clusters import small_cluster


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """One worker of one thread in this process: quick to have, and easy to hold up."""
    with (
        small_cluster() as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def empty_project(tmp_path: Path, project_store: str | None) -> Iterator[sw.Project]:
    """A project without images."""
    opened = sw.open_project(tmp_path / "plate", create=True, store=project_store)
    yield opened
    opened.close()


@pytest.fixture
def project(empty_project: sw.Project, three_images: Path) -> sw.Project:
    """The three images, added and not yet segmented."""
    empty_project.add(three_images)
    return empty_project
