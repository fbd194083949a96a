"""AWS's parameter formulas, parsed and evaluated as AWS does.

Syntax (RDS User Guide, USER_ParamValuesRef): an integer; `{expression}` with `*`, `/` and `log(...)` (base 2) over
integers and `DBInstanceClassMemory` (bytes) or `DBInstanceVCPU`; the functions `LEAST`, `GREATEST` and `SUM` over such
values. Every braces' value is truncated to an integer. All of it grows, or stays, when the memory grows. AWS implements
whole logarithms where its formula gives fractions (db.r6g.large: 1000 for 1069.2, AuroraMySQL.Managing.Performance),
and doesn't say how it rounds: the caller chooses, so that two evaluations enclose the truth.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Protocol

_TOKEN = re.compile(r"\s*(?:(?P<number>-?\d+)|(?P<word>[A-Za-z]\w*)|(?P<sign>[{}(),*/])|(?P<bad>\S))")
_FUNCTIONS: Mapping[str, Callable[[list[int]], int]] = {"LEAST": min, "GREATEST": max, "SUM": sum}
_VARIABLES = ("DBInstanceClassMemory", "DBInstanceVCPU")

Rounding = Callable[[float], float]
_Real = Callable[[Mapping[str, float], Rounding], float]


class Formula(Protocol):
    """A parsed formula."""

    def __call__(self, variables: Mapping[str, float], round_log: Rounding = float) -> int: ...


class FormulaError(ValueError):
    """Text that isn't a formula AWS would take; the message says what was expected where."""


def parse(text: str) -> Formula:
    """A function of the variables' values that gives the parameter's integer.

    >>> parse("LEAST({DBInstanceClassMemory/9531392},5000)")({"DBInstanceClassMemory": 16 * 2**30})
    1802

    Raises:
        FormulaError: for anything else than the syntax above.
    """
    parser = _Parser(text)
    value = parser.value()
    parser.expect_end()
    return value


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        # The end is an empty token, so that every rule can look at what comes next.
        self.tokens = [(m.lastgroup or "", m.group(m.lastgroup or 0)) for m in _TOKEN.finditer(text)] + [("end", "")]
        self.at = 0

    def value(self) -> Formula:
        kind, token = self.take()
        if kind == "number":
            number = int(token)
            return lambda variables, round_log=float: number
        if token == "{":
            real = self.product()
            self.expect("}")
            return lambda variables, round_log=float: _truncated(real(variables, round_log), self.text)
        function = _FUNCTIONS.get(token.upper())
        if kind == "word" and function is not None:
            self.expect("(")
            arguments = [self.value()]
            while self.peek() == ",":
                self.take()
                arguments.append(self.value())
            self.expect(")")
            return lambda variables, round_log=float: function([argument(variables, round_log) for argument in arguments])
        raise self.error(f"{'the end' if kind == 'end' else repr(token)} where an integer, {{...}}, LEAST(, GREATEST( or SUM( belongs")

    def product(self) -> _Real:
        left = self.factor()
        while self.peek() in ("*", "/"):
            _, sign = self.take()
            left = _combined(left, sign, self.factor(), self.text)
        return left

    def factor(self) -> _Real:
        kind, token = self.take()
        if kind == "number":
            number = float(token)
            return lambda variables, round_log=float: number
        if kind == "word" and token.lower() == "log":
            self.expect("(")
            inner = self.product()
            self.expect(")")
            return lambda variables, round_log: round_log(_log2(inner(variables, round_log), self.text))
        if token in _VARIABLES:
            return lambda variables, round_log: float(variables[token])
        raise self.error(
            f"{'the end' if kind == 'end' else repr(token)} where an integer, log( or one of {', '.join(_VARIABLES)} belongs"
        )

    def peek(self) -> str:
        return self.tokens[self.at][1]

    def take(self) -> tuple[str, str]:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def expect(self, sign: str) -> None:
        kind, token = self.take()
        if token != sign:
            raise self.error(f"{'the end' if kind == 'end' else repr(token)} where {sign!r} belongs")

    def expect_end(self) -> None:
        if self.tokens[self.at][0] != "end":
            raise self.error(f"{self.peek()!r} after the end of the formula")

    def error(self, what: str) -> FormulaError:
        return FormulaError(f"not a parameter formula: {self.text!r}: found {what}")


def _truncated(value: float, text: str) -> int:
    if not math.isfinite(value):
        msg = f"not a parameter formula: {text!r}: its value is not a finite number"
        raise FormulaError(msg)
    return math.trunc(value)


def _log2(value: float, text: str) -> float:
    if value <= 0:
        msg = f"not a parameter formula: {text!r}: log of {value:g}"
        raise FormulaError(msg)
    return math.log2(value)


def _combined(left: _Real, sign: str, right: _Real, text: str) -> _Real:
    def combined(variables: Mapping[str, float], round_log: Rounding) -> float:
        divisor = right(variables, round_log)
        if sign == "*":
            return left(variables, round_log) * divisor
        if divisor == 0:
            msg = f"not a parameter formula: {text!r}: division by zero"
            raise FormulaError(msg)
        return left(variables, round_log) / divisor

    return combined
