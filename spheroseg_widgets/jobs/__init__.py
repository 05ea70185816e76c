"""Dask: the task that runs on a worker, the cluster, and the dispatcher that keeps the store's truth."""
