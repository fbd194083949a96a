"""The table: which alarms a stack has, why a gap counts as it does, and that each leads to the runbook."""

import re
from dataclasses import replace

import pytest

from headroom.budget import evaluate
from headroom.budget.alarms import Alarm, Tier, alarm_table
from headroom.budget.alarms.model import Expression, Metric, Missing
from headroom.budget.margins import Margins
from headroom.budget.model import Event, Serverless
from tests.budget.alarms.shops import NAMES, ROOT, budget
from tests.budget.shop import CHECKOUT, SALE, cluster, instances, proxy, shop

# The statistics that CloudWatch has, and what an alarm may be (PutMetricAlarm; botocore's model of it).
STATISTICS = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
LONGEST_SECONDS = 86_400
LONGEST_PERIODS_SECONDS = 604_800


def alarms(name: str) -> dict[str, Alarm]:
    return {alarm.name: alarm for alarm in alarm_table(budget(name)).alarms}


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_is_one_that_cloudwatch_takes(name: str) -> None:
    table = alarm_table(budget(name))
    names = [alarm.name for alarm in table.alarms]
    assert len(set(names)) == len(names)
    for alarm in table.alarms:
        assert 1 <= alarm.datapoints_to_alarm <= alarm.evaluation_periods
        assert alarm.period_seconds % 60 == 0
        seconds = alarm.period_seconds * alarm.evaluation_periods
        assert seconds <= (LONGEST_SECONDS if alarm.period_seconds < 3600 else LONGEST_PERIODS_SECONDS)
        assert re.fullmatch(r"[a-z0-9-]{1,190}", alarm.name)
        assert re.fullmatch(r"[a-z0-9-]+", alarm.key)
        assert len(alarm.description("x" * 63)) <= 1024
        metrics = dict(alarm.measure.metrics) if isinstance(alarm.measure, Expression) else {"": alarm.measure}
        assert {metric.period_seconds for metric in metrics.values()} == {alarm.period_seconds}
        for metric in metrics.values():
            assert metric.statistic in STATISTICS
        if isinstance(
            alarm.measure, Expression
        ):  # CloudWatch's ids, and none hides in another (the dashboard adds numbers)
            for part in metrics:
                assert re.fullmatch(r"[a-z][a-z0-9_]*", part)
                assert re.findall(rf"{part}\w*", alarm.measure.expression)


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_says_why_a_gap_counts_as_it_does_what_it_saw_and_where_to_go_on(name: str) -> None:
    for alarm in alarm_table(budget(name)).alarms:
        assert len(alarm.missing_reason.split()) >= 4, alarm.name
        assert alarm.text.endswith(".")
        assert alarm.description("shop-prod").startswith(f"shop-prod {alarm.tier}: {alarm.text} ")
        assert alarm.description("shop-prod").endswith(f" What to do: docs/runbook.md#{alarm.key}")


def test_silence_is_decided_alarm_by_alarm() -> None:
    by_treatment: dict[str, set[str]] = {}
    for alarm in alarms("prod").values():
        by_treatment.setdefault(alarm.missing, set()).add(alarm.key)
    assert by_treatment == {
        Missing.IGNORE: {
            "writer-connections",
            "reader-connections",
            "writer-pool",
            "reader-pool",
            "writer-borrow-latency",
            "reader-borrow-latency",
            "proxy-availability",
            "refused-logins",
            "role-refusals",
            "storage",
            "writer-pinned",
            "reader-pinned",
            "client-storm",
        },
        Missing.BREACHING: {"writer-down", "reader-absent"},
        Missing.MISSING: {
            "replica-lag",
            "writer-cpu",
            "reader-cpu",
            "memory",
            "db-load",
            "local-storage",
            "proxy-setup-failures",
            "proxy-login-failures",
            "readers-at-maximum",
            "deadlocks",
        },
    }


def test_what_says_that_connections_run_out_waits_two_minutes_and_causes_wait_longer() -> None:
    for alarm in alarms("prod").values():
        debounce = alarm.datapoints_to_alarm, alarm.evaluation_periods
        if alarm.tier is Tier.CRITICAL or alarm.key.endswith(("-connections", "-pool", "-latency")):
            assert debounce == (2, 3), alarm.name


def test_the_composite_has_every_critical_alarm_on_connections_and_no_other() -> None:
    composite = alarm_table(budget("prod")).composite
    assert composite is not None
    assert set(composite.children) == {
        "writer-connections-critical",
        "reader-connections-critical",
        "writer-pool-critical",
        "reader-pool-critical",
        "writer-borrow-latency-critical",
        "reader-borrow-latency-critical",
        "client-storm-critical",
        "refused-logins-critical",
    }
    assert all(alarms("prod")[child].notifies is Tier.WARNING for child in composite.children)
    assert len(composite.children) <= 100


def test_instances_that_differ_are_watched_one_by_one_and_equal_ones_are_not() -> None:
    mixed = {name: a.threshold for name, a in alarms("mixed").items() if a.key == "instance-connections"}
    assert mixed.keys() == {f"instance-{i.name}-connections-warning" for i in budget("mixed").stack.cluster.instances}
    assert len(set(mixed.values())) > 1
    assert not [alarm for alarm in alarms("prod").values() if alarm.key == "instance-connections"]


def test_without_a_proxy_there_is_no_alarm_on_one() -> None:
    table = alarm_table(budget("direct"))
    assert not [key for key in table.keys if re.search("pool|latency|proxy|pinned|client", key)]
    assert "db-proxy" not in {events.source for events in table.events}
    text = next(a.text for a in table.alarms if a.name == "writer-connections-critical")
    assert "clients are refused at" in text
    assert "wait" not in text


def test_without_readers_there_is_no_alarm_on_them() -> None:
    assert not [key for key in alarm_table(budget("writer-only")).keys if "reader" in key or key == "replica-lag"]


def test_what_cannot_be_had_on_an_engine_is_not_declared() -> None:
    postgresql, mysql = alarm_table(budget("prod")), alarm_table(budget("mysql"))
    assert ("refused-logins" in postgresql.keys, "connection-attempts" in postgresql.keys) == (True, False)
    assert ("refused-logins" in mysql.keys, "connection-attempts" in mysql.keys) == (False, True)
    assert mysql.log_metrics == ()


def test_serverless_watches_its_capacity_and_has_no_local_storage_to_watch() -> None:
    keys = alarm_table(budget("serverless")).keys
    assert "serverless-capacity" in keys
    assert "local-storage" not in keys


def test_a_cluster_that_pauses_by_itself_sets_no_alarm_off_at_night() -> None:
    capacity = Serverless(min_acu=0, max_acu=8)
    stack = replace(
        budget("serverless").stack,
        cluster=replace(budget("serverless").stack.cluster, serverless=capacity),
    )
    assert {a.missing for a in alarm_table(evaluate(stack)).alarms if a.key == "writer-down"} == {Missing.BREACHING}
    paused = replace(stack, proxies=())
    assert {a.missing for a in alarm_table(evaluate(paused)).alarms if a.missing is Missing.BREACHING} == set()


def test_readers_at_their_maximum_are_no_news_where_the_calendar_asks_for_it() -> None:
    six = cluster(readers_max=6)
    asked: Event = replace(SALE, readers_min=6)
    assert "readers-at-maximum" in alarm_table(evaluate(shop(cluster=six))).keys
    table = alarm_table(evaluate(shop(cluster=six, events=(asked,))))
    assert "readers-at-maximum" not in table.keys
    assert table.scaled_to_maximum is None
    assert alarm_table(evaluate(shop(cluster=cluster(readers_max=None)))).scaled_to_maximum is None


def test_a_service_that_pins_is_no_news_and_what_comes_on_top_is() -> None:
    def expression(pins: bool) -> str:
        table = alarm_table(evaluate(shop(services=(replace(CHECKOUT, pins=pins, instances_max=10),))))
        measure = next(a.measure for a in table.alarms if a.name == "writer-pinned-warning")
        assert isinstance(measure, Expression)
        return measure.expression

    assert expression(pins=False) == "IF(pinned >= 10, 100 * pinned / open, 0)"
    # (10 + 3 of a deploy's surge + 1 orphan) x 8 connections
    assert expression(pins=True) == "IF(pinned >= 122, 100 * pinned / open, 0)"


def test_a_wait_objective_beyond_the_borrow_timeout_still_has_alarms_that_can_ring() -> None:
    patient = evaluate(shop(wait_objective_ms=5000, proxies=(proxy(connection_borrow_timeout_seconds=2),)))
    pool = patient.thresholds.pools[0]
    assert (pool.borrow_latency_warning_microseconds, pool.borrow_latency_critical_microseconds) == (500_000, 1_000_000)


def test_thresholds_that_are_no_budget_window_are_named_margins_and_a_stack_may_change_them() -> None:
    changed = Margins(
        cpu_warning_percent=77,
        replica_lag_ms=123,
        deadlocks_per_second=2,
        refused_logins_per_minute=44,
        setup_failures_per_minute=33,
        login_failures_per_minute=22,
        proxy_availability_percent=66,
        pinned_warning_percent=55,
    )
    found = {a.name: a.threshold for a in alarm_table(evaluate(shop(margins=changed))).alarms}
    assert [
        found[name]
        for name in (
            "writer-cpu-warning",
            "replica-lag-warning",
            "deadlocks-warning",
            "refused-logins-critical",
            "proxy-setup-failures-warning",
            "proxy-login-failures-warning",
            "writer-proxy-availability-critical",
            "writer-pinned-warning",
        )
    ] == [77, 123, 2, 44, 33, 22, 66, 55]


def test_clients_are_counted_once_each_with_a_deploys_surge() -> None:
    # 60 instances + 25 % surge, 8 connections each to two endpoints
    storm = {a.name: a.threshold for a in alarm_table(evaluate(shop())).alarms if a.key == "client-storm"}
    assert storm == {"client-storm-warning": 75 * 16, "client-storm-critical": 2 * 75 * 16}


def test_one_small_instance_sets_the_memory_threshold() -> None:
    small = instances()[0].instance_class
    found = {a.name: a.threshold for a in alarm_table(evaluate(shop())).alarms if a.key == "memory"}
    assert set(found.values()) == {round(small.memory_gib * 0.05 * 1024**3)}


def test_the_log_is_searched_for_messages_that_a_real_postgresql_has_each_by_its_own_cause() -> None:
    """SQLSTATE 53300 (too_many_connections) in PostgreSQL's sources, postinit.c and proc.c."""
    slots, limits = alarm_table(budget("prod")).log_metrics

    def counted(line: str) -> list[str]:
        return [metric.key for metric in (slots, limits) if any(phrase in line for phrase in metric.phrases)]

    for line in (
        "FATAL:  sorry, too many clients already",
        "FATAL:  remaining connection slots are reserved for non-replication superuser connections",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
    ):
        assert counted(line) == ["refused-logins"]
    for line in (
        'FATAL:  too many connections for role "checkout"',
        'FATAL:  too many connections for database "shop"',
    ):
        assert counted(line) == ["role-refusals"]
    assert counted('FATAL:  password authentication failed for user "x"') == []


def test_a_roles_limit_is_no_exhaustion_and_pages_by_itself() -> None:
    alarm = alarms("prod")["role-refusals-critical"]
    assert (alarm.exhaustion, alarm.notifies) == (False, Tier.CRITICAL)


def test_the_alarms_sections_of_the_runbook_are_exactly_the_keys_of_all_stacks() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^## ([a-z0-9-]+)$", text.partition("\n# Alarms\n")[2], flags=re.MULTILINE))
    assert sections == {key for name in NAMES for key in alarm_table(budget(name)).keys}


def test_no_metric_is_asked_for_that_its_namespace_does_not_have() -> None:
    """The names of `AWS/RDS` are AWS's (Aurora User Guide and RDS Proxy metrics); spelled once more, by hand."""
    known = {
        "ACUUtilization AuroraReplicaLag AvailabilityPercentage CPUUtilization ClientConnectionsReceived",
        "ClientConnectionsSetupFailedAuth ConnectionAttempts DBLoad DatabaseConnections",
        "DatabaseConnectionsBorrowLatency DatabaseConnectionsCurrentlyBorrowed",
        "DatabaseConnectionsCurrentlySessionPinned DatabaseConnectionsSetupFailed Deadlocks EngineUptime",
        "FreeLocalStorage FreeableMemory MaxDatabaseConnectionsAllowed VolumeBytesUsed",
    }
    used: set[str] = set()
    for name in NAMES:
        for alarm in alarm_table(budget(name)).alarms:
            measure = alarm.measure
            metrics = [measure] if isinstance(measure, Metric) else [metric for _, metric in measure.metrics]
            used |= {metric.name for metric in metrics if metric.namespace == "AWS/RDS"}
    assert used == set(" ".join(known).split())
