"""Alarms that somebody has beside the good ones: whatever is odd about them, they are advised about at most."""

from collections.abc import Sequence
from typing import Any

import pytest

from policies.configuration import interpret
from policies.exemptions import Exemptions
from policies.judge import judge
from policies.pack import all_rules
from policies.reading import types as t
from policies.rule import Rule
from policies.spare import spare
from tests.policies.declared import NOW, Declared, Ref, shop

ON_CONNECTIONS: dict[str, Any] = {
    "namespace": "AWS/RDS",
    "metric_name": "DatabaseConnections",
    "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
    "statistic": "Maximum",
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "threshold": 40,
    "period": 60,
    "evaluation_periods": 3,
    "treat_missing_data": "ignore",
    "alarm_actions": [Ref("critical")],
}
ON_THE_PROXY: dict[str, Any] = {
    **ON_CONNECTIONS,
    "metric_name": "DatabaseConnectionsBorrowLatency",
    "dimensions": {"ProxyName": Ref("proxy")},
    "treat_missing_data": "notBreaching",
    "threshold": 1_000_000,
}
ODD: dict[str, dict[str, Any]] = {
    "far above the limit": {"threshold": 5000},
    "below the accepted peak": {"threshold": 1},
    "asks whether anybody is there": {"comparison_operator": "LessThanThreshold", "threshold": 1},
    "compares with a learned band": {"comparison_operator": "GreaterThanUpperThreshold", "threshold": None},
    "for a page that somebody looks at": {"alarm_actions": None},
    "switched off": {"actions_enabled": False},
    "of an hour": {"period": 3600},
    "on the average": {"statistic": "Average"},
    "on one instance, above its limit": {"dimensions": {"DBInstanceIdentifier": Ref("shop-1")}, "threshold": 5000},
    "on the whole cluster, without an action": {
        "dimensions": {"DBClusterIdentifier": Ref("shop")},
        "alarm_actions": None,
    },
}
ODD_ON_THE_PROXY: dict[str, dict[str, Any]] = {
    "above the borrow timeout": {"threshold": 60_000_000},
    "without an action": {"alarm_actions": []},
    "of an hour": {"period": 3600},
    "on another metric, without an action": {"metric_name": "QueryDatabaseResponseLatency", "alarm_actions": []},
    "on another metric, of an hour": {"metric_name": "ClientConnections", "period": 3600},
}


def refused(declared: Declared, rules: Sequence[Rule] = tuple(all_rules())) -> set[tuple[str, str]]:
    """(rule, resource) of every mandatory verdict, as strict as prod."""
    how, _ = interpret({}, rules)
    verdicts = judge(rules, declared.reading, how, Exemptions([], [], NOW.date()))
    return {(v.rule.id, v.urn.rpartition("::")[2]) for v in verdicts if v.level.value == "mandatory"}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_alarm_beside_good_ones_is_not_refused(odd: dict[str, Any]) -> None:
    assert refused(shop().add(t.ALARM, "extra", **{**ON_CONNECTIONS, **odd})) == set()


@pytest.mark.parametrize("odd", ODD_ON_THE_PROXY.values(), ids=ODD_ON_THE_PROXY)
def test_an_odd_alarm_on_a_proxy_beside_good_ones_is_not_refused(odd: dict[str, Any]) -> None:
    assert refused(shop().add(t.ALARM, "extra", **{**ON_THE_PROXY, **odd})) == set()


def test_it_does_not_stand_in_for_a_good_one_that_is_missing() -> None:
    declared = shop().drop("writer-warning").add(t.ALARM, "extra", **{**ON_CONNECTIONS, "threshold": 5000})
    assert refused(declared) == {("alrm-connections-threshold", "extra"), ("alrm-two-stage", "writer-critical")}


def with_two_alarms_too_high_and_two_too_slow() -> Declared:
    """Of the writer's four alarms none is good, and each rule objects to two."""
    declared = shop()
    for tier, too_high, well in (("warning", 190, 30), ("critical", 195, 45)):
        slow = {"threshold": well, "period": 3600, "evaluation_periods": 24, "alarm_actions": [Ref(tier)]}
        declared.change(f"writer-{tier}", threshold=too_high)
        declared.add(t.ALARM, f"slow-{tier}", **{**ON_CONNECTIONS, **slow})
    return declared


def test_two_rules_do_not_spare_each_others_bad_alarms() -> None:
    refusals = {("alrm-latency-to-page", "slow-warning"), ("alrm-latency-to-page", "slow-critical")}
    assert refused(with_two_alarms_too_high_and_two_too_slow()) == refusals


def test_whichever_rule_comes_last_refuses_what_is_left() -> None:
    refusals = {("alrm-connections-threshold", "writer-warning"), ("alrm-connections-threshold", "writer-critical")}
    assert refused(with_two_alarms_too_high_and_two_too_slow(), all_rules()[::-1]) == refusals


@pytest.mark.parametrize(
    ("changed", "wrong", "expected"),
    [
        ({}, (), set()),
        ({}, ("extra",), {"extra"}),
        ({}, ("writer-warning",), {"writer-warning"}),
        ({"threshold": 5000}, ("writer-warning",), set()),  # the third can't ring
        ({}, ("extra", "writer-warning"), set()),
    ],
)
def test_spare_is_what_a_warning_and_a_critical_alarm_do_without(
    changed: dict[str, Any], wrong: tuple[str, ...], expected: set[str]
) -> None:
    declared = shop().add(t.ALARM, "extra", **{**ON_CONNECTIONS, **changed})
    (cluster,) = declared.reading().clusters
    assert spare(cluster, [declared.urn(name) for name in wrong]) == {declared.urn(name) for name in expected}


def test_a_cluster_without_readers_needs_no_alarms_on_them() -> None:
    declared = shop().drop("shop-2", "readers", "on-connections", "on-cpu", "reader-warning", "reader-critical")
    declared.add(t.ALARM, "both", **{**ON_CONNECTIONS, "dimensions": {"DBClusterIdentifier": Ref("shop")}})
    (cluster,) = declared.reading().clusters
    assert spare(cluster, [declared.urn("both")]) == {declared.urn("both")}


def on_each_instance(*tiers: str) -> Declared:
    """No autoscaling, and alarms on the instances instead of by role."""
    by_role = (f"{role}-{tier}" for role in ("writer", "reader") for tier in ("warning", "critical"))
    declared = shop().drop("readers", "on-connections", "on-cpu", *by_role)
    for number in (1, 2):
        for tier in tiers:
            keyed = {"dimensions": {"DBInstanceIdentifier": Ref(f"shop-{number}")}, "alarm_actions": [Ref(tier)]}
            declared.add(t.ALARM, f"{number}-{tier}", **{**ON_CONNECTIONS, **keyed})
    return declared


BY_ROLE = {name: odd for name, odd in ODD.items() if "DBInstanceIdentifier" not in odd.get("dimensions", {})}


@pytest.mark.parametrize("tiers", [("critical",), ("warning", "critical")], ids=len)
@pytest.mark.parametrize("extra", [{}, *BY_ROLE.values()], ids=["good", *BY_ROLE])
def test_one_alarm_by_role_beside_alarms_on_every_instance_is_not_refused(
    extra: dict[str, Any], tiers: tuple[str, ...]
) -> None:
    declared = on_each_instance(*tiers)
    assert refused(declared) == set()
    assert refused(declared.add(t.ALARM, "extra", **{**ON_CONNECTIONS, **extra})) == set()


def test_one_alarm_by_role_that_tells_nobody_beside_alarms_on_some_instances_is_refused() -> None:
    declared = on_each_instance("warning", "critical").drop("2-warning", "2-critical")
    declared.add(t.ALARM, "extra", **{**ON_CONNECTIONS, "alarm_actions": None})
    assert refused(declared) == {("alrm-connections-required", "extra"), ("alrm-connections-required", "shop")}


def test_an_alarm_on_an_instance_that_rings_too_late_is_refused_all_the_same() -> None:
    declared = on_each_instance("warning", "critical").change("1-critical", threshold=190)
    assert refused(declared) == {("alrm-connections-threshold", "1-critical")}
