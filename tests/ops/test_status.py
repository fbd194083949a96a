import json

import pytest

from headroom.budget.alarms.measures import of_endpoint, of_instance, of_target
from headroom.budget.model import Role
from headroom.ops.session import Session
from headroom.ops.status import State, status
from tests.commands.conftest import Headroom
from tests.ops.calls import Calls
from tests.ops.deployed import add_instance, client, put

pytestmark = pytest.mark.emulator


def connections(session: Session, instance: str, *values: float, oldest_minute: int = 1) -> None:
    put(session, of_instance("DatabaseConnections", "Maximum", instance), *values, oldest_minute=oldest_minute)


@pytest.mark.clock("every")
def test_instances_and_pools_stand_against_the_budget_the_worst_first(deployed: Session) -> None:
    name = deployed.name
    connections(deployed, f"{name}-1", 40, 330)
    connections(deployed, f"{name}-2", 250)
    connections(deployed, f"{name}-3", 30)
    put(deployed, of_target("DatabaseConnectionsCurrentlyBorrowed", "Sum", Role.WRITER), 90)
    put(deployed, of_target("MaxDatabaseConnectionsAllowed", "Sum", Role.WRITER), 440)
    put(deployed, of_endpoint("DatabaseConnectionsBorrowLatency", "Average", Role.READER), 1_500_000)

    found = status(deployed)

    told = {(row.what, row.value, row.limit, row.state) for row in found.rows}
    assert told == {
        (f"{name}-1", 330, 987, State.CRITICAL),
        (f"{name}-2", 250, 987, State.WARNING),
        (f"{name}-3", 30, 987, State.WELL),
        ("proxy, writer's pool", 90, 440, State.WELL),
        ("wait for the writer's pool", None, 2000, State.UNUSED),
        ("proxy, readers' pool", None, 450, State.UNUSED),
        ("wait for the readers' pool", 1500, 2000, State.CRITICAL),
        ("clients of the proxy", None, None, State.UNUSED),
    }
    assert [row.what for row in found.rows][:4] == [
        "wait for the readers' pool",
        f"{name}-1",
        f"{name}-2",
        "proxy, writer's pool",
    ]
    assert all(0 < (row.age_seconds or 1) < 240 for row in found.rows)
    assert (found.lacks, found.exit_code) == ((), 1)


@pytest.mark.clock
def test_a_gauge_is_the_sum_over_the_proxys_nodes(deployed: Session) -> None:
    for part in (30, 50):  # each node publishes its own
        put(deployed, of_target("DatabaseConnectionsCurrentlyBorrowed", "Sum", Role.WRITER), part)
    (row,) = [r for r in status(deployed).rows if r.what == "proxy, writer's pool"]
    assert row.value == 80


@pytest.mark.clock
def test_an_autoscaled_reader_counts_with_the_limit_of_its_class(deployed: Session) -> None:
    replica = f"application-autoscaling-{deployed.name}"
    add_instance(deployed, replica)
    connections(deployed, replica, 987)
    (row,) = [r for r in status(deployed).rows if r.what == replica]
    assert (row.value, row.limit, row.state, row.note) == (987, 987, State.CRITICAL, "autoscaled")


@pytest.mark.clock
def test_a_declared_instance_that_is_not_there_is_absent(deployed: Session) -> None:
    client("rds").delete_db_instance(DBInstanceIdentifier=f"{deployed.name}-3", SkipFinalSnapshot=True)
    first = status(deployed).rows[0]
    assert (first.what, first.state, first.note) == (
        f"{deployed.name}-3",
        State.ABSENT,
        "declared, but no member of the cluster",
    )


@pytest.mark.clock
def test_an_old_datapoint_is_not_taken_for_now(deployed: Session) -> None:
    connections(deployed, f"{deployed.name}-1", 900, oldest_minute=9)
    (row,) = [r for r in status(deployed).rows if r.what == f"{deployed.name}-1"]
    assert (row.value, row.state) == (None, State.UNKNOWN)
    assert row.note in {"last heard of 9 min ago", "last heard of 10 min ago"}  # the minute goes on


@pytest.mark.clock
def test_a_proxy_that_fell_silent_is_not_one_that_nobody_uses(deployed: Session) -> None:
    for number in (1, 2, 3):
        connections(deployed, f"{deployed.name}-{number}", 50)
    assert status(deployed).exit_code == 0
    put(deployed, of_target("DatabaseConnectionsCurrentlyBorrowed", "Sum", Role.WRITER), 90, oldest_minute=300)
    put(deployed, of_endpoint("ClientConnections", "Sum", Role.WRITER), 900, oldest_minute=300)
    found = status(deployed)
    states = {row.what: (row.state, row.note) for row in found.rows if "prox" in row.what or "wait" in row.what}
    assert states == {
        "proxy, writer's pool": (State.UNKNOWN, "no datapoint in 15 min"),
        "clients of the proxy": (State.UNKNOWN, "no datapoint in 15 min"),
        "wait for the writer's pool": (State.UNUSED, "no datapoint in 24 hours"),
        "proxy, readers' pool": (State.UNUSED, "no datapoint in 24 hours"),
        "wait for the readers' pool": (State.UNUSED, "no datapoint in 24 hours"),
    }
    assert found.exit_code == 2


@pytest.mark.clock
def test_without_data_it_is_neither_well_nor_bad(deployed: Session) -> None:
    assert status(deployed).exit_code == 2


@pytest.mark.clock
def test_all_well_is_exit_code_0(deployed: Session, headroom: Headroom) -> None:
    for number in (1, 2, 3):
        connections(deployed, f"{deployed.name}-{number}", 50)
    done = headroom("status")
    assert (done.code, done.err) == (0, "")
    first, heading, *rows = done.out.splitlines()
    assert first == f"{deployed.name} in eu-west-1: connections, the worst first"
    assert heading.split() == ["role", "now", "expected", "warning", "critical", "limit", "used", "age", "state"]
    assert rows[0].split()[:7] == [f"{deployed.name}-1", "writer", "50", "62", "192", "321", "987"]


@pytest.mark.clock
def test_json_has_the_rows_and_what_is_lacking(deployed: Session, headroom: Headroom) -> None:
    connections(deployed, f"{deployed.name}-1", 50)
    done = headroom("status", "--json")
    answer = json.loads(done.out)
    assert (answer["stack"], answer["region"], answer["lacks"]) == ("local", "eu-west-1", [])
    (row,) = [r for r in answer["rows"] if r["what"] == f"{deployed.name}-1"]
    assert (row["value"], row["critical"], row["state"]) == (50, 321, "well")


@pytest.mark.clock
def test_the_watch_redraws_until_it_is_interrupted(
    deployed: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = iter([None, KeyboardInterrupt()])

    def sleep(_seconds: float) -> None:
        if (nap := next(naps)) is not None:
            raise nap

    connections(deployed, f"{deployed.name}-1", 330)
    monkeypatch.setattr("time.sleep", sleep)
    done = headroom("status", "--watch")
    assert done.code == 1
    assert done.out.count("connections, the worst first") == 2
    assert "Traceback" not in done.err


def test_watch_and_json_are_one_too_many(session: Session, headroom: Headroom) -> None:
    assert headroom("status", "--watch", "--json") == (2, "", "error: --watch and --json: one at a time\n")


@pytest.mark.clock
def test_without_cloudwatch_the_instances_are_still_listed(deployed: Session, headroom: Headroom, calls: Calls) -> None:
    calls.refuse("cloudwatch:GetMetricData", "AccessDenied")
    done = headroom("status")
    assert done.code == 2
    assert f"{deployed.name}-1" in done.out
    assert done.out.count("no data") == 8  # three instances, two pools, two waits, and the clients
    assert "not used" not in done.out
    assert done.err == (
        "couldn't be read: missing permission: cloudwatch:GetMetricData (docs/operations.md lists what is needed)\n"
    )


@pytest.mark.clock
def test_partial_data_is_said(deployed: Session, headroom: Headroom, calls: Calls) -> None:
    connections(deployed, f"{deployed.name}-1", 50)

    def partly(answer: dict[str, list[dict[str, str]]]) -> object:
        answer["MetricDataResults"][0]["StatusCode"] = "PartialData"
        del calls.answering["cloudwatch:GetMetricData"]
        return answer

    calls.answering["cloudwatch:GetMetricData"] = partly
    done = headroom("status")
    assert done.code == 2
    assert done.err == (
        "couldn't be read: cloudwatch:GetMetricData: DatabaseConnections: PartialData: it may be incomplete\n"
    )
