"""scal-acu-range: a serverless capacity is one that AWS takes."""

from collections.abc import Iterator

from headroom.budget.facts import fact
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, Blank
from policies.rule import Finding, Rule, unproven

CONFIG = "serverlessv2ScalingConfiguration"
LOW, HIGH = f"{CONFIG}.minCapacity", f"{CONFIG}.maxCapacity"
LEAST_MAXIMUM = 1.0
STEPS_PER_ACU = 2


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.cluster.field(CONFIG) is MISSING:
            continue
        low, high = cluster.cluster.read(LOW, float), cluster.cluster.read(HIGH, float)
        for path, value in ((LOW, low), (HIGH, high)):
            if value is None:
                yield unproven(Blank(cluster.urn, path, "is not given", "give it"))
            elif isinstance(value, Blank):
                yield unproven(value)
        if isinstance(low, float | int) and isinstance(high, float | int):
            yield from _judge(cluster, low, high)


def _judge(cluster: AuroraCluster, low: float, high: float) -> Iterator[Finding]:
    most = fact("serverless", "highest_acu").value
    whole = all((value * STEPS_PER_ACU).is_integer() for value in (float(low), float(high)))
    if not (0 <= low <= high <= most and high >= LEAST_MAXIMUM and whole):
        yield Finding(
            urn=cluster.urn,
            found=f"{cluster.name} scales from {low:g} to {high:g} ACU",
            allowed=f"0 to {most:g} in steps of 0.5, the minimum not above the maximum, the maximum at least 1",
            remedy="correct the range; max_connections follows the maximum, and a new one needs a reboot",
        )


RULE = Rule(
    id="scal-acu-range",
    title="A serverless cluster's capacity is one that AWS takes.",
    why="AWS refuses a wrong range in the middle of an update; the limit of connections follows its upper end.",
    predicate=(
        "Refuses a capacity outside 0 to 256 ACU, not in steps of 0.5, a maximum below 1, and a minimum above the "
        "maximum. Whether the maximum carries the demand is the budget's question; equal bounds are legitimate."
    ),
    unknown="An unknown bound may be any number: not proven.",
    remedy="Correct minCapacity and maxCapacity.",
    sources=(
        "Aurora User Guide, aurora-serverless-v2.how-it-works and aurora-serverless-v2.setting-capacity",
        "cfn-lint E3686",
    ),
    check=check,
)
