"""headroom:index:Budget - the connection budget as a resource of the stack.

Makes nothing in AWS. The demand is in its inputs, because a policy pack sees resources and neither the stack's config
nor its name; and so the state keeps what the stack was sized for.
"""

from dataclasses import dataclass

import pulumi

from headroom.budget import Budget as Evaluated
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
        table: the budget's lines and thresholds, as plain values.
    """

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = {"environment": args.environment, "demand": demand(args.budget.stack)}
        super().__init__("headroom:index:Budget", name, inputs, opts)
        self.table = summary(args.budget)
        # A stack policy is shown a component's outputs and never its inputs, so what was declared is among them.
        self.register_outputs({**inputs, "table": self.table})
