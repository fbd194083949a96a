import pulumi
import pytest

from components.network import Network, NetworkArgs
from headroom.settings import ExistingNetwork, NewNetwork
from tests.components.conftest import Ran
from tests.components.program import Program, declare

INGRESS = "SecurityGroupIngressRule"
EGRESS = "SecurityGroupEgressRule"


def entries(program: Program, rule: str) -> set[tuple[str, str, int, int]]:
    """(from or to whom, at which group, first port, last port) of each rule."""
    return {
        (d["referencedSecurityGroupId"], d["securityGroupId"], int(d["fromPort"]), int(d["toPort"]))
        for d in program.all(rule).values()
    }


def test_nobody_but_the_listed_groups_enters_the_database(prod: Program) -> None:
    assert entries(prod, INGRESS) == {
        ("headroom-prod-application-id", "headroom-prod-proxy-id", 5432, 5432),
        ("headroom-prod-proxy-id", "headroom-prod-database-id", 5432, 5432),
        ("headroom-prod-direct-id", "headroom-prod-database-id", 5432, 5432),
        ("headroom-prod-break-glass-id", "headroom-prod-database-id", 5432, 5432),
    }


def test_each_way_in_has_its_way_out_and_nothing_else_goes_out(prod: Program) -> None:
    mirrored = {(at, source, first, last) for source, at, first, last in entries(prod, EGRESS)}
    assert mirrored == {(source, at, first, last) for source, at, first, last in entries(prod, INGRESS)}


@pytest.mark.parametrize("file", ["Pulumi.prod.yaml", "docs/examples/own-network.yaml", "docs/examples/mysql.yaml"])
def test_no_rule_names_an_address_range(ran: Ran, file: str) -> None:
    program = ran(file)
    for rule in [*program.all(INGRESS).values(), *program.all(EGRESS).values()]:
        assert not {"cidrIpv4", "cidrIpv6", "prefixListId"} & set(rule.inputs), rule.key
    for group in program.all(":SecurityGroup").values():
        assert not {"ingress", "egress"} & set(group.inputs), group.key


def test_without_direct_pools_there_is_no_direct_way() -> None:
    program = declare(
        lambda: Network("n", NetworkArgs(network=NewNetwork(cidr="10.0.0.0/16"), port=5432, proxied=True, services=()))
    )
    assert set(program.all(":SecurityGroup")) == {"n-database", "n-break-glass", "n-proxy", "n-application"}


def test_without_a_proxy_only_direct_services_and_operators_enter(before_the_incident: Program) -> None:
    assert {source for source, *_ in entries(before_the_incident, INGRESS)} == {
        "headroom-before-the-incident-direct-id",
        "headroom-before-the-incident-break-glass-id",
    }


def test_mysql_opens_its_own_port(mysql: Program) -> None:
    assert {first for *_, first, _ in entries(mysql, INGRESS)} == {3306}


def test_each_zone_has_a_private_subnet_and_room_for_the_next_zone(prod: Program) -> None:
    subnets = prod.all("Subnet")
    assert [(s["availabilityZone"], s["cidrBlock"]) for s in subnets.values()] == [
        ("eu-west-1a", "10.20.0.0/18"),
        ("eu-west-1b", "10.20.64.0/18"),
        ("eu-west-1c", "10.20.128.0/18"),
    ]
    assert not any(s["mapPublicIpOnLaunch"] for s in subnets.values())


def test_a_subnet_never_moves_because_the_list_of_zones_did(prod: Program) -> None:
    assert {s.ignore_changes for s in prod.all("Subnet").values()} == {("availabilityZone",)}


def test_your_own_network_gets_security_groups_only(own_network: Program) -> None:
    assert not own_network.all("Vpc")
    assert not own_network.all("Subnet")
    assert {g["vpcId"] for g in own_network.all(":SecurityGroup").values()} == {"vpc-0123abcd"}
    assert own_network.one("SubnetGroup")["subnetIds"] == ["subnet-0123abc1", "subnet-0123abc2", "subnet-0123abc3"]


def test_your_own_application_groups_are_admitted_to_the_proxy(own_network: Program) -> None:
    assert ("sg-0123abcd", "headroom-own-network-proxy-id", 5432, 5432) in entries(own_network, INGRESS)
    assert "sg-0123abcd" not in {at for _, at, *_ in entries(own_network, EGRESS)}  # its own rules are yours
    assert "headroom-own-network-application" not in own_network.all(":SecurityGroup")


def refusal(network: NewNetwork | ExistingNetwork) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        declare(lambda: Network("n", NetworkArgs(network=network, port=5432, proxied=True, services=())))
    return str(caught.value)


def test_subnets_that_are_not_there_are_all_told() -> None:
    own = ExistingNetwork(vpc_id="vpc-0123abcd", subnet_ids=("subnet-0000aaa0", "subnet-0000bbb1", "subnet-0000ccc0"))
    why = "can't be read: invoke of aws:ec2/getSubnet:getSubnet failed: the subnet doesn't exist (id)"
    assert refusal(own).splitlines() == [
        "",
        f"headroom:network.subnet_ids: subnet-0000aaa0: {why}",
        f"headroom:network.subnet_ids: subnet-0000ccc0: {why}",
    ]


def test_subnets_of_one_zone_are_refused() -> None:
    own = ExistingNetwork(vpc_id="vpc-0123abcd", subnet_ids=("subnet-0000aaa1", "subnet-0000bbb1"))
    assert refusal(own) == (
        "headroom:network.subnet_ids: all of them are in eu-west-1a: name subnets of at least two zones, "
        "or a zone's failure takes the writer and every reader"
    )


def test_subnets_of_another_vpc_are_refused() -> None:
    own = ExistingNetwork(vpc_id="vpc-0123abcd", subnet_ids=("subnet-0000aaa1", "subnet-0000bbb9"))
    assert refusal(own) == (
        "headroom:network.subnet_ids: subnet-0000bbb9: not in vpc-0123abcd: name private subnets of that VPC"
    )


WITHOUT_PROXY = ExistingNetwork(
    vpc_id="vpc-0123abcd", subnet_ids=("subnet-0000aaa1", "subnet-0000bbb7", "subnet-0000ccc8", "subnet-0000ddd9")
)


def test_subnets_in_zones_that_rds_proxy_doesnt_serve_are_refused() -> None:
    assert refusal(WITHOUT_PROXY) == (
        "headroom:network.subnet_ids: subnet-0000ddd9: not in vpc-0123abcd: name private subnets of that VPC\n"
        "headroom:network.subnet_ids: subnet-0000bbb7 (usw1-az2), subnet-0000ccc8 (use1-az3): RDS Proxy has no nodes "
        "in that zone, and AWS refuses it there: name a subnet of another zone"
    )


def test_without_a_proxy_they_may_be_in_any_zone() -> None:
    own = ExistingNetwork(vpc_id="vpc-0123abcd", subnet_ids=WITHOUT_PROXY.subnet_ids[:3])
    program = declare(lambda: Network("n", NetworkArgs(network=own, port=5432, proxied=False, services=())))
    assert set(program.all(":SecurityGroup")) == {"n-database", "n-break-glass"}


def test_more_zones_than_the_region_has_are_refused() -> None:
    assert refusal(NewNetwork(cidr="10.0.0.0/16", zones=4)) == (
        "headroom:network.zones: 4 zones wanted, but the region has 3 that RDS Proxy serves "
        "(eu-west-1a, eu-west-1b, eu-west-1c): lower it, or choose another region"
    )
