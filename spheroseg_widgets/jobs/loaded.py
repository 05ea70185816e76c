"""Which models a worker holds: asked of it while it works, so this imports next to nothing."""

from __future__ import annotations

import sys


def loaded_models() -> list[str]:
    """Return the names of the models that this process has loaded; none where it has done no work of ours yet."""
    # Not imported here: that takes seconds, in which a worker answers nobody.
    task = sys.modules.get("spheroseg_widgets.jobs.task")
    return [] if task is None else sorted({str(model) for model, *_ in list(task._loaded)})
