"""Images and their labels keep lying on each other when both are resized."""

from __future__ import annotations

import numpy as np
import pytest

from spheroseg_widgets.imaging.resize import resized, resized_labels, working_size


@pytest.mark.parametrize("scale", [0.21, 0.31, 0.43, 1.0, 1.7])
def test_labels_stay_where_the_image_is(scale: float) -> None:
    yy, xx = np.mgrid[:320, :410]
    labels = (((yy - 140.0) ** 2 + (xx - 230.0) ** 2) < 60**2).astype(np.int32) * 7
    size = working_size(labels.shape, scale)
    image, smaller = resized((labels > 0).astype(np.float32), size), resized_labels(labels, size)
    assert smaller.shape == size
    assert set(np.unique(smaller)) == {0, 7}
    # The middle of the disc, by grey values and by labels, to a fifth of a pixel.
    for axis in np.mgrid[: size[0], : size[1]]:
        assert np.average(axis, weights=image) == pytest.approx(axis[smaller > 0].mean(), abs=0.2)
    assert (smaller > 0).sum() == pytest.approx(image.sum(), rel=0.01)
