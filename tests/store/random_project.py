"""Projects of a few rows in which everything happens that may happen to an image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import deletion, experiment, images, judgement, result_frames, results, runs, tags
from spheroseg_widgets.store.tables import job, run

from .plates import image_row

STATES = ("queued", "running", "done", "done", "failed", "cancelled")
SIDE = 99.0


def fill(c: sa.Connection, seed: int, count: int = 24, name: str = "p") -> tuple[int, list[int]]:
    """Make a project; returns it and its images, deleted ones too."""
    luck = np.random.default_rng(seed)
    project = experiment.ensure_project(c, name, "me")
    ids = _images(c, project, luck, count)
    if seed == 0:
        return project, ids  # nothing was done yet
    for number in range(3):
        model = runs.ensure_model(c, f"model {number % 2}", "1", f"{number}", None)
        seen = [one for one in ids if luck.random() < 0.6]
        run_id = runs.create_run(c, project, model, {}, seen, "me")
        for one in seen:
            status = str(luck.choice(STATES))
            reason = "it is empty" if status == "failed" and luck.random() < 0.8 else None
            of_it = (job.c.run_id == run_id, job.c.image_id == one)
            c.execute(job.update().where(*of_it).values(status=status, reason=reason, seconds=float(luck.random())))
            if status == "done":
                made = _revision(c, luck, one, source="model", run_id=run_id)
                results.point_current(c, one, made, author="net")
        c.execute(run.update().where(run.c.id == run_id).values(status="done"))
    for one in _some(luck, ids, 0.3):
        base = results.current_result(c, one)
        outlines, rows = _outlines(luck)
        results.save_edit(
            c, one, outlines, rows, parent_id=base, author="me", source=str(luck.choice(["edit", "import"]))
        )
    _judge(c, project, luck, ids)
    return project, ids


def _some(luck: np.random.Generator, ids: list[int], share: float) -> list[int]:
    return [one for one in ids if luck.random() < share]


def _images(c: sa.Connection, project: int, luck: np.random.Generator, count: int) -> list[int]:
    wells: list[tuple[int | None, int | None]] = [(None, None)]
    for plate in ("B", "a"):
        plate_id = experiment.ensure_plate(c, project, plate, "me")
        wells += [(plate_id, None)]
        wells += [(plate_id, it) for it in experiment.ensure_wells(c, plate_id, ["A02", "A01", "b"]).values()]
        rows = [{"well": "A01", "condition": "drug"}, {"well": "A02", "condition": "control", "compound": "x"}]
        experiment.set_map(c, project, plate, rows, "me")
    uris = [f"/{number}.tif" for number in range(count)]
    sources = images.add_sources(
        c,
        project,
        [{"uri": uri, "n_pages": None if luck.random() < 0.2 else 1, "sha256": uri * 3} for uri in uris],
        "me",
    )
    rows = []
    for uri in uris:
        plate_id, well_id = wells[luck.integers(len(wells))]
        more: dict[str, Any] = {
            "plate_id": plate_id, "well_id": well_id, "time_h": None if luck.random() < 0.2 else 24.0 * luck.integers(3),
            "pixel_size_um": None if luck.random() < 0.3 else 1.5, "site": int(luck.integers(1, 3)),
            "warnings": ["bent"] if luck.random() < 0.2 else [],
        }  # fmt: skip
        rows.append(image_row(sources[uri], uri[1:], **more))
    return images.add_images(c, project, rows, "me")[0]


def _outlines(luck: np.random.Generator) -> tuple[Outlines, pd.DataFrame]:
    """Return few squares that often compete for which of them is the spheroid."""
    count = int(luck.choice([0, 1, 1, 2, 3]))
    ring = np.array([[0, 0], [9, 0], [9, 9]], np.float32)
    area = luck.choice([100.0, 260.0, 500.0, 510.0, 0.95 * SIDE**2, np.nan], count, p=[0.2, 0.2, 0.2, 0.2, 0.1, 0.1])
    rows = pd.DataFrame(
        {
            "area_px2": area, "confidence": luck.choice([0.5, 0.9, np.nan], count),
            "touches_border": luck.random(count) < 0.4, "centroid_x_px": luck.choice([10.0, 14.0, 60.0], count),
            "centroid_y_px": 5.0, "equivalent_diameter_px": 2 * np.sqrt(area / np.pi),
            "class_name": luck.choice(["spheroid", "spheroid", "spheroid", "debris"], count),
        }
    )  # fmt: skip
    return Outlines.from_rings([[ring]] * count), rows


def _revision(c: sa.Connection, luck: np.random.Generator, image_id: int, **more: Any) -> int:
    outlines, rows = _outlines(luck)
    how = {"engine": "torch", "precision": None, "scale": 0.5, "threshold": 1, "sha256": "00"}
    computed = None if luck.random() < 0.2 else how
    return results.add_revision(c, image_id, outlines, rows, author="net", computed=computed, **more)


def _judge(c: sa.Connection, project: int, luck: np.random.Generator, ids: list[int]) -> None:
    for state in ("approved", "excluded", "unreviewed"):
        judgement.set_review(c, project, _some(luck, ids, 0.2), state, "me")
    for said in ("absent", "unusable"):
        judgement.set_outcome(c, project, _some(luck, ids, 0.1), said, "", "me")
    wells = experiment.wells_frame(c, project)["well_id"].tolist()
    whole, first, *_ = luck.permutation(wells).tolist()
    judgement.exclude(c, project, "well", well_id=whole, reason="x", author="me")
    for hours in (48.0, 24.0):
        judgement.exclude(c, project, "well_from", well_id=first, from_time_h=hours, reason="x", author="me")
    undone = judgement.exclude(c, project, "image", image_id=ids[0], reason="x", author="me")
    judgement.undo_exclusion(c, project, undone, "me")
    judgement.exclude(c, project, "image", image_id=ids[1], reason="x", author="me")
    objects = result_frames.objects_frame(c, project)
    for outline_id in objects["outline_id"][luck.random(len(objects)) < 0.15]:
        judgement.exclude(c, project, "object", outline_id=outline_id, reason="x", author="me")
    for word in ("late", "Bent", "älter"):
        tags.add_tag(c, project, _some(luck, ids, 0.3), word, "me")
    deletion.delete_images(c, project, _some(luck, ids, 0.1), "me")
