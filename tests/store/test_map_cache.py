"""Kept maps are found by the hash of their bytes: gone or whole, and never more than the cap."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np

from spheroseg_widgets.store.map_cache import FILE, MapCache, map_key


def test_maps_come_back_by_their_hash_and_nothing_else_does(tmp_path: Path) -> None:
    cache = MapCache(tmp_path)
    cache.put([])
    assert not (tmp_path / FILE).exists()
    cache.put([b"first", b"second"])
    assert cache.get(map_key(b"first")) == b"first"
    assert cache.get(map_key(b"third")) is None
    cache.close()
    assert MapCache(tmp_path).get(map_key(b"second")) == b"second"


def test_changed_bytes_a_damaged_file_and_a_deleted_folder_all_count_as_gone(tmp_path: Path) -> None:
    cache = MapCache(tmp_path / "cache")
    cache.put([b"first"])
    with sqlite3.connect(tmp_path / "cache" / FILE) as connection:
        connection.execute("UPDATE piece SET data = ?", (b"fir5t",))
    connection.close()
    assert cache.get(map_key(b"first")) is None
    cache.close()
    (tmp_path / "cache" / FILE).write_bytes(b"no database" * 500)
    assert cache.get(map_key(b"first")) is None
    cache.put([b"first"])
    assert cache.get(map_key(b"first")) == b"first"
    shutil.rmtree(tmp_path / "cache")
    assert cache.get(map_key(b"first")) is None
    cache.close()


def test_over_the_cap_the_oldest_go(tmp_path: Path) -> None:
    cache = MapCache(tmp_path, most_bytes=200_000)
    rng = np.random.default_rng(0)
    some = [rng.bytes(10_000) for _ in range(60)]
    for data in some:
        cache.put([data])
    kept = [cache.get(map_key(data)) is not None for data in some]
    assert kept[-1]
    assert kept == sorted(kept)
    assert 5 < sum(kept) < 25
    cache.close()
