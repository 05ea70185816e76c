"""A large project, made of rows alone: no image is read and no network runs, so that a hundred thousand take a minute.

The images are named as an instrument names them and lie nowhere, unless `lay_files` lays some there: 384-well plates, seen every six hours. Everything that a
gallery shows is among them: images not segmented, failed with a reason, without a spheroid, at the border, segmented by
two models, edited, approved, excluded (object, image, well, well from a time onward), confirmed, tagged, uncalibrated. The
same arguments give the same rows, but for times and the ids of outlines.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Iterable
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa
import tifffile
from numpy.typing import NDArray

from spheroseg_widgets import Project, open_project
from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.confidence import LOW_CONFIDENCE
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.store import experiment, judgement, runs
from spheroseg_widgets.store.glance import at_a_glance
from spheroseg_widgets.store.ids import uuid7
from spheroseg_widgets.store.images import add_images, add_sources, chunks
from spheroseg_widgets.store.tables import (
    geometry,
    image,
    image_tag,
    job,
    now,
    outcome,
    outline,
    result,
    review,
    run,
    tag,
)

ROWS, COLUMNS, TIMES, STEP_H = 16, 24, 24, 6.0
WELLS = ROWS * COLUMNS
WIDTH, HEIGHT, PIXEL_UM = 1408, 1040, 1.24
CONDITIONS = (
    ("control", None),
    ("cisplatin", 0.1),
    ("cisplatin", 1.0),
    ("cisplatin", 10.0),
    ("taxol", 1.0),
    (None, None),
)
"""Compound and uM, column by column of the plate; of the last the plate map says nothing."""
MODELS = (("resunet-spheroid", "7"), ("resunet-spheroid-fast", "2"))
REASONS = ("the file is truncated: it ends after 12 of 2930 kB", "not an image: the file is empty")
TAGS = {"look again": 0.02, "figure 2": 0.005}
VARIANTS = 16
"""Shapes that a time point has; in the first the spheroid touches the border."""
BATCH = 2000


def make_large_project(
    folder: Path, images: int = 100_000, outlines_per_image: int = 10, *, seed: int = 0, store: str | None = None
) -> Path:
    """Make a project whose rows are as those of a real one.

    Parameters
    ----------
    folder : Path
        Of the project; it is made.
    images : int
        How many.
    outlines_per_image : int
        Of every image that was segmented and is not empty.
    seed : int
        Of what becomes of each image.
    store : str, optional
        As `open_project` takes it.

    Returns
    -------
    Path
        The folder, for `open_project`.
    """
    project = open_project(folder, create=True, store=store)
    filling = _Filling(project, images, outlines_per_image, seed)
    with project.database.write() as connection:
        filling.fill(connection)
    if project.database.path is None:  # a server does it by itself, later
        with project.database.write() as connection:
            connection.exec_driver_sql("ANALYZE")
    project.close()
    return folder


def lay_files(project: Project, different: int = 12) -> None:
    """Lay files where the images of a large project are said to lie: a few different ones, each under many names."""
    raw = project.folder / "raw"
    if raw.exists():
        return
    raw.mkdir()
    luck = np.random.default_rng(0)
    for number in range(different):
        spheroid = Spheroid(WIDTH / 2, HEIGHT / 2, 120 + 12 * number, shape_seed=number, depth=0.6)
        grey = render(SceneSpec(HEIGHT, WIDTH, (spheroid,), noise=0.06), luck).pixels
        tifffile.imwrite(raw / f"{number}.tif", grey.astype(np.uint16) << 4)
    for number, path in enumerate(project.images()["path"]):
        os.link(raw / f"{number % different}.tif", path)


class Drawing:
    """The outlines of an image, with their rows.

    Parameters
    ----------
    count : int
        How many: one spheroid, the others small.
    step : int
        Time point; spheroids grow.
    variant : int
        Which of the shapes.
    """

    def __init__(self, count: int, step: int, variant: int) -> None:
        luck = np.random.default_rng([step, variant])
        radius = (90 + 6 * step) * (0.85 + 0.02 * variant)
        places = [(WIDTH / 2 + 10 * (variant - 8) if variant else radius - 5, HEIGHT / 2, radius)]
        places += [
            (120.0 + 130 * (n % 10), 70 + 900.0 * (n // 10 % 2), 8 + luck.uniform(0, 14)) for n in range(count - 1)
        ]
        self.outlines = Outlines.from_rings([[_ring(*place, luck)] for place in places[:count]])
        confidence = np.round(luck.uniform(LOW_CONFIDENCE - 0.05, 0.99, count), 3)
        self.rows: list[dict[str, Any]] = [
            {
                **{str(name): value for name, value in row.items()}, "number": number,
                "confidence": float(confidence[number - 1]), "touches_border": number == 1 and variant == 0,
                "class_name": "spheroid",
            }
            for number, row in enumerate(measure_shape(self.outlines).to_dict("records"), start=1)
        ]  # fmt: skip
        self.area = sum(row["area_px2"] for row in self.rows)
        self.least = min((row["confidence"] for row in self.rows), default=None)
        self.told = at_a_glance(
            count, {name: [row[name] for row in self.rows] for name in ("touches_border", "area_px2")}
        )
        self.blob = self.outlines.to_bytes()


def _ring(x: float, y: float, radius: float, luck: np.random.Generator) -> NDArray[np.float32]:
    angles = np.linspace(0, 2 * np.pi, int(12 + radius / 6), endpoint=False)
    away = radius * (1 + sum(luck.uniform(-0.04, 0.04) * np.sin(k * angles + luck.uniform(0, 6)) for k in (2, 3, 5)))
    points = np.column_stack([x + away * np.cos(angles), y + away * np.sin(angles)])
    return np.clip(points, 0, [WIDTH, HEIGHT]).astype(np.float32)


drawing = lru_cache(maxsize=None)(Drawing)


class _Filling:
    """What is stored, one kind after the other; what becomes of each image is drawn in the beginning."""

    def __init__(self, project: Project, count: int, outlines_per_image: int, seed: int) -> None:
        self.project_id, self.author, self.raw = project.id, project.author, project.folder / "raw"
        self.count, self.outlines_per_image = count, outlines_per_image
        self.luck = np.random.default_rng(seed)
        fate = self.luck.random(count)
        self.new = fate < 0.005
        self.failed = (fate >= 0.005) & (fate < 0.015)
        self.empty = (fate >= 0.015) & (fate < 0.03)
        self.edited = (fate >= 0.03) & (fate < 0.05)
        self.ids: NDArray[np.int64] = np.zeros(0, np.int64)
        self.current: NDArray[np.int64] = np.zeros(count, np.int64)
        """The result that holds, by place; 0 is none."""

    @cached_property
    def plates(self) -> list[str]:
        """Names, as many as are needed."""
        return [f"plate-{number + 1:02d}" for number in range(-(-self.count // (WELLS * TIMES)))]

    def fill(self, c: sa.Connection) -> None:
        """Store everything."""
        self.images(c, self.plate_map(c))
        self.run(c, MODELS[0], ~self.new, failed=self.failed)
        self.run(c, MODELS[1], self.some(0.1), failed=np.zeros(self.count, bool))
        self.results(c, np.flatnonzero(self.edited), source="edit", parents=self.current.tolist())
        _many(
            c,
            image.update()
            .where(image.c.id == sa.bindparam("of_image"))
            .values(current_result_id=sa.bindparam("new_result")),
            ({"of_image": one, "new_result": it} for one, it in zip(self.ids.tolist(), self.current.tolist(), strict=True) if it),
        )  # fmt: skip
        self.judgement(c)

    def some(self, share: float) -> NDArray[np.bool_]:
        """Draw a share of the images."""
        return self.luck.random(self.count) < share

    def plate_map(self, c: sa.Connection) -> list[int]:
        """Enter the maps; returns the wells, plate after plate."""
        names = [f"{chr(ord('A') + one // COLUMNS)}{one % COLUMNS + 1:02d}" for one in range(WELLS)]
        rows: list[dict[str, Any]] = []
        for one, name in enumerate(names):
            compound, dose = CONDITIONS[one % len(CONDITIONS)]
            treated = {} if dose is None else {"compound": compound, "concentration": dose, "unit": "uM"}
            condition = compound if dose is None else f"{compound} {dose:g} uM"
            rows.append({"well": name, "condition": condition, "expected_spheroids": 1, **treated})
        wells = []
        for plate in self.plates:
            experiment.set_map(c, self.project_id, plate, rows, self.author)
            known = experiment.ensure_wells(c, experiment.ensure_plate(c, self.project_id, plate, self.author), ())
            wells += [known[name] for name in names]
        return wells

    def images(self, c: sa.Connection, wells: list[int]) -> None:
        """Store files and images: well after well, each through time."""
        by_well = experiment.wells_frame(c, self.project_id).set_index("well_id").loc[wells]
        plate_ids = {name: experiment.ensure_plate(c, self.project_id, name, self.author) for name in self.plates}
        stems, rows = [], []
        calibrated = ~self.some(0.005)
        for number in range(self.count):
            place, step = divmod(number, TIMES)
            plate, well = str(by_well["plate"].iat[place]), by_well["well"].iat[place]
            stems.append(f"{plate}_{well}_{STEP_H * step:03.0f}h")
            rows.append(
                {
                    "series": 0, "t": 0, "z": "", "channel": 0, "site": 1, "name": f"{stems[-1]}.tif", "stem": stems[-1],
                    "plate_id": plate_ids[plate], "well_id": wells[place], "time_h": STEP_H * step, "width": WIDTH,
                    "height": HEIGHT, "pixel_size_um": PIXEL_UM if calibrated[number] else None,
                    "pixel_size_source": "ome" if calibrated[number] else "unknown",
                }
            )  # fmt: skip
        files = [
            {
                "uri": str(self.raw / f"{stem}.tif"), "sha256": hashlib.sha256(stem.encode()).hexdigest(),
                "size_bytes": 2 * WIDTH * HEIGHT, "modified_at": 1.76e9, "format": "tiff", "dtype": "uint16",
                "axes": "YX", "n_pages": 1,
            }
            for stem in stems
        ]  # fmt: skip
        sources = add_sources(c, self.project_id, files, self.author)
        for file, row in zip(files, rows, strict=True):
            row["source_id"] = sources[str(file["uri"])]
        self.ids = np.array(add_images(c, self.project_id, rows, self.author)[0], np.int64)

    def run(
        self, c: sa.Connection, named: tuple[str, str], seen: NDArray[np.bool_], *, failed: NDArray[np.bool_]
    ) -> None:
        """Store a run that ended, its jobs and its results."""
        name, version = named
        model_id = runs.ensure_model(c, name, version, hashlib.sha256(name.encode()).hexdigest(), name)
        settings = {"engine": "torch", "precision": "float32", "threshold": 0.5}
        run_id = runs.create_run(
            c, self.project_id, model_id, {"model": name, "settings": settings}, self.ids[seen].tolist(), self.author
        )
        c.execute(run.update().where(run.c.id == run_id).values(status="done", finished_at=now()))
        _many(
            c,
            job.update()
            .where(job.c.run_id == run_id, job.c.image_id == sa.bindparam("of_image"))
            .values(
                status=sa.bindparam("new_status"), reason=sa.bindparam("new_reason"), seconds=sa.bindparam("new_seconds"),
                attempt=1, finished_at=now(),
            ),
            (
                {
                    "of_image": int(self.ids[n]), "new_status": "failed" if failed[n] else "done",
                    "new_reason": REASONS[n % 2] if failed[n] else None, "new_seconds": 0.1 + n % 30 / 100,
                }
                for n in np.flatnonzero(seen).tolist()
            ),
        )  # fmt: skip
        self.results(
            c, np.flatnonzero(seen & ~failed), source="model", run_id=run_id, computed={**settings, "scale": 0.5}
        )

    def results(
        self, c: sa.Connection, places: NDArray[np.intp], *, parents: list[int] | None = None, **values: Any
    ) -> None:
        """Store a revision of each image and let it hold."""
        values = {"author": self.author, "created_at": now(), **values}
        for part in chunks(places.tolist(), BATCH):
            drawn = [
                drawing(0 if self.empty[n] else self.outlines_per_image, n % TIMES, 7 * n // TIMES % VARIANTS)
                for n in part
            ]
            new = [
                {
                    **values, "image_id": int(self.ids[n]), "parent_id": None if parents is None else parents[n],
                    "n_objects": len(one.rows), "total_area_px2": one.area, "least_confidence": one.least, **one.told,
                }
                for n, one in zip(part, drawn, strict=True)
            ]  # fmt: skip
            made = c.scalars(result.insert().returning(result.c.id, sort_by_parameter_order=True), new).all()
            pairs = list(zip(made, drawn, strict=True))
            _many(c, geometry.insert(), ({"result_id": it, "blob": one.blob} for it, one in pairs))
            _many(
                c, outline.insert(),
                ({"result_id": it, "outline_id": uuid7(), **row} for it, one in pairs for row in one.rows),
            )  # fmt: skip
            self.current[part] = made

    def judgement(self, c: sa.Connection) -> None:
        """Store what people said of the images."""
        states = np.where(self.edited, "corrected", np.where(self.some(0.3), "approved", ""))
        states[self.some(0.005)] = "excluded"
        said = {"author": self.author, "created_at": now()}
        _many(
            c, review.insert(),
            ({"image_id": one, "state": state, **said} for one, state in zip(self.ids.tolist(), states.tolist(), strict=True) if state),
        )  # fmt: skip
        for seen, confirmed in ((self.empty & self.some(0.5), "absent"), (self.some(0.002) & ~self.empty, "unusable")):
            _many(
                c,
                outcome.insert(),
                ({"image_id": one, "outcome": confirmed, **said} for one in self.ids[seen].tolist()),
            )
        wells = experiment.wells_frame(c, self.project_id)["well_id"].to_numpy()
        exclude = partial(judgement.exclude, c, self.project_id, reason="infected", author=self.author)
        for well_id in wells[5::190].tolist():
            exclude("well", well_id=well_id)
        for well_id in wells[9::190].tolist():
            exclude("well_from", well_id=well_id, from_time_h=72.0)
        for place in range(3, self.count, 997):
            exclude("image", image_id=int(self.ids[place]))
        query = sa.select(outline.c.outline_id).where(outline.c.number == 1)
        for place in range(11, self.count, 997):
            found = c.scalar(query.where(outline.c.result_id == int(self.current[place])))
            if found is not None:
                exclude("object", image_id=int(self.ids[place]), outline_id=found)
        for name, share in TAGS.items():
            tag_id = c.scalar(tag.insert().values(project_id=self.project_id, name=name).returning(tag.c.id))
            _many(
                c,
                image_tag.insert(),
                ({"image_id": one, "tag_id": tag_id} for one in self.ids[self.some(share)].tolist()),
            )


def _many(c: sa.Connection, statement: sa.Executable, rows: Iterable[dict[str, Any]]) -> None:
    for part in chunks(list(rows), 10 * BATCH):
        c.execute(statement, part)


def main() -> None:
    """Make one, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--outlines-per-image", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.perf_counter()
    folder = make_large_project(options.folder, options.images, options.outlines_per_image, seed=options.seed)
    print(f"{folder}: {options.images} images in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
