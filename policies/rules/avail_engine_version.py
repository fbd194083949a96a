"""avail-engine-version: AWS lets a cluster of that version be made, and made again from a backup."""

from collections.abc import Iterator

from headroom.budget.model import Engine
from headroom.budget.offers import Offer, version
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.supply import ENGINES
from policies.rule import Finding, Kind, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        wanted, engine = cluster.cluster.read("engineVersion", str), cluster.cluster.field("engine")
        if isinstance(wanted, Blank):
            yield unproven(wanted)
        elif wanted and engine in ENGINES:
            yield from _judge(cluster, Engine(str(engine)), wanted)


def _judge(cluster: AuroraCluster, engine: Engine, wanted: str) -> Iterator[Finding]:
    answer = version(engine, wanted)
    found = f"{cluster.name}: {answer.found}"
    if answer.offer is Offer.NEWER:
        yield Finding(
            urn=cluster.urn,
            found=found,
            allowed="whether AWS has it can't be told here",
            remedy="make sure that it exists; `make facts` renews the list",
            kind=Kind.ADVICE,
        )
    elif answer.offer is Offer.RETIRED and cluster.cluster.field("engineVersionActual") == wanted:
        yield Finding(
            urn=cluster.urn,
            found=found,
            allowed="the cluster runs it already, and goes on until AWS upgrades it; a restored one is refused",
            remedy=f"upgrade it in an hour of your own, to {answer.instead}",
            kind=Kind.ADVICE,
        )
    elif answer.offer is not Offer.YES:
        yield Finding(
            urn=cluster.urn,
            found=found,
            allowed="AWS refuses to make such a cluster",
            remedy=f"take {answer.instead}",
        )


RULE = Rule(
    id="avail-engine-version",
    title="A cluster's engine version is one that AWS lets be created.",
    why=(
        "AWS retires minor versions. From then on no cluster of them can be created, nor restored from a backup: the "
        "program that declares one works until the day on which it is needed."
    ),
    predicate=(
        "Refuses a version that AWS's list has no more, or never had, on a cluster that doesn't run it yet. Advises on "
        "a cluster that runs a retired version, and on versions that are later than the list; the finding has the "
        "list's date. A bare major version (`16`) passes: AWS takes its newest. An end that is only announced isn't on "
        "the list."
    ),
    unknown="An unknown version, often another resource's, may be any: advice.",
    remedy="Take a version that AWS offers; upgrade what runs an older one before AWS does.",
    sources=(
        "headroom/budget/facts/offers.json: cfn-lint's copy of DescribeDBEngineVersions",
        "Aurora User Guide, Aurora.VersionPolicy",
    ),
    unknown_refused_in=frozenset(),
    harmless={
        "engine": "Without it nobody can tell what the version is of; conn-demand-fits reports it.",
        "engineVersionActual": "Known only where the cluster is there: what isn't known counts as new.",
    },
    check=check,
)
