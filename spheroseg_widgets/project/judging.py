"""The verbs of judgement: what a person says about a plate, its wells, its images and their outlines."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.imaging.names import normal_well
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import experiment, judgement, promotion, results, runs
from spheroseg_widgets.store import images as store_images

from .base import ProjectBase
from .find import find_well, pickable
from .run import Run
from .tables import wells_map


class Judging(ProjectBase):
    """The part of a project that stores what people decide; every verb is audited and told to listeners."""

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
        known = wells_map(self.database, self.id)["plate"].unique().tolist()
        if plate is None:
            if len(known) > 1:
                raise ValueError(f"the project holds several plates ({', '.join(known)}): name one with plate=")
            plate = known[0] if known else experiment.DEFAULT_PLATE
        table = table.assign(well=table["well"].map(normal_well))
        with self.database.write() as connection:
            count = experiment.set_map(connection, self.id, plate, table.to_dict("records"), self.author)
        self.changes.tell("map")
        return count

    def set_pixel_size(self, um: float | None, images: Sequence[int] | None = None) -> None:
        """Set the pixel size of all or some images; every um column follows without running the network."""
        chosen = pickable(self.database, self.id, images)
        with self.database.write() as connection:
            store_images.set_pixel_size(connection, self.id, chosen, um, "user" if um else "unknown", self.author)
        self.changes.tell("pixel_size", chosen)

    def exclude(
        self,
        *,
        reason: str,
        image: int | None = None,
        outline: Any = None,
        well: str | None = None,
        plate: str | None = None,
        from_time_h: float | None = None,
    ) -> int:
        """Leave an object, an image, a well, or a well from a time onward out; returns the exclusion's id.

        Parameters
        ----------
        reason : str
            Why; it goes with every table.
        image : int, optional
            image_id.
        outline : UUID or str, optional
            outline_id of an object.
        well : str, optional
            Such as "B07"; with `from_time_h`, from that time onward.
        plate : str, optional
            Of the well; needed when the project holds several with such a well.

        Raises
        ------
        StoreError
            There is no such well, or several plates have it.
        """
        well_id = None if well is None else find_well(wells_map(self.database, self.id), normal_well(well), plate)
        if outline is not None:
            scope = "object"
        elif image is not None:
            scope = "image"
        else:
            scope = "well" if from_time_h is None else "well_from"
        with self.database.write() as connection:
            made = judgement.exclude(
                connection, self.id, scope, reason=reason, author=self.author, image_id=image, well_id=well_id,
                outline_id=None if outline is None else uuid.UUID(str(outline)), from_time_h=from_time_h,
            )  # fmt: skip
        self.changes.tell("exclude", [] if image is None else [image])
        return made

    def undo_exclusion(self, exclusion: int) -> None:
        """Take an exclusion back."""
        with self.database.write() as connection:
            judgement.undo_exclusion(connection, self.id, exclusion, self.author)
        self.changes.tell("exclude")

    def review(self, images: Sequence[int], state: str) -> None:
        """Set the review state of images: unreviewed, approved, corrected or excluded."""
        with self.database.write() as connection:
            judgement.set_review(connection, self.id, images, state, self.author)
        self.changes.tell("review", images)

    def confirm(self, images: Sequence[int], outcome: str | None, reason: str = "") -> None:
        """Confirm that the spheroid is absent (a real zero) or the image unusable; None takes it back."""
        with self.database.write() as connection:
            judgement.set_outcome(connection, self.id, images, outcome, reason, self.author)
        self.changes.tell("confirm", images)

    def save(self, image_id: int, outlines: Outlines, objects: pd.DataFrame, *, parent: int | None) -> int:
        """Save a correction made on top of revision `parent`; returns the new revision's id.

        Raises
        ------
        ConflictError
            Another revision was saved meanwhile; yours is kept beside it.
        StoreError
            There is no such image in this project.
        """
        with self.database.write(commit_on=(results.KeptConflictError,)) as connection:
            store_images.check_own(connection, self.id, [image_id])
            saved = results.save_edit(connection, image_id, outlines, objects, parent_id=parent, author=self.author)
        self.changes.tell("save", [image_id])
        return saved

    def promote(self, run: Run | int, *, replace_edits: bool = False) -> int:
        """Let a run's results hold.

        Parameters
        ----------
        run : Run or int
            Whose results.
        replace_edits : bool
            Also displace what was edited, approved or excluded; approved and corrected images await review again.

        Returns
        -------
        int
            Images whose current result changed. Nothing is lost: every revision is kept, and `undo_promote` lets what
            was displaced hold again.

        Raises
        ------
        StoreError
            There is no such run.
        """
        run_id = run.id if isinstance(run, Run) else run
        moved = []
        with self.database.write() as connection:
            self._check_run(connection, run_id)
            for image_id, result_id in runs.results_of_run(connection, self.id, run_id).items():
                if results.point_current(
                    connection, image_id, result_id, author=self.author, replace_edits=replace_edits
                ):
                    moved.append(image_id)
        if moved:
            self.changes.tell("promote", moved)
        return len(moved)

    def undo_promote(self, run: Run | int, *, first: bool = False) -> int:
        """Let hold again what a run's results displaced, edits and approved ones too, with the review states they had.

        Parameters
        ----------
        run : Run or int
            Whose results no longer hold: those that `promote` moved, and those that came to hold when it segmented.
        first : bool
            Also in images that had no result before: they have none again, as if nobody had segmented them.

        Returns
        -------
        int
            Images whose current result changed. Left alone are images that had no result before (but with `first`), those
            that have another by now, and those whose new outlines somebody approved or corrected meanwhile. `promote` with
            `replace_edits` takes it back.

        Raises
        ------
        StoreError
            There is no such run.
        """
        run_id = run.id if isinstance(run, Run) else run
        with self.database.write() as connection:
            self._check_run(connection, run_id)
            moved = promotion.undo_promotion(connection, self.id, run_id, self.author, first=first)
        if moved:
            self.changes.tell("promote", moved)
        return len(moved)

    def _check_run(self, connection: sa.Connection, run_id: int) -> None:
        if run_id not in runs.run_ids(connection, self.id):
            raise StoreError(f"run {run_id}: there is none of this number in this project")
