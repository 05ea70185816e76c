"""Packs: never more than the cap, made anew where damaged, and shared by processes."""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from spheroseg_widgets.store.pack import Pack

PIECE = bytes(10_000)


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def spoil(path: Path) -> None:
    """Write nonsense over the pages behind the first, as a disk does."""
    with path.open("r+b") as stream:
        size = path.stat().st_size
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 4096))
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):  # the fault is real
        sqlite3.connect(path).execute("SELECT key, data FROM piece ORDER BY key").fetchall()


def test_the_oldest_go_a_few_at_a_time(tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack.sqlite", most_bytes=4_000_000)
    for number in range(1000):
        pack.put({key(number): PIECE})
    kept = [number in {int.from_bytes(k, "big") for k in pack.get(map(key, range(1000)))} for number in range(1000)]
    assert kept == sorted(kept)
    assert 300 < sum(kept) < 400  # a piece takes three pages of 4,096 bytes
    pack.close()


@pytest.mark.parametrize("batch", [1, 7, 30, 100])
def test_batches_of_any_size_stay_below_the_cap(tmp_path: Path, batch: int) -> None:
    pack = Pack(tmp_path / "pack.sqlite", most_bytes=500_000)
    for first in range(0, 300, batch):
        pack.put({key(number): PIECE for number in range(first, first + batch)})
    assert (tmp_path / "pack.sqlite").stat().st_size < 500_000 + 2 * batch * len(PIECE)
    assert len(pack.get(map(key, range(400)))) * len(PIECE) <= 500_000
    pack.close()


def test_what_is_put_again_counts_as_new(tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack.sqlite", most_bytes=500_000)
    for number in range(200):
        pack.put({key(number): PIECE, key(0): PIECE})
    assert key(0) in pack.get([key(0)])
    assert key(1) not in pack.get([key(1)])
    pack.close()


def test_a_pack_damaged_while_open_is_made_anew_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pack.sqlite"
    pack, other = Pack(path), Pack(path)
    pack.put({key(number): PIECE for number in range(50)})
    assert len(other.get([key(1)])) == 1
    spoil(path)
    assert pack.get([key(1)]) == {}
    pack.put({key(2): PIECE})
    assert pack.get([key(1), key(2)]) == {key(2): PIECE}
    # Whoever still has the damaged file open takes the new one, and not away.
    assert other.get([key(1), key(2)]) == {key(2): PIECE}
    other.put({key(3): PIECE})
    assert len(pack.get([key(2), key(3)])) == 2
    pack.close()
    other.close()


@pytest.mark.parametrize("table", ["CREATE TABLE piece (name TEXT)", "CREATE VIEW piece AS SELECT 1"])
def test_a_file_of_something_else_is_made_anew(tmp_path: Path, table: str) -> None:
    with sqlite3.connect(tmp_path / "pack.sqlite") as connection:
        connection.execute(table)
    connection.close()
    pack = Pack(tmp_path / "pack.sqlite")
    assert pack.get([key(1)]) == {}
    pack.put({key(1): PIECE})
    assert len(pack.get([key(1)])) == 1
    pack.close()


def test_a_file_that_another_process_has_just_begun_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pack.sqlite").touch()
    before = (tmp_path / "pack.sqlite").stat().st_ino
    pack = Pack(tmp_path / "pack.sqlite")
    assert pack.get([key(1)]) == {}
    assert (tmp_path / "pack.sqlite").stat().st_ino == before
    pack.close()


def fill(path: Path, first: int, count: int, ready: object) -> None:
    ready.wait()  # type: ignore[attr-defined]
    pack = Pack(path)
    for number in range(first, first + count):
        pack.put({key(number): key(number) * 500})
        assert pack.get([key(number)])
    pack.close()


def test_several_processes_fill_one_pack(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    processes = [
        context.Process(target=fill, args=(tmp_path / "pack.sqlite", 1000 * n, 60, ready)) for n in range(3)
    ]  # fmt: skip
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    pack = Pack(tmp_path / "pack.sqlite")
    wanted = [key(1000 * n + number) for n in range(3) for number in range(60)]
    assert pack.get(wanted) == {one: one * 500 for one in wanted}
    pack.close()


def test_reading_does_not_wait_for_writing_that_waits(tmp_path: Path) -> None:
    pack = Pack(tmp_path / "pack.sqlite")
    pack.put({key(1): PIECE})
    other = sqlite3.connect(tmp_path / "pack.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = threading.Thread(target=pack.put, args=({key(2): PIECE},))
    writing.start()
    time.sleep(0.1)
    assert writing.is_alive()  # the fault is real
    began = time.monotonic()
    assert len(pack.get([key(1)])) == 1
    assert time.monotonic() - began < 0.3
    assert writing.is_alive()
    other.execute("COMMIT")
    writing.join(10)
    assert len(pack.get([key(2)])) == 1
    other.close()
    pack.close()


FULL = """
import resource, sys
from pathlib import Path
from spheroseg_widgets.store.pack import Pack
pack = Pack(Path(sys.argv[1]))
pack.put({b"first": bytes(1000)})
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
try:
    Path(sys.argv[1] + ".big").write_bytes(bytes(1_000_000))
except OSError:
    print("full")  # the fault is real
pack.put({b"second": bytes(1_000_000)})
print(sorted(pack.get([b"first", b"second"])))
"""


def test_on_a_full_disk_nothing_is_lost_but_what_does_not_fit(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path / "pack.sqlite")]
    assert hasattr(resource, "RLIMIT_FSIZE")
    assert subprocess.check_output(command, text=True).split("\n")[:2] == ["full", "[b'first']"]
