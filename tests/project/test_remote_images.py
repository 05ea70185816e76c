"""Projects of images on an S3 server: segmented by worker processes, shown, changed, relinked."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest
from distributed import Client
from typer.testing import CliRunner

import spheroseg_widgets as sw
from spheroseg_widgets.cli import app
from spheroseg_widgets.errors import ImageError, RunError, ShareUnavailableError
from spheroseg_widgets.imaging.read import Plane, read_plane
from spheroseg_widgets.project.finetune import read_image
from spheroseg_widgets.segmentation.registry import find_model
from spheroseg_widgets.widgets.editor_pixels import read_original
from spheroseg_widgets.widgets.thumbnails import Picture, Thumbnails

from .dask_processes import free_port, scheduler, worker

PLACE = ["path", "image_id", "result_id", "outline_id"]
"""Columns that say where an image and its results lie, not what was measured."""


@pytest.fixture
def plate_url(upload: Callable[[Path], str], three_images: Path) -> str:
    """The three images on the server."""
    return upload(three_images)


@pytest.fixture
def remote_project(tmp_path: Path, plate_url: str) -> Iterator[sw.Project]:
    opened = sw.open_project(tmp_path / "remote", create=True)
    opened.add(plate_url)
    yield opened
    opened.close()


def measured(project: sw.Project) -> pd.DataFrame:
    table = project.measurements()
    assert len(table) >= 3
    return table.drop(columns=[name for name in PLACE if name in table]).reset_index(drop=True)


def test_a_run_measures_what_it_measures_in_local_files(
    tmp_path: Path, plate_url: str, project: sw.Project, remote_project: sw.Project, copies: Path, client: Client
) -> None:
    damaged = f"{plate_url}/plate_B01_24h.tif"
    fsspec.filesystem("s3").pipe_file(damaged, (Path(project.images()["path"].iloc[0]).read_bytes())[:-9000])
    added = remote_project.add(f"{plate_url}/*.tif")
    assert (len(added.image_ids), added.n_known, added.changed) == (1, 3, [])
    run = remote_project.segment(model="resunet-spheroid-fast", workers=1).wait(120)
    assert (run.progress().done, run.progress().failed) == (3, 1)
    assert run.errors()["path"].tolist() == [damaged]
    assert run.errors()["reason"].iloc[0].startswith("the TIFF is truncated")
    project.segment(model="resunet-spheroid-fast", cluster=client).wait(120)
    pd.testing.assert_frame_equal(measured(remote_project), measured(project))
    again = remote_project.rethreshold(0.6, cluster=client).wait(120)
    assert again.progress().done >= 3
    assert not list(copies.glob("spheroseg-copy-*"))

    row = remote_project.image(f"{plate_url}/plate_A02_24h.tif")
    assert (row["name"], row["plate"], row["well"]) == ("plate_A02_24h.tif", "plate", "A02")
    here = read_plane(project.image("plate_A02_24h.tif")["path"]).pixels
    np.testing.assert_array_equal(read_original(row.to_dict()), here)
    np.testing.assert_array_equal(read_image(remote_project, row)[0], here)
    thumbnails = Thumbnails(tmp_path / "thumbnails")
    pictures = {1: Picture(row["path"], Plane()), 2: Picture(damaged, Plane())}
    made = thumbnails.fetch(pictures, 128, seconds=20)
    thumbnails.close()
    assert made.pictures[1].startswith(b"\xff\xd8")
    assert made.failed == {2: "the TIFF is truncated: its pixel data end beyond the end of the file"}
    files = remote_project.export(tmp_path / "out", ["csv", "masks", "geojson", "coco", "imagej"])
    assert tmp_path / "out" / "masks" / "plate_A02_24h.png" in files
    assert row["path"] in pd.read_csv(tmp_path / "out" / "images.csv")["path"].tolist()
    assert not list(copies.glob("spheroseg-copy-*"))


def test_a_worker_that_has_only_the_run_s_word_gets_the_weights_by_url(
    tmp_path: Path,
    upload: Callable[[Path], str],
    project: sw.Project,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shipped = find_model("resunet-spheroid-fast")
    assert shipped.weights is not None
    ours = tmp_path / "weights" / "ours"
    shutil.copytree(shipped.weights.parent, ours)
    described = json.loads((ours / "model.json").read_text())
    (ours / "model.json").write_text(json.dumps({**described, "name": "ours"}))
    url = upload(ours.parent)
    shutil.rmtree(ours.parent)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of this process"))
    monkeypatch.setenv("SPHEROSEG_MODELS", url)
    cache = tmp_path / "cache of the worker"
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with (
        scheduler(port),
        worker(address, before=("env", "-u", "SPHEROSEG_MODELS", f"XDG_CACHE_HOME={cache}")),
        Client(address, set_as_default=False, timeout=60) as other,
    ):
        other.wait_for_workers(1, timeout=60)
        project.segment(model="ours", cluster=address).wait(120)
    assert [path.name for path in cache.rglob("*.safetensors")] == ["weights.safetensors"]
    by_url = measured(project)
    project.segment(model=shipped.name, cluster=client).wait(120)
    same = by_url.columns.difference(["model", "model_version", "run_id"])
    pd.testing.assert_frame_equal(by_url[same], measured(project)[same])


@pytest.mark.parametrize("lacking", ["credentials", "s3fs"])
def test_a_worker_that_cannot_see_the_images_is_named_and_gets_none(
    tmp_path: Path, plate_url: str, remote_project: sw.Project, lacking: str
) -> None:
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "s3fs.py").write_text("raise ModuleNotFoundError(\"No module named 's3fs'\")")
    how, why = {
        "credentials": (("-u", "AWS_ACCESS_KEY_ID"), "Unable to locate credentials"),
        "s3fs": ((f"PYTHONPATH={stub}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",), "install s3fs"),
    }[lacking]
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with (
        scheduler(port),
        worker(address, before=("env", *how)),
        Client(address, set_as_default=False, timeout=60) as client,
    ):
        client.wait_for_workers(1, timeout=60)
        run = remote_project.segment(model="threshold", cluster=address)
        with pytest.raises(RunError, match=rf"the worker tcp://\S+ cannot see {plate_url}, where .*{why}"):
            run.wait(90)
    assert (run.status()["attempt"] == 0).all()
    assert len(run.errors()) == 3


def test_what_changes_and_what_is_gone_is_noticed(plate_url: str, bucket: str, remote_project: sw.Project) -> None:
    system = fsspec.filesystem("s3")
    target = f"{bucket}/raw/plate_A01_24h.tif"
    assert remote_project.add(plate_url).changed == []
    time.sleep(1.1)  # the server keeps whole seconds
    system.pipe_file(target, system.cat_file(f"{bucket}/raw/plate_A01_24h.tif"))
    system.pipe_file(f"{bucket}/raw/plate_A02_24h.tif", system.cat_file(f"{bucket}/raw/plate_A02_24h.tif") + b"more")
    changed = dict(remote_project.add(plate_url).changed)
    assert changed[f"s3://{target}"] == "written again, with the same size"
    assert "bytes then" in changed[f"{plate_url}/plate_A02_24h.tif"]
    system.rm(f"{bucket}/raw", recursive=True)
    with pytest.raises(ShareUnavailableError, match=rf"{plate_url}: the folder .* not reachable \(it is not there\)"):
        remote_project.segment(model="threshold")


def test_relink_from_a_folder_to_a_url_and_back(
    tmp_path: Path, three_images: Path, upload: Callable[[Path], str], project: sw.Project, client: Client
) -> None:
    before = project.segment(model="threshold", cluster=client).wait(90)
    assert before.progress().done == 3
    areas = measured(project)["area_px2"].tolist()
    time.sleep(1.1)
    url = upload(three_images)
    elsewhere = three_images.rename(tmp_path / "moved")
    assert project.relink(three_images, f"{url}/") == 3
    assert project.images()["path"].str.startswith(f"{url}/plate_A").all()
    assert project.add(url).outcome() == "0 images added, 3 known already"
    project.segment(model="threshold", cluster=client).wait(90)
    assert measured(project)["area_px2"].tolist() == areas
    with pytest.raises(ImageError, match="password"):
        project.relink(url, "s3://key:secret@bucket/raw")
    assert project.relink(url, elsewhere) == 3
    assert project.images()["path"].tolist() == [str(path) for path in sorted(elsewhere.iterdir())]
    shutil.rmtree(elsewhere)


def test_the_command_line_takes_urls(tmp_path: Path, plate_url: str) -> None:
    out = tmp_path / "results"
    done = CliRunner().invoke(
        app, ["segment", f"{plate_url}/*A0[12]*.tif", "--out", str(out), "--model", "threshold", "--workers", "1"]
    )
    assert done.exit_code == 0, done.output
    listed = pd.read_csv(out / "images.csv")
    assert listed["path"].tolist() == [f"{plate_url}/plate_A01_24h.tif", f"{plate_url}/plate_A02_24h.tif"]
    assert (listed["status"] == "done").all()
