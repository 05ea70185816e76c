"""A filter expression over a table of images: read by a grammar of its own, as a visitor of a page may have typed it."""

from __future__ import annotations

import ast
import io
import operator
import tokenize
from collections.abc import Callable
from typing import Any

import pandas as pd

from spheroseg_widgets.errors import QueryError

LONGEST = 2000
"""Characters of an expression."""
_WORDS = {"&": "and", "|": "or", "~": "not"}
"""pandas takes the signs for the words, whatever Python thinks of their precedence."""
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}  # fmt: skip
_REFUSED: dict[type[ast.AST], str] = {
    ast.Call: "calls nothing", ast.Attribute: "looks into nothing", ast.Subscript: "looks into nothing",
    ast.Lambda: "makes nothing", ast.Pow: "raises to no power",
}  # fmt: skip


def select(table: pd.DataFrame, expression: str) -> pd.DataFrame:
    """Return the rows of a table that an expression is true of.

    Parameters
    ----------
    table : DataFrame
        Columns of numbers, texts and truths; one of tuples of text can be asked what it holds.
    expression : str
        Comparisons (also chained), ``and``, ``or``, ``not`` (or ``&``, ``|``, ``~``), ``+ - * / %`` of numbers, ``in`` and
        ``not in`` a list, and ``"word" in tags``. ``== None`` is true where a value is missing; what is missing is
        neither larger nor smaller than anything.

    Returns
    -------
    DataFrame
        With the index of the table.

    Raises
    ------
    QueryError
        It cannot be read, names a column that is not there, or is no filter.
    """
    tree = _parsed(expression)
    try:
        chosen = _Reading(table, expression).truth(tree)
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise QueryError(f"{expression}: cannot be worked out ({error})") from error
    return table[chosen]


def _parsed(expression: str) -> ast.expr:
    if len(expression) > LONGEST:
        raise QueryError(f"{expression[:40]}...: a filter has at most {LONGEST} characters, not {len(expression)}")
    if not expression.strip():
        raise QueryError('the filter says nothing; write something like "area_um2 > 5e4 and edited == False"')
    try:
        line = expression.replace("\n", " ").strip()
        tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
        words = [(tokenize.NAME, _WORDS[word]) if word in _WORDS else (kind, word) for kind, word, *_ in tokens]
        if any(word == "@" for _, word in words):
            raise QueryError(f"{expression}: a filter knows columns and values, no variables (@)")
        return ast.parse(tokenize.untokenize(words), mode="eval").body
    except (SyntaxError, tokenize.TokenError, ValueError, RecursionError, MemoryError) as error:
        raise QueryError(f"{expression}: cannot be read ({error.args[0] if error.args else 'too deep'})") from error


class _Reading:
    """One expression, worked out over one table: every part is a column, a value, or a list of values."""

    def __init__(self, table: pd.DataFrame, expression: str) -> None:
        self.table = table
        self.expression = expression

    def truth(self, node: ast.expr) -> pd.Series:
        """Return which rows a part is true of."""
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(part) for part in node.values]  # noqa: PD011 - of Python's grammar, not of pandas
            out = parts[0]
            for part in parts[1:]:
                out = out & part if isinstance(node.op, ast.And) else out | part
            return out
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.truth(node.operand)
        if isinstance(node, ast.Compare):
            return self._compared(node)
        value = self.value(node)
        if not isinstance(value, pd.Series) or not pd.api.types.is_bool_dtype(value):
            raise QueryError(
                f"{self.expression}: {ast.unparse(node)} is neither true nor false of an image; compare it"
            )
        return value.astype(bool)

    def value(self, node: ast.expr) -> Any:
        """Return a column, a number or a text."""
        if isinstance(node, ast.Name):
            if node.id not in self.table.columns:
                raise QueryError(
                    f"{self.expression}: there is no column {node.id}; there are {', '.join(map(str, self.table.columns))}"
                )
            return self.table[node.id]
        if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | int | float | str)):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._number(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED:
            return _COMPUTED[type(node.op)](self._number(node.left), self._number(node.right))
        if isinstance(node, ast.BoolOp | ast.Compare) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        ):
            return self.truth(node)
        raise self._refusal(node)

    def _number(self, node: ast.expr) -> Any:
        value = self.value(node)
        if isinstance(value, pd.Series):
            if pd.api.types.is_numeric_dtype(value) and not pd.api.types.is_bool_dtype(value):
                return value.astype(float)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise QueryError(f"{self.expression}: {ast.unparse(node)} is no number to reckon with")

    def _compared(self, node: ast.Compare) -> pd.Series:
        sides = [node.left, *node.comparators]
        out = pd.Series(data=True, index=self.table.index)
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            if isinstance(op, ast.In | ast.NotIn):
                held = self._held(left, right)
                out &= ~held if isinstance(op, ast.NotIn) else held
            elif type(op) in _COMPARED:
                out &= self._told(type(op), self.value(left), self.value(right))
            else:
                raise QueryError(f"{self.expression}: write == or != in place of is")
        return out

    def _told(self, op: type[ast.cmpop], left: Any, right: Any) -> pd.Series:
        for side in (left, right):
            if isinstance(side, pd.Series) and _holds_several(side):
                raise QueryError(
                    f'{self.expression}: {side.name} holds several; ask for one of them, as "late" in {side.name}'
                )
        equality = op in {ast.Eq, ast.NotEq}
        if left is None or right is None:
            if not equality:
                raise QueryError(f"{self.expression}: None is neither larger nor smaller than anything")
            missing = self._whole(pd.isna(right if left is None else left))
            return missing if op is ast.Eq else ~missing
        if equality:
            return self._whole(_COMPARED[op](left, right))
        known = self._whole(pd.notna(left)) & self._whole(pd.notna(right))
        sides = [side[known] if isinstance(side, pd.Series) else side for side in (left, right)]
        return self._whole(_COMPARED[op](*sides)).reindex(self.table.index, fill_value=False) & known

    def _held(self, left: ast.expr, right: ast.expr) -> pd.Series:
        """Return where a column's value is in a list, or a column of several values holds one."""
        if isinstance(right, ast.List | ast.Tuple | ast.Set):
            values = [self.value(one) for one in right.elts]
            column = self.value(left)
            if not isinstance(column, pd.Series) or any(isinstance(one, pd.Series) for one in values):
                raise QueryError(f"{self.expression}: a column is looked for in a list of values")
            return column.isin(values)
        word, column = self.value(left), self.value(right)
        if not isinstance(word, str) or not isinstance(column, pd.Series) or not _holds_several(column):
            raise QueryError(
                f'{self.expression}: in asks for one of a list, as plate in ["a", "b"], or for a tag, as "late" in tags'
            )
        return column.map(lambda held: word in held).astype(bool)

    def _whole(self, told: Any) -> pd.Series:
        """Return an answer for every row; what compares two values alone is the same for all of them."""
        if isinstance(told, pd.Series):
            return told.fillna(value=False).astype(bool)
        return pd.Series(data=bool(told), index=self.table.index)

    def _refusal(self, node: ast.expr) -> QueryError:
        kind = type(node.op) if isinstance(node, ast.BinOp) else type(node)
        said = _REFUSED.get(kind, "holds comparisons, and, or, not, numbers, texts, columns and in")
        return QueryError(f"{self.expression}: {ast.unparse(node)} is not allowed; a filter {said}")


def _holds_several(column: pd.Series) -> bool:
    return column.dtype == object and bool(column.map(lambda held: isinstance(held, tuple | list)).all())
