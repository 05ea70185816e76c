"""The command line as a user calls it: exit codes, files, messages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pandas as pd

from spheroseg_widgets import __version__
from spheroseg_widgets.cli import joined_formats


def spheroseg(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spheroseg_widgets.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_segment_writes_what_it_promises_and_tells_of_failures(tmp_path: Path, three_images: Path) -> None:
    (three_images / "broken.tif").write_text("not an image")
    out = tmp_path / "out"
    done = spheroseg(
        "segment",
        three_images,
        "--out",
        out,
        "--model",
        "threshold",
        "--workers",
        1,
        "--formats",
        "csv",
        "masks",
    )
    assert done.returncode == 2, done.stderr
    assert "broken.tif" in done.stderr
    assert "holds no TIFF" in " ".join(done.stderr.split())
    table = pd.read_csv(out / "images.csv")
    assert sorted(table["status"]) == ["done", "done", "done", "failed"]
    assert len(pd.read_csv(out / "measurements.csv")) == 3
    for stem in table.loc[table["status"] == "done", "stem"]:
        mask = cv2.imread(str(out / "masks" / f"{stem}.png"), cv2.IMREAD_UNCHANGED)
        assert mask.shape == (192, 256)
        assert set(mask.ravel()) == {0, 255}


def test_when_nothing_can_run_the_code_is_1_and_the_reason_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, reason in (
        (("segment", tmp_path / "empty", "--out", tmp_path / "o"), "no image"),
        (("segment", tmp_path / "gone" / "x.tif", "--out", tmp_path / "o"), "is not there"),
        (("segment", tmp_path / "empty", "--out", tmp_path / "o", "--formats", "docx"), "unknown format"),
    ):
        done = spheroseg(*arguments)
        assert done.returncode == 1, done.stderr
        assert reason in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


def test_several_formats_after_one_option() -> None:
    assert joined_formats(["segment", "a", "--formats", "csv", "xlsx", "--out", "o"]) == [
        "segment",
        "a",
        "--formats",
        "csv,xlsx",
        "--out",
        "o",
    ]


def test_the_version_needs_no_command() -> None:
    done = spheroseg("--version")
    assert (done.returncode, done.stdout.strip()) == (0, __version__)
