"""The table of images, read as columns, is what one plain statement says; counts and overview are of the same rows."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from spheroseg_widgets.project.tables import images_and_objects, images_table, overview_table
from spheroseg_widgets.store import results, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import IMAGE_COLUMNS, Place, earlier_image, image_ids, images_frame, place_of
from spheroseg_widgets.store.statistics import statistics
from spheroseg_widgets.store.tables import (
    COMPUTED,
    exclusion,
    image,
    image_tag,
    job,
    model,
    outcome,
    plate,
    result,
    review,
    run,
    source,
    tag,
    well,
)

from .plates import project_of
from .random_project import fill

SEEDS = range(1, 7)
NUMBERS = (
    "well_id", "time_h", "pixel_size_um", "seconds", "current_result_id", "n_objects", "total_area_px2",
    "least_confidence", "n_pages", "inner_px2", "border_px2",
)  # fmt: skip


def plainly(c: sa.Connection, project_id: int) -> pd.DataFrame:
    """Read the table of images with one statement and pandas, row by row."""
    newest = sa.select(job.c.image_id, sa.func.max(job.c.id).label("id")).group_by(job.c.image_id).subquery()
    made_by = run.alias("made_by")
    query = (
        sa.select(
            image.c.id.label("image_id"), image.c.name, image.c.stem, source.c.uri.label("path"),
            source.c.id.label("source_id"), image.c.t.label("page"), source.c.n_pages, image.c.series, image.c.z,
            image.c.channel, image.c.site, plate.c.name.label("plate"), well.c.name.label("well"), well.c.condition,
            image.c.well_id, image.c.time_h, image.c.width, image.c.height, image.c.pixel_size_um,
            image.c.pixel_size_source, source.c.sha256, job.c.status, job.c.reason, job.c.seconds,
            model.c.name.label("model"), model.c.version.label("model_version"), model.c.sha256.label("model_sha256"),
            sa.func.coalesce(review.c.state, "unreviewed").label("review"), outcome.c.outcome.label("confirmed_outcome"),
            image.c.current_result_id, result.c.n_objects, result.c.total_area_px2, result.c.least_confidence,
            result.c.source.label("result_source"), image.c.warnings, result.c.computed,
        )
        .select_from(image)
        .join(source, source.c.id == image.c.source_id)
        .outerjoin(well, well.c.id == image.c.well_id)
        .outerjoin(plate, plate.c.id == image.c.plate_id)
        .outerjoin(newest, newest.c.image_id == image.c.id)
        .outerjoin(job, job.c.id == newest.c.id)
        .outerjoin(result, result.c.id == image.c.current_result_id)
        .outerjoin(made_by, made_by.c.id == sa.func.coalesce(result.c.run_id, job.c.run_id))
        .outerjoin(model, model.c.id == made_by.c.model_id)
        .outerjoin(review, review.c.image_id == image.c.id)
        .outerjoin(outcome, outcome.c.image_id == image.c.id)
        .where(image.c.project_id == project_id, image.c.deleted_at.is_(None))
        .order_by(image.c.id)
    )  # fmt: skip
    frame = pd.read_sql_query(query, c)
    frame["status"] = frame["status"].astype(object).where(frame["status"].notna(), "new")
    frame["condition"] = frame["condition"].astype(object).where(frame["condition"].notna(), None)
    frame["warnings"] = frame["warnings"].map(tuple)
    computed = frame.pop("computed")
    for name in COMPUTED:
        frame[name] = [how.get(name) if isinstance(how, dict) else None for how in computed]
    frame = frame.astype({"scale": float, "threshold": float})
    frame["excluded"] = frame["review"] == "excluded"
    for rule in c.execute(
        sa.select(exclusion).where(exclusion.c.project_id == project_id, exclusion.c.undone_at.is_(None))
    ):
        of_well = frame["well_id"] == rule.well_id
        if rule.scope == "image":
            frame["excluded"] |= frame["image_id"] == rule.image_id
        elif rule.scope != "object":
            frame["excluded"] |= of_well if rule.scope == "well" else of_well & (frame["time_h"] >= rule.from_time_h)
    frame["edited"] = frame["result_source"] == "edit"
    said = c.execute(sa.select(image_tag.c.image_id, tag.c.name).join(tag, tag.c.id == image_tag.c.tag_id)).all()
    frame["tags"] = [tuple(sorted(name for of, name in said if of == one)) for one in frame["image_id"]]
    return frame


def same_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numbers as such also where none of a column is known: pandas takes that for words."""
    return frame.astype({name: float for name in NUMBERS if name in frame})


@pytest.mark.parametrize("seed", [0, *SEEDS])
def test_one_image_by_itself_is_as_it_is_among_all(store: Database, seed: int) -> None:
    with store.write() as c:
        other, others = fill(c, 99, name="another project")
        project, _ = fill(c, seed)
    with store.read() as c:
        frame = images_frame(c, project)
        ids = frame["image_id"].tolist()
        for place, number in enumerate(ids):
            alone = images_frame(c, project, only=number)
            wanted = frame.iloc[[place]].reset_index(drop=True)
            pd.testing.assert_frame_equal(
                same_numbers(alone), same_numbers(wanted), check_dtype=False, check_exact=True
            )
            previous, following = ids[place - 1] if place else None, ids[place + 1] if number != ids[-1] else None
            assert place_of(c, project, number) == Place(place + 1, len(ids), previous, following)
        assert images_frame(c, project, only=others[0]).empty
        assert images_frame(c, other, only=ids[0]).empty


@pytest.mark.parametrize("seed", SEEDS)
def test_the_time_before_is_of_the_same_well_site_and_plane(store: Database, seed: int) -> None:
    found = 0
    with store.write() as c:
        fill(c, 99, name="another project")
        project, _ids = fill(c, seed)
        table = images_frame(c, project)
        for row in table.itertuples():
            alike = table[table["time_h"] < row.time_h]
            for name in ("well_id", "site", "channel", "z"):
                alike = alike[alike[name] == getattr(row, name)]
            wanted = None if alike.empty else alike.sort_values("time_h", kind="stable").iloc[-1]
            earlier = earlier_image(c, project, row.image_id)
            assert (earlier and earlier.image_id) == (None if wanted is None else wanted["image_id"])
            if earlier is not None:
                assert (earlier.name, earlier.time_h) == (wanted["name"], wanted["time_h"])
                found += 1
    assert found


@pytest.mark.parametrize("seed", [0, *SEEDS])
def test_columns_are_those_of_the_plain_statement(store: Database, seed: int) -> None:
    with store.write() as c:
        fill(c, 99, name="another project")
        project, ids = fill(c, seed)
        fill(c, 98, name="one more")
    with store.read() as c:
        frame, wanted = images_frame(c, project), plainly(c, project)
        assert frame.columns.tolist() == list(IMAGE_COLUMNS)
        assert len(frame) > len(ids) / 2
        assert image_ids(c, project) == frame["image_id"].tolist()
        pd.testing.assert_frame_equal(same_numbers(frame)[wanted.columns], same_numbers(wanted), check_exact=True)
        for row in frame.itertuples():
            rows = (
                pd.DataFrame()
                if pd.isna(row.current_result_id)
                else results.load_outlines(c, int(row.current_result_id))[1]
            )
            assert row.touches_border == bool(len(rows) and rows["touches_border"].any())
            for name, touches in (("inner_px2", False), ("border_px2", True)):
                of_kind = (
                    rows[(rows["class_name"] == "spheroid") & (rows["touches_border"] == touches)]
                    if len(rows)
                    else rows
                )
                largest = of_kind["area_px2"].max() if len(of_kind) else np.nan
                np.testing.assert_equal(getattr(row, name), largest)


@pytest.mark.parametrize("seed", [0, *SEEDS])
def test_outcomes_and_overview_are_those_of_all_objects(store: Database, seed: int) -> None:
    with store.write() as c:
        fill(c, 99, name="another project")
        project, _ = fill(c, seed, count=60)
    table, wanted = images_table(store, project), images_and_objects(store, project)[0]
    pd.testing.assert_frame_equal(table, wanted[table.columns], check_exact=True)
    assert seed == 0 or {"measured", "censored", "not_found", "absent"} <= set(table["outcome"])
    quick = overview_table(store, project)
    shared = [name for name in quick.columns if name != "run_id"]
    assert set(table.columns) > set(shared)
    plain = table[shared].astype(object).where(table[shared].notna(), None)
    pd.testing.assert_frame_equal(quick[shared].astype(object).where(quick[shared].notna(), None), plain)
    for limit in (0, 1, 7, 1000):
        first = overview_table(store, project, limit=limit)
        pd.testing.assert_frame_equal(
            first.astype(object), quick.head(limit).astype(object).reset_index(drop=True), check_exact=True
        )


def test_an_empty_project_has_all_columns(store: Database) -> None:
    with store.write() as c:
        project, _ = project_of(c, 0)
    assert images_table(store, project).columns.tolist() == [
        *(name for name in IMAGE_COLUMNS if not name.endswith("r_px2")), "area_um2", "outcome",
    ]  # fmt: skip
    assert len(overview_table(store, project)) == 0
    with store.read() as c:
        counts = statistics(c, project)
    assert (counts.images, counts.outlines, counts.status, counts.review) == (0, 0, {}, {})


@pytest.mark.parametrize("most_in_passing", [0, 30])
@pytest.mark.parametrize("seed", [0, *SEEDS])
def test_statistics_count_the_rows_of_the_table(
    store: Database, seed: int, most_in_passing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spheroseg_widgets.store.statistics.MOST_IN_PASSING", most_in_passing)
    with store.write() as c:
        fill(c, 99, name="another project")
        project, _ = fill(c, seed, count=60)
        counts, table = statistics(c, project), images_frame(c, project)
    assert counts.images == len(table)
    assert counts.outlines == table["n_objects"].fillna(0).sum()
    for name in ("status", "model", "condition", "review"):
        words = table[name].astype(object).where(table[name].notna(), "")
        assert getattr(counts, name) == words.value_counts().to_dict(), name


def test_what_is_shown_of_work_is_of_the_last_job(store: Database) -> None:
    with store.write() as c:
        project, [one, *_] = project_of(c, 2)
        first, second = (
            runs.create_run(c, project, runs.ensure_model(c, name, "1", "00", None), {}, [one], "me") for name in "ab"
        )
        c.execute(job.update().where(job.c.run_id == first).values(status="failed", reason="it is empty"))
        row = images_frame(c, project).iloc[0]
        assert (row["status"], row["model"]) == ("queued", "b")
        assert pd.isna(row["reason"])
        c.execute(job.update().where(job.c.run_id == second).values(status="failed", reason="it is bent"))
        assert images_frame(c, project)["reason"].tolist()[0] == "it is bent"
        assert statistics(c, project).status == {"failed": 1, "new": 1}
        json.dumps(statistics(c, project).status)
