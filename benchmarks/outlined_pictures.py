"""Draw the picture pairs of `docs/outlined.md` from synthetic scenes, into `docs/images/outlined/`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from spheroseg_widgets.imaging.normalise import normalise
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.segmentation.synthetic import SceneSpec, Spheroid, render
from spheroseg_widgets.widgets.static_face import jpeg, outlined

FOLDER = Path(__file__).parent.parent / "docs" / "images" / "outlined"
SIDE, WIDTH = 320, 320
BODY = Spheroid(160, 160, 80, depth=0.6, roughness=0.5, shape_seed=4)
PLAIN = SceneSpec(SIDE, SIDE)
CASES: dict[str, tuple[SceneSpec, list[Spheroid]]] = {
    "debris": (replace(PLAIN, debris=30), [replace(BODY, radius=70, shedding=1.0)]),
    "halo": (PLAIN, [replace(BODY, halo=1.0)]),
    "strands": (PLAIN, [replace(BODY, radius=60, strands=40)]),
    "lumen": (PLAIN, [replace(BODY, wall=0.9)]),
    "hole": (PLAIN, [replace(BODY, hole=0.4)]),
    "touching": (
        PLAIN,
        [replace(BODY, x=105, radius=60, roughness=0.2), replace(BODY, x=212, radius=50, roughness=0.2, shape_seed=2)],
    ),
    "border": (PLAIN, [replace(BODY, x=20)]),
    "bubble": (replace(PLAIN, bubbles=3), [replace(BODY, radius=60)]),
}


def main() -> None:
    """Write one picture a case: the image, and beside it the image with its outline."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (spec, spheroids) in CASES.items():
        scene = render(replace(spec, spheroids=spheroids), np.random.default_rng(3))
        picture = normalise(scene.pixels)
        cut = np.full(len(scene.outlines), name == "border")
        nothing = Outlines.empty()
        plain = outlined(picture, nothing, np.zeros(0, bool), WIDTH)
        drawn = outlined(picture, scene.outlines, cut, WIDTH)
        gap = np.full((SIDE, 8, 3), 255, np.uint8)
        (FOLDER / f"{name}.jpg").write_bytes(jpeg(np.hstack([plain, gap, drawn]), 85))


if __name__ == "__main__":
    main()
