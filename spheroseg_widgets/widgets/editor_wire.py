"""Operations as they travel between the editor's halves (browser half: `frontend/editor/operations.ts`)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.outlines import Outlines

from .editor_document import Operation, Rings
from .editor_session import Verdict


def received(sent: Sequence[dict[str, Any]], buffers: Sequence[memoryview]) -> list[Operation]:
    """Join what the browser sent: one description an operation, one buffer a geometry."""
    blobs = iter(buffers)
    operations = []
    for one in sent:
        put = one["kind"] == "put"
        rings = Outlines.from_bytes(bytes(next(blobs))).rings(0) if put else []
        operations.append(
            Operation(
                id=str(uuid.UUID(one["id"])),
                kind="put" if put else "delete",
                outline_id=str(uuid.UUID(one["outline_id"])),
                class_name=str(one["class_name"]),
                label=str(one["label"]),
                rings=rings,
                step=str(uuid.UUID(one["step"])),
                parents=[str(uuid.UUID(parent)) for parent in one["parents"]],
                primary=one.get("primary"),
            )
        )
    return operations


def answered(verdicts: Sequence[Verdict]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Part verdicts into what is said and the geometries beside it: -1 is "not there", None "as it was sent"."""
    sent: list[dict[str, Any]] = []
    blobs: list[bytes] = []
    for verdict in verdicts:
        geometry: int | None = None
        if verdict.rings is None:
            geometry = -1
        elif not isinstance(verdict.rings, str):
            geometry = len(blobs)
            blobs.append(Outlines.from_rings([verdict.rings]).to_bytes())
        sent.append({
            "id": verdict.operation_id, "outline": verdict.outline_id, "state": verdict.state, "reason": verdict.reason,
            "geometry": geometry,
        })  # fmt: skip
    return sent, blobs


def area(rings: Rings | None) -> float | None:
    """Return the area of an outline as it is stored, px2: what the browser's own measurement is confirmed by."""
    return None if rings is None else float(areas(Outlines.from_rings([rings]))[0])
