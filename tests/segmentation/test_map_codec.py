"""Kept probability maps: small, exactly what outlines were made of, and never wrong ones."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit

from spheroseg_widgets.outlines.flags import areas
from spheroseg_widgets.segmentation import map_codec
from spheroseg_widgets.segmentation.disk_maps import DiskMaps
from spheroseg_widgets.segmentation.map_codec import (
    COARSE,
    FINE,
    MIDDLE,
    PackedMaps,
    decode_maps,
    encode_maps,
    round_maps,
    rounding_for,
)
from spheroseg_widgets.segmentation.objects import outline_maps
from spheroseg_widgets.segmentation.settings import Settings


def soft_discs(
    height: int, width: int, discs: list[tuple[float, float, float]], noise: float = 0.0
) -> NDArray[np.uint8]:
    """Foreground and centre distance of discs (x, y, radius) with edges 3 px wide, as a network gives them."""
    y, x = np.mgrid[:height, :width] + 0.5
    away = [np.hypot(x - cx, y - cy) / r for cx, cy, r in discs]
    inside = np.max([(1 - a) * r for a, (_, _, r) in zip(away, discs, strict=True)], axis=0)
    foreground = expit(inside * 1.2)
    foreground += np.random.default_rng(0).normal(0, noise, foreground.shape) if noise else 0
    distance = np.clip(1 - np.min(away, axis=0), 0, 1)
    return np.rint(np.clip([foreground, distance], 0, 1) * 255).astype(np.uint8)


SIZES = {
    "fine": ((150, 211), (500, 700), FINE),
    "middle": ((300, 401), (300, 401), MIDDLE),
    "coarse": ((127, 131), (127, 131), COARSE),
    "several chunks": ((700, 1100), (1400, 2200), FINE),
    "several coarse chunks": ((1030, 40), (1030, 31), COARSE),
}


@pytest.mark.parametrize("case", SIZES)
def test_what_is_kept_is_exactly_what_outlines_were_made_of(case: str) -> None:
    working, shape, rounding = SIZES[case]
    assert rounding_for(working, shape) == rounding
    raw = soft_discs(*working, [(20, 25, 15), (60.5, 70, 30)], noise=0.02)
    rounded = raw.copy()
    round_maps(rounded, shape)
    assert (rounded != raw).any()
    again = rounded.copy()
    round_maps(again, shape)
    np.testing.assert_array_equal(again, rounded)
    packed = encode_maps(raw, shape)
    assert packed == encode_maps(rounded, shape)
    back = decode_maps(packed)
    assert isinstance(back, np.ndarray)
    np.testing.assert_array_equal(back, rounded)
    assert set(np.unique(rounded[0])) <= set(rounding.foreground)
    assert not rounded[1][rounded[0] == 0].any()


def test_maps_on_disk_are_rounded_and_packed_chunk_by_chunk_to_the_same() -> None:
    shape = (1200, 1100)
    whole = soft_discs(*shape, [(500, 520, 70), (900, 300, 90)])
    on_disk = DiskMaps(whole.shape)
    on_disk[:] = whole
    round_maps(on_disk, shape)
    round_maps(whole, shape)
    np.testing.assert_array_equal(on_disk[:], whole)
    packed = encode_maps(on_disk, shape)
    back = decode_maps(packed)
    assert isinstance(back, DiskMaps)  # as it was, so that it is outlined as it was
    np.testing.assert_array_equal(back[:], whole)
    back.close()
    on_disk.close()
    # Chunk 0 of the file does not depend on what lies in the others.
    changed = whole.copy()
    changed[:, 600:, 600:] = 0
    assert encode_maps(changed, shape)[:2000] == encode_maps(whole, shape)[:2000]


@pytest.mark.parametrize("shape", [(1200, 1100), (640, 700)])
def test_parts_of_packed_maps_are_what_all_of_them_have_there(shape: tuple[int, int]) -> None:
    whole = soft_discs(*shape, [(500, 520, 70), (300, 300, 90)])
    for target in (shape, (shape[0] * 4, shape[1] * 4)):  # rounded coarsely, and finely
        packed = encode_maps(whole, target)
        maps, parts = decode_maps(packed), PackedMaps(packed)
        assert parts.shape == maps.shape
        for rows, columns in (
            (slice(0, shape[0]), slice(0, shape[1])),
            (slice(500, 530), slice(3, 640)),
            (slice(shape[0] - 1, shape[0]), slice(511, 513)),
        ):
            np.testing.assert_array_equal(parts.read(rows, columns), maps[:, rows, columns])


def test_a_threshold_lies_midway_between_two_levels_and_rounding_is_finest_where_there_is_room() -> None:
    for rounding, step in ((FINE, 0.0125), (MIDDLE, 1 / 60), (COARSE, 0.05)):
        levels = np.frombuffer(rounding.foreground, np.uint8) / 255
        for threshold in (0.3, 0.5, 0.7):
            below, above = levels[levels < threshold].max(), levels[levels > threshold].min()
            assert above - below == pytest.approx(step, abs=0.005)
            assert (above + below) / 2 == pytest.approx(threshold, abs=0.0025)


def test_rounding_moves_no_outline_by_what_matters_and_the_maps_stay_small() -> None:
    settings = Settings(tolerance_px=0)  # or simplifying would move them more
    biases: list[float] = []
    for shape, discs in (
        ((300, 300), [(70.3, 80.1, 40.0), (190.2, 200.7, 60.0), (230.0, 70.0, 25.0)]),
        ((128, 128), [(64.3, 63.6, 44.0)]),
    ):
        raw = soft_discs(*shape, discs)
        kept = decode_maps(encode_maps(raw, shape))
        assert len(encode_maps(raw, shape)) < 0.1 * shape[0] * shape[1]
        for threshold in (0.3, 0.5, 0.7):
            moved = Settings.from_dict({**settings.to_dict(), "threshold": threshold})
            before, after = (outline_maps(maps, shape, moved).outlines for maps in (raw, kept))
            assert len(before) == len(after) == len(discs)
            biases += (areas(after) / areas(before) - 1).tolist()
            for i in range(len(discs)):
                one, other = before.shapely(i), after.shapely(i)
                assert one.intersection(other).area / one.union(other).area > 0.9975
    assert np.abs(biases).max() < 1.5e-3
    assert abs(np.mean(biases)) < 3e-4


def test_touching_objects_stay_apart_on_kept_maps() -> None:
    shape = (300, 300)
    raw = soft_discs(*shape, [(90, 150, 45), (184, 150, 45)])
    assert len(outline_maps(raw, shape, Settings()).outlines) == 2
    assert len(outline_maps(decode_maps(encode_maps(raw, shape)), shape, Settings()).outlines) == 2


def test_empty_chunks_take_four_bytes_a_map() -> None:
    shape = (2048, 2048)
    empty = encode_maps(np.zeros((2, *shape), np.uint8), shape)
    assert len(empty) < 250
    back = decode_maps(empty)
    assert back.shape == (2, *shape)
    assert not back[:].any()


def test_damaged_maps_are_refused_and_never_decoded_to_something() -> None:
    packed = encode_maps(soft_discs(200, 200, [(100, 100, 50)]), (200, 200))
    for at in (5, 30, len(packed) // 2, len(packed) - 1):
        damaged = packed[:at] + bytes([packed[at] ^ 0x40]) + packed[at + 1 :]
        with pytest.raises(ValueError, match="damaged"):
            decode_maps(damaged)
    with pytest.raises(ValueError, match="damaged"):
        decode_maps(packed[:-40])
    with pytest.raises(ValueError, match="not packed probability maps"):
        decode_maps(packed[:10])
    newer = b"SWM2" + packed[4:-4]
    with pytest.raises(ValueError, match="of this version"):
        decode_maps(newer + struct.pack("<I", zlib.crc32(newer)))


def test_one_map_without_distances_and_no_map_at_all() -> None:
    shape = (300, 300)
    one = soft_discs(*shape, [(100, 100, 50)])[:1]
    round_maps(one, shape)
    np.testing.assert_array_equal(decode_maps(encode_maps(one, shape))[:], one)
    none = np.zeros((0, 30, 30), np.uint8)
    round_maps(none, (30, 30))
    with pytest.raises(ValueError, match="no maps"):
        encode_maps(none, (30, 30))
    assert map_codec.CHUNK % 2 == 0
