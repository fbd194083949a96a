"""avail-no-burstable: the CPU doesn't end with its credits."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

BURSTABLE = "db.t"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        for instance in cluster.instances:
            name = instance.read("instanceClass", str)
            if isinstance(name, Blank):
                yield unproven(name)
            elif name is not None and name.startswith(BURSTABLE):
                yield Finding(
                    urn=instance.urn,
                    found=f"{instance.name} is a {name}",
                    allowed="burstable classes are for development and tests: a sale outlasts their credits",
                    remedy="take a memory-optimised class (db.r6g.large is the smallest), or db.serverless",
                )


RULE = Rule(
    id="avail-no-burstable",
    title="No instance has a burstable class.",
    why=(
        "When the credits end the CPU falls to a fifth in the middle of the load: the budget's CPU cap no longer holds."
    ),
    predicate="Refuses instances of a class db.t*.",
    unknown="An unknown class may be burstable: not proven.",
    remedy="Take a memory-optimised class.",
    sources=("Aurora User Guide, Concepts.DBInstanceClass: T classes only for development and test servers",),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
