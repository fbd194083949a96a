"""sec-no-master-in-app: services don't connect as the master user."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        masters = cluster.cluster.field("masterUserSecrets.0.secretArn")
        for proxy in (parts.proxy for parts in cluster.proxies):
            auths = proxy.field("auths")
            if cluster.urn in proxy.property_dependencies.get("auths", ()):
                yield _master(cluster, proxy)
            elif isinstance(auths, list):
                yield from _literal(cluster, proxy, len(auths), masters)
            elif auths is not MISSING and auths is not UNKNOWN:
                yield unproven(Blank(proxy.urn, "auths", f"must be a list, got {auths!r}", "give it as a list"))


def _literal(cluster: AuroraCluster, proxy: Resource, count: int, masters: object) -> Iterator[Finding]:
    for index in range(count):
        if isinstance(masters, str) and proxy.field(f"auths.{index}.secretArn") == masters:
            yield _master(cluster, proxy)


def _master(cluster: AuroraCluster, proxy: Resource) -> Finding:
    return Finding(
        urn=proxy.urn,
        found=f"the proxy {proxy.name} is given the master user's secret of {cluster.name}",
        allowed="as rds_superuser an application takes the slots that are reserved for rescue",
        remedy="give each service a database role and a secret of its own, or IAM",
    )


RULE = Rule(
    id="sec-no-master-in-app",
    title="No proxy is given the cluster's master secret.",
    why=(
        "In the incident the operators couldn't log in: what is reserved for superusers is no reserve if services are"
        " it."
    ),
    predicate=(
        "Refuses an RDS Proxy whose auths come from its cluster (masterUserSecrets), or name the same secret. Secrets"
        " of other resources pass."
    ),
    unknown=(
        "Where a secret comes from is known before its value: an unknown one of another resource isn't the master's. "
        "Auths that are no list are not proven."
    ),
    remedy="A role and a secret for each service, or IAM.",
    sources=(
        "postmortem.txt",
        "PostgreSQL documentation, superuser_reserved_connections",
        "headroom/budget/ceiling.py: reserved",
    ),
    harmless={
        "auths": "What comes from another resource than the cluster isn't its master secret.",
        "auths.*.secretArn": "What comes from another resource than the cluster isn't its master secret.",
        "masterUserSecrets": "Before the cluster exists, its secret can only be named by a reference.",
        "masterUserSecrets.*.secretArn": "Before the cluster exists, its secret can only be named by a reference.",
    },
    check=check,
)
