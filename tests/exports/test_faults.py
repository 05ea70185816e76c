"""A full disk while exporting: one clear error, no half file, the old file stays."""

from __future__ import annotations

import gc
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spheroseg_widgets.errors import ExportError
from spheroseg_widgets.exports.atomic import write_atomically
from spheroseg_widgets.exports.bundle import ExportBundle, ExportImage
from spheroseg_widgets.exports.registry import FORMATS, export
from spheroseg_widgets.outlines.outlines import Outlines

ROOM = 40


@contextmanager
def no_room() -> Iterator[None]:
    """Let every write beyond a few bytes fail, for root too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


# openpyxl's abandoned row writer complains when it is collected: here, not in some later test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_full_disk_is_one_clear_error_and_leaves_no_half_file(name: str, tmp_path: Path) -> None:
    ring = np.array([[10, 10], [50, 10], [50, 40], [10, 40]], float)
    table = pd.DataFrame({"object": [1], "class": ["spheroid"], "outline_id": ["u1"], "area_px2": [1200.0]})
    image = ExportImage("one", "/raw/one.tif", 120, 60, None, Outlines.from_rings([[ring]]), table)
    bundle = ExportBundle(table, table, None, lambda: iter([image]))
    failed: Exception | None = None
    with no_room():
        with pytest.raises(OSError, match="File too large"):  # the fault is real
            (tmp_path / "probe").write_bytes(b"x" * 10 * ROOM)
        (tmp_path / "probe").unlink()
        try:
            export(bundle, tmp_path / "out", [name])
        except ExportError as error:
            failed = error.with_traceback(None)
            failed.__cause__ = None  # lets go of the half-written workbook
    gc.collect()
    assert failed is not None
    assert "cannot be written" in str(failed)
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == []


def test_a_writer_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "t.csv"
    target.write_text("old")

    def broken(partial: Path) -> None:
        partial.write_text("half")
        raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        write_atomically(target, broken)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"t.csv": "old"}


def a_bundle(count: int) -> ExportBundle:
    ring = np.array([[10, 10], [50, 10], [50, 40], [10, 40]], float)
    table = pd.DataFrame({"object": [1], "class": ["spheroid"], "outline_id": ["u1"], "area_px2": [1200.0]})
    images = [
        ExportImage(f"i{n}", f"/raw/i{n}.tif", 120, 60, None, Outlines.from_rings([[ring]]), table)
        for n in range(count)
    ]
    return ExportBundle(table, table, None, lambda: iter(images))


def test_a_file_that_cannot_be_written_stops_no_other_and_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "masks" / "i1.png").mkdir(parents=True)
    (out / "geojson").write_text("a file where a folder is to be")
    with pytest.raises(IsADirectoryError):  # the fault is real
        (out / "masks" / "i1.png").write_bytes(b"x")
    with pytest.raises(ExportError) as caught:
        export(a_bundle(3), out, ["masks", "geojson", "csv"])
    error = caught.value
    assert str(error).startswith("4 of 8 files could not be written")
    assert len(error.failed) == 4
    assert error.failed[0].startswith(str(out / "masks" / "i1.png"))
    assert [path.name for path in error.written] == ["i0.png", "i2.png", "images.csv", "measurements.csv"]
    assert all(path.is_file() for path in error.written)
    assert not [path for path in out.rglob("*") if "partial" in path.name]


def test_many_failures_are_counted_and_ten_of_them_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "masks").write_text("in the way")
    with pytest.raises(ExportError) as caught:
        export(a_bundle(25), out, ["masks"])
    assert str(caught.value).startswith(f"no file could be written to {out}")
    assert "and 15 more" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 12
    assert len(caught.value.failed) == 25


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
def test_a_full_disk_stops_the_export_at_once(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No space left"),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):  # the fault is real
        full.write(b"x")
    out = tmp_path / "out"
    for number in range(1, 4):  # what is written beside the target first goes to the full device
        (out / "masks").mkdir(parents=True, exist_ok=True)
        (out / "masks" / f".i{number}.png.partial.png").symlink_to("/dev/full")
    with pytest.raises(ExportError) as caught:
        export(a_bundle(5), out, ["masks"])
    assert "no room left" in str(caught.value)
    assert [path.name for path in caught.value.written] == ["i0.png"]
    assert len(caught.value.failed) == 1
