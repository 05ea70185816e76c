"""The large project of the benchmarks is as a real one: its rows agree with each other, and every fate is among them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from large_project import make_large_project

import spheroseg_widgets as sw
from spheroseg_widgets.project.tables import images_and_objects, overview_table
from spheroseg_widgets.store import result_frames, results
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.glance import at_a_glance
from spheroseg_widgets.widgets.gallery_rows import columns_of


def test_every_fate_is_in_a_large_project_and_its_rows_agree(tmp_path: Path) -> None:
    folder = make_large_project(tmp_path / "large", images=1500, outlines_per_image=3)
    with closing(sw.open_project(folder)) as project:
        table = project.images()
        assert len(table) == 1500
        assert set(table["status"]) == {"done", "failed", "new"}
        assert set(table["outcome"]) >= {"measured", "censored", "absent", "unusable", "not_found"}
        assert set(table["review"]) == {"unreviewed", "approved", "corrected", "excluded"}
        assert set(table["result_source"].dropna()) == {"model", "edit"}
        assert set(project.tags()["tag"]) == {"look again", "figure 2"}
        assert table["model"].nunique() == 2
        assert table["condition"].nunique() == 5
        assert 0 < table["excluded"].sum() < 150
        assert table["pixel_size_um"].isna().any()
        assert table.groupby(["plate", "well"])["time_h"].apply(lambda times: times.is_monotonic_increasing).all()
        pd.testing.assert_frame_equal(table, images_and_objects(project.database, project.id)[0][table.columns])
        counts = project.statistics()
        assert (counts.images, counts.outlines) == (1500, table["n_objects"].sum())
        packed = columns_of(table), columns_of(overview_table(project.database, project.id))
        for name, column in packed[0].items():
            np.testing.assert_array_equal(packed[1][name], column, err_msg=name)
        with project.database.read() as c:
            for result_id in table["current_result_id"].dropna().astype(int)[::150]:
                outlines, rows = results.load_outlines(c, result_id)
                assert len(outlines) == len(rows)
                whole = result_frames.revisions_frame(
                    c, int(table.set_index("current_result_id")["image_id"][result_id])
                )
                told = whole.set_index("id").loc[result_id]
                np.testing.assert_allclose(told["total_area_px2"], rows["area_px2"].sum())
                for name, value in at_a_glance(len(rows), {name: rows[name].tolist() for name in rows}).items():
                    assert told[name] == value or (value is None and pd.isna(told[name])), name


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_same_large_project_is_made_again(tmp_path: Path, kind: str, postgres: object, empty_database: str) -> None:
    store = None if kind == "sqlite" else empty_database
    tables = []
    for folder, where in ((tmp_path / "one", store), (tmp_path / "two", None)):
        make_large_project(folder, images=120, outlines_per_image=2, seed=3, store=where)
        with closing(sw.open_project(folder)) as project:
            assert isinstance(project.database, Database)
            tables.append(project.images().drop(columns=["path"]))
    pd.testing.assert_frame_equal(*tables)
