"""What flags say to people."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from spheroseg_widgets.analysis.flags import FLAGS
from spheroseg_widgets.widgets.flag_words import flag_sentences
from spheroseg_widgets.widgets.strings import text

ROW: dict[str, Any] = {
    **dict.fromkeys(FLAGS, False), "reason": None, "n_spheroids": 1.0, "expected": 1.0, "n_found_in_series": 11.0,
    "size_ratio": 2.4321, "edge_ratio": 3.14, "edge_share": 0.412, "frame_share": 0.953, "solidity": 0.8123,
    "circularity": 0.456, "confidence": 0.512,
}  # fmt: skip


@pytest.mark.parametrize(
    ("flag", "numbers", "sentence"),
    [
        ("failed", {"reason": "the TIFF is truncated"}, "It could not be segmented: the TIFF is truncated"),
        ("empty", {}, "No spheroid was found; 11 other images of this well show one."),
        ("empty", {"n_found_in_series": 1.0}, "No spheroid was found; 1 other image of this well shows one."),
        ("empty", {"n_found_in_series": 0.0}, "No spheroid was found."),
        ("empty", {"n_found_in_series": float("nan")}, "No spheroid was found."),
        ("out_of_focus", {}, "Out of focus: the edge is 3.1 times as wide as is usual on this plate."),
        ("out_of_focus", {"edge_ratio": 1.1}, "Out of focus: the edge is as wide as 41 % of the radius."),
        ("fills_frame", {}, "It covers 95 % of the image; its size is a lower bound."),
        ("wrong_count", {"n_spheroids": 2.0}, "2 spheroids found, 1 expected."),
        ("wrong_count", {"expected": 3.0}, "1 spheroid found, 3 expected."),
        ("size_jump", {}, "Its size is 2.4 times what its neighbours in time let expect."),
        ("size_jump", {"size_ratio": 0.0312}, "Its size is 0.031 times what its neighbours in time let expect."),
        ("size_jump", {"size_ratio": 113.0}, "Its size is 110 times what its neighbours in time let expect."),
        ("border", {}, "It is cut by the image's edge; its size is a lower bound."),
        ("odd_shape", {}, "An odd shape for this plate: circularity 0.46, solidity 0.81."),
        ("low_confidence", {}, "The model is unsure of an outline: confidence 0.51."),
    ],
)  # fmt: skip
def test_each_flag_has_its_sentence_with_its_numbers(flag: str, numbers: dict[str, Any], sentence: str) -> None:
    assert flag_sentences(pd.Series({**ROW, flag: True, **numbers})) == [sentence]


def test_sentences_stand_in_order_of_severity_and_none_without_flags() -> None:
    assert flag_sentences(ROW) == []
    said = flag_sentences({**ROW, "border": True, "empty": True, "size_jump": True})
    assert [sentence.split(maxsplit=1)[0] for sentence in said] == ["No", "Its", "It"]


def test_every_flag_has_a_name() -> None:
    names = [text(f"flags.{flag}") for flag in FLAGS]
    assert len(set(names)) == len(FLAGS)
    assert all(names)
