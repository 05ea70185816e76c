"""A run on a cluster of Dask Gateway: `pip install dask-gateway`, then `python gateway.py PROJECT ADDRESS`."""

from __future__ import annotations

import sys

from dask_gateway import Gateway

import spheroseg_widgets as sw

project = sw.open_project(sys.argv[1])
with Gateway(sys.argv[2]).new_cluster() as cluster, cluster.get_client() as client:
    cluster.adapt(minimum=1, maximum=16)
    # The client, and not its address: a gateway's connection is its own, so the run stays in this process.
    run = project.segment(cluster=client, detached=False).wait()
    print(run.errors())
