"""A project: a folder with a store, and the verbs of a scientist."""

from __future__ import annotations

import getpass
import os
import tomllib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from spheroseg_widgets.analysis.outcomes import outcomes
from spheroseg_widgets.analysis.primary import primary
from spheroseg_widgets.analysis.wells import wells_table
from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.exports.bundle import ExportBundle, ExportImage
from spheroseg_widgets.exports.registry import export
from spheroseg_widgets.imaging.names import normal_well
from spheroseg_widgets.jobs.dispatcher import Progress
from spheroseg_widgets.measure.definitions import PX_COLUMNS, to_micrometres
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import experiment, judgement, results, runs
from spheroseg_widgets.store import images as store_images
from spheroseg_widgets.store.audit import audit_frame
from spheroseg_widgets.store.database import Database

from .files import Added, store_files, survey
from .run import Run, start_run

DESCRIPTION = "project.toml"
IMAGES_COLUMNS = (
    "path", "page", "stem", "sha256", "width", "height", "pixel_size_um", "pixel_size_source", "status", "reason",
    "n_objects", "seconds", "model", "model_sha256",
)  # fmt: skip


def open_project(path: str | Path, *, create: bool = False, store: str | Path | None = None) -> Project:
    """Open a project's folder.

    Parameters
    ----------
    path : str or Path
        The folder.
    create : bool
        Make it when it does not exist.
    store : str or Path, optional
        A SQLite file elsewhere (a local disk, when the folder lies on a network share) or a database URL;
        written to `project.toml` when the project is made.

    Raises
    ------
    StoreError
        No project there, or its store cannot be opened.
    StoreVersionError
        A newer version of this package wrote the store.
    """
    folder = Path(path).expanduser().resolve()
    description = folder / DESCRIPTION
    if not description.exists():
        if not create:
            raise StoreError(f"{folder}: there is no project here; open_project(..., create=True) makes one")
        try:
            (folder / "cache").mkdir(parents=True, exist_ok=True)
            (folder / "uploads").mkdir(exist_ok=True)
            where = str(store) if store is not None else "store.sqlite"
            description.write_text(f'name = "{folder.name}"\nstore = "{where}"\n', encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{folder}: the project cannot be made here ({error.strerror})") from error
    try:
        settings = tomllib.loads(description.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise StoreError(f"{description}: cannot be read ({error})") from error
    where = str(store or settings.get("store", "store.sqlite"))
    target = where if "://" in where else folder / where
    return Project(folder, Database.open(target, create=True), str(settings.get("name", folder.name)))


def current_author() -> str:
    """Return who is working: the Hub's user, else the operating system's."""
    return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()


class Project:
    """A plate, or any folder of pictures, with its outlines and what was decided about them.

    Parameters
    ----------
    folder : Path
        Of the project.
    database : Database
        Its store.
    name : str
        How it is called.
    """

    def __init__(self, folder: Path, database: Database, name: str) -> None:
        self.folder = folder
        self.database = database
        self.name = name
        self.author = current_author()
        with database.write() as connection:
            self.id = experiment.ensure_project(connection, name, self.author)

    def __repr__(self) -> str:
        with self.database.read() as connection:
            count = len(store_images.images_frame(connection, self.id))
        return f"<Project {self.name!r}: {count} images in {self.folder}>"

    def close(self) -> None:
        """Close the store."""
        self.database.close()

    def add(
        self,
        paths: str | Path | Iterable[str | Path],
        *,
        names: str = "auto",
        pixel_size_um: float | None = None,
        channel: int = 0,
        modality: str = "brightfield",
    ) -> Added:
        """Add images by path: files, folders, globs. Originals are referenced, never copied or altered.

        Parameters
        ----------
        paths : str, Path or several
            What to add; the same file again adds nothing.
        names : str
            "auto", "incucyte", "opera" or a pattern such as ``{plate}_{well}_{time}h.tif``.
        pixel_size_um : float, optional
            Micrometres a pixel; otherwise what the files say, if they can be trusted.
        channel : int
            The channel to segment.
        modality : {"brightfield", "phase", "fluorescence"}
            Decides how stacks are projected.

        Returns
        -------
        Added
            What was added, skipped and why; print it.
        """
        wanted = [paths] if isinstance(paths, str | Path) else list(paths)
        added, probed, files = survey(wanted, names)
        with self.database.write() as connection:
            store_files(
                connection, self.id, self.author, added, probed, files,
                pixel_size_um=pixel_size_um, channel=channel, modality=modality,
            )  # fmt: skip
        return added

    def images(self) -> pd.DataFrame:
        """Return one row an image, with its state, its outcome and what is known of it."""
        return self._tables()[0]

    def measurements(self, run: Run | int | None = None) -> pd.DataFrame:
        """Return one row an object, px and um; `is_primary` names the spheroid of each image.

        Parameters
        ----------
        run : Run or int, optional
            Another run's results than those that hold.
        """
        run_id = run.id if isinstance(run, Run) else run
        table, objects = self._tables(run_id)
        carried = [
            "image_id",
            "path",
            "name",
            "stem",
            "plate",
            "well",
            "time_h",
            "site",
            "outcome",
            "review",
            "pixel_size_um",
        ]
        joined = objects.merge(table[[*carried, "excluded"]], on="image_id", how="left", suffixes=("", "_image"))
        joined["excluded"] = joined["excluded"].astype(bool) | joined["excluded_object"]
        joined = joined.rename(columns={"class_name": "class", "number": "object"})
        measured = to_micrometres(joined[list(PX_COLUMNS)], joined["pixel_size_um"])
        wells = self.map().set_index("well_id")
        by_well = table.set_index("image_id")["well_id"].reindex(joined["image_id"])
        for column in ("condition", "compound", "concentration", "unit"):
            joined[column] = by_well.map(wells[column]).to_numpy() if len(wells) else None
        lead = [
            "path", "name", "stem", "plate", "well", "time_h", "site", "condition", "compound", "concentration", "unit",
            "object", "outline_id", "class", "confidence", "touches_border", "is_primary", "excluded", "outcome", "review",
            "result_source", "method", "pixel_size_um", "image_id", "result_id",
        ]  # fmt: skip
        return pd.concat([joined[lead], measured], axis=1)

    def wells(self) -> pd.DataFrame:
        """Return one row a well and time: outcome, the spheroid's measurements, the plate map's columns."""
        table, objects = self._tables()
        return wells_table(table, objects, self.map())

    def map(self) -> pd.DataFrame:
        """Return the plate map: one row a well."""
        with self.database.read() as connection:
            return experiment.wells_frame(connection, self.id)

    def segment(
        self,
        *,
        model: str | None = None,
        images: Sequence[int] | None = None,
        workers: int | None = None,
        cluster: Any = None,
        report: Callable[[Progress], None] | None = None,
        replace_edits: bool = False,
        **settings: Any,
    ) -> Run:
        """Segment images on Dask, in this process, and wait for it.

        Parameters
        ----------
        model : str, optional
            Name of a model, or a checkpoint file of the original platform.
        images : sequence of int, optional
            image_id of those to segment; all by default.
        workers : int, optional
            Processes of a local cluster; by default as this machine allows.
        cluster : optional
            A scheduler's address, a Dask client or cluster object.
        report : callable, optional
            Called with a `Progress` as results arrive.
        replace_edits : bool
            Also displace what was edited, approved or excluded.
        **settings
            Of `segmentation.predict.Settings`: threshold, min_area_px2, ...

        Raises
        ------
        ModelError
            No such model, or damaged weights.
        ShareUnavailableError
            The folder of the images is not reachable.
        """
        return start_run(
            self.database, self.id, self.author,
            self._pickable(images), model=model, workers=workers, cluster=cluster, report=report,
            replace_edits=replace_edits, settings=settings,
        )  # fmt: skip

    def export(
        self, out: str | Path, formats: Sequence[str] = ("csv", "masks"), *, exclude_border: bool = False
    ) -> list[Path]:
        """Write tables, masks and outlines; returns the files.

        Parameters
        ----------
        out : str or Path
            A folder.
        formats : sequence of str
            Of csv, xlsx, masks, labels, geojson, coco, imagej.
        exclude_border : bool
            Leave out objects that touch the image's edge.

        Raises
        ------
        ExportError
            An unknown format, or a folder that cannot be written.
        """
        return export(self.bundle(exclude_border=exclude_border), Path(out), list(formats))

    def bundle(self, *, exclude_border: bool = False) -> ExportBundle:
        """Return what an export is made of."""
        table, measurements = self.images(), self.measurements()
        if exclude_border:
            measurements = measurements[~measurements["touches_border"]]
        rest = [
            name
            for name in (
                "name",
                "plate",
                "well",
                "time_h",
                "site",
                "outcome",
                "review",
                "excluded",
                "result_source",
            )
            if name in table
        ]
        listed = pd.concat([table[[*IMAGES_COLUMNS, *rest]], self._unusable(table)], ignore_index=True)
        provenance: dict[str, Any] = {"project": self.name}
        with self.database.read() as connection:
            history = runs.runs_frame(connection, self.id)
        if len(history):
            last = history.iloc[-1]
            provenance |= {
                "model": last["model"],
                "model_sha256": last["model_sha256"],
                "run": int(last["run_id"]),
            }
            provenance |= {k: v for k, v in last["parameters"].items() if k != "scales"}
        return ExportBundle(
            images_table=listed,
            measurements=measurements.drop(columns=["image_id", "result_id"]),
            wells=self.wells() if table["well"].notna().any() else None,
            images=lambda: self._export_images(table, measurements),
            provenance=provenance,
        )

    def outlines(self, image_id: int) -> tuple[Outlines, pd.DataFrame]:
        """Return the outlines that hold for an image, and their rows."""
        with self.database.read() as connection:
            table = store_images.images_frame(connection, self.id).set_index("image_id")
            current = table.loc[image_id, "current_result_id"]
            if pd.isna(current):
                return Outlines.empty(), pd.DataFrame()
            return results.load_outlines(connection, int(current))

    def set_map(self, rows: pd.DataFrame | Iterable[Mapping[str, Any]], plate: str | None = None) -> int:
        """Enter a plate map: one row a well (or several, for several treatments).

        Parameters
        ----------
        rows : DataFrame or iterable of mapping
            Column `well`; any of condition, cell_line, seeding_density, role, technical_replicate,
            biological_replicate, expected_spheroids, compound, concentration, unit, start_h, end_h.
        plate : str, optional
            Which plate; needed when the project holds several.

        Returns
        -------
        int
            Wells entered.
        """
        table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
        known = self.map()["plate"].unique().tolist()
        if plate is None:
            if len(known) > 1:
                raise ValueError(f"the project holds several plates ({', '.join(known)}): name one with plate=")
            plate = known[0] if known else "plate"
        table = table.assign(well=table["well"].map(normal_well))
        with self.database.write() as connection:
            return experiment.set_map(connection, self.id, plate, table.to_dict("records"), self.author)

    def set_pixel_size(self, um: float | None, images: Sequence[int] | None = None) -> None:
        """Set the pixel size of all or some images; every um column follows without running the network."""
        with self.database.write() as connection:
            store_images.set_pixel_size(
                connection, self.id, self._pickable(images), um, "user" if um else "unknown", self.author
            )

    def exclude(
        self,
        *,
        reason: str,
        image: int | None = None,
        outline: Any = None,
        well: str | None = None,
        from_time_h: float | None = None,
    ) -> int:
        """Leave an object, an image, a well, or a well from a time onward out; returns the exclusion's id."""
        with self.database.write() as connection:
            well_id = None
            if well is not None:
                table = experiment.wells_frame(connection, self.id).set_index("well")
                well_id = int(table.loc[normal_well(well), "well_id"])
            scope = (
                "object"
                if outline is not None
                else "image"
                if image is not None
                else "well"
                if from_time_h is None
                else "well_from"
            )
            return judgement.exclude(
                connection, self.id, scope, reason=reason, author=self.author, image_id=image, well_id=well_id,
                outline_id=None if outline is None else uuid.UUID(str(outline)), from_time_h=from_time_h,
            )  # fmt: skip

    def undo_exclusion(self, exclusion: int) -> None:
        """Take an exclusion back."""
        with self.database.write() as connection:
            judgement.undo_exclusion(connection, self.id, exclusion, self.author)

    def review(self, images: Sequence[int], state: str) -> None:
        """Set the review state of images: unreviewed, approved, corrected or excluded."""
        with self.database.write() as connection:
            judgement.set_review(connection, self.id, images, state, self.author)

    def confirm(self, images: Sequence[int], outcome: str | None, reason: str = "") -> None:
        """Confirm that the spheroid is absent (a real zero) or the image unusable; None takes it back."""
        with self.database.write() as connection:
            judgement.set_outcome(connection, self.id, images, outcome, reason, self.author)

    def save(self, image_id: int, outlines: Outlines, objects: pd.DataFrame, *, parent: int | None) -> int:
        """Save a correction made on top of revision `parent`; returns the new revision's id.

        Raises
        ------
        ConflictError
            Another revision was saved meanwhile; yours is kept beside it.
        """
        conflict: results.KeptConflictError | None = None
        saved = 0
        with self.database.write() as connection:
            try:
                saved = results.save_edit(connection, image_id, outlines, objects, parent_id=parent, author=self.author)
            except results.KeptConflictError as error:
                conflict = error  # raised after the commit, so that both revisions are kept
        if conflict is not None:
            raise conflict
        return saved

    def relink(self, old: str | Path, new: str | Path) -> int:
        """Point images below a folder to another place it was moved to; returns how many files."""
        with self.database.write() as connection:
            return store_images.relink(connection, self.id, str(old), str(new), self.author)

    def runs(self) -> pd.DataFrame:
        """Return one row a run."""
        with self.database.read() as connection:
            return runs.runs_frame(connection, self.id)

    def audit(self) -> pd.DataFrame:
        """Return who did what, oldest first."""
        with self.database.read() as connection:
            return audit_frame(connection, self.id)

    def summary(self) -> dict[str, Any]:
        """Return counts: images by state, outcomes, review; objects; wells."""
        table = self.images()
        return {
            "images": len(table),
            "status": table["status"].value_counts().to_dict(),
            "outcome": table["outcome"].value_counts().to_dict(),
            "review": table["review"].value_counts().to_dict(),
            "excluded": int(table["excluded"].sum()),
            "objects": int(table["n_objects"].fillna(0).sum()),
            "wells": int(table["well"].nunique()),
        }

    def _tables(self, run_id: int | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        with self.database.read() as connection:
            table = store_images.images_frame(connection, self.id)
            objects = results.objects_frame(connection, self.id, run_id)
        objects = objects.merge(table[["image_id", "well_id", "site", "time_h"]], on="image_id", how="left")
        objects["is_primary"] = primary(objects)
        table["outcome"] = outcomes(table, objects)
        return table, objects

    def _unusable(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return rows of files that could not even be probed: failed, with their reason."""
        with self.database.read() as connection:
            sources = store_images.known_sources(connection, self.id)
        bad = sources[sources["problem"].notna() & ~sources["uri"].isin(table["path"])]
        return pd.DataFrame(
            {"path": bad["uri"], "stem": [Path(uri).stem for uri in bad["uri"]], "name": [Path(uri).name for uri in bad["uri"]],
             "status": "failed", "reason": bad["problem"], "outcome": "unusable", "pixel_size_source": "unknown"}
        )  # fmt: skip

    def _pickable(self, wanted: Sequence[int] | None) -> list[int]:
        with self.database.read() as connection:
            known = store_images.images_frame(connection, self.id)["image_id"].tolist()
        return known if wanted is None else [i for i in known if i in set(wanted)]

    def _export_images(self, table: pd.DataFrame, measurements: pd.DataFrame) -> Iterator[ExportImage]:
        done = table[table["current_result_id"].notna()]
        by_image = dict(iter(measurements.groupby("image_id")))
        for row in done.itertuples():
            with self.database.read() as connection:
                outlines = results.blobs(connection, [int(row.current_result_id)])[int(row.current_result_id)]
            objects = by_image.get(row.image_id, measurements.iloc[:0])
            kept = objects["object"].to_numpy() - 1
            if len(kept) != len(outlines):
                outlines = outlines.subset(kept)
            yield ExportImage(
                row.stem, row.path, int(row.width), int(row.height),
                None if pd.isna(row.pixel_size_um) else float(row.pixel_size_um), outlines, objects.reset_index(drop=True),
            )  # fmt: skip
