"""Ingress rules of security groups, in the three ways to declare one: which port they open, and to whom."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TypeVar

from headroom.budget.facts import connections
from headroom.budget.model import Engine
from policies.reading import types as t
from policies.reading.aurora import AuroraCluster
from policies.reading.field import MISSING, UNKNOWN, Blank, field, read
from policies.reading.resources import Resource, Resources
from policies.reading.supply import ENGINES

T = TypeVar("T")
LATER = "is known only after the update"
ANY_PROTOCOL = ("-1", "all")
#: Properties that hold address ranges.
RANGES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")
#: Properties that hold security groups.
GROUPS = ("referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups")
#: Why a rule may say nothing where it isn't known whose ingress it is.
OUTSIDE = dict.fromkeys(
    ("vpcSecurityGroupIds", "securityGroupId"),
    "A group that is known by nothing but an unknown id isn't this stack's: it can't be seen.",
)
#: The widest private ranges' prefixes, by version of IP: 10.0.0.0/8 (RFC 1918), fc00::/7 (RFC 4193).
_PRIVATE_BITS = {4: 8, 6: 7}


def port(cluster: AuroraCluster) -> int:
    """The cluster's port, or its engine's."""
    given = cluster.cluster.read("port", int)
    if isinstance(given, int):
        return given
    engine = cluster.cluster.field("engine")
    return connections(Engine(str(engine)) if engine in ENGINES else Engine.POSTGRESQL, "port")


def groups(cluster: AuroraCluster) -> set[str]:
    """The cluster's security groups: their URNs, and AWS's identifiers of those that the program writes as text."""
    listed = cluster.cluster.field("vpcSecurityGroupIds")
    literal = {each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, str)}
    return literal | {group.urn for group in cluster.resources.linked(cluster.cluster, t.SECURITY_GROUP)}


def every(resources: Resources) -> Iterator[tuple[Resource, object, str]]:
    """Every ingress: the resource that declares it, the rule, and the security group, as `groups` has it."""
    for group in resources.of(t.SECURITY_GROUP):
        inline = group.field("ingress")
        if isinstance(inline, list):
            yield from ((group, rule, group.urn) for rule in inline)
        elif inline is not MISSING:
            yield group, inline if inline is UNKNOWN else repr(inline), group.urn
    for resource in resources.of(t.SECURITY_GROUP_RULE, t.INGRESS_RULE):
        if resource.type_ == t.INGRESS_RULE or resource.field("type") != "egress":
            guarded = [group.urn for group in resources.linked(resource, t.SECURITY_GROUP)]
            outside = resource.field("securityGroupId")
            for group_or_id in guarded or ([outside] if isinstance(outside, str) else []):
                yield resource, resource.properties, group_or_id


def unreadable(resource: Resource, rule: object) -> Blank:
    """A rule that is none."""
    reason = LATER if rule is UNKNOWN else f"must be a list of rules, got {rule}"
    return Blank(resource.urn, "ingress", reason, "declare each ingress as a rule of its own")


def covers(resource: Resource, rule: Mapping[str, object], number: int) -> bool:
    """Whether the rule is about the port; what can't be read may be."""

    def of(path: str, kind: type[T]) -> T | Blank | None:
        return read(resource.urn, resource.type_, rule, path, kind)

    protocol = of("ipProtocol", str) or of("protocol", str)
    low, high = of("fromPort", float), of("toPort", float)
    if isinstance(protocol, Blank) or protocol in ANY_PROTOCOL:
        return True
    return (isinstance(low, Blank) or (low is not None and low <= number)) and (
        isinstance(high, Blank) or (high is not None and number <= high)
    )


@dataclass(frozen=True, slots=True)
class Source:
    """Who is let in: a security group's URN, or AWS's identifier as it is written."""

    name: str

    @property
    def label(self) -> str:
        """For messages."""
        return self.name.rpartition("::")[2] if self.name.startswith("urn:") else self.name


def sources(resource: Resource, rule: Mapping[str, object]) -> tuple[set[Source], list[Blank]]:
    """The security groups that a rule lets in, and what can't be read of them."""
    found: set[Source] = set()
    blanks: list[Blank] = []
    for path in GROUPS:
        value = field(rule, path)
        values = value if isinstance(value, list) else [] if value is MISSING else [value]
        urns = _origins(resource, path)
        # A whole list that is unknown may hold any number.
        followed = (isinstance(value, list) or not path.endswith("s")) and bool(urns)
        if UNKNOWN in values and followed:
            found |= {Source(urn) for urn in urns}
        found |= {Source(each) for each in values if isinstance(each, str)}
        for each in values:
            if not isinstance(each, str) and not (each is UNKNOWN and followed):
                reason = LATER if each is UNKNOWN else f"must be text, got {each!r}"
                blanks.append(Blank(resource.urn, path, reason))
    return found, blanks


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Addresses that are let in, as they are written, and how many they are."""

    text: str
    addresses: int

    def __str__(self) -> str:
        return f"{self.text} ({self.addresses:,} addresses)"


def ranges(rule: Mapping[str, object], of_proxy: Collection[str]) -> set[Range]:
    """The known address ranges that a rule lets in, without those of the proxy's subnets (as they are written)."""
    found = set()
    for path in RANGES:
        value = field(rule, path)
        texts = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
        others = (text for text in texts if not from_everybody(text) and text not in of_proxy)
        found |= {Range(text, size) for text in others if (size := _addresses(text))}
    return found


def from_everybody(text: str) -> bool:
    """Whether a range, however it is written, is the internet or a large part of it: wider than any private one."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return False  # AWS refuses it
    return network.prefixlen < _PRIVATE_BITS[network.version]


def _addresses(text: str) -> int:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return 0  # AWS refuses it
    # A subnet of IPv6 has 64 bits for hosts: it counts as IPv4's smallest common one, 256 addresses, does.
    return network.num_addresses if network.version == 4 else max(1, network.num_addresses >> 56)


def _origins(resource: Resource, path: str) -> tuple[str, ...]:
    """Where a value comes from. An inline rule's comes from whatever the list of rules comes from."""
    return resource.property_dependencies.get(path) or resource.property_dependencies.get("ingress", ())
