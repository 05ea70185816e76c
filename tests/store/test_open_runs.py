"""Which runs are open, on every kind of store."""

from __future__ import annotations

from spheroseg_widgets.store import jobs, requests, runs
from spheroseg_widgets.store.database import Database

from .plates import project_of


def test_open_runs_are_those_that_are_not_ended_but_for_those_the_caller_knows(store: Database) -> None:
    with store.write() as c:
        project, images = project_of(c, 2)
        model = runs.ensure_model(c, "m", "1", "00", None)
        first, second, third = (runs.create_run(c, project, model, {}, images, "me") for _ in range(3))
        requests.request_run(c, project, third, cluster={"workers": 2})
        jobs.cancel_jobs(c, second)
        runs.close_run(c, second)
    with store.read() as c:
        found = requests.open_runs(c, project)
        assert [one.run_id for one in found] == [first, third]
        assert found[0].request is None
        assert found[1].request is not None
        assert dict(found[1].request.cluster) == {"workers": 2}
        assert [one.run_id for one in requests.open_runs(c, project, but={first})] == [third]
        assert requests.open_runs(c, project, but={first, third}) == []
