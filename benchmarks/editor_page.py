"""What `editor.py` does in a page: websockets that are counted, frames, the mouse and what it takes until it is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page

# What of the page this file knows.
EDITOR = "document.querySelector('.sw-editor:not([data-old])')"
AGE = "() => document.querySelectorAll('.sw-editor').forEach(editor => { editor.dataset.old = ''; })"
DRAWN = f"""(() => {{
    const editor = {EDITOR};
    const told = editor?.querySelector('.sw-editor-count')?.textContent.replace(/\\D/g, '');
    if (told !== 'COUNT' || !editor.querySelector('.sw-editor-wait').hidden) return false;
    const gl = editor.querySelector('.sw-editor-picture').getContext('webgl2');
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // comes when all before it is drawn
    return true;
}})()"""
WIRE = """(() => {
    const Socket = window.WebSocket;
    const wire = window.swWire = [];
    const note = (sent, data) => {
        const text = typeof data === 'string';
        const bytes = text ? data.length : data.byteLength;
        const head = text ? data.slice(0, 6000) : data instanceof ArrayBuffer
            ? new TextDecoder('latin1').decode(new Uint8Array(data, 0, Math.min(6000, bytes))) : '';
        wire.push({ at: performance.now(), sent, bytes, head });
    };
    window.WebSocket = class extends Socket {
        constructor(...parts) { super(...parts); this.addEventListener('message', event => note(false, event.data)); }
        send(data) { note(true, data); super.send(data); }
    };
})()"""
HANDS = f"""() => {{
    const stage = {EDITOR}.querySelector('.sw-editor-stage');
    const box = stage.getBoundingClientRect();
    const middle = {{ clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, cancelable: true }};
    const point = (name, dx, dy = 0) => stage.dispatchEvent(new PointerEvent(name, {{
        ...middle, clientX: middle.clientX + dx, clientY: middle.clientY + dy, pointerId: 7, pointerType: 'mouse', button: 1,
    }}));
    const wheel = delta => stage.dispatchEvent(new WheelEvent('wheel', {{ ...middle, ctrlKey: true, deltaY: delta }}));
    window.swTurn = i => wheel(i % 2 ? 0.9 : -0.9);
    window.swFarther = () => wheel(3);
    window.swCloser = () => wheel(-3);
    window.swPan = i => point('pointermove', i % 2);
    window.swHold = () => point('pointerdown', 0);
    window.swRelease = () => point('pointerup', 0);
    window.swZoom = times => wheel(-100 * Math.log(times));
    window.swMoves = n => {{
        const began = performance.now();
        for (let i = 0; i < n; i++) point('pointermove', (0.4 * Math.sin(i)) * box.width, (0.4 * Math.sin(1.7 * i)) * box.height);
        return (performance.now() - began) / n;
    }};
}}"""
FRAMES = """async ([step, n]) => {
    const frame = () => new Promise(requestAnimationFrame);
    const at = [];
    for (let i = 0; i < n + 2; i++) {
        window[step]?.(i);
        await frame();  // the page's own drawing was asked for before, and is done
        at.push(performance.now());
    }
    return at.slice(2).map((now, i) => now - at[i + 1]);
}"""
STORED = f"""() => {{
    const storing = {EDITOR}.querySelector('.sw-editor-storing');
    window.swStored = null;
    addEventListener('pointerup', event => {{
        let going = false;
        const look = new MutationObserver(() => {{
            going ||= storing.dataset.state === 'storing';
            if (!going || storing.dataset.state !== 'stored') return;
            look.disconnect();
            window.swStored = performance.now() - event.timeStamp;
        }});
        look.observe(storing, {{ attributes: true }});
    }}, {{ capture: true, once: true }});
}}"""
WIPE = "() => { window.swWire.length = 0; }"


def frames(page: Page, step: str, count: int) -> list[float]:
    """Return the milliseconds between frames, in each of which the page did a step; an unknown step does nothing."""
    return [float(value) for value in page.evaluate(FRAMES, [step, count])]


def until_seen(page: Page, act: Callable[[], object], trace: Path) -> list[float]:
    """Return how long each move of a mouse that was held down took until its frame was on screen, ms, by Chromium's trace.

    Moves that no frame showed are not among them.
    """
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, path=trace, categories=["input.scrolling"])
    try:
        act()
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_timeout(1000)
    finally:
        browser.stop_tracing()
    began: dict[tuple[int, str], float] = {}
    took = []
    for event in sorted(json.loads(trace.read_text())["traceEvents"], key=lambda one: one.get("ts", 0)):
        if event["name"] != "EventLatency":
            continue
        key = (event["pid"], event["id2"]["local"])
        about = event["args"].get("event_latency", {})
        if event["ph"] == "b" and about.get("event_type") == "MOUSE_DRAGGED" and "display_trace_id" in about:
            began[key] = event["ts"]
        elif event["ph"] == "e" and key in began:
            took.append((event["ts"] - began.pop(key)) / 1000)
    return took


def pull(page: Page, x: float, y: float, moves: int) -> None:
    """Move the mouse, which is held down, to and fro to the right of a point."""
    for number in range(moves):
        page.mouse.move(x + 6 + 5 * np.sin(number / 4), y)


def messages(page: Page, method: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the page's calls of a method and the kernel's answers to them, as its websockets passed them."""
    wire = page.evaluate("window.swWire")
    calls = [one for one in wire if one["sent"] and f'"method":"{method}"' in one["head"].replace(" ", "")]
    answers = []
    for call in calls:
        number = call["head"].replace(" ", "").split('"kind":"call","id":')[1].split(",")[0]
        wanted = f'"kind":"result","id":{number},'
        answers += [one for one in wire if not one["sent"] and wanted in one["head"].replace(" ", "")]
    return calls, answers
