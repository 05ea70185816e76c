"""Any sequence of events leaves every job in one state, reached by an allowed step, that every count agrees with."""

from __future__ import annotations

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from spheroseg_widgets.store import jobs, runs
from spheroseg_widgets.store.database import Database
from spheroseg_widgets.store.job_state import ALLOWED
from spheroseg_widgets.store.progress import run_progress
from spheroseg_widgets.store.tables import job, project

from .plates import project_of

COUNT = 4


class Jobs(RuleBasedStateMachine):
    """Two dispatchers, one of which may answer late, against a model of what the rows must say."""

    def __init__(self, store: Database) -> None:
        super().__init__()
        self.store = store

    @initialize()
    def begin(self) -> None:
        """Begin with nothing that an earlier sequence left."""
        with self.store.write() as c:
            c.execute(project.delete())
            self.project, made = project_of(c, COUNT)
            self.run = runs.create_run(c, self.project, runs.ensure_model(c, "m", "1", "00", None), {}, made, "me")
            self.expected = {int(i): "queued" for i in c.scalars(sa.select(job.c.id))}
        self.attempts = dict.fromkeys(self.expected, 0)
        self.answers: list[tuple[int, int]] = []

    def step(self, job_id: int, status: str) -> None:
        assert status in ALLOWED[self.expected[job_id]]
        self.expected[job_id] = status

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        waiting = [i for i, status in self.expected.items() if status == "queued"]
        with self.store.write() as c:
            claimed = [one for (one,) in jobs.claim_jobs(c, self.run, limit, "w", 60.0)]
        assert [one.job_id for one in claimed] == waiting[:limit]
        for one in claimed:
            self.step(one.job_id, "running")
            assert one.attempt > self.attempts[one.job_id]
            self.attempts[one.job_id] = one.attempt
            self.answers.append((one.job_id, one.attempt))

    @rule(which=st.integers(0, 50), good=st.booleans())
    def answer(self, which: int, good: bool) -> None:
        """Answer a claim of any age, also one that was answered before."""
        if not self.answers:
            return
        job_id, attempt = self.answers[which % len(self.answers)]
        counts = self.expected[job_id] == "running" and self.attempts[job_id] == attempt
        with self.store.write() as c:
            took = bool(
                jobs.finish_jobs(c, [(job_id, attempt, "w", 0.1, {})])
                if good
                else jobs.fail_job(c, job_id, attempt, "broken", None)
            )
        assert took == counts
        if counts:
            self.step(job_id, "done" if good else "failed")

    @rule()
    def requeue(self) -> None:
        lost = [i for i, status in self.expected.items() if status == "running"]
        with self.store.write() as c:
            assert jobs.requeue_orphans(c, self.run) == len(lost)
        for i in lost:
            self.step(i, "queued")

    @rule()
    def retry(self) -> None:
        failed = [i for i, status in self.expected.items() if status == "failed"]
        with self.store.write() as c:
            assert jobs.retry_failed(c, self.run) == len(failed)
        for i in failed:
            self.step(i, "queued")

    @rule(chance=st.integers(0, 9))
    def cancel(self, chance: int) -> None:
        if chance:
            return
        unfinished = [i for i, status in self.expected.items() if status in {"queued", "running"}]
        with self.store.write() as c:
            assert jobs.cancel_jobs(c, self.run) == len(unfinished)
        for i in unfinished:
            self.step(i, "cancelled")

    @rule(chance=st.integers(0, 9))
    def break_down(self, chance: int) -> None:
        """Let the run itself break: what is open fails with its reason."""
        if chance:
            return
        unfinished = [i for i, status in self.expected.items() if status in {"queued", "running"}]
        with self.store.write() as c:
            assert len(runs.fail_run(c, self.project, self.run, "no scheduler", "")) == len(unfinished)
        for i in unfinished:
            self.step(i, "failed")

    @invariant()
    def every_count_agrees(self) -> None:
        if not hasattr(self, "expected"):
            return
        with self.store.write() as c:
            stored = {int(i): str(status) for i, status in c.execute(sa.select(job.c.id, job.c.status))}
            frame = jobs.jobs_frame(c, self.run)
            status = runs.close_run(c, self.run)
            seen = run_progress(c, self.run)
        assert stored == self.expected
        assert frame["status"].value_counts().to_dict() == {
            s: list(stored.values()).count(s) for s in set(stored.values())
        }
        counts = {s: getattr(seen, s) for s in ("queued", "running", "done", "failed", "cancelled")}
        assert counts == {s: list(stored.values()).count(s) for s in counts}
        assert (seen.total, seen.status) == (COUNT, status)
        unfinished = {"queued", "running"} & set(stored.values())
        assert seen.finished == (not unfinished)
        assert (status == "running") == bool(unfinished)


def test_any_sequence_of_events_leaves_every_job_in_one_state(store: Database) -> None:
    run_state_machine_as_test(
        lambda: Jobs(store),
        settings=settings(
            max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
