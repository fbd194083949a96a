from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Path
from policies.reading import types as t
from policies.rules.conn_proxy_bypass import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER,)
DIRECT = replace(CHECKOUT, pools=(replace(CHECKOUT.pools[0], path=Path.DIRECT, transactions_percent=100),))


def admitting(*groups: str, demand: object = None, port: object = 5432) -> Declared:
    """The shop's database admits the proxy's group and others."""
    declared = (
        shop()
        .add(t.SECURITY_GROUP, "of-proxy", parent="stack")
        .change("proxy", vpc_security_group_ids=[Ref("of-proxy")])
    )
    for name in ("of-proxy", *groups):
        if name != "of-proxy":
            declared.add(t.SECURITY_GROUP, name, parent="stack")
        declared.add(
            t.INGRESS_RULE,
            f"from-{name}",
            security_group_id=Ref("database"),
            referenced_security_group_id=Ref(name),
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
        )
    return declared if demand is None else declared.change("budget", demand=demand)


def inline(**rule: object) -> Declared:
    return admitting().change("database", ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, **rule}])


def through_subnets(*ranges: object) -> Declared:
    """The database admits these ranges; its proxy is in one subnet."""
    blocks = {
        "cidr_blocks": [each for each in ranges if not isinstance(each, str) or ":" not in each],
        "ipv6_cidr_blocks": [each for each in ranges if isinstance(each, str) and ":" in each],
    }
    declared = inline(**blocks).change("proxy", vpc_subnet_ids=[Ref("private")])
    return declared.add(t.SUBNET, "private", cidr_block="10.0.0.0/20", ipv6_cidr_block="2001:db8::/56")


CASES: Sequence[Case] = [
    Case(says="no ingress", declared=shop(), passes={"shop"}),
    Case(says="the proxy and the operators", declared=admitting("operators"), passes={"shop"}),
    Case(
        says="somebody else as well",
        declared=admitting("operators", "batch"),
        refused={
            "shop": (
                "more than is declared reaches shop past its proxy: batch, operators; declared are 1 ways "
                "(the operators); admit only the proxy's group, and declare who connects directly (path: "
                "direct, or break_glass_connections for the operators)"
            )
        },
    ),
    Case(
        says="nobody keeps slots for operators",
        declared=admitting("operators", demand=demand_of(CHECKOUT, break_glass_connections=0)),
        refused={
            "shop": (
                "more than is declared reaches shop past its proxy: operators; declared are 0 ways (none); "
                "admit only the proxy's group, and declare who connects directly (path: "
                "direct, or break_glass_connections for the operators)"
            )
        },
    ),
    Case(
        says="a declared direct service",
        declared=admitting("operators", "checkout", demand=demand_of(DIRECT)),
        passes={"shop"},
    ),
    Case(
        says="more than the declared direct services",
        declared=admitting("operators", "checkout", "batch", demand=demand_of(DIRECT)),
        advised={
            "shop": (
                "more than is declared reaches shop past its proxy: batch, checkout, operators; declared are "
                "2 ways (the operators, checkout); admit only the proxy's group, and declare who connects "
                "directly (path: "
                "direct, or break_glass_connections for the operators)"
            )
        },
    ),
    Case(
        says="no demand",
        declared=admitting("operators").drop("budget"),
        advised={
            "shop": (
                "more than is declared reaches shop past its proxy: operators; declared are 0 ways (none); "
                "admit only the proxy's group, and declare who connects directly (path: "
                "direct, or break_glass_connections for the operators)"
            )
        },
    ),
    Case(says="another port", declared=admitting("operators", "batch", port=22), passes={"shop"}),
    Case(
        says="no proxy",
        declared=admitting("operators", "batch").drop(
            "proxy", "pool", "target", "read-only", "pool-use", "borrow-latency"
        ),
        passes={"shop"},
    ),
    Case(says="an inline rule for the proxy", declared=inline(security_groups=[Ref("of-proxy")]), passes={"shop"}),
    Case(
        says="an inline rule for others",
        declared=inline(cidr_blocks=["10.0.0.0/16", "10.1.0.0/16"]),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.0.0.0/16 (65,536 addresses), 10.1.0.0/16 "
                "(65,536 addresses); the proxy's group and subnets, and a range of at most 256 for the operators; name "
                "security groups instead of an address range"
            )
        },
    ),
    Case(
        says="an older kind of rule",
        declared=admitting("operators").add(
            t.SECURITY_GROUP_RULE,
            "old",
            type="ingress",
            security_group_id=Ref("database"),
            cidr_blocks=["10.0.0.0/16"],
            protocol="-1",
        ),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.0.0.0/16 (65,536 addresses); the proxy's "
                "group and subnets, and a range of at most 256 for the operators; name security groups instead of an "
                "address range"
            )
        },
    ),
    Case(
        says="a VPN and an office",
        declared=inline(cidr_blocks=["10.8.0.0/24", "192.0.2.17/32"], ipv6_cidr_blocks=["2001:db8::/64"]),
        passes={"shop"},
    ),
    Case(
        says="one address more",
        declared=inline(cidr_blocks=["10.8.0.0/23"]),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.8.0.0/23 (512 addresses); the proxy's "
                "group and subnets, and a range of at most 256 for the operators; name security groups instead of an "
                "address range"
            )
        },
    ),
    Case(
        says="two subnets of IPv6",
        declared=inline(ipv6_cidr_blocks=["2001:db8::/63"]),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 2001:db8::/63 (512 addresses); the proxy's "
                "group and subnets, and a range of at most 256 for the operators; name security groups instead of an "
                "address range"
            )
        },
    ),
    Case(
        says="a VPN, where nobody keeps slots for operators",
        declared=inline(cidr_blocks=["10.8.0.0/24"]).change(
            "budget", demand=demand_of(CHECKOUT, break_glass_connections=0)
        ),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.8.0.0/24 (256 addresses); the proxy's "
                "group and subnets, and a range of at most 256 for the operators; name security groups instead of an "
                "address range"
            )
        },
    ),
    Case(
        says="the proxy's subnets by their ranges",
        declared=admitting()
        .add("aws:ec2/subnet:Subnet", "private", cidr_block="10.0.0.0/20")
        .change("proxy", vpc_subnet_ids=[Ref("private")])
        .add(
            t.INGRESS_RULE,
            "from-subnet",
            security_group_id=Ref("database"),
            cidr_ipv4=Ref("private"),
            ip_protocol="tcp",
            from_port=5432,
            to_port=5432,
        ),
        passes={"shop"},
    ),
    Case(
        says="the proxy's subnets by their ranges, once they are known",
        declared=through_subnets("10.0.0.0/20", "2001:db8::/56"),
        passes={"shop"},
    ),
    Case(
        says="the proxy's subnets don't hide what is beside them",
        declared=through_subnets("10.0.0.0/20", "10.0.0.0/8", Ref("private")),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.0.0.0/8 (16,777,216 addresses); the "
                "proxy's group and subnets, and a range of at most 256 for the operators; name security groups instead "
                "of an address range"
            )
        },
    ),
    Case(
        says="another subnet isn't the proxy's",
        declared=through_subnets("10.9.0.0/20").add(t.SUBNET, "other", cidr_block="10.9.0.0/20"),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.9.0.0/20 (4,096 addresses); the "
                "proxy's group and subnets, and a range of at most 256 for the operators; name security groups instead "
                "of an address range"
            )
        },
    ),
    Case(
        says="an unknown range is sec-encrypted-private's",
        declared=inline(cidr_blocks=[Ref("stack")]),
        passes={"shop"},
    ),
    Case(
        says="a declared direct service may be behind a wide range",
        declared=inline(cidr_blocks=["10.0.0.0/16"]).change("budget", demand=demand_of(DIRECT)),
        passes={"shop"},
    ),
    Case(
        says="but not where a group stands for it",
        declared=admitting("operators", "checkout", demand=demand_of(DIRECT)).change(
            "database",
            ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": ["10.0.0.0/16"]}],
        ),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.0.0.0/16 (65,536 addresses); the proxy's "
                "group and subnets, and a range of at most 256 for the operators; name security groups instead of an "
                "address range"
            )
        },
    ),
    Case(
        says="more wide ranges than direct services",
        declared=inline(cidr_blocks=["10.0.0.0/16", "10.1.0.0/16"]).change("budget", demand=demand_of(DIRECT)),
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.0.0.0/16 (65,536 addresses), 10.1.0.0/16 "
                "(65,536 addresses); the proxy's group and subnets, and a range of at most 256 for the operators; name "
                "security groups instead of an address range"
            )
        },
    ),
    Case(
        says="a wide range beside groups that are not declared",
        declared=admitting("operators", "batch").change(
            "database",
            ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "cidr_blocks": ["10.0.0.0/16"]}],
        ),
        refused={
            "shop": (
                "more than is declared reaches shop past its proxy: batch, operators; declared are 1 ways "
                "(the operators); admit only the proxy's group, and declare who connects directly (path: "
                "direct, or break_glass_connections for the operators)"
            )
        },
        advised={
            "shop": (
                "whoever has an address there reaches shop past its proxy: 10.0.0.0/16 (65,536 addresses); the proxy's "
                "group and subnets, and a range of at most 256 for the operators; name security groups instead of an "
                "address range"
            )
        },
    ),
    Case(
        says="a prefix list, which holds ranges",
        declared=inline(prefix_list_ids=["pl-1", "pl-2", "pl-3"]),
        passes={"shop"},
    ),
    Case(
        says="what is no range AWS refuses",
        declared=inline(cidr_blocks=["the office"]),
        passes={"shop"},
    ),
    Case(
        says="groups of a database whose own group is outside the stack",
        declared=shop()
        .change("shop", vpc_security_group_ids=["sg-1"])
        .add(t.SECURITY_GROUP, "batch")
        .add(t.SECURITY_GROUP, "reports")
        .add(
            t.INGRESS_RULE,
            "from-batch",
            security_group_id="sg-1",
            referenced_security_group_id=Ref("batch"),
            ip_protocol="-1",
        )
        .add(
            t.INGRESS_RULE,
            "from-reports",
            security_group_id="sg-1",
            referenced_security_group_id=Ref("reports"),
            ip_protocol="-1",
        )
        .add(
            t.INGRESS_RULE,
            "of-another",
            security_group_id="sg-2",
            referenced_security_group_id=Ref("stack"),
            ip_protocol="-1",
        ),
        refused={
            "shop": (
                "more than is declared reaches shop past its proxy: batch, reports; declared are 1 ways "
                "(the operators); admit only the proxy's group, and declare who connects directly (path: "
                "direct, or break_glass_connections for the operators)"
            )
        },
    ),
    Case(
        says="what leaves it",
        declared=admitting("operators").add(
            t.SECURITY_GROUP_RULE,
            "old",
            type="egress",
            security_group_id=Ref("database"),
            cidr_blocks=["10.0.0.0/16"],
            protocol="-1",
        ),
        passes={"shop"},
    ),
    Case(
        says="everybody is sec-encrypted-private's",
        declared=inline(cidr_blocks=["0.0.0.0/0", "10.8.0.0/24"], ipv6_cidr_blocks=["::/0"]),
        passes={"shop"},
    ),
    Case(
        says="the proxy's group by its id",
        declared=shop()
        .change("proxy", vpc_security_group_ids=["sg-1"])
        .change(
            "database",
            ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, "security_groups": ["sg-1", "sg-2"]}],
        ),
        passes={"shop"},
    ),
    Case(
        says="an unknown list of rules",
        declared=admitting().change("database", ingress=Ref("stack")),
        unproven={
            "database": (
                "ingress of database is known only after the update; so this cannot be proven safe; declare "
                "each ingress as a rule of its own"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="no list of rules",
        declared=admitting().change("database", ingress="open"),
        unproven={
            "database": (
                "ingress of database must be a list of rules, got 'open'; so this cannot be proven safe; "
                "declare each ingress as a rule of its own"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="an address range of a wrong type is sec-encrypted-private's",
        declared=inline(cidr_blocks=[7]),
        passes={"shop"},
    ),
    Case(
        says="a group of a wrong type",
        declared=inline(security_groups=[7]),
        unproven={
            "database": (
                "securityGroups of database must be text, got 7; so this cannot be proven safe; give it as a "
                "value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a service with some of its pools past the proxy has a way",
        declared=admitting(
            "operators",
            "checkout",
            demand=demand_of(
                replace(CHECKOUT, pools=(replace(CHECKOUT.pools[0], path=Path.DIRECT), CHECKOUT.pools[1]))
            ),
        ),
        passes={"shop"},
    ),
    Case(
        says="what is no group's name doesn't matter",
        declared=admitting("operators").change("proxy", vpc_security_group_ids=[Ref("of-proxy"), {"a": 1}]),
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
