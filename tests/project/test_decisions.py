"""Decisions of a review: what they do to the tables, and that taking them back leaves no trace but the audit."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.project.decisions import DECISIONS, Decision, decide, excludable_objects, take_back
from spheroseg_widgets.project.opening import open_project
from spheroseg_widgets.project.project import Project
from spheroseg_widgets.store import results
from spheroseg_widgets.store.tables import exclusion, outcome, review

TWO_SQUARES = Outlines.from_rings(
    [[[(60, 60), (120, 60), (120, 120), (60, 120)]], [[(10, 10), (30, 10), (30, 30), (10, 30)]]]
)
APPROVE, ABSENT, UNUSABLE = Decision("approve"), Decision("absent"), Decision("unusable", "bubble")


@pytest.fixture
def project(three_images: Path, tmp_path: Path, project_store: str | None) -> Iterator[Project]:
    """Three wells; the first two images have two outlines each, which nobody has judged."""
    opened = open_project(tmp_path / "project", create=True, store=project_store)
    opened.add(three_images)
    for image_id in (1, 2):
        segmented(opened, image_id)
    yield opened
    opened.close()


def segmented(project: Project, image_id: int) -> None:
    objects = pd.DataFrame({"class_name": ["spheroid"] * 2, "area_px2": [3600.0, 400.0], "touches_border": [False] * 2})
    with project.database.write() as connection:
        made = results.add_revision(connection, image_id, TWO_SQUARES, objects, source="model", author="model")
        results.point_current(connection, image_id, made, author="model")


def outline_of(project: Project, image_id: int) -> uuid.UUID:
    first = excludable_objects(project, image_id)[0]["outline_id"].iloc[0]
    assert isinstance(first, uuid.UUID)
    return first


def judgement_rows(project: Project) -> list[Any]:
    """What is stored of the judgement, with authors and times; of exclusions those in force."""
    with project.database.read() as connection:
        return [
            [tuple(row) for row in connection.execute(query)]
            for query in (
                sa.select(review).order_by(review.c.image_id),
                sa.select(outcome).order_by(outcome.c.image_id),
                sa.select(exclusion).where(exclusion.c.undone_at.is_(None)).order_by(exclusion.c.id),
            )
        ]


def outcome_of(project: Project, image_id: int) -> Any:
    return project.images().set_index("image_id").loc[image_id, "outcome"]


def test_approving(project: Project) -> None:
    decide(project, 1, APPROVE)
    assert project.images()["review"].tolist() == ["approved", "unreviewed", "unreviewed"]
    assert project.audit()["action"].tolist()[-1] == "review"


@pytest.mark.parametrize("kind", ["absent", "unusable"])
def test_absent_is_a_zero_and_unusable_is_no_value(project: Project, kind: str) -> None:
    decide(project, 1, Decision(kind))
    assert outcome_of(project, 1) == kind
    size = project.wells().set_index("well").loc["A01", "area_px2"]
    assert size == 0 if kind == "absent" else pd.isna(size)


def test_the_last_decision_about_an_image_holds_alone(project: Project) -> None:
    decide(project, 1, APPROVE)
    decide(project, 1, ABSENT)
    row = project.images().iloc[0]
    assert (row["review"], row["outcome"]) == ("unreviewed", "absent")
    decide(project, 1, UNUSABLE)
    assert outcome_of(project, 1) == "unusable"
    decide(project, 1, APPROVE)
    row = project.images().iloc[0]
    assert (row["review"], row["outcome"], row["confirmed_outcome"]) == ("approved", "measured", None)


def test_excluding_an_image_its_well_and_an_object(project: Project) -> None:
    project.set_map([{"well": "A01", "condition": "control"}])
    first = decide(project, 1, Decision("exclude", " bubble ", "image"))
    assert project.images()["excluded"].tolist() == [True, False, False]
    with project.database.read() as connection:
        assert connection.scalar(sa.select(exclusion.c.reason)) == "bubble"
    take_back(project, first)
    second = decide(project, 2, Decision("exclude", "bubble", "well"))
    assert project.images()["excluded"].tolist() == [False, True, False]
    take_back(project, second)
    outline = outline_of(project, 2)
    decide(project, 2, Decision("exclude", "debris", "object", outline))
    assert project.images()["excluded"].tolist() == [False] * 3
    excluded = project.measurements().set_index("outline_id")["excluded"]
    assert excluded[excluded].index.tolist() == [outline]
    assert len(excludable_objects(project, 2)[0]) == 1


def test_excluding_a_well_from_a_time_onward(project: Project, tmp_path: Path, three_images: Path) -> None:
    for hours in (0, 48):
        (three_images / f"plate_A01_{hours}h.tif").write_bytes((three_images / "plate_A01_24h.tif").read_bytes())
    project.add(three_images)
    decided = decide(project, 1, Decision("exclude", "moved", "well_from"))
    table = project.images()
    of_well = table[table["well"] == "A01"].set_index("time_h")["excluded"]
    assert of_well.sort_index().to_dict() == {0: False, 24: True, 48: True}
    take_back(project, decided)
    assert not project.images()["excluded"].any()


EARLIER = {
    "nothing": lambda project: None,
    "approved": lambda project: project.review([1], "approved"),
    "excluded by its state": lambda project: project.review([1], "excluded"),
    "absent": lambda project: project.confirm([1], "absent", "seen under the microscope"),
    "unusable and approved": lambda project: (project.confirm([1], "unusable", "x"), project.review([1], "approved")),
    "an exclusion": lambda project: project.exclude(reason="bubble", image=1),
}
AT_WORK = [
    APPROVE, ABSENT, UNUSABLE, Decision("exclude", "x", "image"), Decision("exclude", "x", "object"),
    Decision("exclude", "x", "well"), Decision("exclude", "x", "well_from"),
]  # fmt: skip


@pytest.mark.parametrize("earlier", EARLIER)
def test_taking_back_leaves_no_trace_but_the_audit(project: Project, earlier: str) -> None:
    author, project.author = project.author, "somebody else"
    EARLIER[earlier](project)
    project.author = author
    before, images, wells = judgement_rows(project), project.images(), project.wells()
    for decision in AT_WORK:
        if decision.scope == "object":
            decision = Decision("exclude", "x", "object", outline_of(project, 1))  # noqa: PLW2901 - its object is known now
        decided = decide(project, 1, decision)
        assert judgement_rows(project) != before
        take_back(project, decided)
        assert judgement_rows(project) == before, (earlier, decision)
        pd.testing.assert_frame_equal(project.images(), images)
        pd.testing.assert_frame_equal(project.wells(), wells)
    actions = project.audit()["action"].tolist()
    assert actions.count("undo_decision") == 3
    assert actions.count("undo_exclusion") == 4


def test_decisions_are_taken_back_one_after_the_other(project: Project) -> None:
    begin = judgement_rows(project)
    for first, second in itertools.product(AT_WORK[:4], repeat=2):
        one = decide(project, 1, first)
        between = judgement_rows(project)
        two = decide(project, 1, second)
        take_back(project, two)
        assert judgement_rows(project) == between, (first, second)
        take_back(project, one)
        assert judgement_rows(project) == begin, (first, second)


def test_a_decision_is_not_taken_back_over_what_was_said_since(project: Project) -> None:
    decided = decide(project, 1, APPROVE)
    project.author = "somebody else"
    project.review([1], "excluded")
    before = judgement_rows(project)
    with pytest.raises(StoreError, match=r"plate_A01_24h.tif: it was judged again meanwhile"):
        take_back(project, decided)
    assert judgement_rows(project) == before
    excluded = decide(project, 2, Decision("exclude", "bubble"))
    take_back(project, excluded)
    with pytest.raises(StoreError, match="none of this number in force"):
        take_back(project, excluded)


def test_a_correction_saved_meanwhile_stays(project: Project) -> None:
    decided = decide(project, 1, APPROVE)
    current = int(project.images().iloc[0]["current_result_id"])
    project.save(1, TWO_SQUARES, pd.DataFrame({"class_name": ["spheroid"] * 2}), parent=current)
    with pytest.raises(StoreError, match="judged again meanwhile"):
        take_back(project, decided)
    assert project.images().iloc[0]["review"] == "corrected"


def test_what_cannot_be_decided_says_why_and_changes_nothing(project: Project, three_images: Path) -> None:
    picture = three_images / "no well.tif"
    picture.write_bytes((three_images / "plate_A01_24h.tif").read_bytes())
    project.add(three_images)
    before = judgement_rows(project)
    cases = [
        (3, APPROVE, r"plate_A03_24h.tif: it has no result"),
        (4, Decision("exclude", "x", "well"), r"no well.tif: it lies in no well"),
        (1, Decision("exclude", "x", "object", uuid.uuid4()), r"it has no outline"),
        (1, Decision("exclude", "x", "object"), r"it has no outline None"),
        (2, Decision("exclude", "x", "object", outline_of(project, 1)), r"it has no outline"),
        (99, ABSENT, r"image 99: there is none"),
    ]
    for image_id, decision, reason in cases:
        with pytest.raises(StoreError, match=reason):
            decide(project, image_id, decision)
    assert judgement_rows(project) == before


def test_a_decision_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no decision 'like'"):
        Decision("like")
    with pytest.raises(ValueError, match="no scope 'plate'"):
        Decision("exclude", "x", "plate")
    with pytest.raises(ValueError, match="needs a reason"):
        Decision("exclude", "  ")
    assert {APPROVE.kind, ABSENT.kind, UNUSABLE.kind, "exclude"} == set(DECISIONS)


def test_listeners_hear_of_each_decision_once(project: Project) -> None:
    heard: list[tuple[str, list[int]]] = []
    project.on_change(lambda kind, ids: heard.append((kind, ids)))
    decided = [decide(project, 1, decision) for decision in (APPROVE, ABSENT, Decision("exclude", "x", "well"))]
    take_back(project, decided[2])
    take_back(project, decided[1])
    assert heard == [("review", [1]), ("confirm", [1]), ("exclude", []), ("review", []), ("review", [1])]


def test_another_project_of_the_same_store_is_out_of_reach(tmp_path: Path, three_images: Path) -> None:
    store = tmp_path / "both.sqlite"
    one = open_project(tmp_path / "one", create=True, store=store)
    other = open_project(tmp_path / "other", create=True, store=store)
    one.add(three_images)
    with pytest.raises(StoreError, match="image 1: there is none"):
        decide(other, 1, ABSENT)
    decided = decide(one, 1, ABSENT)
    with pytest.raises(StoreError, match="image 1: there is none"):
        take_back(other, decided)
    one.close()
    other.close()


def test_two_people_at_once_do_not_mix(project: Project) -> None:
    """Each decision and each undo is one transaction: whatever the order, rows and undo agree in the end."""
    problems: list[Exception] = []
    begin = judgement_rows(project)

    def work(image_id: int) -> None:
        try:
            for decision in (APPROVE, ABSENT, UNUSABLE) * 3:
                take_back(project, decide(project, image_id, decision))
        except Exception as error:  # noqa: BLE001 - told by the test
            problems.append(error)

    threads = [threading.Thread(target=work, args=[image_id]) for image_id in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert judgement_rows(project) == begin
