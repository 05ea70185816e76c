"""Sub-pixel outlines: true sizes, whole objects, shared borders."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from spheroseg_widgets.measure.shape import measure_shape
from spheroseg_widgets.outlines.contour import contour_field, contour_labels, contour_mask
from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.simplify import DEFAULT_TOLERANCE, simplify


def distance_to(y: float, x: float, height: int, width: int) -> NDArray[np.float64]:
    """Distance of every pixel centre from a point, in corner coordinates."""
    yy, xx = np.mgrid[:height, :width] + 0.5
    return np.hypot(yy - y, xx - x)


def antialiased(y: float, x: float, radius: float, height: int, width: int) -> NDArray[np.float32]:
    """Share of each pixel that a disc covers, nearly."""
    return np.clip(radius - distance_to(y, x, height, width) + 0.5, 0, 1).astype(np.float32)


RADII = [20, 25.3, 37.5, 50, 74.9, 100]


@pytest.mark.parametrize("radius", RADII)
@pytest.mark.parametrize("kind", ["antialiased", "probability"])
@pytest.mark.parametrize("tolerance", [0, DEFAULT_TOLERANCE])
def test_lesson_5_discs_have_circularity_1_and_their_area(radius: float, kind: str, tolerance: float) -> None:
    side = int(2 * radius) + 24
    y, x = side / 2 + 0.21, side / 2 - 0.37
    if kind == "antialiased":
        outlines = contour_field(antialiased(y, x, radius, side, side), 0.5)
    else:
        probability = (1 / (1 + np.exp(distance_to(y, x, side, side) - radius))).astype(np.float32)
        outlines, _ = contour_labels((probability > 0.5).astype(np.int32), probability)
    row = measure_shape(simplify(outlines, tolerance)).iloc[0]
    assert len(outlines) == 1
    assert row.circularity == pytest.approx(1, abs=0.01)
    assert row.area_px2 == pytest.approx(np.pi * radius**2, rel=0.005)
    assert (row.centroid_x_px, row.centroid_y_px) == pytest.approx((x, y), abs=0.1)


@pytest.mark.parametrize("radius", [*RADII, 300])
@pytest.mark.parametrize("tolerance", [0, DEFAULT_TOLERANCE])
def test_lesson_5_discs_of_whole_pixels_have_circularity_1_and_the_mask_s_area(radius: float, tolerance: float) -> None:
    # What the pixels have lost cannot come back: their own count is the truth for the area here.
    side = int(2 * radius) + 24
    rng = np.random.default_rng(int(radius))
    for _ in range(5 if radius <= 100 else 1):
        mask = distance_to(*(side / 2 + rng.uniform(-0.5, 0.5, 2)), side, side) < radius
        row = measure_shape(simplify(contour_mask(mask), tolerance)).iloc[0]
        assert row.circularity == pytest.approx(1, abs=0.008)
        assert row.area_px2 == pytest.approx(mask.sum(), rel=0.005)


@pytest.mark.parametrize("degrees", [0, 1, 7, 22.5, 30, 45, 60, 88])
def test_lesson_5_a_mask_of_a_rectangle_keeps_its_feret_and_its_corners(degrees: float) -> None:
    angle = np.radians(degrees)
    yy, xx = np.mgrid[:280, :280] + 0.5 - 140.3
    along, across = xx * np.cos(angle) + yy * np.sin(angle), yy * np.cos(angle) - xx * np.sin(angle)
    mask = (abs(along) < 100) & (abs(across) < 50)
    row = measure_shape(contour_mask(mask)).iloc[0]
    assert row.min_feret_px == pytest.approx(100, abs=1)
    assert row.max_feret_px == pytest.approx(np.hypot(200, 100), abs=2)
    assert row.area_px2 == pytest.approx(mask.sum(), rel=0.002)


def test_a_wavy_outline_keeps_its_waves() -> None:
    yy, xx = np.mgrid[:240, :240] + 0.5 - 120
    waves = 80 + 5 * np.cos(12 * np.arctan2(yy, xx))  # 42 px long, 10 px deep: a shape, not a staircase
    outlines = contour_mask(np.hypot(xx, yy) < waves)
    turn = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    radius = 80 + 5 * np.cos(12 * turn)
    true = np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
    row = measure_shape(outlines).iloc[0]
    perimeter = np.hypot(*(np.roll(true, -1, axis=0) - true).T).sum()
    assert row.perimeter_px == pytest.approx(perimeter, rel=0.01)
    away = np.hypot(*(np.asarray(outlines.rings(0)[0]) - 120).T)
    assert (away.min(), away.max()) == pytest.approx((75, 85), abs=0.3)


def test_walls_too_thin_for_smoothing_still_give_valid_objects() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:50, 10:50] = True
    mask[12:48, 12:48] = False  # walls of two pixels
    mask[30:33, 5:55] = True
    mask[20:24, 20:24] = True
    outlines = contour_mask(mask)
    assert all(outlines.shapely(i).is_valid for i in range(len(outlines)))
    assert areas(outlines).sum() == pytest.approx(mask.sum(), rel=0.1)
    rng = np.random.default_rng(3)
    for _ in range(20):
        noisy = contour_mask(ndimage.gaussian_filter(rng.random((80, 80)), 1.0) > 0.5)
        assert all(noisy.shapely(i).is_valid for i in range(len(noisy)))


@pytest.mark.parametrize("level", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("scale", [(0.9, 0.4), (0.5, 1.0)])
def test_lesson_4_a_circle_of_a_resized_image_is_a_circle_again(scale: tuple[float, float], level: float) -> None:
    height, width, radius = 300, 420, 80.0
    probability = (1 / (1 + np.exp((distance_to(140, 230, height, width) - radius) / 2))).astype(np.float32)
    small = cv2.resize(probability, (round(width * scale[0]), round(height * scale[1])), interpolation=cv2.INTER_AREA)
    outlines, _ = contour_labels((small > level).astype(np.int32), small, level)
    back = outlines.transformed(width / small.shape[1], height / small.shape[0], 0, 0)
    row = measure_shape(back).iloc[0]
    wanted = radius + 2 * np.log((1 - level) / level)
    assert row.area_px2 == pytest.approx(np.pi * wanted**2, rel=0.01)
    assert row.circularity == pytest.approx(1, abs=0.01)
    assert (row.centroid_x_px, row.centroid_y_px) == pytest.approx((230, 140), abs=0.3)


def test_lesson_2_of_two_spheroids_only_the_hole_s_own_parent_loses_area() -> None:
    mask = (distance_to(60, 60, 130, 240) < 40) | (distance_to(65, 170, 130, 240) < 45)
    whole = contour_mask(mask)
    with_hole = contour_mask(mask & ~(distance_to(60, 60, 130, 240) < 15))
    assert len(whole) == len(with_hole) == 2
    one, other = sorted(range(2), key=lambda i: with_hole.rings(i)[0][:, 0].min())
    assert len(with_hole.rings(one)) == 2
    assert len(with_hole.rings(other)) == 1
    lost = np.sort(areas(whole)) - np.sort(areas(with_hole))
    assert np.sort(lost) == pytest.approx([0, np.pi * 15**2], abs=10)
    assert areas(with_hole).sum() == pytest.approx((mask & ~(distance_to(60, 60, 130, 240) < 15)).sum(), rel=0.003)


def test_lesson_6_an_island_in_a_hole_is_an_object_of_its_own() -> None:
    d = distance_to(80, 90, 160, 180)
    mask = (d < 70) & ~(d < 45) | (d < 20)
    for outlines in (contour_mask(mask), contour_field(mask.astype(np.float32), 0.5)):
        assert sorted(len(outlines.rings(i)) for i in range(len(outlines))) == [1, 2]
        assert np.sort(areas(outlines)) == pytest.approx([np.pi * 400, np.pi * (4900 - 2025)], rel=0.01)


@pytest.mark.parametrize(("y", "x"), [(0, 60), (120, 60), (60, 0), (60, 120)])
@pytest.mark.parametrize("kind", ["mask", "field"])
def test_a_disc_cut_in_half_by_the_border_ends_on_it_and_has_half_the_area(y: float, x: float, kind: str) -> None:
    outlines = (
        contour_mask(distance_to(y, x, 120, 120) < 40)
        if kind == "mask"
        else contour_field(antialiased(y, x, 40, 120, 120), 0.5)
    )
    assert areas(outlines)[0] == pytest.approx(np.pi * 800, rel=0.01)
    left, top, right, bottom = outlines.bounds()[0]
    reached = {"left": left == 0, "top": top == 0, "right": right == 120, "bottom": bottom == 120}
    assert sum(reached.values()) == 1
    assert reached[{(0, 60): "top", (120, 60): "bottom", (60, 0): "left", (60, 120): "right"}[y, x]]
    assert outlines.shapely(0).is_valid


def test_an_image_that_is_all_object_is_outlined_by_its_own_edge() -> None:
    outlines = contour_mask(np.ones((30, 50), bool))
    assert areas(outlines).tolist() == pytest.approx([1500])
    assert outlines.bounds().tolist() == [[0, 0, 50, 30]]


def test_nothing_gives_nothing() -> None:
    assert len(contour_mask(np.zeros((20, 30), bool))) == 0
    assert len(contour_field(np.zeros((20, 30), np.float32), 0.5)) == 0
    outlines, numbers = contour_labels(np.zeros((20, 30), np.int32), np.zeros((20, 30), np.float32))
    assert len(outlines) == len(numbers) == 0


@pytest.mark.parametrize("size", [1, 2])
def test_objects_too_small_for_smoothing_still_have_an_outline(size: int) -> None:
    mask = np.zeros((20, 20), bool)
    mask[5 : 5 + size, 8 : 8 + size] = True
    outlines = contour_mask(mask)
    assert len(outlines) == 1
    assert areas(outlines)[0] == pytest.approx(size**2, rel=0.5)


def test_two_spheroids_joined_by_a_thread_are_both_kept() -> None:
    mask = (distance_to(50, 50, 100, 200) < 30) | (distance_to(50, 150, 100, 200) < 25)
    mask[50, 50:150] = True
    outlines, numbers = contour_labels(mask.astype(np.int32), None)
    assert numbers.tolist() == [1, 1]
    assert np.sort(areas(outlines)) == pytest.approx([np.pi * 625, np.pi * 900], rel=0.01)


def touching_pair() -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Two overlapping discs in one probability, divided between them by labels."""
    a, b = distance_to(60, 60, 120, 180), distance_to(60, 115, 120, 180)
    probability = (1 / (1 + np.exp(np.minimum(a, b) - 32))).astype(np.float32)
    labels = np.where(probability > 0.5, np.where(a < b, 1, 2), 0).astype(np.int32)
    return labels, probability


@pytest.mark.parametrize("with_probability", [True, False])
def test_touching_objects_share_a_border_without_overlap_or_gap(*, with_probability: bool) -> None:
    labels, probability = touching_pair()
    outlines, numbers = contour_labels(labels, probability if with_probability else None)
    assert numbers.tolist() == [1, 2]
    one, other = outlines.shapely(0), outlines.shapely(1)
    assert one.is_valid
    assert other.is_valid
    assert one.intersection(other).area < 0.5
    shared = one.buffer(0.05).intersection(other.buffer(0.05)).length / 2
    assert shared > 25
    whole = (labels > 0).sum()
    assert one.area + other.area == pytest.approx(whole, rel=0.01)


def test_labels_may_have_gaps_and_are_named_beside_their_outlines() -> None:
    labels = np.zeros((80, 200), np.int32)
    for number, x in ((7, 40), (3, 100), (300, 160)):
        labels[distance_to(40, x, 80, 200) < 20] = number
    outlines, numbers = contour_labels(labels, None)
    assert numbers.tolist() == [3, 7, 300]
    assert outlines.bounds()[:, 0] == pytest.approx([80, 20, 140], abs=0.6)


def test_noise_gives_valid_polygons_that_do_not_overlap() -> None:
    rng = np.random.default_rng(5)
    field = ndimage.gaussian_filter(rng.random((150, 150)), 2).astype(np.float32)
    level = float(np.median(field))
    whole = contour_field(field, level)
    labels, _ = ndimage.label(field > level)
    by_label, _ = contour_labels(labels.astype(np.int32), field, level)
    for outlines in (whole, by_label):
        assert len(outlines) > 20
        shapes = [outlines.shapely(i) for i in range(len(outlines))]
        assert all(shape.is_valid for shape in shapes)
        overlap = sum(a.intersection(b).area for i, a in enumerate(shapes) for b in shapes[:i] if a.intersects(b))
        assert overlap < 1e-3
        assert areas(outlines).sum() == pytest.approx((field > level).sum(), rel=0.03)


def test_a_field_that_meets_the_level_exactly_gives_valid_polygons() -> None:
    steps = np.round(ndimage.gaussian_filter(np.random.default_rng(2).random((100, 100)), 2) * 40) / 40
    outlines = contour_field(steps.astype(np.float32), 0.5)
    assert (steps == 0.5).sum() > 500
    assert all(outlines.shapely(i).is_valid for i in range(len(outlines)))


def plate_of_270() -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    labels = np.zeros((1260, 1620), np.int32)
    probability = np.zeros(labels.shape, np.float32)
    tile = antialiased(45, 45, 36, 84, 90)
    for i in range(270):
        box = np.s_[84 * (i // 18) : 84 * (i // 18 + 1), 90 * (i % 18) : 90 * (i % 18 + 1)]
        probability[box] = tile
        labels[box] = np.where(tile > 0.5, i + 1, 0)
    return labels, probability


def test_270_objects_take_a_fraction_of_a_second() -> None:
    labels, probability = plate_of_270()
    seconds = []
    for _ in range(3):
        start = time.process_time()
        outlines, _ = contour_labels(labels, probability)
        seconds.append(time.process_time() - start)
    assert isinstance(outlines, Outlines)
    assert len(outlines) == 270
    assert min(seconds) < 1  # of the processor's time: 0.15 s on an idle core; cropping missed would be 10 s
