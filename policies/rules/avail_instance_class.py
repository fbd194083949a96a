"""avail-instance-class: the engine's version has each instance's class, and so has the region."""

from collections.abc import Iterator

from headroom.budget.model import Engine
from headroom.budget.offers import Offer, instance_class
from policies.reading.aurora import Reading
from policies.reading.supply import ENGINES
from policies.rule import Finding, Kind, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        engine, version = cluster.cluster.field("engine"), cluster.cluster.field("engineVersion")
        if engine not in ENGINES:
            continue
        advised: set[str] = set()
        for instance in cluster.instances:
            name = instance.field("instanceClass")
            if not isinstance(name, str) or not name:
                continue  # conn-demand-fits reports it
            answer = instance_class(
                Engine(str(engine)),
                name,
                region=instance.region,
                engine_version=version if isinstance(version, str) else "",
            )
            if answer.offer is Offer.NO:
                yield Finding(
                    urn=instance.urn,
                    found=f"{instance.name}: {answer.found}",
                    allowed="AWS refuses to make such an instance",
                    remedy=f"take another class: the nearest are {answer.instead}",
                )
            elif answer.offer is Offer.NEWER and answer.found not in advised:
                advised.add(answer.found)
                yield Finding(
                    urn=instance.urn,
                    found=f"{instance.name}: {answer.found}",
                    allowed="whether AWS has it can't be told here",
                    remedy="make sure that it exists; `make facts` renews the list",
                    kind=Kind.ADVICE,
                )


RULE = Rule(
    id="avail-instance-class",
    title="An instance's class is one that its engine version and its region have.",
    why=(
        "Regions and engines have different classes. A stack that is copied to another region is refused by AWS "
        "halfway through, with the network and the cluster already there; so is an autoscaled reader, in the worst "
        "moment."
    ),
    predicate=(
        "Refuses a class that AWS's lists have for another engine, version or region only. Advises, once for each "
        "cluster, on a class that no list has, and on a region that the lists don't have: the finding has their date. "
        "The region is the instance's own or its provider's; where it isn't known, any region's classes will do."
    ),
    unknown="An unknown class is conn-demand-fits' finding; an unknown version or region limits nothing.",
    remedy="Take a class that the region has.",
    sources=(
        "headroom/budget/facts/offers.json: cfn-lint's copy of DescribeOrderableDBInstanceOptions and the price list",
        "Aurora User Guide, Concepts.DBInstanceClass.SupportAurora",
    ),
    harmless={
        "engine": "Without it nobody can tell which classes there are; conn-demand-fits reports it.",
        "engineVersion": "Any version's classes will do; avail-engine-version reports it.",
        "instanceClass": "conn-demand-fits reports it.",
    },
    check=check,
)
