"""Probability maps are kept: a threshold moves without the network; every row says how it was computed."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile
from alembic import command

import spheroseg_widgets as sw
from spheroseg_widgets.errors import SpherosegError, StoreError
from spheroseg_widgets.exports.tables import read_csv
from spheroseg_widgets.jobs import task
from spheroseg_widgets.measure.definitions import COMPUTED_COLUMNS, definitions_frame
from spheroseg_widgets.segmentation.predict import Predictor
from spheroseg_widgets.segmentation.registry import DEFAULT_MODEL, find_model
from spheroseg_widgets.segmentation.settings import Settings
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.store import result_frames
from spheroseg_widgets.store.database import Database, migrations

HOW = list(COMPUTED_COLUMNS)


def no_network(*_: Any) -> Any:
    raise AssertionError("the network was asked for")


def geometry(project: sw.Project, image_id: int) -> tuple[list[float], list[int]]:
    outlines = project.outlines(image_id)[0]
    return outlines.xy.ravel().tolist(), outlines.ring_offsets.tolist()


def test_a_threshold_moves_without_the_network_and_back_again_gives_the_same_outlines(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = project.segment(cluster=client).wait(120)
    ids = project.images()["image_id"].tolist()
    before, at_half = {i: geometry(project, i) for i in ids}, project.measurements()
    assert at_half["object"].tolist() == [1, 1, 1]
    monkeypatch.setattr(task, "predictor_for", no_network)

    maps = project.probability_maps(ids[0])
    assert maps.maps.shape == (2, round(192 * maps.scale), round(256 * maps.scale))
    assert maps.settings.threshold == 0.5
    assert maps.run_id == first.id
    wide, rows = project.outlines_at(ids[0], 0.2)
    assert rows["area_px2"][0] > at_half["area_px2"][0] + 5
    assert len(wide) == 1
    assert geometry(project, ids[0]) == before[ids[0]]  # a preview
    assert len(project.runs()) == 1

    run = project.rethreshold(0.2, cluster=client, wait=True)
    assert run.status()["status"].tolist() == ["done"] * 3
    at_fifth = project.measurements()
    np.testing.assert_array_equal(project.outlines(ids[0])[0].xy, wide.xy)
    assert (at_fifth["area_px2"] > at_half["area_px2"]).all()
    assert at_fifth["threshold"].tolist() == [0.2] * 3
    same = [name for name in HOW if name != "threshold"]
    pd.testing.assert_frame_equal(at_fifth[same], at_half[same])
    assert at_fifth["intensity_mean"].notna().all()
    last = project.runs().iloc[-1]
    assert (last["model"], last["parameters"]["maps_run"]) == (DEFAULT_MODEL, first.id)
    assert last["parameters"]["settings"]["threshold"] == 0.2
    assert "rethreshold" in project.audit()["action"].tolist()
    assert "maps" not in project.bundle().provenance

    back = project.rethreshold(0.5, cluster=client, wait=True)  # of maps that the second run did not send again
    assert {i: geometry(project, i) for i in ids} == before
    pd.testing.assert_frame_equal(
        project.measurements(run=back).drop(columns=["outline_id", "result_id"]),
        at_half.drop(columns=["outline_id", "result_id"]),
    )
    kept = (tmp_path / "plate" / "cache" / "maps.sqlite").stat().st_size
    assert kept < 0.1 * 3 * 192 * 256 + 3 * 8192  # a database's pages


def test_people_s_decisions_hold_and_images_without_maps_fail_with_the_reason(project: sw.Project, client: Any) -> None:
    with pytest.raises(StoreError, match="no probability maps; segment"):
        project.rethreshold(0.4)
    one, two, three = project.images()["image_id"].tolist()
    run = project.segment(cluster=client, images=[one, two]).wait(120)
    outlines, rows = project.outlines(one)
    current = project.images()["current_result_id"].tolist()
    saved = project.save(one, outlines, rows, parent=int(current[0]))
    moved = project.rethreshold(0.3, cluster=client, wait=True)
    status = moved.status().set_index("image_id")
    assert status["status"].tolist() == ["done", "done", "failed"]
    assert "segment it first" in status.loc[three, "reason"]
    images = project.images().set_index("image_id")
    assert images.loc[one, "current_result_id"] == saved
    assert images.loc[two, "current_result_id"] not in (current[1], saved)
    assert project.measurements(run=moved)["threshold"].tolist() == [0.3, 0.3]
    assert project.promote(moved, replace_edits=True) == 1
    assert project.images()["review"].tolist() == ["unreviewed"] * 3
    for setting in ("scale", "engine", "low"):
        with pytest.raises(SpherosegError, match=f"{setting}: not to be changed without the network"):
            project.rethreshold(0.4, **{setting: 1})
    with pytest.raises(SpherosegError, match="between 0 and 1"):
        project.outlines_at(one, 50)
    with pytest.raises(StoreError, match="no probability maps of it"):
        project.outlines_at(three, 0.4)
    classical = project.segment(model="threshold", images=[three], cluster=client).wait(60)
    with pytest.raises(StoreError, match=f"of run {classical.id}"):
        project.rethreshold(0.4, run=classical)
    assert project.rethreshold(0.4, [two], run=run, cluster=client, wait=True).progress().done == 1


def test_lost_or_damaged_maps_and_changed_images_are_said_and_give_no_outlines(
    project: sw.Project, client: Any, tmp_path: Path
) -> None:
    project.segment(cluster=client).wait(120)
    one, two, three = project.images()["image_id"].tolist()
    with project.database.read() as connection:
        keys = result_frames.maps_frame(connection, project.id)["maps"]
    with sqlite3.connect(tmp_path / "plate" / "cache" / "maps.sqlite") as pack:
        data = pack.execute("SELECT data FROM piece WHERE key = ?", (bytes.fromhex(keys[one]),)).fetchone()[0]
        pack.execute("UPDATE piece SET data = ? WHERE key = ?", (data[:-9], bytes.fromhex(keys[one])))
        pack.execute("DELETE FROM piece WHERE key = ?", (bytes.fromhex(keys[two]),))
    pack.close()
    path = Path(project.image(three)["path"])
    path.write_bytes(path.read_bytes() + b"\0")
    run = project.rethreshold(0.4, cluster=client, wait=True)
    status = run.status()
    assert status["status"].tolist() == ["failed"] * 3
    assert status["reason"].str.contains("segment it again").all()
    assert "has changed since" in status["reason"][2]
    assert project.measurements(run=run).empty
    assert len(project.measurements()) == 3
    with pytest.raises(StoreError, match="gone or damaged"):
        project.probability_maps(one)


def test_every_row_says_how_it_was_computed_and_a_drawn_one_says_nothing(
    project: sw.Project, client: Any, tmp_path: Path
) -> None:
    one, two, three = project.images()["image_id"].tolist()
    project.segment(cluster=client, images=[one, two], engine="torch", precision="float32").wait(120)
    project.segment(model="threshold", images=[three], cluster=client).wait(60)
    outlines, rows = project.outlines(two)
    project.save(two, outlines, rows, parent=int(project.images()["current_result_id"][1]))
    info = find_model(DEFAULT_MODEL)
    table = project.measurements().set_index("image_id")[HOW]
    with project.database.read() as connection:
        runs_of = result_frames.maps_frame(connection, project.id)
    scale = runs_of.loc[one, "computed"]["scale"]
    assert table.loc[one].tolist() == [info.name, info.version, "torch", "float32", scale, 0.5]
    assert table.loc[two].isna().all()
    assert table.loc[three, ["model", "scale"]].tolist()[0] == "threshold"
    assert table.loc[three, ["engine", "precision", "threshold"]].isna().all()
    defined = definitions_frame().set_index("column")["definition"]
    assert set(HOW) <= set(defined.index)
    project.export(tmp_path / "out", ["csv", "xlsx"])
    for name in ("measurements", "images", "wells"):
        written = read_csv(tmp_path / "out" / f"{name}.csv")
        assert set(HOW) <= set(written.columns), name
        assert written["model_version"][0] == info.version
        assert written["scale"][0] == scale


def test_an_answer_computed_otherwise_than_the_run_says_is_refused(
    project: sw.Project, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = find_model(DEFAULT_MODEL)
    settings = Settings()
    answer = task.TaskResult(1, 1, settings=settings.to_dict(), model_sha256=info.sha256)
    assert task.differs(settings.to_dict(), info.sha256, answer) is None
    for name, other in (("engine", "openvino"), ("precision", "bfloat16"), ("scale", 0.5), ("threshold", 0.4)):
        said = task.differs({**settings.to_dict(), name: other}, info.sha256, answer)
        assert said is not None
        assert f"{name} {settings.to_dict()[name]!r} in place of {other!r}" in said
    assert "weights" in str(task.differs(settings.to_dict(), "00", answer))
    # A worker with an older package knows nothing of a setting, and says nothing of it.
    assert "no smoothing" in str(task.differs({**settings.to_dict(), "smoothing": 2}, info.sha256, answer))

    wrong = Predictor(info)
    wrong.precision = "bfloat16"
    monkeypatch.setattr(task, "predictor_for", lambda *_: wrong)
    run = project.segment(cluster=client, engine="torch", precision="float32").wait(120)
    assert run.errors()["reason"].str.contains("computes with torch in float32").all()
    right = Predictor(info)
    monkeypatch.setattr(wrong, "segment", right.segment)  # one that does not even check
    run = project.segment(cluster=client, engine="torch", precision="float32").wait(120)
    assert run.errors()["reason"].str.contains("precision 'bfloat16' in place of 'float32'").all()
    assert len(run.errors()) == 3
    assert project.measurements().empty
    with project.database.read() as connection:
        assert result_frames.maps_frame(connection, project.id).empty


def test_lesson_18b_a_series_that_grows_two_percent_a_day_shows_no_step(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for day in range(8):
        for well, radius in (("A01", 44.0), ("A02", 30.0)):
            spheroid = Spheroid(150, 150, radius * 1.02 ** (day / 2), roughness=0.2, shape_seed=3, depth=0.6)
            scene = render(SceneSpec(300, 400, (spheroid,)), np.random.default_rng(7))
            tifffile.imwrite(raw / f"plate_{well}_{24 * day}h.tif", scene.pixels)
    project = sw.open_project(tmp_path / "plate", create=True)
    project.add(raw)
    project.segment(workers=2).wait(240)  # two processes, each with a model of its own
    table = project.measurements()
    assert len(table) == 16
    assert {name: table[name].nunique() for name in HOW} == dict.fromkeys(HOW, 1)
    for _, series in table.sort_values("time_h").groupby("well"):
        daily = series["area_px2"].to_numpy()[1:] / series["area_px2"].to_numpy()[:-1]
        assert np.abs(daily / 1.02 - 1).max() < 0.005
    project.close()


def test_older_stores_learn_how_their_results_were_computed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    made = Database.open(path, create=True)
    steps = migrations()
    with made.write() as connection:
        steps.attributes["connection"] = connection
        command.downgrade(steps, "0001")
    made.close()
    with sqlite3.connect(path) as old:  # one result of a run, in the first schema
        stamp = "2026-01-01 00:00:00"
        old.execute(
            "INSERT INTO project (id, name, created_at, author, settings) VALUES (1, 'p', ?, 'me', '{}')", (stamp,)
        )
        old.execute(
            "INSERT INTO source (id, project_id, uri, created_at, author) VALUES (1, 1, '/a', ?, 'me')", (stamp,)
        )
        old.execute(
            "INSERT INTO image (id, project_id, source_id, series, t, z, channel, site, name, stem, width, height,"
            " pixel_size_source, warnings, created_at, author)"
            " VALUES (7, 1, 1, 0, 0, '', 0, 1, 'a', 'a', 9, 9, 'unknown', '[]', ?, 'me')",
            (stamp,),
        )
        old.execute("INSERT INTO model (id, name, version, sha256) VALUES (1, 'm', '3', '00')")
        parameters = {"settings": {"engine": "torch", "precision": "bfloat16", "threshold": 0.4}, "scales": {"7": 0.25}}
        old.execute(
            "INSERT INTO run (id, project_id, model_id, status, parameters, created_at, author)"
            " VALUES (1, 1, 1, 'done', ?, ?, 'me')",
            (json.dumps(parameters), stamp),
        )
        old.execute(
            "INSERT INTO result (id, image_id, run_id, source, method, n_objects, total_area_px2, created_at, author)"
            " VALUES (1, 7, 1, 'model', 'contour', 0, 0, ?, 'me')",
            (stamp,),
        )
    old.close()
    store = Database.open(path)
    with store.read() as connection:
        how = result_frames.computed_frame(connection, [1])
    assert how.loc[1].tolist() == ["m", "3", "torch", "bfloat16", 0.25, 0.4]
    store.close()
