"""Filter expressions: what pandas would answer, and nothing else of Python."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spheroseg_widgets.errors import QueryError
from spheroseg_widgets.project.query import select

TABLE = pd.DataFrame(
    {
        "image_id": [1, 2, 3, 4],
        "name": ["a.tif", "b.tif", "c d.tif", "é.tif"],
        "plate": ["p", "p", "q", None],
        "condition": np.array(["control", None, "drug", None], object),
        "time_h": [0.0, 24.0, 48.0, np.nan],
        "area_um2": [1e4, 6e4, 9e4, np.nan],
        "edited": [False, False, True, False],
        "tags": [(), ("late",), ("check", "late"), ()],
    }
)


def found(expression: str) -> list[int]:
    return select(TABLE, expression)["image_id"].tolist()


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("area_um2 > 5e4 and edited == False", [2]),
        ("area_um2 > 5e4 & edited == False", [2]),
        ("~edited & area_um2 > 5e4 | image_id == 4", [2, 4]),
        ("not (edited or time_h < 24)", [2, 4]),
        ("edited", [3]),
        ("edited != True", [1, 2, 4]),
        ("0 < time_h <= 48", [2, 3]),
        ("time_h / 24 == 1", [2]),
        ("-area_um2 + 1e4 * 2 >= image_id - 1", [1]),
        ("image_id % 2 == 1", [1, 3]),
        ("plate == 'p'", [1, 2]),
        ("plate != 'p'", [3, 4]),
        ("plate == None", [4]),
        ("condition != None", [1, 3]),
        ("condition < 'd'", [1]),
        ("'d' > condition", [1]),
        ('name in ["c d.tif", "é.tif"]', [3, 4]),
        ("image_id not in (1, 2)", [3, 4]),
        ('"late" in tags', [2, 3]),
        ('"late" not in tags and edited == False', [1, 4]),
        ("(area_um2 > 5e4) == edited", [1, 3, 4]),
        ("area_um2 > 5e4\nand edited", [3]),
        ("1 < 2", [1, 2, 3, 4]),
        ("area_um2 / 0 > 1", [1, 2, 3]),
    ],
)
def test_an_expression_chooses_rows(expression: str, ids: list[int]) -> None:
    assert found(expression) == ids


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "says nothing"),
        ("area > 5", "no column area; there are image_id, name, plate"),
        ("area_um2 >", "cannot be read"),
        ("area_um2 > 5)", "cannot be read"),
        ("'open", "cannot be read"),
        ("name.str.len() > 3", "not allowed; a filter calls nothing"),
        ("name.values == 1", "not allowed; a filter looks into nothing"),
        ("__import__('os')", "not allowed"),
        ("().__class__ == 1", "looks into nothing"),
        ("area_um2[0] > 1", "looks into nothing"),
        ("area_um2 > @limit", "no variables"),
        ("(lambda: 1) == 1", "not allowed"),
        ("[x for x in name] == 1", "not allowed"),
        ("f'{name}' == 'a'", "not allowed"),
        ("(a := 1) == 1", "not allowed"),
        ("9 ** 9 > 1", "no power"),
        ("name * 1000000000 == 'a'", "name is no number"),
        ("'a' * 1000000000 == 'a'", "no number"),
        ("edited + 1 > 1", "edited is no number"),
        ("area_um2", "neither true nor false"),
        ("1", "neither true nor false"),
        ("edited is True", "in place of is"),
        ("time_h > None", "neither larger nor smaller"),
        ("area_um2 > 'big'", "cannot be worked out"),
        ("name > 5", "cannot be worked out"),
        ("1 / 0 > 1", "cannot be worked out"),
        ("tags == 'late'", '"late" in tags'),
        ("'p' in plate", 'plate in \\["a", "b"\\]'),
        ("1 in [1]", "a column is looked for"),
        ("image_id in [image_id]", "a column is looked for"),
        ("b'x' == name", "not allowed"),
        ("1j == image_id", "not allowed"),
        ("image_id == 1; 2", "cannot be read"),
        ("x" * 3000, "at most 2000 characters"),
        ("(" * 900 + "edited" + ")" * 900, "cannot be"),
        ("-" * 1900 + "1 > 0", "cannot be"),
    ],
)
def test_what_is_no_filter_is_one_clear_error(expression: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        select(TABLE, expression)


def test_no_expression_of_its_length_takes_long() -> None:
    large = pd.concat([TABLE] * 25_000, ignore_index=True)
    began = time.process_time()
    assert len(select(large, "area_um2 > 5e4 and edited == False and plate == 'p' and time_h < 48")) == 25_000
    assert time.process_time() - began < 1.0


WORDS = [
    "area_um2",
    "time_h",
    "edited",
    "name",
    "tags",
    "5",
    "'p'",
    ">",
    "==",
    "in",
    "and",
    "not",
    "(",
    ")",
    "[",
    "]",
    "-",
]


@given(
    st.lists(st.sampled_from([*WORDS, "@", ".", ",", "lambda", "x"]), max_size=12).map(" ".join) | st.text(max_size=30)
)
def test_whatever_is_typed_gives_rows_or_the_one_error(expression: str) -> None:
    try:
        chosen = select(TABLE, expression)
    except QueryError:
        return
    assert set(chosen["image_id"]) <= {1, 2, 3, 4}


COLUMNS = ["area_um2", "time_h", "image_id"]
# Of two values alone pandas negates the bits: not (24 < 5e4) is -2, which counts as true.
COMPARED = (
    st.tuples(
        st.sampled_from(COLUMNS),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from([*COLUMNS, "24", "5e4", "-1"]),
    )
    .flatmap(lambda of: st.sampled_from([of, of[::-1]]))
    .map(" ".join)
)
EXPRESSION = st.recursive(
    COMPARED | st.just("edited") | st.sampled_from(["plate == 'p'", "name in ['a.tif', 'b.tif']"]),
    lambda part: st.tuples(part, st.sampled_from(["and", "or", "&", "|"]), part).map(" ".join) | part.map("not ({})".format),
    max_leaves=6,
)  # fmt: skip


def test_values_alone_hold_for_all_rows_or_for_none() -> None:
    assert len(select(TABLE, "24 < 5e4")) == len(TABLE)
    assert len(select(TABLE, "not (24 < 5e4)")) == 0
    assert select(TABLE, "edited or not (24 < 5e4)")["image_id"].tolist() == [3]


@given(EXPRESSION)
def test_pandas_says_the_same(expression: str) -> None:
    wanted = TABLE.eval(expression, engine="python")
    chosen = select(TABLE, expression)["image_id"].tolist()
    assert chosen == TABLE["image_id"][wanted.astype(bool)].tolist()
