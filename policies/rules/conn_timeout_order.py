"""conn-timeout-order: whoever can explain a failure gives up first, by a timeout that exists."""

from collections.abc import Iterator

from headroom.budget.model import Engine
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource, Resources
from policies.reading.supply import outside_group, parameter
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

LOCK, STATEMENT = "lock_timeout", "statement_timeout"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.cluster.field("engine") == Engine.MYSQL:
            continue  # its innodb_lock_wait_timeout is a documented parameter of instances
        for resource in (cluster.cluster, *cluster.instances):
            yield from _judge(resource, reading.resources)


def _judge(resource: Resource, resources: Resources) -> Iterator[Finding]:
    if outside_group(resource, resources):
        return  # it exists, so it has only what AWS took
    value = parameter(resource, resources, LOCK)
    if isinstance(value, Blank):
        yield unproven(value)
    elif value is not None:
        yield Finding(
            urn=resource.urn,
            found=f"the parameter group of {resource.name} sets {LOCK}",
            allowed="AWS lists no such parameter for Aurora PostgreSQL, and refuses a name that it doesn't know",
            remedy=f"set it on each service's role, below {STATEMENT}: ALTER ROLE ... SET {LOCK}",
        )


RULE = Rule(
    id="conn-timeout-order",
    title="A wait for a lock is ended by the role's own lock_timeout, before the statement that waits.",
    why=(
        "Sessions that wait for a lock fill the pool; an error that names the lock is what leads to its holder. A"
        " lock_timeout in Aurora's parameter group stops the deploy instead."
    ),
    predicate=(
        "Notes a lock_timeout in the parameter group of a PostgreSQL cluster or of its instances: AWS's tables of"
        " Aurora PostgreSQL's parameters don't list it. What a role has, no program shows; `headroom verify` asks the"
        " database. That the proxy gives up before its clients is conn-borrow-timeout's question."
    ),
    unknown=(
        "A parameter whose name is unknown may be this one: not proven. A group outside the stack exists, so AWS has"
        " taken it."
    ),
    remedy="Leave lock_timeout out of the group; set it on each service's role, below statement_timeout.",
    sources=(
        "Aurora User Guide, AuroraPostgreSQL.Reference.ParameterGroups: no lock_timeout, neither of clusters nor of"
        " instances",
        "PostgreSQL documentation, runtime-config-client: lock_timeout; sql-alterrole: SET",
        "RDS User Guide, rds-proxy-best-practices: client limit < proxy < database",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
