"""sec-no-master-in-app: services don't connect as the master user."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        for proxy in (parts.proxy for parts in cluster.proxies):
            auths = proxy.field("auths")
            if isinstance(auths, list):
                yield from _judge(cluster, proxy, [proxy.field(f"auths.{i}.secretArn") for i in range(len(auths))])
            elif auths is UNKNOWN:
                yield from _judge(cluster, proxy, [UNKNOWN])
            elif auths is not MISSING:
                yield unproven(Blank(proxy.urn, "auths", f"must be a list, got {auths!r}", "give it as a list"))


def _judge(cluster: AuroraCluster, proxy: Resource, secrets: list[object]) -> Iterator[Finding]:
    masters = cluster.cluster.field("masterUserSecrets.0.secretArn")
    if isinstance(masters, str) and masters in secrets:
        yield _master(cluster, proxy)
        return
    origins = set(proxy.property_dependencies.get("auths", ()))
    if cluster.urn not in origins or UNKNOWN not in secrets:
        return  # what the cluster gives is something else: its name, in a description
    others = len(origins - {cluster.urn})
    if not others:
        yield _master(cluster, proxy)
    elif not isinstance(masters, str):  # else it would be known here as well
        # Origins are those of all entries together: another one may give a description, and the cluster the secret.
        reason = f"is known only after the update, and comes from the cluster {cluster.name} and {others} more"
        remedy = "give each entry the secret of a resource of its own, and take nothing from the cluster"
        yield unproven(Blank(proxy.urn, "auths", reason, remedy))


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
        "Refuses an RDS Proxy whose secrets come from its cluster (masterUserSecrets) and from nothing else, or name "
        "the same secret. Secrets of other resources pass where nothing in auths comes from the cluster."
    ),
    unknown=(
        "Where a secret comes from is known before its value, but only for all entries together. Where the cluster and "
        "others give something to auths, the unknown secret may be the cluster's, until its own is known: not proven. "
        "Auths that are no list are not proven either."
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
