"""sec-encrypted-private: the storage is encrypted, and the internet can't open a connection."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from headroom.budget.facts import connections
from headroom.budget.model import Engine
from policies.reading import types as t
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, UNKNOWN, Blank, field, read
from policies.reading.resources import Resource, Resources
from policies.reading.supply import ENGINES
from policies.rule import MANDATORY, Finding, Rule, unproven

T = TypeVar("T")
LATER = "is known only after the update"

EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})
ANY_PROTOCOL = ("-1", "all")
#: Properties that hold address ranges, in the three ways to declare an ingress.
RANGES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6")


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        yield from _encrypted(cluster)
        for instance in cluster.instances:
            yield from _private(instance)
    yield from _closed(reading)


def _encrypted(cluster: AuroraCluster) -> Iterator[Finding]:
    encrypted = cluster.cluster.read("storageEncrypted", bool)
    if isinstance(encrypted, Blank):
        yield unproven(encrypted)
    elif not encrypted:
        yield Finding(
            urn=cluster.urn,
            found=f"the storage of the cluster {cluster.name} is not encrypted",
            allowed="storageEncrypted has to be true",
            remedy=(
                "set storageEncrypted, best with a KMS key of your own (this replaces the cluster: restore it from "
                "an encrypted snapshot)"
            ),
        )


def _private(instance: Resource) -> Iterator[Finding]:
    public = instance.read("publiclyAccessible", bool)
    if isinstance(public, Blank):
        yield unproven(public)
    elif public:
        yield Finding(
            urn=instance.urn,
            found=f"the instance {instance.name} has a public address",
            allowed="publiclyAccessible has to be false",
            remedy="set publiclyAccessible to false and connect through the network, or a tunnel into it",
        )


def _closed(reading: Reading) -> Iterator[Finding]:
    """Ingress rules of the clusters' own security groups. Groups outside the stack can't be seen."""
    resources = reading.resources
    ports: dict[str, set[int]] = {}
    for cluster in reading.clusters:
        for group in resources.linked(cluster.cluster, t.SECURITY_GROUP):
            ports.setdefault(group.urn, set()).add(_port(cluster))
    for resource, rule, guarded in _ingress(resources):
        for port in sorted(ports.get(guarded, ())):
            yield from _judge(resource, rule, port)


def _port(cluster: AuroraCluster) -> int:
    port = cluster.cluster.read("port", int)
    if isinstance(port, int):
        return port
    engine = cluster.cluster.field("engine")
    return connections(Engine(str(engine)) if engine in ENGINES else Engine.POSTGRESQL, "port")


def _ingress(resources: Resources) -> Iterator[tuple[Resource, object, str]]:
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


def _judge(resource: Resource, rule: object, port: int) -> Iterator[Finding]:
    if not isinstance(rule, Mapping):
        reason = LATER if rule is UNKNOWN else f"must be a list of rules, got {rule}"
        yield unproven(Blank(resource.urn, "ingress", reason, "declare each ingress as a rule of its own"))
        return
    if not _covers(resource, rule, port):
        return
    direction = resource.read("type", str)
    if isinstance(direction, Blank):
        yield unproven(direction)
        return
    for path in RANGES:
        value = field(rule, path)
        several = isinstance(value, list) and path.endswith("Blocks")
        ranges = value if several else [] if value is MISSING else [value]
        for wrong in (r for r in ranges if not isinstance(r, str)):
            reason = LATER if wrong is UNKNOWN else f"must be an address range, got {wrong!r}"
            yield unproven(Blank(resource.urn, path, reason))
        for found in sorted(EVERYBODY.intersection(r for r in ranges if isinstance(r, str))):
            yield Finding(
                urn=resource.urn,
                found=f"{resource.name} admits {found} to port {port} of the database",
                allowed="nobody but the proxy, declared direct services and the break-glass group",
                remedy="name their security groups instead of an address range",
            )


def _covers(resource: Resource, rule: Mapping[str, object], port: int) -> bool:
    """Whether the rule is about the port; what can't be read may be."""

    def of(path: str, kind: type[T]) -> T | Blank | None:
        return read(resource.urn, resource.type_, rule, path, kind)

    protocol = of("ipProtocol", str) or of("protocol", str)
    low, high = of("fromPort", float), of("toPort", float)
    if isinstance(protocol, Blank) or protocol in ANY_PROTOCOL:
        return True
    return (isinstance(low, Blank) or (low is not None and low <= port)) and (
        isinstance(high, Blank) or (high is not None and port <= high)
    )


RULE = Rule(
    id="sec-encrypted-private",
    title="The cluster's storage is encrypted, and it can't be reached from the internet.",
    why="Connections that strangers can open are connections that no budget counts.",
    predicate=(
        "Refuses storageEncrypted that isn't true (unset is false), an instance with publiclyAccessible, and an "
        "ingress of "
        "the cluster's security groups, on the database's port, from 0.0.0.0/0 or ::/0."
    ),
    unknown=(
        "Unknown encryption, public access, or address range of a rule on the database's port: not proven. Unknown "
        "security "
        "groups and lists that AWS computes don't matter; groups outside the stack can't be seen."
    ),
    remedy="Encrypt, keep instances private, name security groups.",
    sources=("Security Hub RDS.27, RDS.2", "Checkov CKV_AWS_96, CKV_AWS_17", "cdk-nag AwsSolutions-RDS8"),
    dev=MANDATORY,
    check=check,
)
