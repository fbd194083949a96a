"""What nobody can create any more, or what the lists can't tell: worth knowing, and no reason not to fit."""

from collections.abc import Iterator

from headroom.budget.model import Cluster
from headroom.budget.offers import Offer, instance_class, version
from headroom.budget.result import Finding, Severity

CODES = ("engine-version", "instance-class")


def not_offered(cluster: Cluster) -> Iterator[Finding]:
    """Where a version is retired, or a version, class or region is newer than the lists. What isn't known isn't judged.

    What the lists deny is refused elsewhere, in the words of the stack file or of a policy.
    """
    if cluster.engine_version:
        answer = version(cluster.engine, cluster.engine_version)
        if answer.offer is Offer.RETIRED:
            yield _warning(
                "engine-version",
                f"{answer.found}: a cluster that runs it goes on until AWS upgrades it, a new or restored one is "
                f"refused; {answer.instead} is the newest that can be created",
            )
        elif answer.offer is Offer.NEWER:
            yield _warning("engine-version", f"{answer.found}: whether AWS has it can't be told here")
    if not cluster.region:
        return
    for name in dict.fromkeys(i.instance_class.name for i in cluster.instances):
        answer = instance_class(cluster.engine, name, region=cluster.region, engine_version=cluster.engine_version)
        if answer.offer is Offer.NEWER:
            yield _warning("instance-class", f"{answer.found}: whether AWS has it can't be told here")


def _warning(code: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message)
