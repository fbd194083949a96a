"""conn-serverless-min-acu: a small minimum doesn't take connections away that the maximum promises."""

from collections.abc import Iterator
from dataclasses import replace

from headroom.budget.ceiling import ceiling
from headroom.budget.facts import SERVERLESS
from headroom.budget.model import Cluster, Serverless
from policies import objections
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule, unproven

PATH = "serverlessv2ScalingConfiguration.minCapacity"
ENOUGH_ACU = 1.0


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        low = cluster.cluster.read(PATH, float)
        if isinstance(low, Blank):
            yield unproven(low)
        elif low is not None and cluster.supply.cluster is not None and cluster.supply.cluster.serverless is not None:
            yield from _judge(cluster, cluster.supply.cluster, cluster.supply.cluster.serverless)
            allowed = "max_connections follows the maximum; memory and CPU follow the load, from the minimum on"
            remedy = "set minCapacity to that"
            yield from objections.findings(
                cluster, cluster.budget, RULE.id, allowed, remedy, own_words="serverless-cap"
            )


def _judge(cluster: AuroraCluster, supply: Cluster, capacity: Serverless) -> Iterator[Finding]:
    enough = replace(supply, serverless=replace(capacity, min_acu=ENOUGH_ACU))
    instance = next(i for i in supply.instances if i.instance_class.name == SERVERLESS)
    capped, uncapped = ceiling(instance, supply), ceiling(instance, enough)
    if capped.low < uncapped.low:
        yield Finding(
            urn=cluster.urn,
            found=(
                f"{cluster.name} scales from {capacity.min_acu:g} to {capacity.max_acu:g} ACU, and admits "
                f"{capped.low:,} connections instead of {uncapped.low:,}"
            ),
            allowed="with a minimum of 0 or 0.5 ACU Aurora PostgreSQL admits 2,000 at most",
            remedy="set minCapacity to 1 or more, and reboot the instances: max_connections is static",
            kind=Kind.ADVICE if cluster.budget is not None and cluster.budget.fits else Kind.VIOLATION,
        )


RULE = Rule(
    id="conn-serverless-min-acu",
    title="A serverless PostgreSQL cluster admits the connections that its maximum promises.",
    why="The limit follows the maximum, but for a minimum of 0 or 0.5 ACU, which caps it at 2,000: easily overlooked.",
    predicate=(
        "Refuses a minCapacity below 1 on Aurora PostgreSQL where the cap of 2,000 is below what the maximum gives; "
        "where the declared budget fits all the same, it advises. A maximum that gives less than 2,000 anyway passes. "
        "Advises where the memory at the minimum is too small for what may stay open when idle, or its CPU for "
        "re-opening all connections within reconnect_objective_seconds."
    ),
    unknown="An unknown minimum may be 0.5: not proven. An unknown engine or maximum is conn-demand-fits' to report.",
    remedy="Set minCapacity to 1 or more and reboot.",
    sources=(
        "Aurora User Guide, aurora-serverless-v2.setting-capacity",
        "https://repost.aws/questions (capped at 2,000)",
        "headroom/budget/small_minimum.py",
    ),
    harmless={
        "engine": "Conn-demand-fits reports an unknown engine, and without a demand conn-demand-declared refuses.",
        "serverlessv2ScalingConfiguration.maxCapacity": "Conn-demand-fits reports it.",
    },
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
