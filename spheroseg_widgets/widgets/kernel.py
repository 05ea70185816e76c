"""Whether this process is a notebook's kernel, and where in it messages of a page are read."""

from __future__ import annotations

import sys
from typing import Any


def is_kernel() -> bool:
    """Whether this process is the kernel of a notebook or of a page, which is restarted and ended at will."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def known_subshell(comm: Any, subshell: str | None) -> str | None:
    """Return the subshell that a message names, or None for the main one where this kernel does not have it.

    JupyterLab makes a subshell for widgets once a kernel. After a restart that its page did not hear of, as by another
    page, it goes on naming the one that is gone, and what is sent there is not answered by anybody.

    Parameters
    ----------
    comm : ipykernel.comm.Comm
        The line that the message came by.
    """
    thread = getattr(comm.kernel, "shell_channel_thread", None)
    return subshell if thread is None or subshell in thread.manager.list_subshell() else None
