"""The states of a job and the steps between them: the one place that says what may follow what."""

from __future__ import annotations

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"

ALLOWED: dict[str, frozenset[str]] = {
    # Failed without being started: the run itself could not go on.
    QUEUED: frozenset({RUNNING, CANCELLED, FAILED}),
    # Back to queued: the lease ran out, its worker is gone.
    RUNNING: frozenset({DONE, FAILED, CANCELLED, QUEUED}),
    DONE: frozenset(),
    # Retried on request.
    FAILED: frozenset({QUEUED}),
    CANCELLED: frozenset(),
}
FINAL = frozenset({DONE, FAILED, CANCELLED})


def sources_of(target: str) -> tuple[str, ...]:
    """Return the states from which a job may step to `target`."""
    return tuple(state for state, following in ALLOWED.items() if target in following)
