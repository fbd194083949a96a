from dataclasses import replace

import pytest

from policies.reading import types as t
from policies.reading.composites import composites
from policies.reading.resources import Resources
from tests.policies.declared import Ref, shop


def spoken_for(rule: object, *origins: str) -> set[str]:
    """The alarms for which a composite alarm with this rule speaks, where the rule comes from these alarms."""
    declared = shop().change("writer-warning", name="low").change("writer-critical", name="high (writer)")
    *others, one = declared.add(t.COMPOSITE_ALARM, "one", alarm_rule=rule).resources()
    if origins:
        one = replace(one, property_dependencies={"alarmRule": tuple(map(declared.urn, origins))})
    return {urn.rpartition("::")[2] for urn in composites(Resources([*others, one]))}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("low")', {"writer-warning"}),
        ("ALARM(low) OR ALARM( other )", {"writer-warning"}),
        ('ALARM("arn:aws:cloudwatch:eu-west-1:1:alarm:low")', {"writer-warning"}),
        ('ALARM("low") AND NOT ALARM("deployment")', {"writer-warning"}),
        ('ALARM("low") AND NOT (ALARM("deployment") OR ALARM("other"))', {"writer-warning"}),
        ('NOT (ALARM("deployment")) AND ALARM("low")', {"writer-warning"}),
        ('NOT ALARM("deployment") AND (ALARM("other") OR ALARM("low"))', {"writer-warning"}),
        ('NOT OK("low")', {"writer-warning"}),
        ('NOT (NOT ALARM("low"))', {"writer-warning"}),
        ('OK("low") OR ALARM("low")', {"writer-warning"}),
        ('ALARM("NOT me") AND ALARM("low")', {"writer-warning"}),
        ('NOT ALARM("low")', set()),
        ('ALARM("pool-full") AND NOT (ALARM("other") OR ALARM("low"))', set()),
        ('ALARM("other") AND NOT (ALARM("other") AND (OK("x") OR ALARM("low")))', set()),
        ('OK("low")', set()),
        ('INSUFFICIENT_DATA("low")', set()),
        ('NOT INSUFFICIENT_DATA("low")', set()),
        (') ALARM("low")', {"writer-warning"}),
        ("", set()),
    ],
)
def test_a_composite_alarm_speaks_for_those_whose_ringing_makes_it_ring(rule: str, expected: set[str]) -> None:
    assert spoken_for(rule) == expected


def test_an_alarm_that_a_known_rule_comes_from_and_asks_only_whether_it_is_quiet_is_not_spoken_for() -> None:
    rule = 'ALARM("low") AND NOT ALARM("high (writer)")'
    assert spoken_for(rule, "writer-warning", "writer-critical") == {"writer-warning"}


def test_an_alarm_that_a_known_rule_comes_from_without_a_name_that_can_be_found_is_spoken_for() -> None:
    assert spoken_for("AT_LEAST(1, ALARM, (low, other))", "writer-warning") == {"writer-warning"}


def test_a_rule_that_is_known_only_later_speaks_for_all_that_it_comes_from() -> None:
    assert spoken_for(Ref("writer-critical")) == {"writer-critical"}
