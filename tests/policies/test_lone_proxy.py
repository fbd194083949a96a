"""A proxy whose cluster another stack declares: judged as far as it goes, and what isn't judged is said."""

from typing import Any

import pytest

from policies.configuration import interpret
from policies.exemptions import Exemptions
from policies.judge import judge
from policies.pack import all_rules
from policies.reading import types as t
from tests.policies.declared import NOW, OTHER_ALARMS, Declared, Ref, shop

NOT_JUDGED = (
    "[conn-demand-declared] the proxy proxy leads to a cluster that isn't part of this stack; its pool can be compared "
    "neither with that cluster's limits nor with a demand; declare the proxy and the demand beside the cluster"
)


def lone(cluster: object = "of-another-stack") -> Declared:
    """The shop's proxy, its alarms and whom they tell."""
    kept = {"stack", "proxy", "pool", "target", "read-only", "critical", "critical-mail", *OTHER_ALARMS[1:]}
    whole = shop().change("target", db_cluster_identifier=cluster)
    return whole.drop(*(whole.names(*t.READ) - kept))


def told(declared: Declared) -> set[tuple[str, str, str]]:
    """(rule, level, resource) of every verdict, as strict as prod."""
    how, _ = interpret({}, all_rules())
    verdicts = judge(all_rules(), declared.reading, how, Exemptions([], [], NOW.date()))
    return {(v.rule.id, v.level.value, v.urn.rpartition("::")[2]) for v in verdicts}


@pytest.mark.parametrize("cluster", ["of-another-stack", Ref("stack")], ids=["by its name", "by a stack reference"])
def test_a_safe_one_is_not_refused_and_what_is_not_judged_is_said(cluster: object) -> None:
    how, _ = interpret({}, all_rules())
    verdicts = list(judge(all_rules(), lone(cluster).reading, how, Exemptions([], [], NOW.date())))
    assert [(v.level.value, v.urn, v.message) for v in verdicts] == [
        ("advisory", lone().urn("proxy"), NOT_JUDGED),
    ]


@pytest.mark.parametrize(
    ("name", "change", "rule", "about"),
    [
        ("proxy", {"require_tls": False}, "sec-proxy-tls-auth", "proxy"),
        ("proxy", {"default_auth_scheme": None}, "sec-proxy-tls-auth", "proxy"),
        ("proxy", {"idle_client_timeout": 99_999}, "conn-idle-client-timeout", "proxy"),
        ("pool", {"connection_pool_config": {}}, "conn-pool-percent-max", "pool"),
        ("pool", {"connection_pool_config": {"max_connections_percent": 100}}, "conn-pool-percent-max", "pool"),
        (
            "pool",
            {"connection_pool_config": {"max_connections_percent": Ref("stack")}},
            "conn-pool-percent-max",
            "pool",
        ),
        ("pool-use", {"alarm_actions": []}, "alrm-proxy-saturation", "proxy"),
        ("borrow-latency", {"threshold": 300_000_000}, "alrm-reachable", "borrow-latency"),
    ],
)
def test_what_asks_nothing_about_the_cluster_is_refused(
    name: str, change: dict[str, Any], rule: str, about: str
) -> None:
    assert told(lone().change(name, **change)) == {
        (rule, "mandatory", about),
        ("conn-demand-declared", "advisory", "proxy"),
    }


def test_ninety_nine_percent_may_be_right() -> None:
    declared = lone().change("pool", connection_pool_config={"max_connections_percent": 99})
    assert told(declared) == {("conn-demand-declared", "advisory", "proxy")}


def test_a_pool_without_settings_of_its_own_has_awss_hundred_percent() -> None:
    declared = lone().change("target", target_group_name="default").drop("pool")
    assert ("conn-pool-percent-max", "mandatory", "proxy") in told(declared)


def test_a_composite_alarm_tells_for_its_alarms() -> None:
    declared = lone().change("pool-use", alarm_actions=[])
    declared.add(t.COMPOSITE_ALARM, "queue", alarm_rule=Ref("pool-use"), alarm_actions=[Ref("critical")])
    assert told(declared) == {("conn-demand-declared", "advisory", "proxy")}


def test_filters_of_pinning_are_noted() -> None:
    config = {"max_connections_percent": 30, "session_pinning_filters": ["EXCLUDE_VARIABLE_SETS"]}
    assert ("conn-pinning-filter", "advisory", "pool") in told(lone().change("pool", connection_pool_config=config))


def test_a_proxy_on_an_instance_that_is_no_clusters_is_not_this_packs_business() -> None:
    declared = lone().change("target", db_cluster_identifier=None, db_instance_identifier="plain")
    assert told(declared.change("proxy", require_tls=False)) == set()


def test_a_proxy_on_another_engines_cluster_is_not_this_packs_business() -> None:
    assert told(shop().change("shop", engine="postgres").change("proxy", require_tls=False)) == set()


def test_a_proxy_with_a_cluster_here_and_another_elsewhere_is_judged_once() -> None:
    declared = shop().change("proxy", require_tls=False)
    declared.add(t.PROXY_TARGET, "second", db_proxy_name=Ref("proxy"), db_cluster_identifier="of-another-stack")
    (found,) = (parts for parts in declared.reading().proxies)
    assert found.proxy.name == "proxy"
    assert ("conn-demand-declared", "advisory", "proxy") in told(declared)
