"""Alarms on the proxy's health: sessions that it can't share, logins that fail, targets that it can't reach."""

from collections.abc import Iterator

from headroom.budget.alarms.measures import EARLY, SILENT_PROXY, SUSTAINED, of_endpoint, of_target, possessive
from headroom.budget.alarms.model import Alarm, Comparison, Expression, Missing, Tier
from headroom.budget.model import Path, Role
from headroom.budget.result import Budget

_FAILURES_UNKNOWN = (
    "without a count nobody knows whether anything failed, so it is neither OK nor ALARM; a state that stayed would "
    "ring on after the last failure, if the proxy only counts what fails"
)


def pinned(budget: Budget, role: Role) -> Iterator[Alarm]:
    """Sessions that stay bound to one database connection: behind them the pool is smaller than the budget says.

    Services that declare `pins` are counted in the budget: only what comes on top of them is news.
    """
    margins = budget.stack.margins
    accepted = [line for line in budget.lines if line.accepted and line.role is role]
    expected = max(sum(p.borrowed for p in line.demand if p.service.pins) for line in accepted)
    least = expected + round(margins.pinned_least_connections)
    share = margins.pinned_warning_percent
    yield Alarm(
        key=f"{role}-pinned",
        name=f"{role}-pinned-warning",
        tier=Tier.WARNING,
        measure=Expression(
            expression=f"IF(pinned >= {least}, 100 * pinned / open, 0)",
            label="pinned, percent of the open",
            metrics=(
                ("pinned", of_target("DatabaseConnectionsCurrentlySessionPinned", "Sum", role)),
                ("open", of_target("DatabaseConnections", "Sum", role)),
            ),
        ),
        **SUSTAINED._asdict(),
        threshold=share,
        unit="percent",
        missing=Missing.IGNORE,
        missing_reason=SILENT_PROXY,
        title=f"Pinned sessions in the {possessive(role)} pool",
        text=(
            f"{share:.0f} % or more of the connections in the {possessive(role)} pool, and at least {least:,}, are "
            f"pinned to one client each. Expected at most {expected:,}; pinned connections serve nobody else."
        ),
    )


def setup_failures(budget: Budget) -> Iterator[Alarm]:
    """The proxy is refused by the database, or clients by the proxy."""
    margins = budget.stack.margins
    refused = margins.setup_failures_per_minute
    yield Alarm(
        key="proxy-setup-failures",
        name="proxy-setup-failures-warning",
        tier=Tier.WARNING,
        measure=of_endpoint("DatabaseConnectionsSetupFailed", "Sum", Role.WRITER),
        **EARLY._asdict(),
        threshold=refused,
        unit="failures a minute",
        missing=Missing.MISSING,
        missing_reason=_FAILURES_UNKNOWN,
        title="Connections that the proxy could not open",
        text=(
            f"The database refuses the proxy {refused:,.0f} or more connections a minute. Expected none: no slot is "
            "free, a role's limit is reached, or a login is wrong."
        ),
    )
    failed = margins.login_failures_per_minute
    yield Alarm(
        key="proxy-login-failures",
        name="proxy-login-failures-warning",
        tier=Tier.WARNING,
        measure=of_endpoint("ClientConnectionsSetupFailedAuth", "Sum", Role.WRITER),
        **SUSTAINED._asdict(),
        threshold=failed,
        unit="failures a minute",
        missing=Missing.MISSING,
        missing_reason=_FAILURES_UNKNOWN,
        title="Logins that the proxy refused",
        text=(
            f"The proxy refuses {failed:,.0f} or more logins a minute. Expected none: a secret was rotated, a token "
            "has expired, or TLS is missing; clients that try again at once make a storm."
        ),
    )


def availability(budget: Budget, role: Role) -> Iterator[Alarm]:
    """The proxy's own health checks of its targets: each node's, and each reader's, count alike."""
    percent = budget.stack.margins.proxy_availability_percent
    yield Alarm(
        key="proxy-availability",
        name=f"{role}-proxy-availability-critical" if role is Role.WRITER else f"{role}-proxy-availability-warning",
        tier=Tier.CRITICAL if role is Role.WRITER else Tier.WARNING,
        measure=of_target("AvailabilityPercentage", "Average", role),
        **EARLY._asdict(),
        comparison=Comparison.BELOW,
        threshold=percent,
        unit="percent",
        missing=Missing.IGNORE,
        missing_reason=(
            "a proxy that nobody has used yet may publish nothing; one that falls silent while it fails keeps its alarm"
        ),
        title=f"The proxy reaches the {'writer' if role is Role.WRITER else 'readers'}",
        text=(
            f"The proxy reached the {'writer' if role is Role.WRITER else 'readers'} in less than {percent:.0f} % of "
            "its checks, in two of three minutes. Expected 100 %; a failover takes up to one minute."
        ),
    )


def client_connections(budget: Budget) -> int:
    """All client connections that may exist behind the proxy in accepted situations, a deploy's surge included."""
    clients: dict[tuple[str, int], int] = {}
    for line in budget.lines:
        if not line.accepted:
            continue
        for demand in line.demand:
            if demand.pool.path is Path.PROXY:
                place = demand.service.name, demand.service.pools.index(demand.pool)
                clients[place] = max(clients.get(place, 0), demand.clients)
    return sum(clients.values())
