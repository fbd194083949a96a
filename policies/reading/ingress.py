"""Ingress rules of security groups, in the three ways to declare one: which port they open, and to whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
#: Properties that hold security groups, or lists of prefixes.
GROUPS = ("referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups", "prefixListId", "prefixListIds")


def port(cluster: AuroraCluster) -> int:
    """The cluster's port, or its engine's."""
    given = cluster.cluster.read("port", int)
    if isinstance(given, int):
        return given
    engine = cluster.cluster.field("engine")
    return connections(Engine(str(engine)) if engine in ENGINES else Engine.POSTGRESQL, "port")


def every(resources: Resources) -> Iterator[tuple[Resource, object, str]]:
    """Every ingress: the resource that declares it, the rule, and the security group's URN."""
    for group in resources.of(t.SECURITY_GROUP):
        inline = group.field("ingress")
        if isinstance(inline, list):
            yield from ((group, rule, group.urn) for rule in inline)
        elif inline is not MISSING:
            yield group, inline if inline is UNKNOWN else repr(inline), group.urn
    for resource in resources.of(t.SECURITY_GROUP_RULE, t.INGRESS_RULE):
        if resource.type_ == t.INGRESS_RULE or resource.field("type") != "egress":
            for group in resources.linked(resource, t.SECURITY_GROUP):
                yield resource, resource.properties, group.urn


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
    """Who is let in: a resource's URN, or AWS's identifier or address range as it is written."""

    name: str

    @property
    def label(self) -> str:
        """For messages."""
        return self.name.rpartition("::")[2] if self.name.startswith("urn:") else self.name


def sources(resource: Resource, rule: Mapping[str, object]) -> tuple[set[Source], list[Blank]]:
    """Whom a rule lets in, and what can't be read of that."""
    found: set[Source] = set()
    blanks: list[Blank] = []
    for path in (*RANGES, *GROUPS):
        value = field(rule, path)
        values = value if isinstance(value, list) else [] if value is MISSING else [value]
        # An inline rule's values come from whatever the list of rules comes from. A range, or a whole list, that is
        # unknown may be any and any number.
        urns = resource.property_dependencies.get(path) or resource.property_dependencies.get("ingress", ())
        followed = path in GROUPS and (isinstance(value, list) or not path.endswith("s")) and bool(urns)
        if UNKNOWN in values and followed:
            found |= {Source(urn) for urn in urns}
        found |= {Source(each) for each in values if isinstance(each, str)}
        for each in values:
            if not isinstance(each, str) and not (each is UNKNOWN and followed):
                reason = LATER if each is UNKNOWN else f"must be text, got {each!r}"
                blanks.append(Blank(resource.urn, path, reason))
    return found, blanks
