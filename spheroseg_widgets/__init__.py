"""Outlines, measurements and reports from microscope images of tumour spheroids, in Jupyter."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .project.hooks import register

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .outlines.outlines import Outlines as Outlines
    from .project.opening import open_project as open_project
    from .project.project import Project as Project
    from .project.run import Run as Run
    from .widgets.add_images import AddImages as AddImages
    from .widgets.cluster_monitor import ClusterMonitor as ClusterMonitor
    from .widgets.compare import Compare as Compare
    from .widgets.editor import Editor as Editor
    from .widgets.gallery import Gallery as Gallery
    from .widgets.monitor import Monitor as Monitor
    from .widgets.threshold_preview import ThresholdPreview as ThresholdPreview
    from .widgets.training_monitor import TrainingMonitor as TrainingMonitor
    from .widgets.workbench import Workbench as Workbench

# Resolved on first use (PEP 562): a worker that imports the package must not load the store or Jupyter.
_PUBLIC = {
    "AddImages": ".widgets.add_images",
    "ClusterMonitor": ".widgets.cluster_monitor",
    "Compare": ".widgets.compare",
    "Editor": ".widgets.editor",
    "Gallery": ".widgets.gallery",
    "Monitor": ".widgets.monitor",
    "Outlines": ".outlines.outlines",
    "Project": ".project.project",
    "Run": ".project.run",
    "ThresholdPreview": ".widgets.threshold_preview",
    "TrainingMonitor": ".widgets.training_monitor",
    "Workbench": ".widgets.workbench",
    "open_project": ".project.opening",
}
__all__ = [
    "AddImages",
    "ClusterMonitor",
    "Compare",
    "Editor",
    "Gallery",
    "Monitor",
    "Outlines",
    "Project",
    "Run",
    "ThresholdPreview",
    "TrainingMonitor",
    "Workbench",
    "__version__",
    "open_project",
]

# By name as well: what displays a run and what writes a report is imported when it is first asked for.
register("display_run", "spheroseg_widgets.widgets.monitor:display_run")
register("display_finetuning", "spheroseg_widgets.widgets.training_monitor:display_finetuning")
register("demo_plate", "spheroseg_widgets.demo.plate:make_demo_plate")
register("runs_detached", "spheroseg_widgets.widgets.kernel:is_kernel")
register("report", "spheroseg_widgets.reports.report:write_report")


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name], __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
