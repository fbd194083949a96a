"""The environments, and what each takes where its stack file doesn't say otherwise."""

from enum import StrEnum
from typing import NamedTuple


class Environment(StrEnum):
    """A profile: every default of that environment comes from it."""

    LOCAL = "local"
    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Default(NamedTuple):
    """A key of `headroom:database`, its value in each environment, and why.

    `local` is prod, but for what lets it be destroyed.
    """

    key: str
    dev: int | bool
    staging: int | bool
    prod: int | bool
    why: str
    local: int | bool | None = None


DEFAULTS = (
    Default(
        "backup_retention_days",
        1,
        7,
        14,
        "a mistake made on a Friday is found within two weeks; AWS's default is one day",
    ),
    Default("deletion_protection", False, False, True, "production isn't deleted by a typing error", local=False),
    Default("skip_final_snapshot", True, True, False, "what production held last can be restored", local=True),
    Default(
        "protect", False, False, True, "Pulumi refuses to destroy it, too, and says so before AWS is asked", local=False
    ),
    Default(
        "monitoring_interval_seconds",
        60,
        60,
        60,
        "as fine as CloudWatch's own metrics; finer costs more and pages nobody sooner",
    ),
    Default(
        "performance_insights_retention_days", 7, 7, 31, "a week is free; a month compares this sale with the last one"
    ),
    Default("log_retention_days", 7, 30, 90, "long enough to look into an incident after its report was written"),
    Default(
        "statement_timeout_seconds",
        60,
        60,
        60,
        "no statement holds a connection for longer; the same everywhere, or only production would find out",
    ),
    Default(
        "idle_in_transaction_timeout_seconds",
        60,
        60,
        60,
        "a client that died in a transaction gives its locks and its connection back",
    ),
    Default(
        "lock_timeout_seconds",
        10,
        10,
        10,
        "waiting sessions are what filled the pool in the incident: better an error than a queue",
    ),
)


def defaults(environment: Environment) -> dict[str, int | bool]:
    """The defaults of `headroom:database` in an environment."""
    if environment is Environment.LOCAL:
        return {d.key: d.prod if d.local is None else d.local for d in DEFAULTS}
    return {d.key: getattr(d, environment.value) for d in DEFAULTS}
