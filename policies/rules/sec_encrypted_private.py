"""sec-encrypted-private: the storage is encrypted, and the internet can't open a connection."""

from collections.abc import Iterator, Mapping

from policies.reading import ingress
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, UNKNOWN, Blank, field
from policies.reading.resources import Resource
from policies.rule import MANDATORY, Finding, Rule, unproven


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
    elif not encrypted and _restored(cluster.cluster):
        reason = "isn't true, and a restored cluster is as encrypted as what it is restored from"
        yield unproven(Blank(cluster.urn, "storageEncrypted", reason, "set it, if that is encrypted"))
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


def _restored(cluster: Resource) -> bool:
    return any(cluster.field(path) is not MISSING for path in ("snapshotIdentifier", "restoreToPointInTime"))


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
    """Ingress rules of the clusters' own security groups. What others declare for them can't be seen."""
    resources = reading.resources
    ports: dict[str, set[int]] = {}
    for cluster in reading.clusters:
        for group in ingress.groups(cluster):
            ports.setdefault(group, set()).add(ingress.port(cluster))
    for resource, rule, guarded in ingress.every(resources):
        for port in sorted(ports.get(guarded, ())):
            yield from _judge(resource, rule, port)


def _judge(resource: Resource, rule: object, port: int) -> Iterator[Finding]:
    if not isinstance(rule, Mapping):
        yield unproven(ingress.unreadable(resource, rule))
        return
    if not ingress.covers(resource, rule, port):
        return
    direction = resource.read("type", str)
    if isinstance(direction, Blank):
        yield unproven(direction)
        return
    for path in ingress.RANGES:
        value = field(rule, path)
        several = value if isinstance(value, list) and path.endswith("Blocks") else None
        ranges: list[object] = several if several is not None else [] if value is MISSING else [value]
        for wrong in (r for r in ranges if not isinstance(r, str)):
            reason = ingress.LATER if wrong is UNKNOWN else f"must be an address range, got {wrong!r}"
            yield unproven(Blank(resource.urn, path, reason))
        for found in sorted({r for r in ranges if isinstance(r, str) and ingress.from_everybody(r)}):
            yield Finding(
                urn=resource.urn,
                found=f"{resource.name} admits {found} to port {port} of the database",
                allowed="nobody but the proxy, declared direct services and the break-glass group",
                remedy="name their security groups instead of an address range",
            )


RULE = Rule(
    id="sec-encrypted-private",
    title="The cluster's storage is encrypted, and it can't be reached from the internet.",
    why="Connections that strangers can open are connections that no budget counts.",
    predicate=(
        "Refuses storageEncrypted that isn't true (unset is false; of a restored cluster that isn't proof), an "
        "instance with publiclyAccessible, and an ingress of the cluster's security groups, on the database's port, "
        "from the internet: 0.0.0.0/0, ::/0, or any range wider than a private one can be (10.0.0.0/8, fc00::/7). A "
        "group outside the stack is known by its id, where the program writes it as text."
    ),
    unknown=(
        "Unknown encryption, public access, or address range of a rule on the database's port: not proven. Unknown "
        "security groups and lists that AWS computes don't matter; rules that others declare can't be seen."
    ),
    remedy="Encrypt, keep instances private, name security groups.",
    sources=("Security Hub RDS.27, RDS.2", "Checkov CKV_AWS_96, CKV_AWS_17", "cdk-nag AwsSolutions-RDS8"),
    dev=MANDATORY,
    harmless=ingress.OUTSIDE,
    check=check,
)
