"""Whether this process is a notebook's kernel."""

from __future__ import annotations

import sys


def is_kernel() -> bool:
    """Whether this process is the kernel of a notebook or of a page, which is restarted and ended at will."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
