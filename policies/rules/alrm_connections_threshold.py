"""alrm-connections-threshold: the alarm rings after a good day's peak and before the limit."""

from collections.abc import Iterator

from headroom.budget.capacity import capacity
from headroom.budget.model import Role
from headroom.budget.result import RoleThresholds
from policies.reading.alarms import BANDS, RISING, ConnectionAlarm, connection_alarms
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import Finding, Kind, Rule, unproven
from policies.spare import advised


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        known: list[tuple[ConnectionAlarm, float]] = []
        falling: list[Finding] = []
        for alarm in connection_alarms(cluster):
            comparison = alarm.alarm.field("comparisonOperator")
            number = alarm.alarm.read("threshold", float)
            if comparison is UNKNOWN:
                yield unproven(Blank(alarm.alarm.urn, "comparisonOperator", "is known only after the update"))
            elif comparison in BANDS:
                continue  # it has no number
            elif comparison not in RISING:
                falling.append(_falling(alarm.alarm, comparison))
            elif isinstance(number, Blank):
                yield unproven(number)
            elif alarm.blank:
                yield unproven(alarm.blank)
            elif alarm.plain and number is not None:
                known.append((alarm, number))
        # Beside good ones, an alarm that falls asks something else: is anybody there?
        yield from (finding for finding in advised(cluster, falling) if finding.kind is Kind.VIOLATION)
        odd = [finding for alarm, threshold in known for finding in _judge(cluster, alarm, threshold)]
        yield from advised(cluster, odd)
        yield from _one_stage(cluster, known)


def _falling(alarm: Resource, comparison: object) -> Finding:
    return Finding(
        urn=alarm.urn,
        found=f"the alarm {alarm.name} compares with {comparison}",
        allowed="an alarm on connections rings when they rise",
        remedy="use GreaterThanOrEqualToThreshold",
    )


def _judge(cluster: AuroraCluster, alarm: ConnectionAlarm, threshold: float) -> Iterator[Finding]:
    if cluster.limits is None:
        return
    windows = [w for w in cluster.limits.thresholds.roles if w.role in alarm.roles]
    found = f"the alarm {alarm.alarm.name} rings at {threshold:,.6g} connections"
    if windows:
        low = 0 if windows[1:] else sum(w.accepted_peak_connections for w in windows)  # each role has its own peak
        limit = min(w.limit_connections for w in windows)
        if not low < threshold < limit:
            yield Finding(urn=alarm.alarm.urn, found=found, allowed=_allowed(low, limit), remedy=_remedy(windows))
    elif alarm.instances:
        usable = [
            (capacity(cluster.limits.stack, instance).usable, instance.name)
            for declared, instance in zip(cluster.instances, cluster.limits.stack.cluster.instances, strict=True)
            if declared.urn in alarm.instances
        ]
        limit, name = min(usable)
        if not 0 < threshold < limit:
            allowed = f"{name} refuses clients at {limit:,}"
            remedy = f"set a threshold below {limit:,}, better an alarm by role"
            yield Finding(urn=alarm.alarm.urn, found=found, allowed=allowed, remedy=remedy)


def _allowed(accepted_peak: int, limit: int) -> str:
    above = f"above the accepted peak of {accepted_peak:,} and " if accepted_peak else ""
    return f"it has to lie {above}below {limit:,}, where the next client waits or is refused"


def _remedy(windows: list[RoleThresholds]) -> str:
    ways = [f"{w.role}: warning {w.warning_connections:,}, critical {w.critical_connections:,}" for w in windows]
    return f"set the budget's thresholds ({'; '.join(ways)})"


def _one_stage(cluster: AuroraCluster, known: list[tuple[ConnectionAlarm, float]]) -> Iterator[Finding]:
    """Two alarms at the same number are one: the warning has to come first."""
    for role in Role:
        of_role = [(alarm, threshold) for alarm, threshold in known if alarm.roles == {role}]
        values = {threshold for _, threshold in of_role}
        if len(of_role) > 1 and len(values) == 1:
            names = ", ".join(alarm.alarm.name for alarm, _ in of_role)
            yield Finding(
                urn=of_role[0][0].alarm.urn,
                found=(
                    f"{len(of_role)} alarms on the {role}'s connections of {cluster.name} ring at the same "
                    f"{values.pop():,.6g} ({names})"
                ),
                allowed="the warning has to come before the critical one",
                remedy="set the budget's warning and critical thresholds",
            )


RULE = Rule(
    id="alrm-connections-threshold",
    title="Alarms on connections ring above the accepted peak and below the limit, the warning first.",
    why="An alarm at the limit rings when clients are already refused; one below a good day's peak is soon ignored.",
    predicate=(
        "Refuses accepted peak < threshold < limit not holding for the alarm's role (the budget's window, at the "
        "smallest "
        "instance; without a declared demand the peak counts as 0), a comparison that isn't rising, and several "
        "alarms of a "
        "role at one number. An alarm beside others that are right (two for each role that it sees; beside an "
        "alarm by role one on every instance will do) is advised about, and may fall; whether those ring in time is "
        "alrm-latency-to-page's question. An alarm on single instances is compared with theirs. Expressions and bands "
        "that CloudWatch learns aren't judged."
    ),
    unknown="An unknown threshold or comparison may never ring: not proven.",
    remedy="Set the budget's thresholds.",
    sources=(
        "headroom/budget/thresholds.py",
        "CloudWatch User Guide, recommended alarms: DatabaseConnections at 90-95 % (too late behind a proxy)",
    ),
    harmless={
        **dict.fromkeys(
            ("metricName", "metricQueries", "metricQueries.*.metric", "metricQueries.*.metric.metricName"),
            "An alarm on an unknown metric isn't judged; whether there is one is alrm-connections-required's question.",
        ),
        "metricQueries.*.returnData": "Where it isn't true an expression is compared, and expressions aren't judged.",
        "identifier": "An alarm that names an instance as text is compared with what is given as text.",
    },
    check=check,
)
