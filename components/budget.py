"""headroom:index:Budget - the connection budget as a resource of the stack.

Makes nothing in AWS. The demand is in its inputs, because a policy pack sees resources and neither the stack's config
nor its name; and so the state keeps what the stack was sized for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from headroom.budget import Budget as Evaluated
from headroom.budget.model import Role
from headroom.budget.result import Line
from headroom.budget.serialize import demand, summary


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetArgs:
    """What is registered.

    Attributes:
        environment: the profile's name.
        budget: the evaluated budget.
    """

    environment: str
    budget: Evaluated


class Budget(pulumi.ComponentResource):
    """The budget, visible to policies and kept in the state.

    Attributes:
        table: for each situation and role, what is free on the instance that has least, and what binds it.
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = {"environment": args.environment, "demand": demand(args.budget.stack)}
        super().__init__("headroom:index:Budget", name, inputs, opts)
        self.table = _table(args.budget.lines)
        # A stack policy is shown a component's outputs and never its inputs, so what was declared is among them.
        self.register_outputs({**inputs, "table": summary(args.budget)})


def _table(lines: Sequence[Line]) -> list[str]:
    tightest: dict[tuple[str, Role], Line] = {}
    for line in lines:
        key = line.situation, line.role
        if key not in tightest or line.headroom < tightest[key].headroom:
            tightest[key] = line
    return [
        f"{situation}, {role}: {line.headroom:.0%} free on {line.instance}, bound by {line.binds}"
        for (situation, role), line in tightest.items()
    ]
