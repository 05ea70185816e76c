"""A project: a folder with a store, and the verbs of a scientist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from spheroseg_widgets.analysis.wells import wells_table
from spheroseg_widgets.errors import SpherosegError, StoreError
from spheroseg_widgets.exports.bundle import ExportBundle
from spheroseg_widgets.exports.registry import export
from spheroseg_widgets.imaging.names import NameTable
from spheroseg_widgets.jobs import background
from spheroseg_widgets.store import jobs, runs
from spheroseg_widgets.store.audit import audit_frame
from spheroseg_widgets.store.statistics import Statistics, statistics

from .bundle import make_bundle
from .cataloguing import Cataloguing
from .files import Added, Names, store_files, survey
from .find import pickable
from .finetune import FineTuning
from .flagging import Flagging
from .hooks import hook
from .judging import Judging
from .maps import FromMaps
from .relink import relink
from .run import Run
from .start_run import start_run
from .tables import images_and_objects, measurements_table, wells_map


class Project(Judging, Cataloguing, Flagging, FromMaps):
    """A plate, or any folder of pictures, with its outlines and what was decided about them."""

    def add(
        self,
        paths: str | Path | Iterable[str | Path],
        *,
        names: Names = "auto",
        pixel_size_um: float | None = None,
        channel: int = 0,
        modality: str = "brightfield",
        check: Callable[[NameTable], object] | None = None,
    ) -> Added:
        """Add images by path or URL: files, folders, globs. Originals are referenced, never copied or altered.

        Parameters
        ----------
        paths : str, Path or several
            What to add; the same file again adds nothing. A URL (``s3://bucket/plate``) is read by fsspec, with the
            credentials of each process's own environment.
        names : str or mapping
            "auto", "incucyte", "opera" or a pattern such as ``{plate}_{well}_{time}h.tif``; or what is known of each
            file (`imaging.names.ParsedName`), by its path without links, for names that say nothing.
        pixel_size_um : float, optional
            Micrometres a pixel; otherwise what the files say, if they can be trusted.
        channel : int
            The channel to segment.
        modality : {"brightfield", "phase", "fluorescence"}
            Decides how stacks are projected.
        check : callable, optional
            Given what the names say (wells, times, sites, channels, gaps, duplicates) before anything is stored;
            what it raises stops the adding.

        Returns
        -------
        Added
            What was added, skipped and why; print it.
        """
        wanted = [paths] if isinstance(paths, str | Path) else list(paths)
        added, probed, files = survey(wanted, names)
        if check is not None:
            check(added.names)
        with self.database.write() as connection:
            store_files(
                connection, self.id, self.author, added, probed, files,
                pixel_size_um=pixel_size_um, channel=channel, modality=modality,
            )  # fmt: skip
        self.changes.tell("add", added.image_ids)
        return added

    def measurements(self, run: Run | int | None = None) -> pd.DataFrame:
        """Return one row an object, px and um; `is_primary` names the spheroid of each image.

        What an editor of this process holds unsaved is saved first, here as in `wells`, `export` and `report`; a
        warning names the unsaved changes of others.

        Parameters
        ----------
        run : Run or int, optional
            Another run's results than those that hold.
        """
        run_id = run.id if isinstance(run, Run) else run
        if run_id is None:
            self._settle()
        table, objects = images_and_objects(self.database, self.id, run_id)
        return measurements_table(table, objects, self.map())

    def wells(self) -> pd.DataFrame:
        """Return one row a well and time: outcome, the spheroid's measurements, the plate map's columns."""
        self._settle()
        table, objects = images_and_objects(self.database, self.id)
        return wells_table(table, objects, self.map())

    def map(self) -> pd.DataFrame:
        """Return the plate map: one row a well."""
        return wells_map(self.database, self.id)

    def segment(
        self,
        *,
        model: str | None = None,
        images: Sequence[int] | None = None,
        workers: int | tuple[int, int] | None = None,
        cluster: Any = None,
        replace_edits: bool = False,
        detached: bool | None = None,
        wait: bool = False,
        **settings: Any,
    ) -> Run:
        """Start segmenting images on Dask, in the background, and return at once.

        Parameters
        ----------
        model : str, optional
            Name of a model, or a checkpoint file of the original platform.
        images : sequence of int, optional
            image_id of those to segment; all by default.
        workers : int or (int, int), optional
            Processes of a local cluster, or their least and most number where it is to adapt to the work; by default as
            this machine allows.
        cluster : optional
            A scheduler's address, a Dask client or cluster object, or a number of workers.
        replace_edits : bool
            Also displace what was edited, approved or excluded; approved and corrected images await review again.
        detached : bool, optional
            Whether a process of its own works on the run, so that it goes on when this one ends. By default so in a
            notebook; a cluster that lives in this process alone keeps it here.
        wait : bool
            Return when it is finished; the same as ``segment(...).wait()``.
        **settings
            Of `segmentation.settings.Settings`: threshold, min_area_px2, diameter_um, engine, ...

        Returns
        -------
        Run
            Live; several of a project share the workers.

        Raises
        ------
        ModelError
            No such model, or damaged weights.
        ShareUnavailableError
            The folder of the images is not reachable.
        RunError
            No such cluster; with `wait`: the run could not go on.
        """
        run = start_run(
            self, pickable(self.database, self.id, images), model=model, workers=workers, cluster=cluster,
            replace_edits=replace_edits, detached=detached, settings=settings,
        )  # fmt: skip
        return run.wait() if wait else run

    def prioritise(self, images: Sequence[int]) -> int:
        """Let images (image_id) that wait in a run go before all others; returns how many waited."""
        with self.database.write() as connection:
            count = jobs.prioritise(connection, self.id, images)
        background.wake(self.database, self.id)
        return count

    def finetune(self, name: str, **options: Any) -> FineTuning:
        """Start to adapt a model to this project's approved and corrected images, and return at once.

        Parameters
        ----------
        name : str
            Of the new model; the default model never changes by itself.
        **options
            Of `FineTuning`: base, images, minutes, validation, synthetic, seed, threads.

        Returns
        -------
        FineTuning
            Live; `wait` registers the model, `comparison` sets it beside the old one on held-out wells.
        """
        self._settle()
        return FineTuning(self, name, **options)

    def run(self, run_id: int) -> Run:
        """Return a run by its number.

        Raises
        ------
        StoreError
            There is none.
        """
        with self.database.read() as connection:
            known = runs.run_ids(connection, self.id)
        if run_id not in known:
            raise StoreError(f"run {run_id}: there is none of this number in this project")
        return Run(self, run_id)

    def last_run(self) -> Run | None:
        """Return the newest run; None before the first."""
        with self.database.read() as connection:
            known = runs.run_ids(connection, self.id)
        return Run(self, known[-1]) if known else None

    def report(self, path: str | Path, **options: Any) -> Any:
        """Write a report of the project to a file.

        Raises
        ------
        SpherosegError
            No part that writes reports is there.
        """
        write = hook("report")
        if write is None:
            raise SpherosegError("nothing here writes reports: import spheroseg_widgets rather than its parts")
        self._settle()
        return write(self, path, **options)

    def export(
        self,
        out: str | Path,
        formats: Sequence[str] = ("csv", "masks"),
        *,
        exclude_border: bool = False,
        images: Sequence[int] | None = None,
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
        images : sequence of int, optional
            image_id of those to write; all by default.

        Raises
        ------
        ExportError
            An unknown format, or a folder that cannot be written.
        """
        self._settle()
        return export(self.bundle(exclude_border=exclude_border, images=images), Path(out), list(formats))

    def bundle(self, *, exclude_border: bool = False, images: Sequence[int] | None = None) -> ExportBundle:
        """Return what an export is made of."""
        return make_bundle(self.database, self.id, self.name, exclude_border=exclude_border, image_ids=images)

    def relink(self, old: str | Path, new: str | Path) -> int:
        """Point images below a folder to another place it was moved to, by path or URL; returns how many files.

        Raises
        ------
        StoreError
            A file of the new folder is in the project already.
        ImageError
            The new place is a URL that holds a password.
        """
        count = relink(self.database, self.id, old, new, self.author)
        self.changes.tell("relink")
        return count

    def runs(self) -> pd.DataFrame:
        """Return one row a run."""
        with self.database.read() as connection:
            return runs.runs_frame(connection, self.id)

    def audit(self) -> pd.DataFrame:
        """Return who did what, oldest first."""
        with self.database.read() as connection:
            return audit_frame(connection, self.id)

    def statistics(self) -> Statistics:
        """Return counts over all images, quickly: by status, model, condition and review state, and of outlines."""
        with self.database.read() as connection:
            return statistics(connection, self.id)

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
