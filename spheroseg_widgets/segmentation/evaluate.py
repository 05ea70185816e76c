"""How well models outline annotated images: scores an image, and what they come to a set."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap, mannwhitneyu

from spheroseg_widgets.errors import ImageError
from spheroseg_widgets.outlines.outlines import Outlines
from spheroseg_widgets.outlines.rasterise import to_labels

from .group_settings import settings_of_group
from .pairs import Pair, read_only_plane, read_truth
from .predict import Predictor
from .registry import ModelInfo
from .scores import AP_THRESHOLDS, Counts, boundary_f1, counts_at, dice, iou, iou_matrix
from .settings import Settings

SCALE_SAMPLES = 5
"""Images of a set that its working scale and polarity are chosen by."""
DRAWS = 2000
"""Of the bootstrap."""


@dataclass(slots=True)
class Evaluation:
    """Scores of models on sets of annotated images.

    Parameters
    ----------
    images : DataFrame
        One row a set, model and image: iou, dice, boundary_f1, objects_true, objects_found, area_bias (found over
        true foreground, minus 1), score (the expected IoU, see `confidence.py`), `counts` (a `Counts` for each of
        `AP_THRESHOLDS`), seconds.
    objects : DataFrame
        One row an object that was found: set, model, image, confidence, iou (of the annotated object that it shares
        most with, 0 where there is none).
    outlines : dict
        What was found, by (set, model, path of the image), in image pixels.
    problems : list of (str, str)
        Path and reason of what was left out.
    """

    images: pd.DataFrame = field(default_factory=pd.DataFrame)
    objects: pd.DataFrame = field(default_factory=pd.DataFrame)
    outlines: dict[tuple[str, str, str], Outlines] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def summary(self) -> pd.DataFrame:
        """Return one row a set and model.

        Mean IoU with its 95 % bootstrap interval over images, share of images below IoU 0.5, mean Dice and boundary
        F1, and of the objects of all images together: precision, recall and F1 at IoU 0.5, TP / (TP + FP + FN) at
        IoU 0.5 (`ap50`) and its mean over 0.5, 0.55 ... 0.95 (`ap`). `area_bias` is the median over images.
        """
        rows = []
        for (name, model), group in self.images.groupby(["set", "model"], sort=False):
            totals = [sum((row[at] for row in group["counts"]), Counts()) for at in range(len(AP_THRESHOLDS))]
            low, high = mean_interval(group["iou"].to_numpy(float))
            rows.append(
                {
                    "set": name, "model": model, "images": len(group),
                    "iou": group["iou"].mean(), "iou_low": low, "iou_high": high,
                    "below_half": (group["iou"] < 0.5).mean(), "dice": group["dice"].mean(),
                    "boundary_f1": group["boundary_f1"].mean(), "precision": totals[0].precision,
                    "recall": totals[0].recall, "f1": totals[0].f1, "ap50": totals[0].average_precision,
                    "ap": np.mean([total.average_precision for total in totals]),
                    "area_bias": group["area_bias"].median(), "seconds_an_image": group["seconds"].mean(),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean; missing for fewer than two values, the value where all agree."""
    if len(values) < 2:
        return float("nan"), float("nan")
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    rng = np.random.default_rng(0)
    found = bootstrap((values,), np.mean, n_resamples=DRAWS, method="percentile", rng=rng).confidence_interval
    return float(found.low), float(found.high)


def evaluate(
    sets: Mapping[str, Sequence[Pair]],
    models: Sequence[ModelInfo],
    *,
    threads: int | None = None,
    watch: Callable[[str, str], object] | None = None,
) -> Evaluation:
    """Segment annotated images as a run would, and score what is found.

    The working scale is chosen once a set and model, from images spread over the set.

    Parameters
    ----------
    sets : mapping
        Pairs by the name of their set.
    models : sequence of ModelInfo
        From the registry.
    threads : int, optional
        Threads of the network's arithmetic.
    watch : callable, optional
        Called with (model, image name) before each image.

    Returns
    -------
    Evaluation
        A pair that cannot be used is among its problems; the others go on.
    """
    result = Evaluation()
    rows = []
    objects = []
    for name, given in sets.items():
        pairs = _usable(given, result.problems)
        if not pairs:
            continue
        spread = pairs[:: max(1, len(pairs) // SCALE_SAMPLES)][:SCALE_SAMPLES]
        samples = [read_only_plane(pair.image) for pair in spread]
        for model in models:
            predictor, settings = ready(model, samples, threads)
            for pair in pairs:
                if watch:
                    watch(model.name, pair.name)
                pixels = read_only_plane(pair.image)
                truth = read_truth(pair.truth, pixels.shape)
                row, found = score_image(pixels, truth, predictor, settings)
                place = {"set": name, "model": model.name, "image": pair.name}
                rows.append({**place, "path": str(pair.image), **row})
                objects.append(found.objects.assign(**place))
                result.outlines[name, model.name, str(pair.image)] = found.outlines
    result.images = pd.DataFrame(rows)
    result.objects = pd.concat(objects, ignore_index=True) if objects else pd.DataFrame()
    return result


def ready(model: ModelInfo, samples: Sequence[NDArray[Any]], threads: int | None = None) -> tuple[Predictor, Settings]:
    """Load a model, and choose its settings for images like some samples, as a run would."""
    settings = Settings.from_dict(model.settings.get("defaults", {}))
    predictor = Predictor.of_run(model, settings, threads)
    return predictor, settings_of_group(predictor, samples, settings)


def _usable(pairs: Sequence[Pair], problems: list[tuple[str, str]]) -> list[Pair]:
    usable = []
    for pair in pairs:
        try:
            read_truth(pair.truth, read_only_plane(pair.image).shape)
        except ImageError as error:
            problems.append((error.path, error.reason))
        else:
            usable.append(pair)
    return usable


@dataclass(frozen=True, slots=True)
class Found:
    """What a model found in an image: its outlines, and of each the confidence and the best IoU with an annotated one."""

    outlines: Outlines
    objects: pd.DataFrame


def score_image(
    pixels: NDArray[Any], truth: NDArray[np.int32], predictor: Predictor, settings: Settings
) -> tuple[dict[str, Any], Found]:
    """Segment an image (h, w) and score it against instance labels (h, w); see `Evaluation` for the scores."""
    began = time.perf_counter()
    segmented = predictor.segment(pixels, settings)
    seconds = time.perf_counter() - began
    found = to_labels(segmented.outlines, *truth.shape)
    mask, real = found > 0, truth > 0
    shared = iou_matrix(found, truth)
    best = np.zeros(len(segmented.outlines))  # a small one may lie wholly under others
    best[: len(shared)] = shared.max(axis=1, initial=0)
    return {
        "iou": iou(mask, real),
        "dice": dice(mask, real),
        "boundary_f1": boundary_f1(mask, real),
        "objects_true": int(truth.max(initial=0)),
        "objects_found": int(found.max(initial=0)),
        "area_bias": float(mask.sum() / real.sum() - 1) if real.any() else float("nan"),
        "counts": tuple(counts_at(shared, threshold) for threshold in AP_THRESHOLDS),
        "score": segmented.score,
        "seconds": seconds,
    }, Found(segmented.outlines, pd.DataFrame({"confidence": segmented.confidence, "iou": best}))


def auroc(score: ArrayLike, fails: ArrayLike) -> float:
    """Area under the ROC curve of a score that is to be low where something fails.

    Parameters
    ----------
    score : (n,) float
    fails : (n,) bool

    Returns
    -------
    float
        Probability that one that fails has a lower score than one that does not (ties count half); missing where
        all or none fail.
    """
    values, bad = np.asarray(score, float), np.asarray(fails, bool)
    if bad.all() or not bad.any():
        return float("nan")
    above = mannwhitneyu(values[~bad], values[bad]).statistic
    return float(above / (bad.sum() * (~bad).sum()))
