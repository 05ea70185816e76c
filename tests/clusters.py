"""Clusters of a test's own, whose dashboards take whatever port is free."""

from __future__ import annotations

from typing import Any

from distributed import LocalCluster


def small_cluster(workers: int = 1, **options: Any) -> LocalCluster:
    """
    Start a cluster with workers of one thread, in this process unless told otherwise.

    Without an address of its own, a scheduler's dashboard asks for port 8787 and warns where another test has it,
    which fails the test.
    """
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=None,  # of the workers none
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        silence_logs=50,
        **{"processes": False, **options},
    )
