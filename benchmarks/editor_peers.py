"""Other ways to show the same outlines in the same browser, as pages that `editor.py` drives.

Each page shows a stage of the editor's size with the whole image in it, and gives `swTurn(i)`, which makes the picture a
little larger or smaller, `swPan(i)`, which moves it by a pixel, and `swVertex()`, where a vertex lies that the mouse can
drag. `swOpened` is when all of it was on screen, milliseconds from the page's start.
"""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TURN, FITTED = 0.01, 0.98
"""What `swTurn` changes the scale by, and how much of the stage the whole image takes."""
GREY = 1000
"""Pixels along each edge of the image behind the outlines; the editor's has more."""

_HEAD = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #1e1e1e; }
#stage { position: relative; overflow: hidden; width: WIDTHpx; height: HEIGHTpx; }
#stage > * { position: absolute; transform-origin: top left; }
</style><div id="stage"></div><script>
const WIDTH = STAGE_WIDTH, HEIGHT = STAGE_HEIGHT, SIDE = IMAGE_SIDE, EACH = VERTICES;
const bytes = Uint8Array.from(atob("OUTLINES"), letter => letter.charCodeAt(0));
const xy = new Float32Array(bytes.buffer), count = xy.length / 2 / EACH;
const stage = document.getElementById('stage');
const view = { scale: FITTED * Math.min(WIDTH, HEIGHT) / SIDE, x: 0, y: 0 };
view.x = (WIDTH - SIDE * view.scale) / 2; view.y = (HEIGHT - SIDE * view.scale) / 2;
const fitted = { ...view };
const image = document.createElement('canvas');
image.width = image.height = GREY;
const grey = new ImageData(GREY, GREY);
new Uint32Array(grey.data.buffer).forEach((_, i, all) => { all[i] = 0xff000000 | (0x010101 * (96 + (i * 7919) % 64)); });
image.getContext('2d').putImageData(grey, 0, 0);
const inView = (event) => {
  const box = stage.getBoundingClientRect();
  return [(event.clientX - box.left - view.x) / view.scale, (event.clientY - box.top - view.y) / view.scale];
};
const turned = i => {
  const factor = i % 2 ? 1 - TURN : 1;
  view.scale = fitted.scale * factor;
  view.x = (WIDTH - SIDE * view.scale) / 2; view.y = (HEIGHT - SIDE * view.scale) / 2;
};
const held = HELD;
const swVertex = () => {
  const box = stage.getBoundingClientRect(), at = held * EACH * 2;
  return [box.left + xy[at] * view.scale + view.x, box.top + xy[at + 1] * view.scale + view.y];
};
const shown = () => requestAnimationFrame(() => requestAnimationFrame(() => { window.swOpened = performance.now(); }));
const nearby = i => {
  view.scale = NEAR; view.x = WIDTH / 2 - SIDE / 2 * view.scale + i % 2; view.y = HEIGHT / 2 - SIDE / 2 * view.scale;
};
"""

SVG = (
    _HEAD
    + """
// As CVAT does it: an element an outline, the layer moved by its place and zoomed by a transform, the width of every line
// set anew at every zoom, and circles for the vertices of the outline that is worked on.
const NS = 'http://www.w3.org/2000/svg';
const content = document.createElementNS(NS, 'svg');
content.setAttribute('width', SIDE); content.setAttribute('height', SIDE);
image.style.width = image.style.height = `${SIDE}px`;
const shapes = [];
const pointsOf = n => Array.from({ length: EACH }, (_, k) => `${xy[2 * (n * EACH + k)]},${xy[2 * (n * EACH + k) + 1]}`).join(' ');
for (let n = 0; n < count; n++) {
  const shape = document.createElementNS(NS, 'polygon');
  shape.setAttribute('points', pointsOf(n));
  shape.setAttribute('fill', '#e69f00'); shape.setAttribute('fill-opacity', '0.07'); shape.setAttribute('stroke', '#e69f00');
  shapes.push(shape);
}
const handles = Array.from({ length: EACH }, (_, k) => {
  const circle = document.createElementNS(NS, 'circle');
  circle.setAttribute('cx', xy[2 * (held * EACH + k)]); circle.setAttribute('cy', xy[2 * (held * EACH + k) + 1]);
  circle.setAttribute('fill', '#ffffff');
  return circle;
});
const place = () => { for (const one of [image, content]) { one.style.left = `${view.x}px`; one.style.top = `${view.y}px`; } };
const zoom = () => {
  for (const one of [image, content]) one.style.transform = `scale(${view.scale}) rotate(0deg)`;
  for (const circle of handles) circle.setAttribute('r', 3.5 / view.scale);
  for (const shape of shapes) shape.setAttribute('stroke-width', 1.5 / view.scale);
};
window.swTurn = i => { turned(i); zoom(); place(); };
window.swNear = () => { nearby(0); zoom(); place(); };
window.swPan = i => { view.x += i % 2 ? 1 : -1; place(); };
content.append(...shapes, ...handles);
stage.append(image, content);
zoom(); place();
let dragging = false;
stage.onpointerdown = () => { dragging = true; };
stage.onpointerup = () => { dragging = false; };
stage.onpointermove = event => {
  if (!dragging) return;
  const [x, y] = inView(event), at = held * EACH * 2;
  xy[at] = x; xy[at + 1] = y;
  handles[0].setAttribute('cx', x); handles[0].setAttribute('cy', y);
  shapes[held].setAttribute('points', pointsOf(held));
};
shown();
</script>"""
)

CANVAS = (
    _HEAD
    + """
// One canvas, drawn anew whole at every change; what lies out of sight is left out.
const canvas = document.createElement('canvas');
canvas.width = WIDTH; canvas.height = HEIGHT;
stage.append(canvas);
const context = canvas.getContext('2d');
const boxes = Float32Array.from({ length: 4 * count }, (_, i) => {
  let value = i % 4 < 2 ? Infinity : -Infinity;
  for (let k = 0; k < EACH; k++) {
    const at = xy[2 * ((i >> 2) * EACH + k) + i % 2];
    value = i % 4 < 2 ? Math.min(value, at) : Math.max(value, at);
  }
  return value;
});
const draw = () => {
  const { scale, x, y } = view;
  context.clearRect(0, 0, WIDTH, HEIGHT);
  context.drawImage(image, x, y, SIDE * scale, SIDE * scale);
  const [left, top, right, bottom] = [-x / scale, -y / scale, (WIDTH - x) / scale, (HEIGHT - y) / scale];
  context.strokeStyle = '#e69f00'; context.fillStyle = 'rgb(230 159 0 / 7%)'; context.lineWidth = 1.5;
  for (let n = 0; n < count; n++) {
    if (boxes[4 * n] > right || boxes[4 * n + 1] > bottom || boxes[4 * n + 2] < left || boxes[4 * n + 3] < top) continue;
    context.beginPath();
    for (let k = 2 * n * EACH, end = k + 2 * EACH; k < end; k += 2) context.lineTo(xy[k] * scale + x, xy[k + 1] * scale + y);
    context.closePath(); context.fill(); context.stroke();
  }
  context.fillStyle = '#ffffff';
  for (let k = 2 * held * EACH, end = k + 2 * EACH; k < end; k += 2) context.fillRect(xy[k] * scale + x - 3, xy[k + 1] * scale + y - 3, 6, 6);
};
let waiting = 0;
const soon = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; draw(); }); };
window.swTurn = i => { turned(i); soon(); };
window.swNear = () => { nearby(0); soon(); };
window.swPan = i => { view.x += i % 2 ? 1 : -1; soon(); };
let dragging = false;
stage.onpointerdown = () => { dragging = true; };
stage.onpointerup = () => { dragging = false; };
stage.onpointermove = event => {
  if (!dragging) return;
  [xy[2 * held * EACH], xy[2 * held * EACH + 1]] = inView(event);
  soon();
};
draw();
shown();
</script>"""
)

PAGES = {"SVG": SVG, "Canvas2D": CANVAS}

IPYCANVAS = """
import ipycanvas
import numpy as np
rings, white = np.load(RINGS), 0

def paint(scale, x):
    global white
    with ipycanvas.hold_canvas():
        canvas.clear()
        canvas.stroke_style, canvas.line_width = "#e69f00", 1.5
        canvas.stroke_polygons(rings * scale + [x, 0])
        canvas.fill_style = ["#ff0000", "#00ff00"][white]  # says which picture this is
        canvas.fill_rect(0, 0, 8, 8)
    white = 1 - white

canvas = ipycanvas.Canvas(width=STAGE_WIDTH, height=STAGE_HEIGHT)
canvas.on_mouse_down(lambda x, y: paint(SCALE, white))
canvas.add_class("sw-peer")
"""


def write_page(
    path: Path, page: str, rings: NDArray[np.float32], side: int, stage: tuple[int, int], near: float
) -> str:
    """Write a page of `PAGES`; returns its address.

    Parameters
    ----------
    path : Path
    page : str
        Which.
    rings : (n, k, 2) float32
        Outlines, image pixels.
    side : int
        Of the square image, pixels.
    stage : (int, int)
        Width and height, CSS pixels.
    near : float
        CSS pixels an image pixel once `swNear` was called.
    """
    values = {
        "WIDTHpx": f"{stage[0]}px", "HEIGHTpx": f"{stage[1]}px", "STAGE_WIDTH": stage[0], "STAGE_HEIGHT": stage[1],
        "IMAGE_SIDE": side, "VERTICES": rings.shape[1], "FITTED": FITTED, "TURN": TURN, "GREY": GREY, "NEAR": near,
        "HELD": held(len(rings)), "OUTLINES": base64.b64encode(np.ascontiguousarray(rings, "<f4").tobytes()).decode(),
    }  # fmt: skip
    text = PAGES[page]
    for name, value in values.items():
        text = text.replace(name, str(value))
    path.write_text(text)
    return path.as_uri()


def held(count: int) -> int:
    """Return which outline is worked on: one in the middle of a square of so many, row by row."""
    edge = round(count**0.5)
    return edge * (edge // 2) + edge // 2
