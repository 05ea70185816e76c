"""What a person's hands do in an open notebook, and what its kernel says to questions."""

from __future__ import annotations

import json
import time
from ast import literal_eval
from typing import Any

import psutil
from editor_place import place_on_screen
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Locator, Page, expect

from spheroseg_widgets.outlines.outlines import Outlines

from .conftest import Lab


def bring(page: Page, selector: str, seconds: float = 120) -> Locator:
    """Scroll the notebook until something of it is there: Lab takes cells that are out of sight off the page."""
    outer = page.locator(".jp-WindowedPanel-outer").first
    found = page.locator(selector).first
    end = time.monotonic() + seconds
    while not found.count():
        cells = page.locator(".jp-CodeCell").all_inner_texts()
        assert time.monotonic() < end, f"nothing is {selector}; the cells say {cells}"
        at = outer.evaluate(
            "(element) => { const { scrollTop: top, scrollHeight, clientHeight } = element;"
            " return (element.scrollTop = top + clientHeight >= scrollHeight - 1 ? 0 : top + 300); }"
        )
        page.wait_for_timeout(100 if at else 300)
    found.scroll_into_view_if_needed()
    return found


def ask(lab: Lab, code: str, notebook: str | None = None) -> Any:
    """Evaluate an expression in the kernel of a notebook, else in the newest one."""
    client = BlockingKernelClient(connection_file=str(lab.kernel_file(notebook)))
    client.load_connection_file()
    client.start_channels()
    try:
        # The reply says it, and not what is printed: printed words reach only who has subscribed to them by then.
        wanted = {"answer": f"__import__('json').dumps({code})"}
        reply = client.execute("", user_expressions=wanted, store_history=False, reply=True, timeout=240)
        answer = reply["content"]["user_expressions"]["answer"]
        assert answer["status"] == "ok", answer
        return json.loads(literal_eval(answer["data"]["text/plain"]))
    finally:
        client.stop_channels()


def until_told(lab: Lab, code: str, wanted: Any, seconds: float = 60) -> None:
    """Wait until the kernel answers so."""
    end = time.monotonic() + seconds
    while (told := ask(lab, code)) != wanted:
        assert time.monotonic() < end, f"{code} is {told}, not {wanted}"


def kill_kernel(lab: Lab, notebook: str | None = None) -> None:
    """End the kernel of a notebook, else the newest one, as a crash does."""
    connection = str(lab.kernel_file(notebook))
    for process in psutil.process_iter(["cmdline"]):
        if connection in (process.info["cmdline"] or []):
            process.kill()
            return
    raise AssertionError(f"no process of {connection}")


def drag_vertex(
    editor: Locator, outlines: Outlines, width: int, height: int, pull: float, side: str = "right"
) -> float:
    """Select the first outline and drag its outermost vertex of a side so many CSS pixels outwards; gives image pixels."""
    page = editor.page
    at, scale = place_on_screen(editor, width, height)
    ring = outlines.rings(0)[0]
    page.mouse.click(*at(ring.mean(axis=0)))
    expect(editor.locator(".sw-editor-object")).not_to_be_empty()
    dx, dy = {"right": (1, 0), "left": (-1, 0), "bottom": (0, 1)}[side]
    x, y = at(ring[(ring @ (dx, dy)).argmax()])
    page.mouse.move(x, y)
    page.mouse.down()
    for share in (0.5, 1.0):
        page.mouse.move(x + share * pull * dx, y + share * pull * dy, steps=4)
    page.mouse.up()
    return pull / scale
