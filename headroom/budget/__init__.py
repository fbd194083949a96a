"""The connection budget: who may hold how many connections, against what each instance can carry.

The one model that components, policies, alarms, planner and drill read. Pure: the standard library, no clock, no
network, no environment.
"""

from headroom.budget.evaluate import evaluate
from headroom.budget.model import Stack
from headroom.budget.result import Budget

__all__ = ["Budget", "Stack", "evaluate"]
