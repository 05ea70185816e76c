"""A piece of a Hub's configuration: a project's dispatcher as a service, which outlives the users' servers.

The service runs as the Hub's user here; it needs to read the images and to write the project's folder.
"""

from __future__ import annotations

c = get_config()  # noqa: F821 - JupyterHub gives it

c.JupyterHub.services = [
    {
        "name": "spheroseg-plate-7",
        "command": ["spheroseg", "dispatch", "/shared/plate-7", "--workers", "8", "--idle", "1000000000"],
        "environment": {"OMP_NUM_THREADS": "1"},
    }
]
