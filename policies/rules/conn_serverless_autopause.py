"""conn-serverless-autopause: a cluster that should pause isn't kept awake by its proxy."""

from collections.abc import Iterator

from headroom.budget.facts import SERVERLESS
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, Finding, Rule, unproven

PATH = "serverlessv2ScalingConfiguration.minCapacity"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        low = cluster.cluster.read(PATH, float)
        classes = [instance.read("instanceClass", str) for instance in cluster.instances]
        if not cluster.proxies or low is None:
            continue
        blanks = [value for value in (low, *classes) if isinstance(value, Blank)]
        if low == 0 and SERVERLESS in classes:
            names = ", ".join(parts.proxy.name for parts in cluster.proxies)
            yield Finding(
                urn=cluster.urn,
                found=f"{cluster.name} may pause (0 ACU), but its proxy ({names}) keeps a connection to each instance",
                allowed="AWS raises no error: no instance behind a proxy ever pauses",
                remedy="set minCapacity to 0.5 or more (on PostgreSQL 1), or do without the proxy",
            )
        else:
            yield from map(unproven, blanks)


RULE = Rule(
    id="conn-serverless-autopause",
    title="A serverless cluster that may pause has no proxy, which would keep it awake.",
    why=(
        "The bill shows it first: the cluster was declared to pause, costs its least capacity all night, and is capped."
    ),
    predicate=(
        "Notes a minimum of 0 ACU together with an RDS Proxy on serverless instances. Advice everywhere: nothing runs "
        "out, a saving doesn't come."
    ),
    unknown="An unknown minimum may be 0, an unknown class db.serverless: not proven.",
    remedy="Set minCapacity to 0.5 or more, or remove the proxy.",
    sources=("Aurora User Guide, aurora-serverless-v2-auto-pause: instances with an associated RDS Proxy don't pause",),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=ADVISORY,
    check=check,
)
