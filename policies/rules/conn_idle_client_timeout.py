"""conn-idle-client-timeout: a client that does nothing gives its place back."""

from collections.abc import Iterator

from headroom.budget.facts import fact
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule, Setting, unproven

PATH = "idleClientTimeout"


def check(reading: Reading, *, note_above_seconds: int) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    lowest = int(fact("service", "idle_client_timeout_lowest_seconds").value)
    highest = int(fact("service", "idle_client_timeout_highest_seconds").value)
    for proxy in (parts.proxy for parts in reading.proxies):
        seconds = proxy.read(PATH, int)
        if isinstance(seconds, Blank):
            yield unproven(seconds)
        if not isinstance(seconds, int):
            continue
        found = f"the proxy {proxy.name} keeps a client that does nothing for {seconds:,} s"
        if not 1 <= seconds <= highest:
            allowed = f"AWS takes {lowest} to {highest:,} s"
            yield Finding(urn=proxy.urn, found=found, allowed=allowed, remedy="set it to 1,800 or less")
        elif seconds < lowest:
            allowed = f"AWS documents {lowest} s as the least"
            remedy = f"set it to {lowest} or more"
            yield Finding(urn=proxy.urn, found=found, allowed=allowed, remedy=remedy, kind=Kind.ADVICE)
        elif seconds > note_above_seconds:
            allowed = f"above {note_above_seconds:,} s clients that died keep a pinned connection for as long"
            remedy = "lower it, and the idle timeout of the application's pool below it"
            yield Finding(urn=proxy.urn, found=found, allowed=allowed, remedy=remedy, kind=Kind.ADVICE)


RULE = Rule(
    id="conn-idle-client-timeout",
    title="The proxy drops clients that do nothing, within the range that AWS takes.",
    why=(
        "A client that died without closing holds its session; one that was pinned holds a database connection as well."
    ),
    predicate=(
        "Refuses an idleClientTimeout outside 1 to 28,800 s. Advises below 60 s, AWS's documented least, and above "
        "`note_above_seconds`. Unset is 1,800 s."
    ),
    unknown="An unknown timeout may be eight hours: not proven.",
    remedy="Set idleClientTimeout to 1,800 s or less.",
    sources=(
        "RDS User Guide, rds-proxy-best-practices.configuration: 1 minute to 8 hours",
        "RDS API Reference, CreateDBProxy: IdleClientTimeout",
    ),
    settings=(
        Setting(
            name="note_above_seconds",
            default=1800,
            unit="seconds",
            lowest=60,
            highest=28_800,
            reason="AWS's own default.",
        ),
    ),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
