"""How wide an edge looks: what a blur makes of it, and what noise, contrast and size do not."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from spheroseg_widgets.measure.edge import EDGE_COLUMNS, measure_edges
from spheroseg_widgets.outlines.outlines import Outlines

BLURRED_STEP = np.sqrt(2 * np.pi)
"""Height over steepest slope of a step behind a Gaussian blur, over its sigma."""


def circle(radius: float, x: float = 160, y: float = 128) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def disc(
    radius: float, sigma: float = 0.01, dark: float = 100, noise: float = 0.0, x: float = 160
) -> NDArray[np.float32]:
    """Draw a disc, anti-aliased, darker than its surroundings, behind a blur."""
    ys, xs = np.mgrid[:256, :320] + 0.5
    inside = np.clip(radius - np.hypot(xs - x, ys - 128) + 0.5, 0, 1)
    image = cv2.GaussianBlur((200 - dark * inside).astype(np.float32), (0, 0), sigma)
    return image + np.random.default_rng(0).normal(0, noise, image.shape).astype(np.float32)


def width(image: NDArray[np.float32], *rings: NDArray[np.float64]) -> float:
    return float(measure_edges(Outlines.from_rings([list(rings)]), image)["edge_width_px"].iloc[0])


@pytest.mark.parametrize("radius", [25, 40, 80])
@pytest.mark.parametrize("share", [0.05, 0.08, 0.1])
def test_behind_a_blur_the_edge_is_as_wide_as_the_slope_there_says(radius: float, share: float) -> None:
    sigma = share * radius
    assert width(disc(radius, sigma), circle(radius)) == pytest.approx(BLURRED_STEP * sigma, rel=0.12)


@pytest.mark.parametrize("radius", [10, 25, 40, 80])
def test_defocus_widens_an_edge_at_every_size(radius: float) -> None:
    widths = [width(disc(radius, sigma, noise=2), circle(radius)) for sigma in (1, 2, 3, 4)]
    assert widths == sorted(widths)
    assert widths[-1] > 1.9 * widths[0]


def test_contrast_sign_and_noise_change_it_little() -> None:
    plain = width(disc(40, 3), circle(40))
    assert width(disc(40, 3, dark=-50), circle(40)) == pytest.approx(plain, rel=0.01)
    assert width((disc(40, 3) * 100).astype(np.uint16), circle(40)) == pytest.approx(plain, rel=0.01)
    assert width(disc(40, 3, dark=20, noise=2), circle(40)) == pytest.approx(plain, rel=0.25)


def test_an_outline_beside_the_edge_or_debris_at_some_arcs_change_it_little() -> None:
    image = disc(40, 2)
    plain = width(image, circle(40))
    assert width(image, circle(42)) == pytest.approx(plain, rel=0.15)
    cv2.circle(image, (202, 128), 6, 60.0, -1)
    cv2.circle(image, (160, 90), 5, 60.0, -1)
    assert width(image, circle(40)) == pytest.approx(plain, rel=0.15)


def test_at_the_image_s_edge_what_is_seen_counts_and_nothing_seen_is_nan() -> None:
    assert width(disc(40, 2, x=20), circle(40, x=20)) == pytest.approx(width(disc(40, 2), circle(40)), rel=0.1)
    frame = np.array([(0, 0), (320, 0), (320, 256), (0, 256)], float)
    assert np.isnan(width(disc(40), frame))
    assert np.isnan(width(np.full((256, 320), 7, np.float32), circle(40)))
    assert np.isnan(width(disc(40), np.array([(5.0, 5.0)])))


def test_a_hole_does_not_count() -> None:
    image = disc(40, 2)
    assert width(image, circle(40), circle(15)) == width(image, circle(40))


def test_objects_are_measured_each_by_itself() -> None:
    image = np.minimum(disc(30, 1, x=80), disc(30, 5, x=240))
    outlines = Outlines.from_rings([[circle(30, x=80)], [circle(30, x=240)]])
    assert measure_edges(outlines, image)["edge_width_px"].tolist() == [
        width(image, circle(30, x=80)), width(image, circle(30, x=240)),
    ]  # fmt: skip
    none = measure_edges(Outlines.empty(), image)
    assert tuple(none.columns) == EDGE_COLUMNS
    assert len(none) == 0
    assert (none.dtypes == np.float64).all()


def test_more_objects_than_fit_in_one_batch() -> None:
    image = disc(40, 2)
    frame = measure_edges(Outlines.from_rings([[circle(40)]] * 1500), image)
    assert frame["edge_width_px"].nunique() == 1
    assert frame["edge_width_px"].iloc[0] == width(image, circle(40))


def test_it_takes_little_beside_reading_a_megapixel() -> None:
    image, outlines = np.tile(disc(40, 2), (4, 4)), Outlines.from_rings([[circle(40)]])
    measure_edges(outlines, image)
    began = time.process_time()
    for _ in range(20):
        measure_edges(outlines, image)
    milliseconds = 1000 * (time.process_time() - began) / 20 / (image.size / 1e6)
    print(f"edges: {milliseconds:.2f} ms a megapixel with one spheroid")
    assert milliseconds < 3
