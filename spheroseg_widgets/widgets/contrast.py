"""How a project's images are stretched where they are shown: as the last run stretched them."""

from __future__ import annotations

from spheroseg_widgets.imaging.normalise import Percentiles
from spheroseg_widgets.project.project import Project


def percentiles_of(project: Project) -> Percentiles:
    """Return the percentiles of the project's last run, so that a person sees what the model saw."""
    history = project.runs()
    settings = history["parameters"].iloc[-1].get("settings", {}) if len(history) else {}
    default = Percentiles()
    return Percentiles(settings.get("low", default.low), settings.get("high", default.high))
