"""What people decided outlives every re-run; revisions are kept; corrections never overwrite each other."""

from __future__ import annotations

import pandas as pd
import pytest
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import audit, experiment, images, judgement, result_frames, results
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.tables import audit as lines
from spheroseg_widgets.store.tables import image, result

from .plates import image_row, model_result, objects, square


def current(c: sa.Connection, image_id: int) -> int:
    return int(c.scalar(sa.select(image.c.current_result_id).where(image.c.id == image_id)) or 0)


def plate_of(c: sa.Connection, count: int) -> tuple[int, list[int], dict[str, int]]:
    """Images one a day, all in well A01 but the last, which is in A02."""
    project = experiment.ensure_project(c, "p", "me")
    plate = experiment.ensure_plate(c, project, "one", "me")
    wells = experiment.ensure_wells(c, plate, ["A01", "A02"])
    sources = images.add_sources(c, project, [{"uri": f"/{i}.tif"} for i in range(count)], "me")
    rows = [
        image_row(
            sources[f"/{i}.tif"], f"{i}.tif", plate_id=plate, time_h=24.0 * i, well_id=wells["A01" if i < count - 1 else "A02"]
        )
        for i in range(count)
    ]  # fmt: skip
    return project, images.add_images(c, project, rows, "me")[0], wells


def test_edits_and_exclusions_still_decide_after_everything_is_segmented_again(store: Database) -> None:
    with store.write() as c:
        project, ids, _ = plate_of(c, 60)
        first = {i: model_result(c, i, 10)[0] for i in ids}
        edited = {
            i: results.save_edit(c, i, square(12), objects(12), parent_id=first[i], author="me") for i in ids[:40]
        }
        for i in ids[40:43]:
            judgement.exclude(c, project, "image", image_id=i, reason="bubble", author="me")
        gone = results.load_outlines(c, first[ids[43]])[1]["outline_id"][0]
        judgement.exclude(c, project, "object", image_id=ids[43], outline_id=gone, reason="debris", author="me")
        judgement.set_review(c, project, [ids[44]], "approved", "me")
        moved = {i for i in ids if model_result(c, i, 20)[1]}
        assert moved == set(ids[45:])
        assert {i: current(c, i) for i in ids[:40]} == edited
        frame = result_frames.objects_frame(c, project).set_index("image_id")
        assert (frame.loc[ids[:40], "area_px2"] == 144).all()
        assert (frame.loc[ids[40:45], "area_px2"] == 100).all()
        assert (frame.loc[ids[45:], "area_px2"] == 400).all()
        assert frame.index[frame["excluded_object"]].tolist() == [ids[43]]
        shown = images.images_frame(c, project).set_index("image_id")
        assert shown.index[shown["excluded"]].tolist() == ids[40:43]
        assert c.scalar(sa.select(sa.func.count()).select_from(result)) == 60 + 40 + 60


def test_edits_give_way_only_when_asked_by_name_and_the_audit_says_so(store: Database) -> None:
    with store.write() as c:
        project, [one, _], _ = plate_of(c, 2)
        first, _ = model_result(c, one, 10)
        edit = results.save_edit(c, one, square(12), objects(12), parent_id=first, author="me")
        newer, moved = model_result(c, one, 20, replace_edits=True)
        assert moved
        assert current(c, one) == newer
        assert len(result_frames.revisions_frame(c, one)) == 3
        assert float(results.load_outlines(c, edit)[0].bounds()[0, 2]) == 12
        *_, promoted, unreviewed = audit.audit_frame(c, project).to_dict("records")
        assert (promoted["action"], promoted["detail"]) == ("promote", {"before": edit, "after": newer})
        assert (unreviewed["action"], unreviewed["detail"]) == ("unreview", {"before": "corrected"})
        assert images.images_frame(c, project)["review"].tolist() == ["unreviewed"] * 2


def test_an_exclusion_by_review_outlives_a_result_that_was_asked_for_by_name(store: Database) -> None:
    with store.write() as c:
        project, [one, two], _ = plate_of(c, 2)
        for i in (one, two):
            model_result(c, i, 10)
        judgement.set_review(c, project, [one], "approved", "me")
        judgement.set_review(c, project, [two], "excluded", "me")
        assert [model_result(c, i, 20, replace_edits=True)[1] for i in (one, two)] == [True, True]
        assert images.images_frame(c, project)["review"].tolist() == ["unreviewed", "excluded"]


def test_an_excluded_well_keeps_its_results_from_that_time_onward(store: Database) -> None:
    with store.write() as c:
        project, [day0, day1, other], wells = plate_of(c, 3)
        for i in (day0, day1, other):
            model_result(c, i, 10)
        rule = judgement.exclude(
            c, project, "well_from", well_id=wells["A01"], from_time_h=24.0, reason="infected", author="me"
        )
        assert [model_result(c, i, 20)[1] for i in (day0, day1, other)] == [True, False, True]
        assert images.images_frame(c, project)["excluded"].tolist() == [False, True, False]
        judgement.undo_exclusion(c, project, rule, "me")
        assert model_result(c, day1, 20)[1]
        assert not images.images_frame(c, project)["excluded"].any()
        with pytest.raises(StoreError, match="in force"):
            judgement.undo_exclusion(c, project, rule, "me")


def test_a_stale_correction_is_refused_and_both_are_kept(store: Database) -> None:
    with store.write() as c:
        _, [one, _], _ = plate_of(c, 2)
        first, _ = model_result(c, one, 10)
        hers = results.save_edit(c, one, square(11), objects(11), parent_id=first, author="her")
        with pytest.raises(results.KeptConflictError) as conflict:
            results.save_edit(c, one, square(12), objects(12), parent_id=first, author="him")
    with store.read() as c:
        assert current(c, one) == hers
        kept = results.load_outlines(c, conflict.value.result_id)[1]
        assert kept["area_px2"].tolist() == [144]


def test_outline_ids_and_missing_values_survive_a_correction(store: Database) -> None:
    with store.write() as c:
        _, [one, _], _ = plate_of(c, 2)
        first, _ = model_result(c, one, 10)
        outlines, rows = results.load_outlines(c, first)
        drawn = pd.DataFrame({"area_px2": [25.0]})
        mixed = pd.concat([rows[["outline_id", "touches_border", "class_name", "track", "area_px2"]], drawn])
        both = Outlines.concat([outlines, square(5)])
        saved = results.save_edit(c, one, both, mixed, parent_id=first, author="me")
        after = results.load_outlines(c, saved)[1]
        assert after["outline_id"][0] == rows["outline_id"][0] != after["outline_id"][1]
        assert after["touches_border"].tolist() == [False, False]
        assert after["class_name"].tolist() == ["spheroid", "spheroid"]
        assert after["confidence"].isna().all()
        assert after["track"].isna().all()


def test_a_transaction_that_fails_leaves_neither_change_nor_audit(store: Database) -> None:
    with store.write() as c:
        project, [one, _], _ = plate_of(c, 2)
        before = len(audit.audit_frame(c, project))

    def fail_after_the_change() -> None:
        with store.write() as c:
            judgement.exclude(c, project, "image", image_id=one, reason="x", author="me")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_the_change()
    with store.read() as c:
        assert len(judgement.exclusions_frame(c, project)) == 0
        assert len(audit.audit_frame(c, project)) == before


def test_the_same_file_named_twice_is_one_source(store: Database) -> None:
    with store.write() as c:
        project = experiment.ensure_project(c, "p", "me")
        twice = images.add_sources(c, project, [{"uri": "/a.tif"}, {"uri": "/a.tif"}], "me")
        assert images.add_sources(c, project, [{"uri": "/a.tif"}], "me") == twice
        assert len(images.known_sources(c, project)) == 1


def test_an_object_excluded_by_its_id_alone_stays_excluded(store: Database) -> None:
    with store.write() as c:
        project, [one, other], _ = plate_of(c, 2)
        first, _ = model_result(c, one, 10)
        model_result(c, other, 10)
        outline_id = results.load_outlines(c, first)[1]["outline_id"][0]
        judgement.exclude(c, project, "object", outline_id=outline_id, reason="debris", author="me")
        assert [model_result(c, i, 20)[1] for i in (one, other)] == [False, True]
        assert result_frames.objects_frame(c, project).set_index("image_id")["excluded_object"].to_dict() == {
            one: True,
            other: False,
        }
        with pytest.raises(StoreError, match="none of this id"):
            judgement.exclude(c, project, "object", outline_id=uuid7(), reason="debris", author="me")


def test_relinking_onto_a_known_file_is_refused_and_changes_nothing(store: Database) -> None:
    with store.write() as c:
        project = experiment.ensure_project(c, "p", "me")
        images.add_sources(c, project, [{"uri": "/old/a"}, {"uri": "/old/b"}, {"uri": "/new/b"}], "me")
    with pytest.raises(StoreError, match="/new/b"), store.write() as c:
        images.relink(c, project, "/old", "/new", "me")
    with store.write() as c:
        assert set(images.known_sources(c, project)["uri"]) == {"/old/a", "/old/b", "/new/b"}
        assert images.relink(c, project, "/old", "/fresh", "me") == 2


def test_excluding_one_image_without_a_well_holds_no_other(store: Database) -> None:
    with store.write() as c:
        project, ids, _ = plate_of(c, 3)
        c.execute(image.update().values(well_id=None, plate_id=None, time_h=None))
        for i in ids:
            model_result(c, i, 10)
        judgement.exclude(c, project, "image", image_id=ids[0], reason="bubble", author="me")
        assert [model_result(c, i, 20)[1] for i in ids] == [False, True, True]


@pytest.mark.parametrize("judged", ["nothing", "edited", "approved", "excluded", "well excluded"])
@pytest.mark.parametrize("replace_edits", [False, True])
def test_many_results_hold_as_each_of_them_would(store: Database, judged: str, *, replace_edits: bool) -> None:
    with store.write() as c:
        project, ids, wells = plate_of(c, 4)
        for one in ids[:3]:  # the last one has no result yet
            model_result(c, one, 10.0)
        if judged == "edited":
            results.save_edit(c, ids[0], square(5.0), objects(5.0), parent_id=current(c, ids[0]), author="me")
        elif judged == "approved":
            judgement.set_review(c, project, ids[:1], "approved", "me")
        elif judged == "excluded":
            judgement.exclude(c, project, "image", reason="blurred", author="me", image_id=ids[0])
        elif judged == "well excluded":
            judgement.exclude(
                c, project, "well", reason="infected", author="me", well_id=wells["A01"], from_time_h=24.0
            )  # fmt: skip
        new = {
            one: results.add_revision(c, one, square(7.0), objects(7.0), source="model", author="net") for one in ids
        }
        query = sa.select(image.c.id, image.c.current_result_id).order_by(image.c.id)
        last = c.scalar(sa.select(sa.func.max(lines.c.id)))
        trail = sa.select(lines.c.action, lines.c.row_id).where(lines.c.id > last)
        nested = c.begin_nested()
        for one in ids:
            results.point_current(c, one, new[one], author="net", replace_edits=replace_edits)
        wanted = c.execute(query).all(), sorted(map(tuple, c.execute(trail)))
        nested.rollback()
        results.point_many(c, project, new, author="net", replace_edits=replace_edits)
        assert (c.execute(query).all(), sorted(map(tuple, c.execute(trail)))) == wanted
