"""The command line as a user calls it: exit codes, files, messages."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

import spheroseg_widgets as sw
from spheroseg_widgets import __version__
from spheroseg_widgets.cli import joined_formats
from spheroseg_widgets.exports.tables import read_csv
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model


def spheroseg(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spheroseg_widgets.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=280, env={**os.environ, **(env or {})}
    )


COLUMNS = [
    "path", "page", "stem", "sha256", "width", "height", "pixel_size_um", "pixel_size_source", "status", "reason",
    "n_objects", "seconds", "model", "model_sha256",
]  # fmt: skip
STRANGE = ["=cmd()", "<script>x<_script>", "a.1", "a.2", " two  words ", "\u00e9\u4e2d\U0001f9eb", "-x"]


def read_mask(path: Path) -> np.ndarray:
    pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    return pixels


@pytest.fixture
def mixed(three_images: Path) -> tuple[Path, dict[str, str]]:
    """A folder with nearly everything that may come: the reasons of what cannot be used, by file name."""
    first = min(three_images.glob("*.tif"))
    scene = tifffile.imread(first)
    for name in STRANGE:
        cv2.imencode(".png", scene)[1].tofile(three_images / f"{name}.png")
    for folder in ("day 1", "day 2"):
        (three_images / folder).mkdir()
        (three_images / folder / "same.tif").write_bytes(first.read_bytes())
    tifffile.imwrite(three_images / "pages.tif", np.stack([scene] * 3), photometric="minisblack")
    tifffile.imwrite(three_images / "blank.tif", np.full((64, 80), 900, np.uint16))
    turned = Image.fromarray(scene)
    exif = turned.getexif()
    exif[0x0112] = 6  # shown a quarter turn to the right
    turned.save(three_images / "turned.jpg", exif=exif, quality=95)
    (three_images / "text.tif").write_text("not an image")
    (three_images / "nothing.tif").write_bytes(b"")
    (three_images / "cut.tif").write_bytes(first.read_bytes()[:3000])
    (three_images / "folder.tif").mkdir()
    reasons = {
        "text.tif": "holds no TIFF",
        "nothing.tif": "empty",
        "cut.tif": "truncated",
        "folder.tif": "folder named like an image",
    }
    return three_images, reasons


def test_segment_writes_what_it_promises_and_tells_of_failures(
    tmp_path: Path, mixed: tuple[Path, dict[str, str]]
) -> None:
    folder, reasons = mixed
    out = tmp_path / "out"
    done = spheroseg(
        "segment", folder, "--out", out, "--model", "threshold", "--workers", 1,
        "--formats", "csv", "masks", "labels", "coco", "geojson", "imagej", "xlsx",
    )  # fmt: skip
    told = " ".join(done.stderr.split())
    assert done.returncode == 2, done.stderr
    for name, reason in reasons.items():
        assert name in told
        assert reason in told
    table = read_csv(out / "images.csv")
    assert table.columns[:14].tolist() == COLUMNS
    assert table["stem"].is_unique
    assert table["path"].map(lambda path: Path(path).is_absolute()).all()
    bad = table[table["status"] == "failed"]
    assert {Path(path).name for path in bad["path"]} == {"text.tif", "nothing.tif", "cut.tif"}
    for row in bad.itertuples():
        assert reasons[Path(row.path).name] in row.reason
    good = table[table["status"] == "done"].set_index("stem")
    assert len(good) + len(bad) == len(table)
    assert {f"pages_t{page:03d}" for page in range(3)} <= set(good.index)
    assert good.loc["pages_t002", "page"] == 2
    assert {"same", "same_2", "a.1", "a.2", "=cmd()"} <= set(good.index)
    assert {Path(path).stem for path in good["path"]} >= set(STRANGE)
    assert good["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert (good["model"] == "threshold").all()
    assert (good["seconds"] > 0).all()
    assert good.loc["plate_A01_24h", ["pixel_size_um", "pixel_size_source"]].tolist() == [2.0, "imagej"]
    assert good.loc["turned", ["width", "height"]].tolist() == [192, 256]
    measured = read_csv(out / "measurements.csv")
    counts = measured["stem"].value_counts().reindex(good.index).fillna(0)
    assert counts.tolist() == good["n_objects"].tolist()
    assert good.loc["blank", "n_objects"] == 0
    assert len(list((out / "masks").iterdir())) == len(list((out / "labels").iterdir())) == len(good)
    for stem, row in good.iterrows():
        mask, labels = read_mask(out / "masks" / f"{stem}.png"), read_mask(out / "labels" / f"{stem}.png")
        assert mask.shape == labels.shape == (row["height"], row["width"])
        assert (mask.dtype, labels.dtype) == (np.uint8, np.uint16)
        assert set(np.unique(mask)) <= {0, 255}
        assert np.array_equal(mask > 0, labels > 0)
        assert set(np.unique(labels)) == set(range(int(row["n_objects"]) + 1))
    # The turned picture is outlined as it is shown: turned back, its mask is that of the same scene.
    upright = np.rot90(read_mask(out / "masks" / "turned.png")) > 0
    straight = read_mask(out / "masks" / "a.1.png") > 0
    assert (upright & straight).sum() / (upright | straight).sum() > 0.95
    assert [line for line in (out / "images.csv").read_text().splitlines() if line.startswith(("=", "+", "@"))] == []


def test_objects_at_the_border_left_out_are_left_out_everywhere(tmp_path: Path) -> None:
    yy, xx = np.mgrid[:200, :260]
    scene = np.full((200, 260), 180, np.uint8)
    scene[np.hypot(yy - 100, xx - 130) < 30] = 60
    scene[np.hypot(yy - 100, xx - 0) < 50] = 60  # the larger one is cut by the edge
    folder = tmp_path / "raw"
    folder.mkdir()
    cv2.imencode(".png", scene)[1].tofile(folder / "p_B02_24h.png")
    counts = {}
    for option in ((), ("--exclude-border",)):
        out = tmp_path / f"out{len(option)}"
        done = spheroseg("segment", folder, "--out", out, "--model", "threshold", "--workers", 1, *option)
        assert done.returncode == 0, done.stderr
        image, well = read_csv(out / "images.csv").iloc[0], read_csv(out / "wells.csv").iloc[0]
        counts[len(option)] = (
            int(image["n_objects"]), int(well["n_objects"]), len(read_csv(out / "measurements.csv")),
            int(read_mask(out / "labels" / "p_B02_24h.png").max()), image["outcome"], well["outcome"],
        )  # fmt: skip
    assert counts[0][:3] == (2, 2, 2)
    assert counts[0][4:] == ("censored", "censored")
    assert counts[1][:3] == (1, 1, 1)
    assert counts[1][4:] == ("measured", "measured")


def fill(path: Path) -> None:
    """Write until there is no room left."""
    with path.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


@contextmanager
def tmpfs(folder: Path, size: str) -> Iterator[Path]:
    """A small disk of its own, where this user may mount one."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("no disk can be mounted by this user")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_which_way_round_images_are_shown_can_be_said(tmp_path: Path, three_images: Path) -> None:
    for option, said in (("--inverted", True), ("--not-inverted", False)):
        out = tmp_path / option
        done = spheroseg("segment", three_images, "--out", out, "--workers", 1, option)
        assert done.returncode == 0, done.stderr
        with sqlite3.connect(out / "project" / "store.sqlite") as store:
            parameters = json.loads(store.execute("select parameters from run").fetchone()[0])
        assert (parameters["settings"]["polarity"], parameters["settings"]["inverted"]) == ("as_is", said)
        assert len(parameters["inverted"]) == (3 if said else 0)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
def test_a_read_only_output_folder_is_one_clear_error(tmp_path: Path, three_images: Path) -> None:
    with tmpfs(tmp_path / "disk", "4m") as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(OSError, match="Read-only file system"):  # the fault is real
            (disk / "x").write_text("")
        done = spheroseg("segment", three_images, "--out", disk / "out", "--model", "threshold")
    assert done.returncode == 1
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount here")
def test_a_disk_that_is_full_while_exporting_is_one_clear_error_and_results_are_kept(
    tmp_path: Path, three_images: Path
) -> None:
    out = tmp_path / "disk"
    with tmpfs(out, "8m"):
        # The project lies on another disk: only what is exported meets the full one.
        (tmp_path / "elsewhere").mkdir()
        (out / "project").symlink_to(tmp_path / "elsewhere")
        filler = out / "filler"
        with pytest.raises(OSError, match="No space left"):  # the fault is real
            fill(filler)
        done = spheroseg("segment", three_images, "--out", out, "--model", "threshold", "--workers", 1)
        assert done.returncode == 1, done.stderr
        assert "no room left" in done.stderr
        assert "Traceback" not in done.stderr
        filler.unlink()
        assert [path.name for path in out.iterdir()] == ["project"]
        done = spheroseg("segment", three_images, "--out", out, "--model", "threshold", "--workers", 1)
        assert done.returncode == 0, done.stderr
        assert len(read_csv(out / "images.csv")) == 3


def test_when_nothing_can_run_the_code_is_1_and_the_reason_one_line(tmp_path: Path, three_images: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "only bad").mkdir()
    (tmp_path / "only bad" / "text.tif").write_text("not an image")
    newer = tmp_path / "newer"
    sw.open_project(newer / "project", create=True).close()
    with sqlite3.connect(newer / "project" / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for arguments, reason in (
        (("segment", tmp_path / "empty", "--out", tmp_path / "o"), "no image"),
        (("segment", tmp_path / "gone" / "x.tif", "--out", tmp_path / "o"), "is not there"),
        (("segment", tmp_path / "only bad", "--out", tmp_path / "o"), "holds no TIFF"),
        (("segment", tmp_path / "empty", "--out", tmp_path / "o", "--formats", "docx"), "unknown format"),
        (("segment", three_images, "--out", tmp_path / "m", "--model", "nonesuch"), "known models"),
        (("segment", three_images, "--out", newer), "newer version"),
    ):
        done = spheroseg(*arguments)
        assert done.returncode == 1, done.stderr
        assert reason in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


def test_damaged_weights_are_named_and_nothing_is_segmented(tmp_path: Path, three_images: Path) -> None:
    shipped = find_model(DEFAULT_MODEL)
    assert shipped.weights is not None
    folder = tmp_path / "models" / DEFAULT_MODEL
    folder.mkdir(parents=True)
    shutil.copy(shipped.weights.parent / "model.json", folder)
    damaged = bytearray(shipped.weights.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (folder / shipped.weights.name).write_bytes(damaged)
    done = spheroseg("segment", three_images, "--out", tmp_path / "o", env={"SPHEROSEG_MODELS": str(folder.parent)})
    assert done.returncode == 1
    assert "damaged or were replaced" in " ".join(done.stderr.split())
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
