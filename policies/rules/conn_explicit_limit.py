"""conn-explicit-limit: max_connections is a number that somebody knows, on every instance that may come."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.rule import Finding, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        allowed = "what every instance admits has to be known before it is needed"
        remedy = "set it, or leave it to the engine where replicas are autoscaled on MySQL"
        yield from objections.findings(cluster, cluster.limits, RULE.id, allowed, remedy)


RULE = Rule(
    id="conn-explicit-limit",
    title="What each instance admits is known: documented by AWS, or set.",
    why="AWS documents no max_connections for newer classes, and not which parameter group an autoscaled replica gets.",
    predicate=(
        "Refuses an explicit max_connections on Aurora MySQL together with replica autoscaling (there the limit "
        "belongs to each instance). Advises an explicit one for a class whose default AWS doesn't document: until "
        "then the budget counts with bounds."
    ),
    unknown=(
        "An unknown class or limit is conn-demand-fits' to report, without a demand conn-demand-declared refuses the "
        "stack; a class that nobody has heard of can be declared (headroom:instance_classes, or Demand's)."
    ),
    remedy="Set max_connections, or leave it to the engine where replicas are autoscaled on MySQL.",
    sources=(
        "headroom/budget/facts/instance_classes.csv: blank where AWS documents nothing",
        "Aurora User Guide, AuroraMySQL.Managing.Performance and Aurora.Integrating.AutoScaling",
    ),
    check=check,
)
