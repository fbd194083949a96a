"""Evaluates the metric math that the alarm table uses: arithmetic, comparisons and IF, as CloudWatch defines them."""

import ast
import operator
from collections.abc import Callable, Mapping

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {ast.GtE: operator.ge, ast.Lt: operator.lt}


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The expression's value; None where a metric is missing, or a divisor is 0: CloudWatch then has no datapoint.

    Raises:
        ValueError: a piece of syntax that the table doesn't use.
    """
    try:
        return _value(ast.parse(expression, mode="eval").body, values)
    except ZeroDivisionError:
        return None


def _value(node: ast.expr, values: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            first, second = _value(left, values), _value(right, values)
            return None if first is None or second is None else _OPERATORS[type(op)](first, second)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            first, second = _value(left, values), _value(right, values)
            return None if first is None or second is None else float(_COMPARISONS[type(op)](first, second))
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, other]):
            holds = _value(condition, values)
            return None if holds is None else _value(then if holds else other, values)
        case _:
            raise ValueError(f"not in the alarm table's metric math: {ast.unparse(node)}")
