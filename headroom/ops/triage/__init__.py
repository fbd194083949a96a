"""Is it connections? Ordered checks, each with a verdict, its numbers, and the runbook's section.

CloudWatch tells what happened in the last minutes; one connection into the database, if there is a DSN, who holds what
now. Each check says what it could not see; none is taken as well because nothing was seen.
"""

from headroom.ops.triage.answer import Triage, triage
from headroom.ops.triage.judgement import Check, Verdict

__all__ = ["Check", "Triage", "Verdict", "triage"]
