"""EC2: networks and security groups."""

import ipaddress
from typing import Any

from headroom.local.aws.prose.rule import Given, Rule, api, between, full

_EC2 = "AWSEC2/latest/APIReference"
VPC, SUBNET = ("aws:ec2/vpc:Vpc",), ("aws:ec2/subnet:Subnet",)
GROUP = ("aws:ec2/securityGroup:SecurityGroup",)
RULE = tuple(f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule" for way in ("Ingress", "Egress"))
_TEXT = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}"


def _size(value: Any, given: Given) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return True  # the registry says that it is none
    return network.version == 6 or 16 <= network.prefixlen <= 28


def _ordered(value: Any, given: Given) -> bool:
    low = given("fromPort")
    return given("ipProtocol") not in ("tcp", "udp", "6", "17") or low is None or low > 65535 or low <= value


def _port(value: Any, given: Given) -> bool:
    return given("ipProtocol") not in ("tcp", "udp", "6", "17") or 0 <= value <= 65535


RULES = (
    Rule(
        VPC,
        "cidrBlock",
        "or ipv4IpamPoolId is required",
        api(_EC2, "CreateVpc"),
        lambda value, given: value is not None or given("ipv4IpamPoolId") is not None,
        absent=True,
    ),
    Rule(VPC, "cidrBlock", "must be a network between /16 and /28", api(_EC2, "CreateVpc"), _size),
    Rule(SUBNET, "cidrBlock", "must be a network between /16 and /28", api(_EC2, "CreateSubnet"), _size),
    Rule(
        SUBNET,
        "availabilityZone",
        "must be a zone of the stack's region",
        api(_EC2, "CreateSubnet"),
        lambda value, given: value.startswith(given.region),
    ),
    Rule(
        GROUP,
        "name",
        "must have at most 255 of a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*, and not begin with sg-",
        api(_EC2, "CreateSecurityGroup"),
        lambda value, given: full(_TEXT)(value, given) and not value.startswith("sg-"),
    ),
    Rule(
        RULE,
        "description",
        "must have at most 255 of a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*",
        api(_EC2, "IpRange"),
        full(_TEXT),
    ),
    Rule(RULE, "fromPort", "must be between 0 and 65535", api(_EC2, "IpPermission"), _port),
    Rule(RULE, "toPort", "must be between 0 and 65535", api(_EC2, "IpPermission"), _port),
    Rule(RULE, "toPort", "must not be lower than fromPort", api(_EC2, "IpPermission"), _ordered),
    Rule(
        RULE,
        "ipProtocol",
        "must be tcp, udp, icmp, icmpv6, -1 or a protocol's number",
        api(_EC2, "IpPermission"),
        lambda value, given: (
            value.lower() in ("tcp", "udp", "icmp", "icmpv6", "-1")
            or (value.isdigit() and between(0, 255)(int(value), given))
        ),
    ),
)
