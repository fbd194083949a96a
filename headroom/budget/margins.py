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

    executing_percent: float = _margin(
        25.0,
        "percent of the hold time",
        "A borrowed connection executes about a quarter of the time that it is held (busy_connections_per_vcpu rests "
        "on the same): what a load of busy connections looks like in DBLoad and on the CPU.",
        1,
        100,
    )
    cpu_warning_percent: float = _margin(
        90.0,
        "percent",
        "AWS's recommended alarm for CPUUtilization (CloudWatch User Guide, recommended alarms); above it queues grow "
        "faster than load.",
        50,
        100,
    )
    freeable_memory_percent: float = _margin(
        5.0,
        "percent of the class's memory",
        "AWS's recommended alarm: 'for Aurora, close to 5 %', because its buffers take most of the memory on purpose.",
        0.5,
        50,
    )
    deadlocks_per_second: float = _margin(
        0.1,
        "deadlocks per second",
        "Six a minute, five minutes long, are a pattern in the code; a single one is an accident, and retried.",
        0.001,
        1000,
    )
    replica_lag_ms: float = _margin(
        1000.0,
        "milliseconds",
        "Aurora's readers are usually less than 100 ms behind; after a second a customer sees a basket without what "
        "was just put in.",
        1,
        3_600_000,
    )
    volume_used_percent: float = _margin(
        80.0,
        "percent",
        "AWS's recommended alarm leaves 10 to 20 % of the cluster volume; moving data takes weeks.",
        1,
        99,
    )
    local_storage_free_gib: float = _margin(
        2.0,
        "GiB",
        "AWS recommends 10 to 20 % of the local storage, and the smallest classes have less than 10 GiB of it.",
        0.1,
        1000,
    )
    serverless_capacity_percent: float = _margin(
        90.0,
        "percent of the maximum",
        "At the maximum it can't grow; below nine tenths of it, growing is what it is for.",
        50,
        100,
    )
    pinned_warning_percent: float = _margin(
        20.0,
        "percent of the open connections",
        "The proxy's node factor leaves about a quarter of the pool free: pinned sessions may use up most of that.",
        1,
        100,
    )
    pinned_least_connections: float = _margin(
        10.0,
        "connections",
        "Fewer are a migration, or somebody's console.",
        1,
        10_000,
    )
    setup_failures_per_minute: float = _margin(
        10.0,
        "failures per minute",
        "Single failures come with every restart; one in six seconds, minute after minute, is a refusal.",
        1,
        100_000,
    )
    login_failures_per_minute: float = _margin(
        10.0,
        "failures per minute",
        "Somebody's typing error is one or two; a fleet with an old secret fails in every instance.",
        1,
        100_000,
    )
    refused_logins_per_minute: float = _margin(
        10.0,
        "refusals per minute",
        "One is already a warning; one in six seconds, in two of three minutes, are customers who are turned away.",
        1,
        100_000,
    )
    reconnects_per_client_per_minute: float = _margin(
        1.0,
        "connections per client and minute",
        "A deploy or a rotated secret opens each client connection once; a second time within minutes is a retry.",
        0.01,
        1000,
    )
    proxy_availability_percent: float = _margin(
        90.0,
        "percent of the health checks",
        "One minute of failover is forgiven by two of three minutes; one node in ten may miss a check.",
        1,
        100,
    )

    @classmethod
    def reasons(cls) -> dict[str, tuple[float, str, str]]:
        """Name -> (default, unit, reason)."""
        return {f.name: (f.default, f.metadata["unit"], f.metadata["reason"]) for f in fields(cls)}  # type: ignore[misc]
