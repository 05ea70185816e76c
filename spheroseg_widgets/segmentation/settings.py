"""What decides a result besides the model and the pixels."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

AS_IS, DARKER = "as_is", "darker"
LEAST_AREA = 64.0
"""Objects of fewer working pixels are left out, where no area was asked for: there it does not matter how finely the
same field was photographed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides a result besides the model and the pixels; fixed for a whole run.

    Parameters
    ----------
    threshold : float
        Foreground probability of an outline.
    seed_level : float
        Centre distance that makes an object's core (see `instances.py`).
    seam_level : float
        Share of the lower peak from which a border is no border (see `instances.py`).
    scale : float
        Working pixels per image pixel.
    diameter_um : float, optional
        Diameter of typical spheroids in micrometres: decides the working scale instead of a look at the images.
    min_area_px2 : float, optional
        Smaller objects are left out, in image pixels; by default those below `LEAST_AREA` working pixels.
    min_confidence : float
        So are objects whose mean foreground probability is lower.
    low, high : float
        Percentiles of the normalisation.
    polarity : {"as_is", "darker"}
        Of the images that the model was trained on: as they came, or all with details darker than their surroundings.
    inverted : bool
        Whether light and dark change places before the model sees an image; decided once a plate where the polarity is
        "darker".
    tolerance_px : float
        Largest distance an outline may move when it is simplified, in image pixels.
    smoothing_px : float
        What is shorter than this along an outline is smoothed away, in image pixels; the size stays. 0 leaves it.
    engine : str
        What computes the network (see `engines.py`).
    precision : {"float32", "bfloat16"}
        Arithmetic of the network.
    """

    threshold: float = 0.5
    seed_level: float = 0.4
    seam_level: float = 0.6
    scale: float = 1.0
    diameter_um: float | None = None
    min_area_px2: float | None = None
    min_confidence: float = 0.7
    low: float = 0.5
    high: float = 99.5
    polarity: str = AS_IS
    inverted: bool = False
    tolerance_px: float = 0.1
    smoothing_px: float = 0.0
    engine: str = "torch"
    precision: str = "float32"

    @property
    def least_area_px2(self) -> float:
        """Area of the smallest object that counts, in image pixels."""
        return LEAST_AREA / self.scale**2 if self.min_area_px2 is None else self.min_area_px2

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able description, as stored with a run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Build from what `to_dict` gave; unknown keys are another version's and are left out."""
        known = cls.__dataclass_fields__
        return cls(**{key: value for key, value in values.items() if key in known})

    def at_scale(self, scale: float) -> Settings:
        """Return the same settings at another working scale."""
        return replace(self, scale=scale)
