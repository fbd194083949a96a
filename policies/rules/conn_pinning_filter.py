"""conn-pinning-filter: nobody switches pinning off without knowing what the application sets."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

PATH = "connectionPoolConfig.sessionPinningFilters"
FILTER = "EXCLUDE_VARIABLE_SETS"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for group in (parts.target_group for parts in reading.proxies if parts.target_group):
        yield from _judge(group)


def _judge(group: Resource) -> Iterator[Finding]:
    filters = group.field(PATH)
    if filters is UNKNOWN or (isinstance(filters, list) and UNKNOWN in filters):
        yield unproven(Blank(group.urn, PATH, "is known only after the update"))
    elif not isinstance(filters, list) and filters is not MISSING:
        yield unproven(Blank(group.urn, PATH, f"must be a list, got {filters!r}", "give it as a list"))
    elif isinstance(filters, list) and filters:
        yield Finding(
            urn=group.urn,
            found=f"the pool {group.name} doesn't pin sessions that set variables ({', '.join(map(str, filters))})",
            allowed="what one client sets then applies to the next one that gets its connection",
            remedy=(
                "leave it out, and move what every session sets to initQuery; if no client depends on what it sets, "
                "exempt this with the reason"
            ),
        )


RULE = Rule(
    id="conn-pinning-filter",
    title="Session pinning is filtered out only by somebody who has said why.",
    why=f"AWS warns against {FILTER} as a blanket solution: time zones and isolation levels leak between clients.",
    predicate=(
        "Notes any sessionPinningFilters (AWS knows one, for MySQL only; it refuses it for PostgreSQL). What pins is "
        "counted by the budget (`pins` of a service); acknowledge the filter by an exemption with its reason."
    ),
    unknown="Unknown filters may leak settings: not proven.",
    remedy="Leave sessionPinningFilters out, or exempt it with the reason.",
    sources=(
        "RDS User Guide, rds-proxy-pinning: 'we recommend … only if' no statement depends on session variables",
        "RDS API Reference, ConnectionPoolConfiguration: SessionPinningFilters",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
