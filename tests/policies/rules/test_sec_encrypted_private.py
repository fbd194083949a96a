from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.sec_encrypted_private import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import COMPUTED, Declared, Ref, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE, t.SECURITY_GROUP, t.SECURITY_GROUP_RULE, t.INGRESS_RULE)
ALL = {"shop", "shop-1", "shop-2", "database"}


def inline(**rule: Any) -> Declared:
    return shop().change("database", ingress=[{"protocol": "tcp", "from_port": 5432, "to_port": 5432, **rule}])


def separate(**rule: Any) -> Declared:
    rule = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432, **rule}
    return shop().add(t.INGRESS_RULE, "rule", security_group_id=Ref("database"), **rule)


def classic(**rule: Any) -> Declared:
    rule = {"type": "ingress", "protocol": "tcp", "from_port": 5432, "to_port": 5432, **rule}
    return shop().add(t.SECURITY_GROUP_RULE, "rule", security_group_id=Ref("database"), **rule)


CASES: Sequence[Case] = [
    Case(
        says="a rule for a group outside the stack that is the database's by its id",
        declared=shop()
        .change("shop", vpc_security_group_ids=["sg-1"])
        .add(t.INGRESS_RULE, "open", security_group_id="sg-1", cidr_ipv4="0.0.0.0/0", ip_protocol="-1")
        .add(t.INGRESS_RULE, "of-another", security_group_id="sg-2", cidr_ipv4="0.0.0.0/0", ip_protocol="-1"),
        refused={
            "open": (
                "open admits 0.0.0.0/0 to port 5432 of the database; nobody but the proxy, declared direct services "
                "and the break-glass group; name their security groups instead of an address range"
            )
        },
        passes=ALL | {"of-another"},
    ),
    Case(says="encrypted and private", declared=shop(), passes=ALL),
    *(
        Case(
            says=f"a restored cluster ({by}, {given}) is as encrypted as what it is restored from",
            declared=shop().change("shop", storage_encrypted=given, **{by: value}),
            unproven={
                "shop": (
                    "storageEncrypted of shop isn't true, and a restored cluster is as encrypted as what it is "
                    "restored from; so this cannot be proven safe; set it, if that is encrypted"
                )
            },
            passes=ALL - {"shop"},
        )
        for given in (None, False)
        for by, value in (
            ("snapshot_identifier", "before-the-sale"),
            ("restore_to_point_in_time", {"source_cluster_identifier": "old"}),
        )
    ),
    Case(
        says="a restored cluster that is encrypted",
        declared=shop().change("shop", snapshot_identifier="before-the-sale"),
        passes=ALL,
    ),
    Case(
        says="not encrypted",
        declared=shop().change("shop", storage_encrypted=False),
        refused={
            "shop": (
                "the storage of the cluster shop is not encrypted; storageEncrypted has to be true; set "
                "storageEncrypted, best with a KMS key of your own (this replaces the cluster: restore it from an "
                "encrypted snapshot)"
            )
        },
        passes=ALL - {"shop"},
    ),
    Case(
        says="unset is not encrypted",
        declared=shop().change("shop", storage_encrypted=None),
        refused={
            "shop": (
                "the storage of the cluster shop is not encrypted; storageEncrypted has to be true; set "
                "storageEncrypted, best with a KMS key of your own (this replaces the cluster: restore it from an "
                "encrypted snapshot)"
            )
        },
        passes=ALL - {"shop"},
    ),
    Case(says="encryption as text", declared=shop().change("shop", storage_encrypted="true"), passes=ALL),
    Case(
        says="a public instance",
        declared=shop().change("shop-2", publicly_accessible=True),
        refused={
            "shop-2": (
                "the instance shop-2 has a public address; publiclyAccessible has to be false; set "
                "publiclyAccessible to false and connect through the network, or a tunnel into it"
            )
        },
        passes=ALL - {"shop-2"},
    ),
    Case(
        says="open to the internet, inline",
        declared=inline(cidr_blocks=["10.0.0.0/8", "0.0.0.0/0"]),
        refused={
            "database": (
                "database admits 0.0.0.0/0 to port 5432 of the database; nobody but the proxy, declared direct "
                "services and the break-glass group; name their security groups instead of an address range"
            )
        },
        passes=ALL - {"database"},
    ),
    Case(
        says="open to the internet, IPv6",
        declared=separate(cidr_ipv6="::/0"),
        refused={
            "rule": (
                "rule admits ::/0 to port 5432 of the database; nobody but the proxy, declared direct services and "
                "the break-glass group; name their security groups instead of an address range"
            )
        },
        passes=ALL,
    ),
    Case(
        says="open to the internet, as a rule of its own",
        declared=separate(cidr_ipv4="0.0.0.0/0"),
        refused={
            "rule": (
                "rule admits 0.0.0.0/0 to port 5432 of the database; nobody but the proxy, declared direct services "
                "and the break-glass group; name their security groups instead of an address range"
            )
        },
        passes=ALL,
    ),
    Case(
        says="open to the internet in two halves, and in another spelling",
        declared=classic(
            cidr_blocks=["0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8"], ipv6_cidr_blocks=["0::/0", "fc00::/7"]
        ),
        refused={
            "rule": [
                f"rule admits {found} to port 5432 of the database; nobody but the proxy, declared direct services "
                "and the break-glass group; name their security groups instead of an address range"
                for found in ("0.0.0.0/1", "128.0.0.0/1", "0::/0")
            ]
        },
        passes=ALL,
    ),
    Case(
        says="open to the internet, as a classic rule",
        declared=classic(cidr_blocks=["0.0.0.0/0"]),
        refused={
            "rule": (
                "rule admits 0.0.0.0/0 to port 5432 of the database; nobody but the proxy, declared direct services "
                "and the break-glass group; name their security groups instead of an address range"
            )
        },
        passes=ALL,
    ),
    Case(
        says="every protocol",
        declared=separate(ip_protocol="-1", from_port=None, to_port=None, cidr_ipv4="0.0.0.0/0"),
        refused={
            "rule": (
                "rule admits 0.0.0.0/0 to port 5432 of the database; nobody but the proxy, declared direct services "
                "and the break-glass group; name their security groups instead of an address range"
            )
        },
        passes=ALL,
    ),
    Case(
        says="egress may go anywhere", declared=classic(type="egress", cidr_blocks=["0.0.0.0/0"]), passes=ALL | {"rule"}
    ),
    Case(
        says="another port", declared=separate(from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0"), passes=ALL | {"rule"}
    ),
    Case(
        says="the cluster's own port",
        declared=separate(cidr_ipv4="0.0.0.0/0").change("shop", port=6000),
        passes=ALL | {"rule"},
    ),
    Case(
        says="a security group as the source, unknown as its id is",
        declared=separate(referenced_security_group_id=Ref("stack")),
        passes=ALL | {"rule"},
    ),
    Case(
        says="another group than the cluster's",
        declared=shop()
        .add(t.SECURITY_GROUP, "web")
        .add(t.INGRESS_RULE, "rule", security_group_id=Ref("web"), ip_protocol="-1", cidr_ipv4="0.0.0.0/0"),
        passes=ALL | {"web", "rule"},
    ),
    Case(says="a list that AWS computes", declared=shop().change("database", ingress=COMPUTED), passes=ALL),
    Case(
        says="address ranges that nobody gave",
        declared=separate(cidr_ipv4=COMPUTED, cidr_ipv6=COMPUTED, referenced_security_group_id=Ref("stack")),
        passes=ALL | {"rule"},
    ),
    Case(
        says="encryption that nobody gave",
        declared=shop().change("shop", storage_encrypted=COMPUTED),
        refused={
            "shop": (
                "the storage of the cluster shop is not encrypted; storageEncrypted has to be true; set "
                "storageEncrypted, best with a KMS key of your own (this replaces the cluster: restore it from an "
                "encrypted snapshot)"
            ),
        },
        passes=ALL - {"shop"},
    ),
    Case(
        says="unknown encryption",
        declared=shop().change("shop", storage_encrypted=Ref("stack")),
        unproven={
            "shop": (
                "storageEncrypted of shop is known only after the update; so this cannot be proven safe; give it as "
                "a value that is known before the update"
            )
        },
        passes=ALL - {"shop"},
    ),
    Case(
        says="unknown publicity",
        declared=shop().change("shop-1", publicly_accessible=Ref("stack")),
        unproven={
            "shop-1": (
                "publiclyAccessible of shop-1 is known only after the update; so this cannot be proven safe; give it "
                "as a value that is known before the update"
            )
        },
        passes=ALL - {"shop-1"},
    ),
    Case(
        says="an unknown address range",
        declared=separate(cidr_ipv4=Ref("stack")),
        unproven={
            "rule": (
                "cidrIpv4 of rule is known only after the update; so this cannot be proven safe; give it as a value "
                "that is known before the update"
            )
        },
        passes=ALL,
    ),
    Case(
        says="neither true nor false",
        declared=shop().change("shop", storage_encrypted="perhaps"),
        unproven={
            "shop": (
                "storageEncrypted of shop must be true or false, got 'perhaps'; so this cannot be proven safe; give "
                "it as true or false"
            )
        },
        passes=ALL - {"shop"},
    ),
    Case(
        says="open to the internet on MySQL's port",
        declared=shop()
        .change("shop", engine="aurora-mysql")
        .add(
            t.INGRESS_RULE,
            "rule",
            security_group_id=Ref("database"),
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=3306,
            to_port=3306,
        ),
        refused={
            "rule": (
                "rule admits 0.0.0.0/0 to port 3306 of the database; nobody but the proxy, declared "
                "direct services and the break-glass group; name their security groups instead of an "
                "address range"
            )
        },
        passes={"database", "shop", "shop-1", "shop-2"},
    ),
    Case(
        says="open to the internet on ports above the database's",
        declared=shop().add(
            t.INGRESS_RULE,
            "rule",
            security_group_id=Ref("database"),
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=6000,
            to_port=7000,
        ),
        passes={"database", "rule", "shop", "shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
