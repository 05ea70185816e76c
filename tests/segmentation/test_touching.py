from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from spheroseg_widgets.segmentation.touching import touching


@given(arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.integers(0, 3)))
def test_pairs_are_those_of_a_look_at_every_edge(labels: np.ndarray) -> None:
    height, width = labels.shape
    expected = set()
    for y in range(height):
        for x in range(width):
            for other in ((y, x + 1), (y + 1, x)):
                if other[0] < height and other[1] < width:
                    pair = sorted(((y, x), other), key=lambda at: labels[at])
                    if 0 < labels[pair[0]] < labels[pair[1]]:
                        expected.add(tuple(at[0] * width + at[1] for at in pair))
    lower, higher = touching(labels)
    found = list(zip(lower.tolist(), higher.tolist(), strict=True))
    assert set(found) == expected
    assert len(found) == len(expected)
