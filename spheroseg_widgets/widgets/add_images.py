"""A widget of its own for adding images, where no gallery is shown."""

from __future__ import annotations

import html
from typing import ClassVar

import traitlets

from spheroseg_widgets.project.project import Project

from .adding import AddsImages
from .base import STATIC
from .strings import text


class AddImages(AddsImages):
    """Add images to a project: files dropped on it, or a folder or URL that the kernel reads.

    ```python
    sw.AddImages(project)
    ```

    Parameters
    ----------
    project : Project
        What they are added to; `project.on_change` tells of them.
    from_paths : bool
        Whether a page may name a path or URL that this process reads.
    """

    _esm = STATIC / "add.js"
    _css = STATIC / "add.css"
    section: ClassVar[str] = "add"

    project_name = traitlets.Unicode("").tag(sync=True)

    def __init__(self, project: Project, *, from_paths: bool = True) -> None:
        self.project = project
        super().__init__(project_name=project.name, from_paths=from_paths)

    def static_html(self) -> str:
        """Return the project's name and how many images it has."""
        count = len(self.project.images())
        return f"<p>{html.escape(text('add.face', project=self.project.name, n=count))}</p>"
