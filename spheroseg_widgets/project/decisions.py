"""One decision of a review about an image, and taking it back as if it had not been made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from spheroseg_widgets.errors import StoreError
from spheroseg_widgets.store import judgement
from spheroseg_widgets.store.judged import Judged, ReviewedImage, judged, outlines_of, put_back, reviewed_image

from .project import Project

DECISIONS = ("approve", "absent", "unusable", "exclude")
SCOPES = ("object", "image", "well", "well_from")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of an image.

    Parameters
    ----------
    kind : str
        One of `DECISIONS`: its outlines are right; there is no spheroid (a real zero); it cannot be used; it is left
        out.
    reason : str
        Why it is left out.
    scope : str
        What is left out, one of `SCOPES`; "well_from" is its well from its time onward.
    outline : UUID, optional
        The object that is left out.
    """

    kind: str
    reason: str = ""
    scope: str = "image"
    outline: uuid.UUID | None = None

    def __post_init__(self) -> None:
        if self.kind not in DECISIONS:
            raise ValueError(f"no decision {self.kind!r}; there are {', '.join(DECISIONS)}")
        if self.kind == "exclude" and self.scope not in SCOPES:
            raise ValueError(f"no scope {self.scope!r} of an exclusion; there are {', '.join(SCOPES)}")
        if self.kind == "exclude" and not self.reason.strip():
            raise ValueError("an exclusion needs a reason")


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is stored, with what `take_back` needs.

    Parameters
    ----------
    image_id : int
    before, after : Judged
        What was said of the image itself, before the decision and by it.
    exclusion : int or None
        The exclusion it made.
    """

    image_id: int
    before: Judged
    after: Judged
    exclusion: int | None = None


def decide(project: Project, image_id: int, decision: Decision) -> Decided:
    """Store a decision about an image; it holds in place of what was said of the image before.

    Raises
    ------
    StoreError
        There is no such image in this project, or it has not what the decision is about: a result, the object, a
        well, a time.
    """
    with project.database.write() as connection:
        row = reviewed_image(connection, project.id, image_id, lock=True)
        before = judged(connection, image_id)
        made = None
        if decision.kind == "exclude":
            made = _exclude(connection, project, row, decision)
        elif decision.kind == "approve":
            _approve(connection, project, row, before)
        else:
            judgement.set_outcome(connection, project.id, [image_id], decision.kind, decision.reason, project.author)
            if before.state != "unreviewed":  # it spoke of outlines that mean nothing now
                judgement.set_review(connection, project.id, [image_id], "unreviewed", project.author)
        decided = Decided(image_id, before, judged(connection, image_id), made)
    _tell(project, decision.kind, image_id, whole_well=decision.scope in {"well", "well_from"})
    return decided


def take_back(project: Project, decided: Decided) -> None:
    """Put everything back as it was before a decision, with who had said it and when.

    Raises
    ------
    StoreError
        Something else was said of the image meanwhile, or the exclusion was undone already.
    """
    with project.database.write() as connection:
        if decided.exclusion is not None:
            judgement.undo_exclusion(connection, project.id, decided.exclusion, project.author)
        else:
            put_back(
                connection, project.id, decided.image_id, expected=decided.after, earlier=decided.before,
                author=project.author,
            )  # fmt: skip
    _tell(project, "review", decided.image_id, whole_well=decided.exclusion is not None)


def excludable_objects(project: Project, image_id: int) -> tuple[pd.DataFrame, float | None]:
    """Return the outlines of an image that can be left out by themselves, and its pixel size in um.

    Returns
    -------
    DataFrame
        outline_id, number, class_name, area_px2; without those that are excluded already.
    float or None
        None where the pixel size is not known.

    Raises
    ------
    StoreError
        There is no such image in this project.
    """
    with project.database.read() as connection:
        row = reviewed_image(connection, project.id, image_id)
        return outlines_of(connection, project.id, row.current_result_id), row.pixel_size_um


def _approve(connection: sa.Connection, project: Project, row: ReviewedImage, before: Judged) -> None:
    if row.current_result_id is None:
        raise StoreError(f"{row.name}: it has no result that could be approved")
    if before.outcome is not None:
        judgement.set_outcome(connection, project.id, [row.id], None, "", project.author)
    judgement.set_review(connection, project.id, [row.id], "approved", project.author)


def _exclude(connection: sa.Connection, project: Project, row: ReviewedImage, decision: Decision) -> int:
    scope = decision.scope
    target: dict[str, Any]
    if scope == "image":
        target = {"image_id": row.id}
    elif scope == "object":
        known = set(outlines_of(connection, project.id, row.current_result_id)["outline_id"])
        if decision.outline not in known:
            raise StoreError(f"{row.name}: it has no outline {decision.outline} that could be excluded")
        target = {"outline_id": decision.outline}
    else:
        if row.well_id is None:
            raise StoreError(f"{row.name}: it lies in no well that could be excluded")
        target = {"well_id": row.well_id}
        if scope == "well_from":
            if row.time_h is None:
                raise StoreError(f"{row.name}: its time is not known, so nothing can be excluded from it onward")
            target["from_time_h"] = row.time_h
    return judgement.exclude(
        connection, project.id, scope, reason=decision.reason.strip(), author=project.author, **target
    )  # fmt: skip


def _tell(project: Project, kind: str, image_id: int, *, whole_well: bool) -> None:
    told = {"approve": "review", "absent": "confirm", "unusable": "confirm"}.get(kind, kind)
    project.changes.tell(told, [] if whole_well else [image_id])
