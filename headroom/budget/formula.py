"""AWS's parameter formulas, parsed and evaluated as AWS does.

Syntax (RDS User Guide, USER_ParamValuesRef): an integer; `{expression}` with `*`, `/` and `log(...)` (base 2) over
integers and `DBInstanceClassMemory` (bytes) or `DBInstanceVCPU`; the functions `LEAST`, `GREATEST` and `SUM` over such
values. A logarithm is no divisor, and not of another logarithm: AWS has neither, and what is 0 for some class has no
value there. Every braces' value is truncated to an integer. How AWS rounds a logarithm isn't documented: the caller
chooses, so that two evaluations enclose the truth.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

# Compiled at the first formula: most stacks have none.
_LEXEME = r"\s*(?:(?P<number>-?\d+)|(?P<word>[A-Za-z]\w*)|(?P<sign>[{}(),*/])|(?P<bad>\S))"
_DIGITS = 18  # of an integer: far above every parameter, far below what a float can't hold
_LENGTH = 500  # of a formula: far above AWS's own, far below what nesting costs Python
_FUNCTIONS: Mapping[str, Callable[[list[int]], int]] = {"LEAST": min, "GREATEST": max, "SUM": sum}


class Inputs(NamedTuple):
    """What a formula is evaluated with: the class's memory and vCPUs, and how logarithms are rounded."""

    memory_bytes: float
    vcpus: float
    round_log: Callable[[float], float] = float


_VARIABLES: Mapping[str, Callable[[Inputs], float]] = {
    "DBInstanceClassMemory": lambda inputs: inputs.memory_bytes,
    "DBInstanceVCPU": lambda inputs: inputs.vcpus,
}

Formula = Callable[[Inputs], int]
_Real = Callable[[Inputs], float]


class FormulaError(ValueError):
    """Text that isn't a formula AWS would take; the message says what was found where."""


def parse(text: str) -> Formula:
    """A function of the inputs that gives the parameter's integer.

    >>> parse("LEAST({DBInstanceClassMemory/9531392},5000)")(Inputs(memory_bytes=16 * 2**30, vcpus=2))
    1802

    Raises:
        FormulaError: for anything else than the syntax above.
    """
    parser = _Parser(text)
    value = parser.value()
    if not parser.at_end():
        raise parser.error(f"{parser.take()!r} after the end of the formula")
    return value


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.in_logarithm = False
        if len(text) > _LENGTH:
            raise FormulaError(f"not a parameter formula: {text[:50]!r}...: found more than {_LENGTH} characters")
        self.words = [match.group(match.lastgroup or 0) for match in re.finditer(_LEXEME, text)][::-1]

    def value(self) -> Formula:
        """An integer, braces around an expression, or a function of such values."""
        word = self.take()
        if (number := self.integer(word)) is not None:
            return lambda _: number
        if word == "{":
            real = self.product()
            self.expect("}")
            return lambda inputs: self.truncated(real(inputs))
        if (function := _FUNCTIONS.get(word.upper())) is not None:
            arguments = self.arguments()
            return lambda inputs: function([argument(inputs) for argument in arguments])
        raise self.error(f"{_shown(word)} where an integer, {{...}}, LEAST(, GREATEST( or SUM( belongs")

    def arguments(self) -> list[Formula]:
        self.expect("(")
        found = [self.value()]
        while self.next_is(","):
            self.take()
            found.append(self.value())
        self.expect(")")
        return found

    def product(self) -> _Real:
        """Factors with `*` and `/`, from left to right."""
        left = self.factor()
        while self.next_is("*", "/"):
            divided = self.take() == "/"
            if divided and self.next_is("log"):
                raise self.error("a logarithm as a divisor")
            operation = self.divided if divided else self.multiplied
            left = operation(left, self.factor())
        return left

    def factor(self) -> _Real:
        word = self.take()
        if (number := self.integer(word)) is not None:
            real = float(number)
            return lambda _: real
        if word.lower() == "log":
            if self.in_logarithm:
                raise self.error("a logarithm of a logarithm")
            self.expect("(")
            self.in_logarithm = True
            inner = self.product()
            self.in_logarithm = False
            self.expect(")")
            return lambda inputs: inputs.round_log(self.log2(inner(inputs)))
        if word in _VARIABLES:
            return _VARIABLES[word]
        raise self.error(f"{_shown(word)} where an integer, log( or one of {', '.join(_VARIABLES)} belongs")

    def multiplied(self, left: _Real, right: _Real) -> _Real:
        return lambda inputs: left(inputs) * right(inputs)

    def divided(self, left: _Real, right: _Real) -> _Real:
        def quotient(inputs: Inputs) -> float:
            if (divisor := right(inputs)) == 0:
                raise self.error("a division by zero")
            return left(inputs) / divisor

        return quotient

    def log2(self, value: float) -> float:
        if not 0 < value < math.inf:
            raise self.error(f"the logarithm of {value:g}")
        return math.log2(value)

    def truncated(self, value: float) -> int:
        if not math.isfinite(value):
            raise self.error("a value that is not a finite number")
        return math.trunc(value)

    def integer(self, word: str) -> int | None:
        if not word.lstrip("-").isdecimal():
            return None
        if len(word) > _DIGITS:
            raise self.error(f"an integer of more than {_DIGITS} digits")
        return int(word)

    def at_end(self) -> bool:
        return not self.words

    def next_is(self, *signs: str) -> bool:
        return bool(self.words) and self.words[-1].lower() in signs

    def take(self) -> str:
        return self.words.pop() if self.words else ""

    def expect(self, sign: str) -> None:
        word = self.take()
        if word != sign:
            raise self.error(f"{_shown(word)} where {sign!r} belongs")

    def error(self, what: str) -> FormulaError:
        return FormulaError(f"not a parameter formula: {self.text!r}: found {what}")


def _shown(word: str) -> str:
    return repr(word) if word else "the end"
