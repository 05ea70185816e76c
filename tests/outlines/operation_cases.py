"""Cases of operations on outlines that Python and the browser must agree on: `operations.json`, made by this script.

``python tests/outlines/operation_cases.py`` writes it anew. Each case names an operation, the shapes it is given, and
what is to come of it: area and number of holes of each part, the largest first. "measured" is the area of each shape as
it is measured for a revision: what the browser shows while a vertex is dragged must be the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.operations import (
    fill_holes,
    grow,
    intersect,
    slice_along,
    smooth,
    stroke,
    subtract,
    union,
)
from spheroseg_widgets.outlines.outlines import Outlines, signed_area
from spheroseg_widgets.outlines.simplify import simplify

FILE = Path(__file__).with_name("operations.json")

SQUARE = [(10, 10), (50, 10), (50, 50), (10, 50)]
INSIDE = [(20, 20), (20, 40), (40, 40), (40, 20)]


def perform(case: dict[str, Any], shapes: dict[str, Any]) -> Outlines:
    """Do what a case says."""
    objects = Outlines.from_rings([shapes[name] for name in case["objects"]])
    first, rest = objects.subset([0]), objects.subset(range(1, len(objects)))
    match case["operation"]:
        case "union":
            return union(objects).outlines
        case "subtract":
            return subtract(first, rest).outlines
        case "intersect":
            for index in range(len(rest)):
                first = intersect(first, rest.subset([index])).outlines
            return first
        case "slice":
            return slice_along(first, case["line"]).outlines
        case "paint":
            return union(Outlines.concat([first, stroke(case["line"], case["size"])])).outlines
        case "erase":
            return subtract(first, stroke(case["line"], case["size"])).outlines
        case "grow":
            return grow(first, case["size"]).outlines
        case "fill_holes":
            return fill_holes(first)
        case "simplify":
            return simplify(first, case["size"])
        case "smooth":
            return smooth(first, case["size"])
        case unknown:
            raise ValueError(f"no such operation: {unknown}")


def expected(outcome: Outlines) -> list[dict[str, float]]:
    """Return what is compared: area and number of holes, the largest part first."""
    found = [(float(area), len(outcome.rings(index)) - 1) for index, area in enumerate(areas(outcome))]
    return [{"area": round(area, 3), "holes": holes} for area, holes in sorted(found, reverse=True)]


def spheroid(seed: int, x: float, y: float, radius: float, vertices: int = 120) -> NDArray[np.float64]:
    """Return an outline such as a culture's: round, lobed, a little rough."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    distance = np.full(vertices, float(radius))
    for lobes in range(2, 9):
        distance += 0.25 * radius / lobes * rng.random() * np.sin(lobes * angle + 2 * np.pi * rng.random())
    distance += 0.3 * (rng.random(vertices) - 0.5)
    return np.column_stack([x + distance * np.cos(angle), y + distance * np.sin(angle)])


SHAPES: dict[str, list[ArrayLike]] = {
    "square": [SQUARE],
    "ring": [SQUARE, INSIDE],
    "beside": [[(50, 10), (90, 10), (90, 50), (50, 50)]],
    "over": [[(30, 30), (70, 30), (70, 70), (30, 70)]],
    "inside": [INSIDE],
    "at the corner": [[(50, 50), (70, 50), (70, 70), (50, 70)]],
    "far": [np.add(SQUARE, 100)],
    "horseshoe": [[(10, 10), (90, 10), (90, 90), (70, 90), (70, 30), (30, 30), (30, 90), (10, 90)]],
    "comb": [[(10, 10), (90, 10), (90, 60), (80, 60), (80, 30), (70, 30), (70, 60), (60, 60), (60, 30), (50, 30), (50, 60),
              (40, 60), (40, 30), (30, 30), (30, 60), (10, 60)]],
    "fork": [[(10, 10), (60, 10), (60, 90), (50, 90), (30, 40), (20, 90), (10, 90)]],
    "dumbbell": [[(10, 10), (40, 10), (40, 28), (60, 28), (60, 10), (90, 10), (90, 50), (60, 50), (60, 32), (40, 32),
                  (40, 50), (10, 50)]],
    "lid": [[(10, 70), (90, 70), (90, 95), (10, 95)]],
    "bar": [[(0, 25), (60, 25), (60, 35), (0, 35)]],
    "post": [[(35, 0), (45, 0), (45, 90), (35, 90)]],
    "all but a sliver": [[(10.01, 0), (60, 0), (60, 60), (10.01, 60)]],
    "beside the hole": [[(35, 25), (45, 25), (45, 35), (35, 35)]],
    "band": [[(0, 60), (99, 60), (99, 80), (0, 80)]],
}  # fmt: skip

Case = tuple[str, str, list[str], dict[str, Any]]

# Thought out: each has something that went wrong in some tool.
DRAWN: list[Case] = [
    ("union", "overlapping squares", ["square", "over"], {}),
    ("union", "squares that share an edge", ["square", "beside"], {}),
    ("union", "squares that share a corner stay two", ["square", "at the corner"], {}),
    ("union", "squares apart stay two", ["square", "far"], {}),
    ("union", "an island fills its hole", ["ring", "inside"], {}),
    ("union", "the same outline twice", ["square", "square"], {}),
    ("union", "a lid encloses a hole", ["horseshoe", "lid"], {}),
    ("subtract", "what lies within leaves a hole", ["square", "inside"], {}),
    ("subtract", "a neighbour over a corner", ["square", "over"], {}),
    ("subtract", "a bar through the middle", ["square", "bar"], {}),
    ("subtract", "covered wholly", ["inside", "square"], {}),
    ("subtract", "a sliver is left out", ["square", "all but a sliver"], {}),
    ("subtract", "a hole grows into another", ["ring", "beside the hole"], {}),
    ("intersect", "what two share", ["square", "over"], {}),
    ("intersect", "what three share", ["square", "over", "post"], {}),
    ("intersect", "neighbours share nothing", ["square", "beside"], {}),
    ("intersect", "arms of a horseshoe", ["horseshoe", "band"], {}),
    ("slice", "straight through", ["square"], {"line": [(0, 30), (60, 30)]}),
    ("slice", "along a diagonal, through corners", ["square"], {"line": [(0, 0), (60, 60)]}),
    ("slice", "a line that ends inside cuts nothing", ["square"], {"line": [(0, 30), (30, 30)]}),
    ("slice", "along an edge", ["square"], {"line": [(0, 10), (60, 10)]}),
    ("slice", "past it", ["square"], {"line": [(0, 0), (60, 0)]}),
    ("slice", "a bend inside", ["square"], {"line": [(0, 20), (30, 40), (60, 20)]}),
    ("slice", "one arm only", ["horseshoe"], {"line": [(0, 60), (50, 60)]}),
    ("slice", "both arms", ["horseshoe"], {"line": [(0, 60), (95, 60)]}),
    ("slice", "all teeth of a comb", ["comb"], {"line": [(0, 45), (99, 45)]}),
    ("slice", "beside a hole", ["ring"], {"line": [(0, 45), (60, 45)]}),
    ("slice", "through a hole", ["ring"], {"line": [(0, 30), (60, 30)]}),
    ("slice", "into a hole only", ["ring"], {"line": [(0, 30), (30, 30)]}),
    ("slice", "from hole to edge twice", ["ring"], {"line": [(30, 30), (30, 0), (5, 0), (5, 30), (30, 30)]}),
    ("slice", "a closed loop cuts a piece out", ["square"], {"line": [(20, 20), (40, 20), (40, 40), (20, 40), (20, 20)]}),
    ("slice", "a loop around a hole", ["ring"], {"line": [(15, 15), (45, 15), (45, 45), (15, 45), (15, 15)]}),
    ("slice", "a line that crosses itself", ["square"], {"line": [(0, 20), (40, 40), (40, 20), (0, 40)]}),
    ("slice", "there and back, into three", ["square"], {"line": [(0, 20), (60, 20), (60, 40), (0, 40)]}),
    ("paint", "a dab at the edge", ["square"], {"line": [(50, 30)], "size": 12}),
    ("paint", "a stroke apart", ["square"], {"line": [(70, 60), (90, 80)], "size": 10}),
    ("paint", "a stroke that encloses a hole", ["square"], {"line": [(50, 20), (80, 20), (80, 40), (50, 40)], "size": 8}),
    ("paint", "a stroke that closes a hole", ["ring"], {"line": [(25, 25), (35, 25), (35, 35), (25, 35)], "size": 14}),
    ("erase", "rubbed in two", ["square"], {"line": [(5, 30), (55, 30)], "size": 6}),
    ("erase", "a hole rubbed", ["square"], {"line": [(30, 30)], "size": 16}),
    ("erase", "rubbed away", ["inside"], {"line": [(20, 30), (40, 30)], "size": 30}),
    ("grow", "corners are rounded", ["square"], {"size": 5}),
    ("grow", "corners stay sharp inwards", ["square"], {"size": -5}),
    ("grow", "a hole closes", ["ring"], {"size": 11}),
    ("grow", "a hole widens", ["ring"], {"size": -3}),
    ("grow", "arms grow together", ["fork"], {"size": 12}),
    ("grow", "a neck breaks", ["dumbbell"], {"size": -3}),
    ("grow", "shrunk to nothing", ["inside"], {"size": -11}),
    ("fill_holes", "a hole filled", ["ring"], {}),
]  # fmt: skip

SEEDS = range(8)


def _random() -> Iterator[Case]:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        own = [f"spheroid {seed}"]
        for operation in ("union", "subtract", "intersect"):
            yield operation, f"neighbours {seed}", [*own, f"neighbour {seed}"], {}
        line = rng.uniform([0, 60], [240, 180], (4, 2))
        line[0, 0], line[-1, 0] = 5, 235
        yield "slice", f"bent {seed}", own, {"line": line}
        way = rng.uniform(60, 180, (6, 2))
        for operation in ("paint", "erase"):
            yield operation, f"zigzag {seed}", own, {"line": way, "size": 9}
        for size in (1.5, 20, -1.5, -9):
            yield "grow", f"by {size} {seed}", own, {"size": size}
        for operation in ("simplify", "smooth"):
            yield operation, f"spheroid {seed}", own, {"size": 1.5}


def _spheroids() -> Iterator[tuple[str, list[NDArray[np.float64]]]]:
    for seed in SEEDS:
        yield f"spheroid {seed}", [spheroid(seed, 120, 120, 60), spheroid(seed + 100, 110, 125, 14, 40)[::-1]]
        yield f"neighbour {seed}", [spheroid(seed + 200, 150 + 3 * seed, 140, 45)]


def _written(points: ArrayLike) -> list[list[float]]:
    # On a grid that float32 holds: both sides are given the same numbers.
    return (np.round(np.asarray(points, np.float64) * 64) / 64).tolist()


def corpus() -> dict[str, Any]:
    """Return shapes by name, and every case with what is to come of it."""
    shapes = {name: [_written(ring) for ring in rings] for name, rings in (*SHAPES.items(), *_spheroids())}
    cases = []
    for operation, name, objects, given in (*DRAWN, *_random()):
        case = {"operation": operation, "name": name, "objects": objects, **given}
        if "line" in case:
            case["line"] = _written(case["line"])
        cases.append({**case, "expected": expected(perform(case, shapes))})
    return {"shapes": shapes, "measured": measured(shapes), "cases": cases}


def measured(shapes: dict[str, Any]) -> dict[str, float]:
    """Return the area of each shape as revisions hold it, px2."""
    turned = [[np.asarray(ring, np.float32) for ring in rings] for rings in shapes.values()]
    # Some are written as the hole they also serve as.
    outer = [[rings[0] if signed_area(rings[0]) > 0 else rings[0][::-1], *rings[1:]] for rings in turned]
    found = measure_shape(Outlines.from_rings(outer))["area_px2"]
    return {name: round(float(area), 4) for name, area in zip(shapes, found, strict=True)}


def write(made: dict[str, Any]) -> str:
    """Return the corpus as text, a shape or case a line."""
    shapes = (
        f"{json.dumps(name)}:{json.dumps(rings, separators=(',', ':'))}" for name, rings in made["shapes"].items()
    )
    cases = (json.dumps(case, separators=(",", ":")) for case in made["cases"])
    areas_of = json.dumps(made["measured"], separators=(",", ":"))
    return (
        '{"shapes":{\n'
        + ",\n".join(shapes)
        + '\n},"measured":'
        + areas_of
        + ',\n"cases":[\n'
        + ",\n".join(cases)
        + "\n]}\n"
    )


if __name__ == "__main__":
    FILE.write_text(write(corpus()), "utf-8")
