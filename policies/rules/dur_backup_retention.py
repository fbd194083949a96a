"""dur-backup-retention: a mistake can be undone after it was noticed."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.rule import Finding, Rule, Setting, unproven

PATH = "backupRetentionPeriod"
MOST_DAYS = 35


def check(reading: Reading, *, retention_days_least: int) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        days = cluster.cluster.read(PATH, int)
        if isinstance(days, Blank):
            yield unproven(days)
        elif days is not None and not retention_days_least <= days <= MOST_DAYS:
            yield Finding(
                urn=cluster.urn,
                found=f"backups of {cluster.name} are kept for {days} day{'s' * (days != 1)}",
                allowed=f"{retention_days_least} to {MOST_DAYS}; unset it is 1",
                remedy=f"set {PATH} to {retention_days_least} or more",
            )


RULE = Rule(
    id="dur-backup-retention",
    title="Backups are kept long enough to notice a mistake.",
    why="A mistake made on a Friday is found the week after; AWS's default of one day is over by then.",
    predicate="Refuses a backupRetentionPeriod below `retention_days_least` or above AWS's 35 (unset is 1).",
    unknown="An unknown retention may be one day: not proven.",
    remedy="Raise backupRetentionPeriod.",
    sources=(
        "AWS Config rds-cluster-backup-retention-check: 7 by default",
        "Checkov CKV_AWS_133 (which passes on unset)",
        "headroom/settings/profiles.py: backup_retention_days",
    ),
    settings=(
        Setting(
            name="retention_days_least",
            default=14,
            unit="days",
            lowest=1,
            highest=35,
            reason="Our proposal: found within two weeks; 7 is AWS Config's, and staging's.",
            staging=7,
            dev=1,
        ),
    ),
    check=check,
)
