"""What the store is told of a run's answers: results and where images point, or reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.store import jobs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.images import set_source_hashes
from spheroseg_widgets.store.jobs import ClaimedJob
from spheroseg_widgets.store.map_cache import map_key
from spheroseg_widgets.store.results import NewRevision, add_revisions, point_many
from spheroseg_widgets.store.tables import COMPUTED

from .per_plate import settings_of_image
from .task import TaskResult, differs

Settled = tuple[ClaimedJob, TaskResult]


class RunRecord:
    """Writes down what came of a run's jobs.

    Parameters
    ----------
    database : Database
        The project's store.
    project_id, run_id : int
        The run.
    author : str
        Who started it: the author of the results.
    owner : str
        The dispatcher, in the place of a worker that does not say its name.
    """

    def __init__(self, database: Database, project_id: int, run_id: int, author: str, owner: str) -> None:
        self._database = database
        self._project_id = project_id
        self._run_id = run_id
        self._author = author
        self._owner = owner

    def write(self, connection: sa.Connection, parameters: Mapping[str, Any], settled: Sequence[Settled]) -> list[int]:
        """Write the answers that are not too late: cancelled, or another attempt has the job.

        Parameters
        ----------
        connection : sqlalchemy.Connection
            For writing, in the caller's transaction.
        parameters : mapping
            Of the run.
        settled : sequence of (ClaimedJob, TaskResult)
            What came back.

        Returns
        -------
        list of int
            The images whose jobs ended.
        """
        good: list[Settled] = []
        images: list[int] = []
        for one, result in settled:
            reason = result.reason or differs(
                settings_of_image(parameters, one.image_id), parameters["model_sha256"], result
            )  # fmt: skip
            if reason is None:
                good.append((one, result))
            elif jobs.fail_job(
                connection, one.job_id, one.attempt, reason, result.traceback, result.worker or self._owner
            ):  # fmt: skip
                images.append(one.image_id)
        done = jobs.finish_jobs(
            connection,
            [
                (one.job_id, one.attempt, result.worker or self._owner, result.seconds, result.timings)
                for one, result in good
            ],
        )
        good = [(one, result) for one, result in good if one.job_id in done]
        made = add_revisions(connection, [self._revision(parameters, one, result) for one, result in good])
        point_many(
            connection,
            self._project_id,
            {one.image_id: result_id for (one, _), result_id in zip(good, made, strict=True)},
            author=self._author,
            replace_edits=bool(parameters.get("replace_edits", False)),
        )
        set_source_hashes(connection, {one.source_id: result.sha256 for one, result in good})
        return images + [one.image_id for one, _ in good]

    def _revision(self, parameters: Mapping[str, Any], claimed: ClaimedJob, result: TaskResult) -> NewRevision:
        used = {name: result.settings[name] if result.by_network else None for name in COMPUTED}
        return NewRevision(
            claimed.image_id,
            Outlines.from_bytes(result.outlines),
            len(next(iter(result.objects.values()), [])),
            result.objects,
            source="model",
            author=self._author,
            run_id=self._run_id,
            computed=used
            | {"scale": result.settings["scale"], "inverted": result.settings["inverted"], "sha256": result.sha256},
            maps=self._key_of_maps(parameters, claimed, result),
        )

    def _key_of_maps(self, parameters: Mapping[str, Any], claimed: ClaimedJob, result: TaskResult) -> str | None:
        """Return the key of the maps a result was made of; None where none are kept."""
        if parameters.get("maps") is not None:
            return str(parameters["maps"][str(claimed.image_id)]["key"])
        return map_key(result.maps) if result.maps and self._database.maps is not None else None
