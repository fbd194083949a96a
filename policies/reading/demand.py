"""Which declared demand belongs to which cluster, and what it says."""

from collections.abc import Iterable, Mapping
from typing import Any

from headroom.budget.model import Cluster, InstanceClass, Proxy, Stack
from headroom.budget.serialize import stack_from
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource, Resources

PROPERTY = "demand"


def assign(clusters: Iterable[Resource], budgets: Iterable[Resource], resources: Resources) -> dict[str, Resource]:
    """Cluster's URN -> the budget component that is for it. A demand that could be for several clusters is for none.

    A budget belongs to the cluster that it depends on, or that depends on it; else to the cluster with which it shares
    the nearest parent, if both are the only ones there.
    """
    budgets, clusters = list(budgets), list(clusters)
    by_urn = {b.urn: b for b in budgets}
    assigned: dict[str, Resource] = {}
    for cluster in clusters:
        depended = [by_urn[urn] for urn in cluster.dependencies if urn in by_urn]
        if len(depended) == 1:
            assigned[cluster.urn] = depended[0]
    for budget in budgets:
        for urn in budget.dependencies:
            assigned.setdefault(urn, budget)
    taken = {b.urn for b in assigned.values()}
    free: dict[str, list[Resource]] = {}
    for budget in budgets:
        if budget.urn not in taken:
            for ancestor in resources.ancestors(budget.urn):
                free.setdefault(ancestor, []).append(budget)
    wanting: dict[str, list[Resource]] = {}
    for cluster in clusters:
        if cluster.urn not in assigned:
            nearest = next((a for a in resources.ancestors(cluster.urn) if a in free), None)
            if nearest is not None:
                wanting.setdefault(nearest, []).append(cluster)
    for ancestor, there in wanting.items():
        if len(there) == len(free[ancestor]) == 1:
            assigned[there[0].urn] = free[ancestor][0]
    return assigned


def read_classes(budget: Resource | None) -> dict[str, InstanceClass]:
    """Instance classes that the stack declares because the facts don't know them yet."""
    declared = budget.field(f"{PROPERTY}.instance_classes") if budget else MISSING
    if not isinstance(declared, list):
        return {}
    return {c["name"]: InstanceClass(**c) for c in declared if isinstance(c, Mapping) and isinstance(c.get("name"), str)}


def read_stack(budget: Resource, cluster: Cluster, proxies: tuple[Proxy, ...]) -> Stack | Blank:
    """The declared demand beside the supply."""
    found = budget.field(PROPERTY)
    if found is MISSING:
        return Blank(budget.urn, PROPERTY, "is not given")
    if found is UNKNOWN or _unknown_inside(found):
        return Blank(budget.urn, PROPERTY, "is known only after the update")
    if not isinstance(found, dict):
        return Blank(budget.urn, PROPERTY, f"must be an object, got {found!r}")
    try:
        return stack_from(found, cluster, proxies)
    except ValueError as error:
        return Blank(budget.urn, PROPERTY, f"can't be read: {error}")


def _unknown_inside(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_unknown_inside(v) for v in value.values())
    if isinstance(value, list):
        return any(_unknown_inside(v) for v in value)
    return value is UNKNOWN
