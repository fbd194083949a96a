"""Which declared demand belongs to which cluster, and what it says."""

from collections.abc import Mapping, Sequence

from headroom.budget.model import Cluster, InstanceClass, Proxy, Stack
from headroom.budget.serialize import stack_from
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource, Resources

PROPERTY = "demand"
_LARGEST = 1e6  # far beyond any vCPUs, GiB or connections of an instance; no number up to it overflows


def assign(clusters: Sequence[Resource], budgets: Sequence[Resource], resources: Resources) -> dict[str, Resource]:
    """Cluster's URN -> the budget component that is for it. A demand that could be for several clusters is for none.

    A budget belongs to the cluster that it depends on, or that depends on it; else to the cluster with which it shares
    the nearest parent, if both are the only ones there.
    """
    assigned = _by_dependency(clusters, budgets)
    taken = {b.urn for b in assigned.values()}
    free = [b for b in budgets if b.urn not in taken]
    wanting = [c for c in clusters if c.urn not in assigned]
    return assigned | _by_parent(wanting, free, resources)


def _by_dependency(clusters: Sequence[Resource], budgets: Sequence[Resource]) -> dict[str, Resource]:
    by_urn = {b.urn: b for b in budgets}
    urns = {c.urn for c in clusters}
    pairs = [(c.urn, by_urn[urn]) for c in clusters for urn in c.dependencies if urn in by_urn]
    pairs += [(urn, budget) for budget in budgets for urn in budget.dependencies if urn in urns]
    found: dict[str, dict[str, Resource]] = {}
    for urn, budget in pairs:
        found.setdefault(urn, {})[budget.urn] = budget
    return {urn: next(iter(several.values())) for urn, several in found.items() if len(several) == 1}


def _by_parent(clusters: Sequence[Resource], budgets: Sequence[Resource], resources: Resources) -> dict[str, Resource]:
    below: dict[str, list[Resource]] = {}
    for budget in budgets:
        for ancestor in resources.ancestors(budget.urn):
            below.setdefault(ancestor, []).append(budget)
    wanting: dict[str, list[Resource]] = {}
    for cluster in clusters:
        nearest = next((a for a in resources.ancestors(cluster.urn) if a in below), None)
        if nearest is not None:
            wanting.setdefault(nearest, []).append(cluster)
    return {there[0].urn: below[a][0] for a, there in wanting.items() if len(there) == len(below[a]) == 1}


def read_classes(budget: Resource | None) -> dict[str, InstanceClass]:
    """Instance classes that the stack declares because the facts don't know them yet.

    One that isn't what `serialize.demand` writes, or whose numbers are no size, stays unknown, and is reported.
    """
    declared = budget.field(f"{PROPERTY}.instance_classes") if budget else MISSING
    found = (_class(each) for each in declared) if isinstance(declared, list) else ()
    return {each.name: each for each in found if each is not None}


def _class(declared: object) -> InstanceClass | None:
    if not isinstance(declared, Mapping) or not isinstance(declared.get("name"), str):
        return None
    sizes = {key: value for key, value in declared.items() if key != "name"}
    documented = (sizes.get("documented_postgresql"), sizes.get("documented_mysql"))
    given = [sizes.get("vcpus"), sizes.get("memory_gib"), *(number for number in documented if number is not None)]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and 0 < n <= _LARGEST for n in given):
        return None
    try:
        return InstanceClass(name=declared["name"], **sizes)
    except TypeError:  # a key that no class has
        return None


def read_stack(budget: Resource, cluster: Cluster, proxies: tuple[Proxy, ...]) -> Stack | Blank:
    """The declared demand beside the supply."""
    found = budget.field(PROPERTY)
    if found is MISSING:
        return Blank(budget.urn, PROPERTY, "is not given", "register what headroom.budget.serialize.demand gives")
    unknown = _unknown(found, PROPERTY)
    if unknown:
        return Blank(budget.urn, unknown, "is known only after the update")
    if not isinstance(found, dict):
        return Blank(budget.urn, PROPERTY, f"must be an object, got {found!r}", "register a demand")
    try:
        return stack_from(found, cluster, proxies)
    except ValueError as error:
        return Blank(budget.urn, PROPERTY, f"can't be read: {error}", "register a demand of this version")


def _unknown(value: object, path: str) -> str:
    """The path of the first part that is unknown; "" if all are known."""
    inside = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    unknown = (_unknown(each, f"{path}.{key}") for key, each in inside)
    return path if value is UNKNOWN else next(filter(None, unknown), "")
