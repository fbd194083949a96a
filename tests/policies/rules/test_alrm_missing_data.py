from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.alrm_missing_data import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.ALARM,)


def treat(alarm: str, how: object) -> Declared:
    return shop().change(alarm, treat_missing_data=how)


CASES: Sequence[Case] = [
    Case(
        says="each as it fits",
        declared=shop(),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="the writer's silence is a good day",
        declared=treat("writer-warning", "notBreaching"),
        refused={
            "writer-warning": (
                "the alarm writer-warning takes silence for a good day (treatMissingData: notBreaching); an "
                "instance that is down reports no connections: it would say OK in the middle of the outage; "
                "use ignore or missing"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="the readers' silence is a good day",
        declared=treat("reader-warning", "notBreaching"),
        refused={
            "reader-warning": (
                "the alarm reader-warning takes silence for a good day (treatMissingData: notBreaching); an "
                "instance that is down reports no connections: it would say OK in the middle of the outage; "
                "use ignore or missing"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "writer-critical", "writer-down", "writer-warning"},
    ),
    Case(
        says="the writer's alarm rings itself",
        declared=treat("writer-warning", "breaching"),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="the writer's alarm says that it doesn't know",
        declared=treat("writer-warning", "missing"),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="unset is missing",
        declared=treat("writer-warning", None),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="readers that go would page",
        declared=treat("reader-warning", "breaching"),
        refused={
            "reader-warning": (
                "the alarm reader-warning rings when the readers report nothing (treatMissingData: "
                "breaching); readers may go away on purpose: scaling in would page; use missing: "
                "INSUFFICIENT_DATA says what is known of them"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "writer-critical", "writer-down", "writer-warning"},
    ),
    Case(
        says="nothing rings when the writer is silent",
        declared=shop().drop("writer-down"),
        refused={
            "writer-warning": (
                "the alarm writer-warning stays as it is when the writer reports nothing (treatMissingData: "
                "ignore); something has to ring then, and no other alarm on shop does; add one on "
                "EngineUptime (Role WRITER, at most 0, treatMissingData: breaching), or use breaching here"
            ),
            "writer-critical": (
                "the alarm writer-critical stays as it is when the writer reports nothing (treatMissingData: "
                "ignore); something has to ring then, and no other alarm on shop does; add one on "
                "EngineUptime (Role WRITER, at most 0, treatMissingData: breaching), or use breaching here"
            ),
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning"},
    ),
    Case(
        says="what should ring tells nobody",
        declared=shop().change("writer-down", alarm_actions=[]),
        refused={
            "writer-warning": (
                "the alarm writer-warning stays as it is when the writer reports nothing (treatMissingData: "
                "ignore); something has to ring then, and no other alarm on shop does; add one on "
                "EngineUptime (Role WRITER, at most 0, treatMissingData: breaching), or use breaching here"
            ),
            "writer-critical": (
                "the alarm writer-critical stays as it is when the writer reports nothing (treatMissingData: "
                "ignore); something has to ring then, and no other alarm on shop does; add one on "
                "EngineUptime (Role WRITER, at most 0, treatMissingData: breaching), or use breaching here"
            ),
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-down"},
    ),
    Case(
        says="the writer's alarms ring themselves, and nothing else",
        declared=treat("writer-warning", "breaching")
        .change("writer-critical", treat_missing_data="breaching")
        .drop("writer-down"),
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="an unused proxy would page",
        declared=treat("pool-use", "breaching"),
        refused={
            "pool-use": (
                "the alarm pool-use rings when the proxy reports nothing (treatMissingData: breaching); a "
                "proxy that nobody uses publishes nothing: that is not a full pool; use ignore: it doesn't "
                "ring before the first datapoint, and a gap in an incident is no all-clear"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="unknown for the writer",
        declared=treat("writer-warning", Ref("stack")),
        unproven={
            "writer-warning": (
                "treatMissingData of writer-warning is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="unknown for the proxy",
        declared=treat("pool-use", Ref("stack")),
        unproven={
            "pool-use": (
                "treatMissingData of pool-use is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="unknown for what should ring",
        declared=treat("writer-down", Ref("stack")),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="not a treatment",
        declared=treat("writer-warning", ["ignore"]),
        unproven={
            "writer-warning": (
                "treatMissingData of writer-warning must be text, got ['ignore']; so this cannot be proven "
                "safe; give it as text"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="an alarm on connections doesn't count as the one that watches for silence",
        declared=treat("writer-warning", "breaching")
        .drop("writer-down")
        .change("writer-critical", treat_missing_data="ignore"),
        refused={
            "writer-critical": (
                "the alarm writer-critical stays as it is when the writer reports nothing "
                "(treatMissingData: ignore); something has to ring then, and no other alarm on shop "
                "does; add one on EngineUptime (Role WRITER, at most 0, treatMissingData: breaching), or "
                "use breaching here"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-warning"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
