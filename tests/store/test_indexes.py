"""The queries that grow with a project search by an index, never row by row through a whole table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from spheroseg_widgets.store import (
    deletion,
    drafts,
    experiment,
    images,
    jobs,
    judgement,
    metadata,
    promotion,
    result_frames,
    results,
    runs,
    tags,
)
from spheroseg_widgets.store.candidates import candidates, with_excluded_objects
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.overview import overview
from spheroseg_widgets.store.pages import outline_pages, plane_pages
from spheroseg_widgets.store.progress import run_progress
from spheroseg_widgets.store.statistics import statistics


def queued(c: sa.Connection) -> int:
    """Return a run that is still to be worked on."""
    project = experiment.ensure_project(c, "p", "me")
    return runs.create_run(c, project, runs.ensure_model(c, "m", "1", "00", None), {}, [], "me")


QUERIES: dict[str, Callable[[sa.Connection], Any]] = {
    "images": lambda c: images.images_frame(c, 1),
    "one image": lambda c: images.images_frame(c, 1, only=1),
    "place of an image": lambda c: images.place_of(c, 1, 1),
    "overview": lambda c: overview(c, 1),
    "first images": lambda c: overview(c, 1, limit=500),
    "image ids": lambda c: images.image_ids(c, 1),
    "candidates": lambda c: candidates(c, 1, [1, 2]),
    "excluded objects": lambda c: with_excluded_objects(c, 1),
    "statistics": lambda c: statistics(c, 1),
    "deleted images": lambda c: deletion.deleted_frame(c, 1),
    "metadata": lambda c: metadata.metadata_of(c, [1, 2]),
    "taken stems": lambda c: metadata.other_stems(c, 1, [1]),
    "tags": lambda c: tags.tags_frame(c, 1),
    "undo of a promotion": lambda c: promotion.undo_promotion(c, 1, 1, "me"),
    "objects": lambda c: result_frames.objects_frame(c, 1),
    "objects of a run": lambda c: result_frames.objects_frame(c, 1, run_id=1),
    "one revision": lambda c: results.load_outlines(c, 1),
    "history": lambda c: result_frames.revisions_frame(c, 1),
    "jobs": lambda c: jobs.jobs_frame(c, 1),
    "claim": lambda c: jobs.claim_jobs(c, 1, 10, "w", 60),
    "lost jobs": lambda c: jobs.requeue_orphans(c, 1),
    "waiting jobs": lambda c: jobs.count_queued(c, 1),
    "progress": lambda c: run_progress(c, queued(c)),
    "kept maps": lambda c: result_frames.maps_frame(c, 1),
    "kept maps of a run": lambda c: result_frames.maps_frame(c, 1, 1),
    "how it was computed": lambda c: result_frames.computed_frame(c, [1, 2]),
    "results of a run": lambda c: runs.results_of_run(c, 1, 1),
    "open drafts": lambda c: drafts.drafts_frame(c, 1, 1),
    "known files": lambda c: images.known_sources(c, 1),
    "planes of a page": lambda c: plane_pages(c, 1, [1, 2]),
    "outlines of a page": lambda c: outline_pages(c, [1, 2]),
    "exclusions": lambda c: judgement.exclusions_frame(c, 1),
}
GROWING = (
    "image",
    "source",
    "review",
    "outcome",
    "image_tag",
    "job",
    "result",
    "outline",
    "geometry",
    "exclusion",
    "event",
    "draft",
    "edit",
)


def scans(store: Database, query: Callable[[sa.Connection], Any]) -> list[str]:
    """Return where the statements of a query function read through a whole growing table."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        ours = not any(word in statement for word in ("pg_catalog", "pg_advisory"))
        if statement.startswith(("SELECT", "UPDATE")) and ours and not many:
            seen.append((statement, parameters))

    sa.event.listen(store.engine, "before_cursor_execute", note)
    with store.write() as c:
        query(c)
    sa.event.remove(store.engine, "before_cursor_execute", note)
    assert seen
    with store.read() as c:
        how = sqlite_scans if store.path is not None else postgres_scans
        return [line for statement, parameters in seen for line in how(c, statement, parameters)]


def sqlite_scans(c: sa.Connection, statement: str, parameters: Any) -> list[str]:
    plan = [str(row[3]) for row in c.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)]
    return [line for line in plan if line.startswith("SCAN ") and line.split()[1] in GROWING]


def postgres_scans(c: sa.Connection, statement: str, parameters: Any) -> list[str]:
    """Ask for a plan without the ways that are chosen only where tables are small: can an index do all of it."""
    for way in ("seqscan", "hashjoin", "mergejoin"):
        c.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    (plan,) = c.exec_driver_sql("EXPLAIN (FORMAT JSON) " + statement, parameters).scalar_one()
    found, steps = [], [plan["Plan"]]
    while steps:
        step = steps.pop()
        steps += step.get("Plans", [])
        through = step["Node Type"] == "Seq Scan" or ("Index" in step["Node Type"] and "Index Cond" not in step)
        if through and step.get("Relation Name") in GROWING:
            found.append(f"{step['Node Type']} {step['Relation Name']}")
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_no_growing_table_is_read_through(store: Database, name: str) -> None:
    assert scans(store, QUERIES[name]) == []


def test_this_test_would_notice_a_query_without_an_index(store: Database) -> None:
    for statement in ("SELECT id FROM job WHERE worker = 'w'", "SELECT id FROM job WHERE worker = 'w' ORDER BY id"):
        assert scans(store, lambda c, it=statement: c.execute(sa.text(it)).all())


def test_ids_made_later_sort_later_and_say_version_7() -> None:
    made = [uuid7() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {"specified in RFC 4122"}
    stamps = [one.int >> 80 for one in made]
    assert stamps == sorted(stamps)
