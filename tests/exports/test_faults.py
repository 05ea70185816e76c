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
