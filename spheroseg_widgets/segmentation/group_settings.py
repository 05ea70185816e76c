"""What is chosen once for a group of alike images: which way round they are shown to the model, and how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from spheroseg_widgets.imaging.polarity import SIDE, lighter

from .predict import Predictor
from .scale import estimate_scale
from .settings import DARKER, Settings
from .tiles import Stop


def settings_of_group(
    predictor: Predictor, samples: Sequence[NDArray[Any]], settings: Settings, *, stop: Stop | None = None
) -> Settings:
    """Choose polarity and working scale for images like these.

    Parameters
    ----------
    predictor : Predictor
        The run's model.
    samples : sequence of (h, w) arrays
        A few images of the group, original values; at least one.
    settings : Settings
        The run's; its scale is not used.
    stop : callable, optional
        Asked before each tile that is looked at whether to give up.

    Returns
    -------
    Settings
        The same with `inverted` and `scale` as every image of the group is to have them.

    Raises
    ------
    StoppedError
        `stop` said so.
    """
    shown = replace(settings, inverted=to_invert(predictor, samples, settings))
    return shown.at_scale(estimate_scale(predictor, samples, shown, stop=stop))


def to_invert(predictor: Predictor, samples: Sequence[NDArray[Any]], settings: Settings) -> bool:
    """Return whether light and dark are to change places in images like these (h, w): one answer for all.

    Never, unless the settings ask for one polarity (`Settings.polarity`); then `settings.inverted` is not used.
    """
    if settings.polarity != DARKER:
        return settings.inverted
    as_they_are = replace(settings, inverted=False)
    return lighter(
        [predictor.working(sample, as_they_are.at_scale(min(1.0, SIDE / max(sample.shape)))) for sample in samples]
    )
