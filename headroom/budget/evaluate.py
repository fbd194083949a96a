"""The evaluation: every instance, in every role it may play, in every situation.

    fits = direct + every proxy pool <= usable, and proxied demand <= pool, and busy <= CPU cap, and open <= memory cap
    headroom = the smallest of the four free shares

Never a sum over readers: each instance is its own limit.
"""

from functools import lru_cache

from headroom.budget import findings
from headroom.budget.capacity import Capacity, capacity
from headroom.budget.demand import Demand, demand_on
from headroom.budget.model import Instance, Role, Stack
from headroom.budget.not_offered import not_offered
from headroom.budget.result import Budget, Line, Term
from headroom.budget.situations import Situation, Standing, situations, standings
from headroom.budget.small_minimum import small_minimum
from headroom.budget.thresholds import thresholds


@lru_cache(maxsize=256)
def evaluate(stack: Stack) -> Budget:
    """The stack's budget. Pure: the same stack gives the same budget, and asking again costs nothing.

    Raises:
        formula.FormulaError: a max_connections that is text, but no formula.
    """
    lines = _lines(stack)
    found_thresholds, unreachable = thresholds(stack, lines)
    return Budget(
        stack=stack,
        lines=tuple(lines),
        findings=(
            *findings.of_stack(stack),
            *findings.of_lines(stack, lines),
            *small_minimum(stack, lines),
            *unreachable,
            *not_offered(stack.cluster),
        ),
        thresholds=found_thresholds,
    )


def _lines(stack: Stack) -> list[Line]:
    """One line for each situation, role and instance: the worst of the ways in which the situation can go."""
    capacities: dict[str, Capacity] = {}
    worst: dict[tuple[str, Role, str], Line] = {}
    for situation in situations(stack):
        demands: dict[tuple[Role, int], Demand] = {}
        seen: set[tuple[Role, int, str]] = set()
        for standing in standings(situation, stack.cluster):
            readers = len(standing.readers)
            for role, instance in _serving(standing):
                if (role, readers, instance.name) in seen:  # another way to the same
                    continue
                seen.add((role, readers, instance.name))
                if (role, readers) not in demands:
                    demands[role, readers] = demand_on(stack, situation, standing, role)
                if instance.name not in capacities:
                    capacities[instance.name] = capacity(stack, instance)
                line = _line(situation, role, instance, capacities[instance.name], demands[role, readers])
                place = (situation.name, role, instance.name)
                if place not in worst or line.tightness < worst[place].tightness:
                    worst[place] = line
    return list(worst.values())


def _serving(standing: Standing) -> list[tuple[Role, Instance]]:
    return [(Role.WRITER, standing.writer), *((Role.READER, reader) for reader in dict.fromkeys(standing.readers))]


def _line(situation: Situation, role: Role, instance: Instance, limits: Capacity, demand: Demand) -> Line:
    shares = {
        Term.SLOTS: _free(limits.usable, demand.direct + limits.pool),
        Term.POOL: _free(limits.pool, demand.proxied),
        Term.CPU: _free(limits.cpu_cap, demand.busy),
        Term.MEMORY: _free(limits.memory_cap, demand.direct + limits.pool_at_most),
    }
    binds = min(shares, key=lambda term: shares[term])
    return Line(
        situation=situation.name,
        role=role,
        instance=instance.name,
        capacity=limits,
        direct=demand.direct,
        borrowed=demand.borrowed,
        proxied=demand.proxied,
        busy=demand.busy,
        # What must open again at once, after a failover or a deploy, on this instance.
        reconnect_seconds=(demand.direct + min(demand.proxied, limits.pool)) / limits.connects_per_second,
        headroom=shares[binds],
        binds=binds,
        accepted=situation.accepted,
        demand=demand.pools,
    )


def _free(limit: int, used: float) -> float:
    """The free share of a limit: 1 where nothing is used, below 0 by the share that it is exceeded."""
    if limit <= 0:
        return 1.0 if used <= 0 <= limit else limit - used
    return (limit - used) / limit
