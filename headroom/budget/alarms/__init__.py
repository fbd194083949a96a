"""The alarm table: what watches a stack, with thresholds from its budget. Pure, like the budget itself."""

from headroom.budget.alarms.model import Alarm, AlarmTable, Tier
from headroom.budget.alarms.table import alarm_table

__all__ = ["Alarm", "AlarmTable", "Tier", "alarm_table"]
