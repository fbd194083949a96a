"""conn-timeout-order: whoever can explain a failure gives up first."""

from collections.abc import Iterator

from headroom.budget.model import Engine
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.supply import whole_parameter
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

LOCK, STATEMENT = "lock_timeout", "statement_timeout"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.cluster.field("engine") == Engine.MYSQL:
            continue  # its statement timeout ends reads only, and never waits for a row's lock
        values = [whole_parameter(cluster.cluster, reading.resources, name) for name in (LOCK, STATEMENT)]
        blanks = [value for value in values if isinstance(value, Blank)]
        yield from map(unproven, blanks)
        lock, statement = values
        if isinstance(lock, int) and isinstance(statement, int) and 0 < statement <= lock:
            yield _wrong(cluster, lock, statement)


def _wrong(cluster: AuroraCluster, lock: int, statement: int) -> Finding:
    return Finding(
        urn=cluster.urn,
        found=f"on {cluster.name} a lock may be waited for {lock:,} ms, and a statement take {statement:,} ms",
        allowed="the statement's end comes first, and nobody learns that it was a lock",
        remedy=f"set {LOCK} below {STATEMENT}",
    )


RULE = Rule(
    id="conn-timeout-order",
    title="A wait for a lock ends before the statement that waits.",
    why="Sessions that wait for a lock fill the pool; an error that names the lock is what leads to its holder.",
    predicate=(
        "Notes a lock_timeout (ms) at or above a statement_timeout that is set, on PostgreSQL. Unset or 0, either has"
        " no end of its own. That the proxy gives up before its clients is conn-borrow-timeout's question."
    ),
    unknown="An unknown parameter, or a parameter group outside the stack, may set any order: not proven.",
    remedy="Set lock_timeout below statement_timeout.",
    sources=(
        "PostgreSQL documentation, runtime-config-client: lock_timeout",
        "RDS User Guide, rds-proxy-best-practices: client limit < proxy < database",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
