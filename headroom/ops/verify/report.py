"""All checks in their order; one that can't be made says so, and the others go on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from headroom import clock
from headroom.budget.model import Event
from headroom.ops.aws import Aws
from headroom.ops.database import connected
from headroom.ops.dsn import Dsn
from headroom.ops.errors import LackError
from headroom.ops.live import LiveCluster, read_cluster
from headroom.ops.session import Session
from headroom.ops.verify import alarms, capacity, limits, proxy, scaling
from headroom.ops.verify.check import Check, Verdict, judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every check, and the answer.

    Attributes:
        checks: in their order.
        sale: the declared event that is on, or the next one; None: none is to come.
        last: the declared event that ended last, if any has.
    """

    checks: tuple[Check, ...]
    sale: Event | None
    last: Event | None

    @property
    def ready(self) -> bool:
        """No check says no, and each could be made; what needs a DSN that wasn't given is left out."""
        return all(check.verdict in {Verdict.YES, Verdict.SKIPPED} for check in self.checks)

    @property
    def headline(self) -> str:
        """The last line."""
        count = {verdict: sum(1 for c in self.checks if c.verdict is verdict) for verdict in Verdict}
        if not self.ready:
            return (
                f"{self._what}: no ({count[Verdict.NO]} of {len(self.checks)} checks failed, "
                f"{count[Verdict.UNKNOWN]} couldn't be made){self._no_sale}"
            )
        left_out = f", {count[Verdict.SKIPPED]} not asked: no --dsn" if count[Verdict.SKIPPED] else ""
        return f"{self._what}: yes ({count[Verdict.YES]} checks{left_out}){self._no_sale}"

    @property
    def _what(self) -> str:
        """What the stack is ready for: a sale that is over, or that nobody declared, is none."""
        if self.sale is None:
            return "as declared"
        return f"ready for the sale {self.sale.name} ({_utc(self.sale.starts)} to {_utc(self.sale.ends)} UTC)"

    @property
    def _no_sale(self) -> str:
        if self.sale is not None:
            return ""
        if self.last is None:
            return "; no sale is declared"
        return f"; no sale is declared that is still to come: {self.last.name} ended on {_utc(self.last.ends)} UTC"


def verify(session: Session, dsn: Dsn | None) -> Report:
    """Make every check.

    Raises:
        LackError: the cluster can't be read: there is nothing to compare with.
    """
    return report(_checks(session, read_cluster(session), dsn), session.budget.stack.events, clock.now())


def report(checks: Iterable[Check], events: Iterable[Event], now: datetime) -> Report:
    """The answer at a time, for a calendar in any order."""
    events = tuple(events)
    return Report(
        checks=tuple(checks),
        sale=min((e for e in events if now < e.ends), key=lambda e: e.starts, default=None),
        last=max((e for e in events if e.ends <= now), key=lambda e: e.ends, default=None),
    )


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _checks(session: Session, cluster: LiveCluster, dsn: Dsn | None) -> Iterator[Check]:
    aws = session.aws
    fits = session.budget.fits
    yield judged(
        "the budget fits",
        (f.message for f in session.budget.errors),
        f"{session.budget.headroom:.0%} headroom" if fits else "",
    )
    yield _made(aws, "instances", lambda: limits.instances(session, cluster))
    yield _made(aws, "engine version", lambda: limits.engine_version(session, cluster))
    yield _made(aws, "parameters in effect", lambda: limits.applied(cluster))
    yield _made(aws, "max_connections declared", lambda: limits.declared(session, cluster))
    settings = session.settings
    if (pool := settings.proxy) is not None:
        yield _made(aws, "proxy", lambda: proxy.pool(session, pool))
        yield _made(aws, "proxy's targets", lambda: proxy.targets(session, cluster))
    if (notify := settings.notify) is not None:
        yield _made(aws, "alarms", lambda: alarms.armed(session))
        yield _made(aws, "subscriptions", lambda: alarms.subscribed(session, notify))
        yield _made(aws, "database events", lambda: alarms.events(session))
        yield _made(aws, "refused logins are counted", lambda: alarms.counted(session))
    if (declared := settings.autoscaling) is not None:
        yield _made(aws, "autoscaling's bounds", lambda: scaling.bounds(session, declared))
        yield _made(aws, "autoscaling's policies", lambda: scaling.policies(session))
        yield _made(aws, "the sale calendar", lambda: scaling.calendar(session, declared))
        yield _made(aws, "autoscaling's activities", lambda: scaling.activities(session))
    yield _made(aws, "instance quota", lambda: capacity.quota(session, cluster))
    yield _made(aws, "free addresses", lambda: capacity.addresses(session, cluster))
    yield from _inside(session, dsn)


def _made(aws: Aws, what: str, make: Callable[[], Check]) -> Check:
    try:
        return make()
    except LackError as error:
        aws.note(str(error))
        return Check(what=what, verdict=Verdict.UNKNOWN, text=str(error))


def _inside(session: Session, dsn: Dsn | None) -> Iterator[Check]:
    whats = ("max_connections in effect", "role limits")
    if dsn is None:
        for what in whats:
            yield Check(what=what, verdict=Verdict.SKIPPED, text="needs a look inside: give --dsn")
        return
    try:
        with connected(dsn) as database:
            yield _made(session.aws, whats[0], lambda: limits.in_effect(session, database))
            yield _made(session.aws, whats[1], lambda: limits.of_roles(session, database))
    except LackError as error:
        for what in whats:
            yield Check(what=what, verdict=Verdict.UNKNOWN, text=str(error))
