"""Every margin of the budget: a named value, its unit, and the reason why it is not some other number.

A number that AWS decided is in `facts/`; a number that we decided is here. A stack may replace any of them under
`headroom:margins`, best with what it measured.
"""

from dataclasses import dataclass, field, fields


def _margin(default: float, unit: str, reason: str, low: float, high: float) -> float:
    return field(default=default, metadata={"unit": unit, "reason": reason, "low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """The margins, each with its reason in the field's metadata (`reasons()` lists them)."""

    burst_factor: float = _margin(
        1.25,
        "factor",
        "Traffic is declared as the busiest minute's mean; the busiest seconds inside a minute run about a quarter "
        "higher.",
        1,
        10,
    )
    traffic_uncertainty_factor: float = _margin(
        1.2,
        "factor",
        "A forecast of a sale is wrong; a fifth above the forecast must still be carried.",
        1,
        10,
    )
    proxy_node_factor: float = _margin(
        1.3,
        "factor",
        "The proxy spreads its quota over nodes that don't share it, and AWS asks for 30 % above the peak that was "
        "monitored (RDS User Guide, 'RDS Proxy connection considerations').",
        1,
        4,
    )
    borrow_wait_percent: float = _margin(
        50.0,
        "percent of the timeout",
        "When something is broken, p95 of the wait may grow to half the borrow timeout, or to half of the client's own "
        "where that is shorter: the clients wait, none is refused or gives up.",
        1,
        100,
    )
    reader_skew_factor: float = _margin(
        1.5,
        "factor",
        "Reader endpoints balance when a connection opens, not while it is used: the busiest reader carries about half "
        "as much again as the mean.",
        1,
        16,
    )
    slow_hold_factor: float = _margin(
        3.0,
        "factor",
        "A lock wait, a cold cache or a bad plan triples the hold time: what the incident looked like first.",
        1,
        100,
    )
    busy_connections_per_vcpu: float = _margin(
        8.0,
        "connections per vCPU",
        "Two runnable sessions keep a core busy (HikariCP's core_count x 2), and a borrowed connection executes on the "
        "CPU about a quarter of its hold time; the rest is network, storage and the client's own work.",
        0.5,
        200,
    )
    pool_over_cpu_cap_factor: float = _margin(
        4.0,
        "factor",
        "A pool is a throttle only near the CPU cap. Four times leaves room for the slow database (hold x 3) and no "
        "more; 2 vCPUs died far below their 1,700 connections (NASA-IMPACT/veda-backend#649).",
        1,
        100,
    )
    connection_memory_mib: float = _margin(
        10.0,
        "MiB per connection",
        "AWS's serverless advisor counts 100 connections as 0.5 ACU, 1 GiB (aws/agent-toolkit-for-aws).",
        0.1,
        1000,
    )
    connection_memory_percent: float = _margin(
        30.0,
        "percent of the class's memory",
        "Aurora PostgreSQL gives about two thirds of the memory to shared buffers, Aurora MySQL three quarters to the "
        "buffer pool; connections live in what is left.",
        1,
        90,
    )
    connects_per_second_per_vcpu: float = _margin(
        50.0,
        "connections per second per vCPU",
        "Measured with pgbench -C: 227 connects a second on two shared cores with trust authentication; SCRAM and TLS "
        "about halve it.",
        1,
        10_000,
    )
    reconnect_objective_seconds: float = _margin(
        60.0,
        "seconds",
        "AWS restores the writer within 60 s of a failover; re-opening the connections should not double that.",
        1,
        3600,
    )
    scaling_target_percent: float = _margin(
        70.0,
        "percent of the pool",
        "Target tracking needs minutes for a replica; the rest of the pool carries the load until it serves.",
        10,
        95,
    )
    reader_cpu_target_percent: float = _margin(
        60.0,
        "percent",
        "Readers grow in minutes, a sale in seconds: two fifths of the CPU carry the wait for a new replica.",
        10,
        90,
    )
    replica_lead_minutes: float = _margin(
        30.0,
        "minutes",
        "A replica takes 5 to 15 minutes (practitioners; AWS gives no number), alarms three, and two may come one "
        "after the other.",
        0,
        1440,
    )

    @classmethod
    def reasons(cls) -> dict[str, tuple[float, str, str]]:
        """Name -> (default, unit, reason)."""
        return {f.name: (f.default, f.metadata["unit"], f.metadata["reason"]) for f in fields(cls)}  # type: ignore[misc]
