from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.budget.formula import FormulaError, Inputs, parse

GIB_16 = Inputs(memory_bytes=16 * 2**30, vcpus=2)


# AWS's own examples: RDS User Guide, USER_ParamValuesRef; Aurora User Guide, AuroraMySQL.Managing.Performance (1069.2).
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100", 100),
        (" 100 ", 100),
        ("{DBInstanceClassMemory}", 17179869184),
        ("{DBInstanceClassMemory/9531392}", 1802),
        ("{DBInstanceClassMemory*3/4}", 12884901888),
        ("{ DBInstanceClassMemory * 3 / 4 }", 12884901888),
        ("LEAST({DBInstanceClassMemory/9531392},5000)", 1802),
        ("LEAST({DBInstanceClassMemory/9531392}, 1000)", 1000),
        ("least({DBInstanceClassMemory/9531392},5000)", 1802),
        ("GREATEST({DBInstanceClassMemory/9531392},5000)", 5000),
        ("SUM({DBInstanceClassMemory/9531392},{DBInstanceClassMemory/9531392},1)", 3605),
        ("LEAST(GREATEST(1,2,3),SUM(1,{DBInstanceVCPU*2}))", 3),
        ("{log(DBInstanceClassMemory/8187281408)*1000}", 1069),
        ("{log(8)*10}", 30),
        ("GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})", 1069),
        ("{7/2}", 3),
        ("{-7/2}", -3),
    ],
)
def test_a_formula_is_evaluated_as_aws_does(text: str, value: int) -> None:
    assert parse(text)(GIB_16) == value


def test_a_formula_rounds_logarithms_as_it_is_told() -> None:
    evaluate = parse("{log(DBInstanceClassMemory/8187281408)*1000}")
    assert evaluate(GIB_16._replace(round_log=round)) == 1000


INTEGER = "where an integer, {...}, LEAST(, GREATEST( or SUM( belongs"
FACTOR = "where an integer, log( or one of DBInstanceClassMemory, DBInstanceVCPU belongs"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", f"the end {INTEGER}"),
        ("plenty", f"'plenty' {INTEGER}"),
        ("DBInstanceClassMemory/9531392", f"'DBInstanceClassMemory' {INTEGER}"),
        ("1.5", "'.' after the end of the formula"),
        ("5000 5000", "'5000' after the end of the formula"),
        ("{DBInstanceClassMemory/9531392", "the end where '}' belongs"),
        ("{DBInstanceClassMemory/9531392}}", "'}' after the end of the formula"),
        ("{}", f"'}}' {FACTOR}"),
        ("{AllocatedStorage/1024}", f"'AllocatedStorage' {FACTOR}"),
        ("{DBInstanceClassMemory+1}", "'+' where '}' belongs"),
        ("{DBInstanceClassMemory/}", f"'}}' {FACTOR}"),
        ("{log DBInstanceClassMemory}", "'DBInstanceClassMemory' where '(' belongs"),
        ("{log(DBInstanceClassMemory}", "'}' where ')' belongs"),
        ("LEAST()", f"')' {INTEGER}"),
        ("LEAST({DBInstanceClassMemory/9531392},5000", "the end where ')' belongs"),
        ("LEAST 5000", "'5000' where '(' belongs"),
        ("IF({DBInstanceVCPU},1,2)", f"'IF' {INTEGER}"),
        ("AVERAGE(1,2)", f"'AVERAGE' {INTEGER}"),
        ("${max}", f"'$' {INTEGER}"),
        ("1234567890123456789", "an integer of more than 18 digits"),
        ("{1000/log(DBInstanceClassMemory/17179869184)}", "a logarithm as a divisor"),
        ("{1000/LOG(DBInstanceClassMemory/17179869184)}", "a logarithm as a divisor"),
        ("{log(2*log(DBInstanceClassMemory/8589934592))}", "a logarithm of a logarithm"),
    ],
)
def test_what_is_no_formula_is_refused_with_what_was_found_and_what_belongs_there(text: str, found: str) -> None:
    with pytest.raises(FormulaError) as error:
        parse(text)
    assert str(error.value) == f"not a parameter formula: {text!r}: found {found}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{DBInstanceClassMemory/0}", "a division by zero"),
        ("{log(0)}", "the logarithm of 0"),
        ("{log(-8)}", "the logarithm of -8"),
        (f"{{{'*'.join(['999999999999999999'] * 18)}}}", "a value that is not a finite number"),
        (f"{{log({'*'.join(['999999999999999999'] * 18)})}}", "the logarithm of inf"),
    ],
)
def test_what_has_no_value_is_refused_when_it_is_evaluated(text: str, found: str) -> None:
    evaluate = parse(text)
    with pytest.raises(FormulaError) as error:
        evaluate(GIB_16)
    assert str(error.value) == f"not a parameter formula: {text!r}: found {found}"


def test_a_text_far_longer_than_any_formula_is_refused_before_it_is_read() -> None:
    with pytest.raises(FormulaError) as error:
        parse("LEAST(" * 5000)
    start = ("LEAST(" * 9)[:50]
    assert str(error.value) == f"not a parameter formula: {start!r}...: found more than 500 characters"


PIECES = st.sampled_from(
    ["LEAST", "GREATEST", "SUM", "log", "(", ")", "{", "}", ",", "*", "/", "0", "7", "-3", "DBInstanceClassMemory", " "]
)


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=40))
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    with suppress(FormulaError):
        assert isinstance(parse(text)(GIB_16), int)


@given(st.lists(PIECES, max_size=60).map("".join), st.floats(0.5, 65_536))
def test_a_formula_that_has_a_value_for_little_and_much_memory_has_one_between(text: str, gib: float) -> None:
    with suppress(FormulaError):
        evaluate = parse(text)
        for end in (0.5, 65_536):
            evaluate(Inputs(memory_bytes=end * 2**30, vcpus=2))
        try:
            evaluate(Inputs(memory_bytes=gib * 2**30, vcpus=2))
        except FormulaError as error:
            raise AssertionError(text) from error


@pytest.mark.parametrize("memory_gib", [0.5, 8, 16, 32, 65_536])
def test_a_formula_whose_logarithm_is_0_somewhere_has_a_value_there(memory_gib: float) -> None:
    evaluate = parse("GREATEST({log(DBInstanceClassMemory/17179869184)*1000},100)")
    assert evaluate(Inputs(memory_bytes=memory_gib * 2**30, vcpus=2)) >= 100


@given(st.floats(1, 4096), st.floats(1, 4))
def test_the_engines_default_formulas_never_fall_when_the_memory_grows(gib: float, factor: float) -> None:
    for text in (
        "LEAST({DBInstanceClassMemory/9531392},5000)",
        "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})",
    ):
        small, large = (parse(text)(Inputs(memory_bytes=size * 2**30, vcpus=2)) for size in (gib, gib * factor))
        assert small <= large
