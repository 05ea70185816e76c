"""A store on a PostgreSQL server: how it is named and reached, what is said when it is not, and no password anywhere."""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pytest
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import audit, experiment, images, jobs, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.postgres import has_password, read_url, without_password
from spheroseg_widgets.store.tables import job, project, source

from .plates import add_files, project_of


@pytest.fixture
def name(postgres: Any, migrated: str) -> Iterator[str]:
    """Name of a database with the tables in it."""
    made = postgres.make_database(migrated)
    yield made
    postgres.drop_database(made)


def secrets(postgres: Any) -> tuple[str, ...]:
    """Return what must not be seen: the password, as it is written in a URL, and a part of it."""
    return postgres.password, quote(postgres.password, safe=""), postgres.password.split()[0]


def said_by(error: BaseException) -> str:
    """Return everything that a traceback would show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_plain_url_is_opened_by_psycopg_3(postgres: Any, name: str, scheme: str) -> None:
    with closing(Database.open(postgres.address(name).replace("postgresql", scheme, 1))) as store:
        assert (store.engine.dialect.name, store.engine.dialect.driver) == ("postgresql", "psycopg")
        with store.write() as c:
            assert experiment.ensure_project(c, "p", "me") == 1


@pytest.mark.parametrize("url", ["mysql://me@host/d", "postgresql+psycopg2://me@host/d", "sqlite:///a.sqlite"])
def test_other_databases_and_drivers_are_refused_by_name(url: str) -> None:
    with pytest.raises(StoreError, match=f"^{re.escape(url[: url.index(':')])}: .*the URL of a PostgreSQL"):
        Database.open(url)


def test_without_psycopg_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [module for module in sys.modules if module.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as where it is not installed
    with pytest.raises(StoreError, match=r"pip install 'spheroseg_widgets\[postgres\]'"):
        Database.open("postgresql://me@127.0.0.1/d")


def test_the_password_comes_from_the_environment_or_a_file(
    postgres: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgres.address_by_network(name, None)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(StoreError, match=r"no password supplied.*~/\.pgpass or PGPASSWORD"):
        Database.open(address)
    monkeypatch.setenv("PGPASSWORD", postgres.password)
    Database.open(address).close()
    monkeypatch.delenv("PGPASSWORD")
    file = tmp_path / "pgpass"
    file.write_text(f"127.0.0.1:{postgres.port}:*:{postgres.role}:{postgres.password}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    Database.open(address).close()


def test_no_password_is_shown_wherever_it_stands(postgres: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    plain = postgres.address_by_network(name, None)
    for address in (
        postgres.address_by_network(name),
        f"{plain}?password={quote(postgres.password, safe='')}&sslpassword=s3cret",
    ):
        with closing(Database.open(address)) as store, store.write() as c:
            experiment.ensure_project(c, "p", "me")
            told = f"{store} {store!r} {store.engine.url} {store.engine.url!r} {store.engine!r} {vars(store)}"
        assert postgres.role in told
        assert not [secret for secret in secrets(postgres) if secret in told + caplog.text]
        assert has_password(address)
        # Another way to write the same place, without what nobody else is to read.
        assert read_url(without_password(address)) == read_url(plain)
    assert not has_password(plain)


@pytest.mark.parametrize(
    ("there", "given", "said"),
    [
        ("/store", "/nonesuch", "does not exist"),
        ("lab:", "stranger:", "password authentication failed"),
        (r":\d+/", ":1/", "Is the server running"),  # nobody listens there
        ("s3cret", "s3cret-but-wrong", "PGPASSWORD"),
    ],
    ids=["no database", "no role", "no server", "wrong password"],
)
def test_what_is_not_reached_is_named_with_what_to_look_at_and_no_password(
    postgres: Any, name: str, there: str, given: str, said: str
) -> None:
    address = re.sub(there, given, postgres.address_by_network(name))
    with pytest.raises(StoreError, match=said) as told:
        Database.open(address)
    assert str(told.value).startswith("postgresql+psycopg://")
    assert not [secret for secret in secrets(postgres) if secret in said_by(told.value)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3@cret@host/d",
        "postgresql://me:s3cret@host:port/d",
        "://s3cret",
        "postgresql://me@h:1/d?port=s3cret&host=h",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(StoreError, match="write @ as %40") as told:
        Database.open(url)
    assert "cret" not in said_by(told.value)


def test_a_server_that_was_restarted_is_found_again_and_one_that_goes_is_named(postgres: Any, name: str) -> None:
    def end_all() -> None:
        postgres.order(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    with closing(Database.open(postgres.address(name))) as store:
        with store.write() as c:
            experiment.ensure_project(c, "before", "me")
        end_all()  # connections that wait to be used again are dead now
        with store.write() as c:
            experiment.ensure_project(c, "between", "me")

        def change() -> None:
            with store.write() as c:
                experiment.ensure_project(c, "lost", "me")
                end_all()
                experiment.ensure_project(c, "lost, too", "me")

        def look() -> None:
            with store.read() as c:
                end_all()
                c.execute(sa.select(project)).all()

        with pytest.raises(StoreError, match="not stored"):
            change()
        with pytest.raises(StoreError, match="cannot be read"):
            look()
        with store.read() as c:
            assert c.scalars(sa.select(project.c.name).order_by(project.c.id)).all() == ["before", "between"]


def test_who_may_only_look_can_look_and_is_told_so(postgres: Any, name: str) -> None:
    with closing(Database.open(postgres.address(name))) as store, store.write() as c:
        made = experiment.ensure_project(c, "p", "me")
    postgres.order("CREATE ROLE guest LOGIN")
    postgres.order("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest", name)
    with closing(Database.open(postgres.address(name, "guest"))) as store:
        assert experiment.enter_project(store, "p", "guest") == made
        with store.read() as c:
            assert images.images_frame(c, made).empty
        with pytest.raises(StoreError, match=r"not stored.*permission denied"), store.write() as c:
            add_files(c, made, ["a.tif"])
    postgres.order(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    reopened = closing(Database.open(postgres.address(name)))
    with reopened as store, pytest.raises(StoreError, match=r"not stored.*read-only"), store.write() as c:
        add_files(c, made, ["a.tif"])


def test_an_empty_database_of_another_owner_is_refused_with_the_reason(postgres: Any, empty_database: str) -> None:
    postgres.order("CREATE ROLE stranger LOGIN")
    with pytest.raises(StoreError, match="permission denied for schema public"):
        Database.open(empty_database.replace("lab@", "stranger@"))


def test_moments_are_in_utc_whatever_zone_the_server_lives_in(store: Database) -> None:
    before = datetime.now(UTC).replace(tzinfo=None)
    with store.write() as c:
        made, _ = project_of(c, 1)
        frame = audit.audit_frame(c, made)
        stored = c.scalar(sa.select(project.c.created_at))
    assert stored is not None
    assert stored.tzinfo is None
    assert timedelta(0) <= stored - before < timedelta(seconds=20)
    assert str(frame["created_at"].dtype).startswith("datetime64[")
    assert ((frame["created_at"] - pd.Timestamp(before)).abs() < pd.Timedelta(seconds=20)).all()


def test_what_a_damaged_file_made_a_library_say_is_kept(store: Database) -> None:
    """PostgreSQL refuses text with a NUL; the whole commit of a dispatcher would be lost."""
    with store.write() as c:
        made, ids = project_of(c, 1)
        run = runs.create_run(c, made, runs.ensure_model(c, "m", "1", "00", None), {}, ids, "me")
        ((claimed,),) = jobs.claim_jobs(c, run, 1, "w", 60.0)
        assert jobs.fail_job(c, claimed.job_id, claimed.attempt, "not a TIFF: II\0*", "in line 1\0")
        images.add_sources(c, made, [{"uri": "/bad.tif", "problem": "header \0\0"}], "me")
    with store.read() as c:
        assert c.execute(sa.select(job.c.reason, job.c.traceback)).one() == ("not a TIFF: II\ufffd*", "in line 1\ufffd")
        assert c.scalar(sa.select(source.c.problem).where(source.c.uri == "/bad.tif")) == "header \ufffd\ufffd"


def test_a_plate_map_of_any_table_is_entered_alike_or_refused(store: Database) -> None:
    """Text for a number, a number for a name: SQLite would keep what it is given, PostgreSQL would fail."""
    rows = [
        {"well": "A01", "condition": 1, "cell_line": "HT-29", "seeding_density": "5000", "expected_spheroids": 1.0,
         "technical_replicate": "2", "compound": 5, "concentration": " 0.5 ", "unit": "µM"},
        {"well": "A02", "condition": float("nan"), "seeding_density": "", "concentration": 3},
    ]  # fmt: skip
    with store.write() as c:
        made = experiment.ensure_project(c, "p", "me")
        assert experiment.set_map(c, made, "one", rows, "me") == 2
    with pytest.raises(StoreError, match="well A01: seeding_density is '5k', and not a number"), store.write() as c:
        experiment.set_map(c, made, "one", [{"well": "A01", "cell_line": "?", "seeding_density": "5k"}], "me")
    with pytest.raises(StoreError, match=r"technical_replicate is 1\.5, and not a whole number"), store.write() as c:
        experiment.set_map(c, made, "one", [{"well": "A01", "technical_replicate": 1.5}], "me")
    with store.read() as c:
        first, second = experiment.wells_frame(c, made).to_dict("records")
    assert (first["condition"], first["cell_line"], first["seeding_density"]) == ("1", "HT-29", 5000.0)
    assert (first["expected_spheroids"], first["technical_replicate"]) == (1, 2)
    assert (first["compound"], first["concentration"], first["unit"]) == ("5", 0.5, "µM")
    assert all(pd.isna(second[column]) for column in ("condition", "seeding_density", "compound", "concentration"))


def test_wells_are_listed_in_one_order_in_whatever_language_the_server_sorts(store: Database) -> None:
    with store.write() as c:
        made = experiment.ensure_project(c, "p", "me")
        for plate in ("b", "B", "a 2", "a1", "_"):
            rows = [{"well": well, "condition": "x"} for well in ("B02", "odd", "A11", "A02", "H1")]
            experiment.set_map(c, made, plate, rows, "me")
        frame = experiment.wells_frame(c, made)
    assert frame["plate"].drop_duplicates().tolist() == ["B", "_", "a 2", "a1", "b"]
    assert frame["well"].tolist() == ["odd", "A02", "A11", "B02", "H1"] * 5


def test_a_foreign_name_is_refused_and_one_s_own_is_found(make_store_address: Callable[[str], str | Path]) -> None:
    with closing(Database.open(make_store_address("postgresql"))) as store:
        mine = experiment.enter_project(store, "plate", "me", "key 1")
        with pytest.raises(StoreError, match="project of this name already, that of another folder"):
            experiment.enter_project(store, "plate", "you", "key 2")
        assert store.project_id == mine
        assert experiment.enter_project(store, "plate", "you", "key 1") == mine
        assert experiment.enter_project(store, "plate", "by hand") == mine


def test_a_store_that_was_closed_keeps_no_connection_of_the_server(postgres: Any, name: str) -> None:
    """A widget of a notebook may be at its thumbnails when the project is closed, or look once more."""
    asked = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"

    def left() -> object:
        return postgres.order(asked)[0][0]

    store = Database.open(postgres.address(name))
    with store.read() as c:
        c.execute(sa.select(project)).all()
        store.close()
        assert left() == 1
    with store.write() as c:
        experiment.ensure_project(c, "late", "me")
    with pytest.raises(ValueError, match="what was read"), store.read():
        raise ValueError("what was read is of no use")
    until = time.monotonic() + 10
    while left():  # a server takes a moment to notice
        assert time.monotonic() < until
        time.sleep(0.05)
