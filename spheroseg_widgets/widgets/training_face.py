"""The static face of a training: its numbers and its curves as HTML and SVG, where no kernel and no script runs."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .strings import text
from .training_curve import TrainingCurve

WIDTH, LEFT, RIGHT = 640, 48, 12
LOSS_TOP, LOSS_HEIGHT, IOU_HEIGHT = 24, 144, 72
# Read on white and on black alike: a page says nothing of its background here.
TRAINING, VALIDATION, GRID = "#2f86d0", "#c8642a", "#8886"
COLOURS = {"training": "#0b6bcb", "finished": "#1a7f5a", "failed": "#b3410e"}
LOGARITHMIC_FROM = 4
"""Times between the least and the largest loss from which an axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Where values lie: `at` gives 0 to 1, `ticks` the values that are named, with their names."""

    at: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ticks: list[tuple[float, str]]
    logarithmic: bool = False


def static_html(progress: dict[str, Any], curve: TrainingCurve) -> str:
    """Return a state as HTML without scripts; colours and sizes inline, as no style sheet goes with it.

    Parameters
    ----------
    progress : dict
        Of `training_state.progress_of`; empty before anything is known.
    curve : TrainingCurve
        Its curve.
    """
    if not progress:
        return ""
    state = progress["state"]
    reason = progress["reason"] or text("training.reason_elsewhere")
    falling = state == "training" and progress["falls_from"] is not None
    said = text(f"training.state_{'falling' if falling else state}", reason=reason)
    of_steps = "step" if progress["steps"] is None else "step_of"
    facts = [
        text(f"training.{of_steps}", step=_count(progress["step"]), steps=_count(progress["steps"] or 0)),
    ]
    if progress["loss"] is not None:
        facts.append(text("training.loss", loss=_loss(progress["loss"])))
    if progress["validation_iou"] is not None:
        facts.append(text("training.iou", iou=_iou(progress["validation_iou"])))
    ended = "took" if state == "finished" else "elapsed"
    facts.append(text(f"training.{ended}", time=_duration(progress["seconds"])))
    if progress["seconds_left"] is not None:
        facts.append(text("training.left", time=_duration(progress["seconds_left"])))
    best = progress["best"]
    lines = [html.escape(", ".join(facts))]
    if best is not None:
        lines.append(
            html.escape(
                text("training.best_text", loss=_loss(best["loss"]), iou=_iou(best["iou"]), step=_count(best["step"]))
            )
        )
    colour = COLOURS.get(state, "#6b6b6b")
    return (
        '<div style="font:13px/20px system-ui,sans-serif;font-variant-numeric:tabular-nums;max-width:640px">'
        f"<b>{html.escape(progress['name'])}</b> {html.escape(said)}"
        '<div style="height:8px;margin:4px 0;border-radius:4px;overflow:hidden;background:#8884">'
        f'<div style="height:8px;width:{100 * progress["share"]:.1f}%;background:{colour}"></div></div>'
        f"{'<br>'.join(lines)}{curve_svg(curve)}</div>"
    )


def curve_svg(curve: TrainingCurve) -> str:
    """Return the curves as an SVG element: losses above, the validation IoU below; "" before the first point."""
    step, (loss,) = _doubles(curve.training_line())
    judged, (validation_loss, iou) = _doubles(curve.validation_line())
    everything = np.concatenate([loss, validation_loss])
    if len(everything) == 0:
        return ""
    last = float(np.max(np.concatenate([step, judged])))
    across = step_axis(last, 6)
    upward = loss_axis(float(everything.min()), float(everything.max()))
    floor = LOSS_TOP + LOSS_HEIGHT
    parts = [_frame("axis_loss_log" if upward.logarithmic else "axis_loss", upward, LOSS_TOP, LOSS_HEIGHT)]
    if curve.falls_from is not None:
        begin = _x(across, np.array([float(curve.falls_from)]))[0]
        parts.append(
            f'<rect x="{begin:.1f}" y="{LOSS_TOP}" width="{max(0.0, WIDTH - RIGHT - begin):.1f}" height="{LOSS_HEIGHT}" '
            'fill="#8882"/>'
        )
        if begin < WIDTH - RIGHT - 104:
            parts.append(_text(begin + 4, LOSS_TOP + 12, text("training.falling"), "start"))
    parts.append(_legend(with_validation=len(judged) > 0))
    parts.append(_line(across, upward, step, loss, LOSS_TOP, LOSS_HEIGHT, TRAINING, 1.25))
    if len(judged):
        parts.append(_line(across, upward, judged, validation_loss, LOSS_TOP, LOSS_HEIGHT, VALIDATION, 2))
        parts.append(_best(across, upward, curve, LOSS_TOP, LOSS_HEIGHT, 1))
        top = floor + 32
        known = iou[np.isfinite(iou)]
        share = linear_axis(float(known.min()), float(known.max()), 3)
        parts.append(_frame("axis_iou", share, top, IOU_HEIGHT))
        parts.append(_line(across, share, judged, iou, top, IOU_HEIGHT, VALIDATION, 2))
        parts.append(_best(across, share, curve, top, IOU_HEIGHT, 2))
        floor = top + IOU_HEIGHT
    for value, name in across.ticks:
        place = _x(across, np.array([value]))[0]
        late = place > WIDTH - 24
        parts.append(_text(WIDTH if late else place, floor + 16, name, "end" if late else "middle"))
    parts.append(_text(WIDTH - RIGHT, floor + 32, text("training.axis_step"), "end"))
    return (
        f'<svg role="img" aria-label="{html.escape(text("training.title"))}" viewBox="0 0 {WIDTH} {floor + 36}" '
        'style="display:block;width:100%;height:auto;font:11px system-ui,sans-serif" fill="none">'
        f"{''.join(parts)}</svg>"
    )


def loss_axis(low: float, high: float) -> Axis:
    """Return the axis of losses: logarithmic where they span much."""
    if low > 0 and high / low >= LOGARITHMIC_FROM:
        a, b = math.log10(low) - 0.02, math.log10(high) + 0.02
        steps = [m * 10.0**e for e in range(math.floor(a), math.ceil(b) + 1) for m in (1, 2, 5)]
        ticks = [(v, f"{v:g}") for v in steps if a <= math.log10(v) <= b]
        return Axis(lambda values: (np.log10(np.maximum(values, 1e-12)) - a) / (b - a), ticks, logarithmic=True)
    return linear_axis(low, high, 4)


def linear_axis(low: float, high: float, wanted: int) -> Axis:
    """Return a linear axis from tick to tick, of about `wanted` of them at 1, 2 or 5 times a power of ten."""
    tick = _nice_step((high - low or abs(high) / 10 or 1.0) / wanted)
    first = math.floor(low / tick + 1e-9)
    last = max(first + 1, math.ceil(high / tick - 1e-9))
    digits = max(0, -math.floor(math.log10(tick) + 1e-9))
    ticks = [(number * tick, f"{number * tick:.{digits}f}") for number in range(first, last + 1)]
    return Axis(lambda at: (at / tick - first) / (last - first), ticks)


def step_axis(last: float, wanted: int) -> Axis:
    """Return the axis of steps: from 0 to the last one, ticks at whole numbers."""
    end = max(1.0, last)
    tick = max(1.0, _nice_step(end / wanted))
    ticks = [(float(value), _count(value)) for value in range(0, int(end) + 1, int(tick))]
    return Axis(lambda at: at / end, ticks)


def _nice_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)


def _doubles(line: Any) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
    return line.step.astype(np.float64), tuple(values.astype(np.float64) for values in line.values)


def _x(axis: Axis, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return LEFT + axis.at(values) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, values: NDArray[np.float64], top: int, height: int) -> NDArray[np.float64]:
    return top + (1 - np.clip(axis.at(values), 0, 1)) * height


def _frame(title: str, axis: Axis, top: int, height: int) -> str:
    lines = [_text(0, top - 12, text(f"training.{title}"), "start")]
    for value, name in axis.ticks:
        y = _y(axis, np.array([value]), top, height)[0]
        lines.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}" stroke-width="1"/>')
        lines.append(_text(LEFT - 8, y + 4, name, "end"))
    return "".join(lines)


def _line(
    across: Axis, upward: Axis, steps: NDArray[np.float64], values: NDArray[np.float64], top: int, height: int,
    colour: str, stroke: float,
) -> str:  # fmt: skip
    places = np.column_stack([_x(across, steps), _y(upward, values, top, height)])[np.isfinite(values)]
    if len(places) == 0:
        return ""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    if len(places) == 1:
        return f'<circle cx="{places[0, 0]:.1f}" cy="{places[0, 1]:.1f}" r="2.5" fill="{colour}"/>'
    return f'<polyline points="{points}" stroke="{colour}" stroke-width="{stroke}" stroke-linejoin="round"/>'


def _best(across: Axis, upward: Axis, curve: TrainingCurve, top: int, height: int, which: int) -> str:
    if curve.best is None or not math.isfinite(curve.best[which]):
        return ""
    x = _x(across, np.array([float(curve.best.step)]))[0]
    y = _y(upward, np.array([curve.best[which]]), top, height)[0]
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" stroke="{VALIDATION}" stroke-width="1.5"/>'


def _legend(*, with_validation: bool) -> str:
    shown = [("training_loss", TRAINING)] + ([("validation_loss", VALIDATION)] if with_validation else [])
    parts = []
    for number, (key, colour) in enumerate(shown):
        x = WIDTH - RIGHT - 120 * (len(shown) - number)
        parts.append(f'<path d="M{x} {LOSS_TOP - 16}h16" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(x + 20, LOSS_TOP - 12, text(f"training.{key}"), "start"))
    return "".join(parts)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="currentColor" fill-opacity="0.75">'
        f"{html.escape(words)}</text>"
    )


def _count(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u2009")


def _loss(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:#.3g}"


def _iou(value: float) -> str:
    return f"{value:.3f}"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
