"""Where a project's store is, told to a process that this one starts: a kernel that reports, a detached dispatcher.

In its environment, which other users cannot read: the URL of a store may hold a password, and must stand neither in a
file nor on a command line.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

VARIABLE = "SPHEROSEG_STORE"
"""Names the project's folder as well: what is started may open other projects, too."""


def environment_with(folder: Path, store: str | None) -> dict[str, str]:
    """Return this process's environment for one that is to open a project as it was opened here.

    Parameters
    ----------
    folder : Path
        Of the project.
    store : str or None
        Its store; None where that is what the folder says.
    """
    told = {} if store is None else {VARIABLE: json.dumps([str(folder), store])}
    return {**os.environ, **told}


def handed_on(folder: Path) -> str | None:
    """Return the store of a project as the process that started this one knows it; None where it said nothing."""
    try:
        told, store = json.loads(os.environ.get(VARIABLE, ""))
    except ValueError:
        return None
    return str(store) if told == str(folder) else None
