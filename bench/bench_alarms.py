"""How far ahead the alarms ring: the steepest rise that is heard in time, and lead times on ramps.

Computed, not measured on AWS: CloudWatch's documented rule on the budget's model of a load (headroom/budget/alarms).
"""

import math
import statistics
import sys
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from headroom.budget import Budget, evaluate
from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.evaluator import alarm_states, first_alarm
from headroom.budget.alarms.lead import LEAD_SECONDS, PUBLISHING_SECONDS, first_harm, slopes
from headroom.budget.alarms.series import Minute, Samples, Supply, supply
from headroom.budget.model import Role
from headroom.settings import load

ROOT = Path(__file__).parents[1]
STACKS = ("Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml", "docs/examples/mysql.yaml")
RAMPS = 200
INCIDENT_MINUTES = 30  # postmortem.txt: from the sale's start to the first symptom


def main() -> int:
    """Print; fails if a ramp within the bound is heard too late."""
    console, late = Console(width=120), 0
    table = Table(
        "stack, role",
        "warned at",
        "harm at",
        "steepest rise heard\n5 minutes ahead",
        "the incident's ramp:\nrise, lead",
        f"lead of {RAMPS} random ramps\nleast / median, minutes",
        title="Alarms: connections, connections a minute, minutes before the first refusal or late wait",
    )
    for file in STACKS:
        budget = evaluate(load(ROOT / file).stack(Path(file).stem))
        for window in budget.thresholds.roles:
            base, steepest = supply(budget, window.role), slopes(budget, window.role)[0]
            harm = first_harm(budget, base)
            everyday = base.direct + base.scaling + base.constant
            incident = (harm - everyday) / INCIDENT_MINUTES
            random = Random(f"ramps of {file} {window.role}")  # noqa: S311 - a repeatable sample
            leads = [
                _lead(
                    budget,
                    window.role,
                    random.uniform(base.direct + base.constant, steepest.threshold_connections),
                    steepest.per_minute * random.uniform(0.1, 1.0),
                    random.random(),
                )
                for _ in range(RAMPS)
            ]
            late += sum(60 * lead < LEAD_SECONDS for lead in leads)
            table.add_row(
                f"{Path(file).stem.removeprefix('Pulumi.')}, {window.role}",
                f"{steepest.threshold_connections:.0f}",
                f"{harm:.0f}",
                f"{steepest.per_minute:.1f} ({steepest.alarm.key})",
                f"{incident:.1f}, {_lead(budget, window.role, everyday, incident, 0.5):.1f}",
                f"{min(leads):.1f} / {statistics.median(leads):.1f}",
            )
    console.print(table)
    console.print(
        "Steepest rise = (harm - warned) / ((M + 1) x period + publishing + lead): M = 2, period 60 s, publishing "
        f"{PUBLISHING_SECONDS} s, lead {LEAD_SECONDS} s. Steeper ones are the budget's to absorb or to refuse."
    )
    return 1 if late else 0


def _lead(budget: Budget, role: Role, start: float, slope: float, phase: float) -> float:
    """Minutes from the first warning to the first refusal or late wait, of a steady rise."""
    base = supply(budget, role)
    to_harm = (first_harm(budget, base) - start) / slope
    samples = Samples(budget, [_wanted(base, start + slope * (m + phase)) for m in range(math.ceil(to_harm) + 1)])
    keys = {f"{role}-connections", f"{role}-pool", f"{role}-borrow-latency"}
    rang = [
        at
        for alarm in alarm_table(budget).alarms
        if alarm.key in keys and (at := first_alarm(alarm_states(alarm, samples.of(alarm.measure)))) is not None
    ]
    return to_harm - (min(rang, default=math.inf) + 1 + PUBLISHING_SECONDS / 60)


def _wanted(base: Supply, connections: float) -> Minute:
    if not base.pool:
        return Minute(more_direct=connections - base.direct)
    return Minute(traffic=(connections - base.direct - base.constant) / base.scaling)


if __name__ == "__main__":
    sys.exit(main())
