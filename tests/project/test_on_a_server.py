"""A project on PostgreSQL from end to end: the same tables as on SQLite, other processes, and no password anywhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import psutil
import pytest

import spheroseg_widgets as sw
from spheroseg_widgets.dashboards.serve import free_port
from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.exports.tables import read_csv
from spheroseg_widgets.jobs.service import is_present
from spheroseg_widgets.project.drafts import open_draft
from spheroseg_widgets.store.handed_on import VARIABLE, environment_with, handed_on
from spheroseg_widgets.store.ids import uuid7

PATIENCE_S = 60.0
OTHERWISE_EACH_TIME = ["outline_id", "seconds", "created_at", "finished_at"]


@pytest.fixture
def database(postgres: Any, migrated: str) -> Iterator[str]:
    """Name of a database with the tables in it."""
    made = postgres.make_database(migrated)
    yield made
    postgres.drop_database(made)


@pytest.fixture
def secret_plate(postgres: Any, database: str, tmp_path: Path, three_images: Path) -> Iterator[sw.Project]:
    """A project whose store needs a password, which only its URL holds."""
    with pytest.warns(UserWarning, match="the password of the store is not written"):
        project = sw.open_project(tmp_path / "plate", create=True, store=postgres.address_by_network(database))
    project.add(three_images)
    yield project
    project.close()


@pytest.fixture(autouse=True)
def _no_password_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    monkeypatch.setenv("SPHEROSEG_IDLE_SECONDS", "0")


def secrets(postgres: Any) -> list[str]:
    """Return the password as it may be written: as it is, in a URL, in JSON; and a part of it."""
    plain = postgres.password
    return [plain, quote(plain, safe=""), json.dumps(plain)[1:-1], plain.split()[0]]


def files_with(folder: Path, words: list[str]) -> list[Path]:
    """Return the files below a folder that hold one of the words."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(word.encode() in path.read_bytes() for word in words)]


def command_lines() -> set[str]:
    """Return those of the processes that this one started, which everybody on the machine can see."""
    found = set()
    for each in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended meanwhile
            found.add(" ".join(each.cmdline()))
    return found


def spheroseg(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spheroseg_widgets.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=200, env={**os.environ, **(env or {})}
    )


def everything(plate: sw.Project, images: Path, client: Any, out: Path) -> dict[str, pd.DataFrame]:
    """Do what a scientist does with a plate; returns the tables that come of it."""
    plate.add(images)
    plate.set_map(
        [{"well": f"A0{n}", "condition": "ab"[n % 2], "compound": "x", "concentration": n} for n in (1, 2, 3)]
    )
    plate.segment(model="threshold", cluster=client).wait(60)
    first, second, third = (int(image) for image in plate.images()["image_id"])
    outlines, objects = plate.outlines(first)
    draft = open_draft(plate, first, "tab")
    draft.append_all({str(uuid7()): {"kind": "cut", "points": [[1.5, 2.0]]}})
    draft.close(outlines.transformed(0.5, 0.5, 64, 48), objects.assign(area_px2=objects["area_px2"] / 4))
    plate.review([second], "approved")
    plate.exclude(image=third, reason="bubble")
    plate.segment(model="threshold", cluster=client).wait(60)
    files = plate.export(out, ["csv", "xlsx", "masks", "labels", "geojson", "coco", "imagej"])
    tables = {
        "images": plate.images(), "measurements": plate.measurements(), "wells": plate.wells(), "map": plate.map(),
        "files": pd.DataFrame({"file": sorted(path.relative_to(out).as_posix() for path in files)}),
        "audit": plate.audit()[["action", "row_table", "author"]],
        **{path.name: read_csv(path) for path in out.glob("*.csv")},
    }  # fmt: skip
    return {name: table.drop(columns=OTHERWISE_EACH_TIME, errors="ignore") for name, table in tables.items()}


def test_all_that_is_done_to_a_plate_gives_the_tables_that_sqlite_gives(
    three_images: Path, make_store_address: Callable[[str], str | Path], client: Any, tmp_path: Path
) -> None:
    made = {}
    for kind in ("sqlite", "postgresql"):
        folder = tmp_path / kind / "plate"
        store = None if kind == "sqlite" else make_store_address(kind)
        with closing(sw.open_project(folder, create=True, store=store)) as plate:
            made[kind] = everything(plate, three_images, client, tmp_path / kind / "out")
        with closing(sw.open_project(folder)) as plate:  # where its store is, the folder says
            assert plate.database.engine.dialect.name == kind
            assert plate.images()["review"].tolist() == ["corrected", "approved", "unreviewed"]
    assert made["postgresql"]["wells"]["outcome"].notna().all()
    assert {"images.csv", "measurements.csv", "wells.csv"} < set(made["sqlite"])
    assert made["sqlite"].keys() == made["postgresql"].keys()
    for name, table in made["sqlite"].items():
        pd.testing.assert_frame_equal(made["postgresql"][name], table, obj=name, check_exact=True)


def test_a_detached_dispatcher_gets_the_password_and_nobody_else_sees_it(
    secret_plate: sw.Project, postgres: Any, tmp_path: Path
) -> None:
    run = secret_plate.segment(model="threshold", detached=True, workers=1)
    seen: set[str] = set()
    end = time.monotonic() + PATIENCE_S
    while not run.finished:
        assert time.monotonic() < end
        seen |= command_lines()
    assert run.wait(5).progress().done == 3
    assert [line for line in seen if " dispatch " in line]
    assert not [line for line in seen if any(word in line for word in secrets(postgres))]
    while is_present(secret_plate.folder):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert '"run_id": 1' in (secret_plate.folder / "cache" / "dispatcher.log").read_text()
    assert files_with(tmp_path, secrets(postgres)) == []


def test_a_report_of_a_project_whose_store_was_given_is_of_that_store(
    secret_plate: sw.Project, postgres: Any, tmp_path: Path, client: Any
) -> None:
    secret_plate.segment(model="threshold", cluster=client).wait(60)
    path = tmp_path / "report.html"
    secret_plate.report(path)
    assert "3 images" in re.sub(r"<[^>]+>", " ", path.read_text())
    assert files_with(tmp_path, secrets(postgres)) == []


def test_a_store_is_handed_on_for_its_own_project_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sw.open_project(tmp_path / "a", create=True)) as plate:
        plate.set_map([{"well": "A01", "condition": "of the folder"}])
    elsewhere = tmp_path / "elsewhere.sqlite"
    with closing(sw.open_project(tmp_path / "a", store=elsewhere)) as plate:
        plate.set_map([{"well": "A01", "condition": "of elsewhere"}])
        handed = environment_with(plate.folder, plate.store)
    assert environment_with(tmp_path / "a", None) == dict(os.environ)
    monkeypatch.setenv(VARIABLE, handed[VARIABLE])
    for store, condition in ((None, "of elsewhere"), ("store.sqlite", "of the folder")):
        with closing(sw.open_project(tmp_path / "a", store=store)) as plate:
            assert plate.map()["condition"].tolist() == [condition]
    with closing(sw.open_project(tmp_path / "b", create=True)) as plate:
        assert plate.database.path == tmp_path / "b" / "store.sqlite"
    monkeypatch.setenv(VARIABLE, "postgresql://not-as-we-write-it")
    assert handed_on(tmp_path / "a") is None


def test_commands_take_a_project_whose_store_is_on_a_server(
    postgres: Any, database: str, tmp_path: Path, three_images: Path
) -> None:
    """Segment makes it by a URL, without the password; the others find the server in the project's folder."""
    out, env = tmp_path / "plate 7", {"PGPASSWORD": postgres.password}
    address = postgres.address_by_network(database, None)
    command = ("segment", three_images, "--out", out, "--model", "threshold", "--workers", 1, "--store", address)
    done = spheroseg(*command, env=env)
    assert done.returncode == 0, done.stderr
    assert not list((out / "project").glob("*.sqlite"))
    assert len(read_csv(out / "measurements.csv")) == 3
    assert [row[0] for row in postgres.order("SELECT name FROM project", database)] == ["plate 7"]
    told = spheroseg("doctor", out / "project", env=env)
    assert told.returncode == 0, told.stderr
    for words in ("PostgreSQL", "up to date", "3 images", "plate 7"):
        assert words in told.stdout, told.stdout
    waits = spheroseg("dispatch", out / "project", env=env)
    assert waits.returncode == 0, waits.stderr
    refused = [spheroseg(verb, out / "project") for verb in ("doctor", "dispatch", "report")]
    for one in refused:
        assert one.returncode == 1
        assert "PGPASSWORD" in one.stderr
        assert "Traceback" not in one.stderr
    everything_said = "".join(one.stdout + one.stderr for one in (done, told, waits, *refused))
    assert not [word for word in secrets(postgres) if word in everything_said]
    assert files_with(tmp_path, secrets(postgres)) == []


def test_a_name_that_another_folder_has_on_the_server_is_refused_and_the_next_one_works(
    postgres: Any, database: str, tmp_path: Path
) -> None:
    address = postgres.address(database)
    sw.open_project(tmp_path / "a" / "plate", create=True, store=address).close()
    with pytest.raises(StoreError, match=r"plate: .* that of another folder\. .*open_project\(\.\.\., name="):
        sw.open_project(tmp_path / "b" / "plate", create=True, store=address)
    with closing(sw.open_project(tmp_path / "b" / "plate", create=True, store=address, name="plate b")) as second:
        assert (second.name, second.id) == ("plate b", 2)


def test_a_visitor_s_kernel_of_the_dashboard_opens_a_project_on_a_server(
    postgres: Any, database: str, tmp_path: Path, three_images: Path, client: Any
) -> None:
    address = postgres.address_by_network(database, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", postgres.password)
        with closing(sw.open_project(tmp_path / "plate", create=True, store=address)) as plate:
            plate.add(three_images)
            plate.segment(model="threshold", cluster=client).wait(60)
    port = free_port("127.0.0.1", None)
    command = [
        sys.executable, "-m", "spheroseg_widgets.cli", "dashboard", str(tmp_path / "plate"), "--no-browser", "--no-token",
        "--port", str(port), "--ready", "0",
    ]  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as told:
        server = subprocess.Popen(
            command, stdout=told, stderr=told, env={**os.environ, "PGPASSWORD": postgres.password}
        )
    try:
        page = _page(f"http://127.0.0.1:{port}/", server, log)
    finally:
        server.terminate()  # an interrupt is ignored where the tests run in the background
        server.wait(timeout=60)
    assert "3 images" in page
    assert all(well in page for well in ("A01", "A02", "A03"))
    assert "Traceback" not in page
    assert not [word for word in secrets(postgres) if word in page + log.read_text()]


def _page(address: str, server: subprocess.Popen[bytes], log: Path) -> str:
    """Visit a page, as soon as somebody listens."""
    end = time.monotonic() + PATIENCE_S
    while True:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=120) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
