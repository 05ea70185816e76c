"""A run on a SLURM cluster through dask-jobqueue: `pip install dask-jobqueue`, then `python slurm.py PROJECT`.

Run it on a node that the compute nodes can reach. Queue, account and times are your site's; the images and this
environment must lie under the same path on all nodes.
"""

from __future__ import annotations

import sys

from dask_jobqueue import SLURMCluster

import spheroseg_widgets as sw

with SLURMCluster(
    queue="short",
    account="my-lab",
    cores=8,
    processes=8,  # one image at a time in each: threads of one process share memory and gain nothing
    memory="24GB",  # 8 x the peak of a worker, with room
    walltime="02:00:00",
    local_directory="$TMPDIR",
) as cluster:
    cluster.adapt(minimum_jobs=1, maximum_jobs=10)
    project = sw.open_project(sys.argv[1])
    run = project.segment(cluster=cluster).wait()
    print(run.status()["status"].value_counts())
    print(run.errors())
