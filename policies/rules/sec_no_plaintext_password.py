"""sec-no-plaintext-password: the master's password is in no program, config or state."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.reading.field import MISSING, Blank
from policies.rule import MANDATORY, Finding, Kind, Rule, unproven

PATH = "masterPassword"
MANAGED = "manageMasterUserPassword"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        given = cluster.cluster.field(PATH) is not MISSING
        managed = cluster.cluster.read(MANAGED, bool)
        made = bool(cluster.cluster.property_dependencies.get(PATH))
        if given:
            where = "comes from another resource" if made else "is given by the program or its config"
            yield Finding(
                urn=cluster.urn,
                found=f"the master password of {cluster.name} {where}",
                allowed="it is kept in the state, and shows up in logs; who has it has the slots reserved for rescue",
                remedy=f"set {MANAGED}: RDS makes it, keeps it in Secrets Manager and rotates it (or masterPasswordWo)",
                kind=Kind.ADVICE if made else Kind.VIOLATION,
            )
        elif isinstance(managed, Blank):
            yield unproven(managed)


RULE = Rule(
    id="sec-no-plaintext-password",
    title="RDS makes the master user's password; the program doesn't know it.",
    why=(
        "The master is rds_superuser and may take the connections that are reserved for rescue; the state is read by "
        "many."
    ),
    predicate=(
        "Refuses a masterPassword that the program or its config gives (a secret of the config can't be told from a "
        "literal here, and ends in the state as well). Advises where it comes from another resource. masterPasswordWo, "
        "a restored cluster and a managed password pass."
    ),
    unknown=(
        "Unknown manageMasterUserPassword may be false: not proven. An unknown password comes from another resource."
    ),
    remedy="Set manageMasterUserPassword.",
    sources=(
        "Guard RDS_CLUSTER_MASTER_USER_PASSWORD_NO_PLAINTEXT_PASSWORD, cfn-lint W2501",
        "Aurora User Guide, rds-secrets-manager",
    ),
    dev=MANDATORY,
    check=check,
)
