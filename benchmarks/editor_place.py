"""Where a point of the image lies on the page of an open editor: for what drives it by mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator

MARGIN = 16
"""Between the fitted image and the editor's edge, CSS px."""


def place_on_screen(editor: Locator, width: int, height: int) -> tuple[Callable[[Any], tuple[float, float]], float]:
    """Return where a point of the fitted image lies on the page, and the CSS pixels of an image pixel."""
    stage = editor.locator(".sw-editor-stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    scale = min((box["width"] - 2 * MARGIN) / width, (box["height"] - 2 * MARGIN) / height)
    left = box["x"] + (box["width"] - width * scale) / 2
    top = box["y"] + (box["height"] - height * scale) / 2

    def at(point: Any) -> tuple[float, float]:
        return left + float(point[0]) * scale, top + float(point[1]) * scale

    return at, scale
