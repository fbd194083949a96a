import io
import re
from pathlib import Path
from typing import Any

import pytest

from headroom.budget.alarms.measures import of_instance, of_target
from headroom.budget.model import Role
from headroom.drill.server import Server
from headroom.ops.session import Session
from tests.commands.conftest import Headroom
from tests.ops.calls import Calls
from tests.ops.deployed import add_instance, put
from tests.ops.deployed import client as aws
from tests.ops.servers import admin, client, dsn, idle_clients, queue_on_a_row, until


def limit_of(server: Server, user: str) -> int:
    with admin(server) as database:
        row = database.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", (user,)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.server
def test_the_offenders_limit_is_lowered_and_really_refuses(
    session: Session, server: Server, headroom: Headroom
) -> None:
    import psycopg

    lever = ("relieve", "limit-role", "checkout", "--connections", "3", "--dsn", dsn(server))
    with idle_clients(server, "checkout", 3):
        shown = headroom(*lever)
        assert shown.code == 0
        assert shown.out.splitlines() == [
            "New connections of checkout (checkout) above 3 on an instance are refused at once (SQLSTATE 53300); open "
            "ones stay until they close.",
            "By the budget checkout then waits or is refused in 11 of 11 situations; it needs most, 130, in: "
            "black-friday peak, slow database.",
            "It has 3 connections open on this instance; its limit is none.",
            'Change: ALTER ROLE "checkout" CONNECTION LIMIT 3;',
            "Nothing was changed: --apply does it.",
        ]
        assert limit_of(server, "checkout") == -1

        done = headroom(*lever, "--apply", "--yes")
        assert (done.code, limit_of(server, "checkout")) == (0, 3)
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            client(server, "checkout")
    assert headroom(*lever, "--apply", "--yes").out.endswith("Nothing to do: it is so already.\n")


@pytest.mark.server
def test_a_limit_above_the_budgets_is_refused_with_its_reason(
    session: Session, server: Server, headroom: Headroom
) -> None:
    lever = ("relieve", "limit-role", "checkout", "--connections", "451", "--dsn", dsn(server), "--apply", "--yes")
    assert headroom(*lever) == (
        1,
        "refused: checkout: the budget grants 450 connections on each instance, not 451: more would be taken from the "
        "others\n",
        "",
    )
    assert limit_of(server, "checkout") == -1


def test_a_service_that_nobody_declared_is_a_mistake(session: Session, headroom: Headroom) -> None:
    assert headroom("relieve", "limit-role", "nobody", "--connections", "3") == (
        2,
        "",
        "error: nobody: no such service: the services are checkout, catalogue, search, reporting\n",
    )


@pytest.mark.server
def test_only_sessions_idle_in_a_transaction_are_ended(session: Session, server: Server, headroom: Headroom) -> None:
    lever = ("relieve", "terminate-idle-in-transaction", "--older-than-seconds", "1", "--dsn", dsn(server))
    with idle_clients(server, "search", 2), queue_on_a_row(server, 3) as holder, admin(server) as database:
        until(
            database,
            "SELECT clock_timestamp() - state_change > '1 s' FROM pg_stat_activity WHERE pid = %s",
            holder,
        )
        shown = headroom(*lever)
        assert f"{holder}: checkout checkout-app 127.0.0.1, idle in a transaction for" in shown.out
        assert "3 wait for it; last: UPDATE stock SET pieces" in shown.out
        assert "Frees 1 of 16 usable slots on this instance, and 3 sessions that wait." in shown.out

        done = headroom(*lever, "--apply", "--yes")
        assert done.code == 0
        assert done.out.endswith(f"1 terminated: {holder}\n")
        until(database, "SELECT count(*) = 3 FROM pg_stat_activity WHERE usename = 'catalogue' AND state = 'idle'")
        until(database, "SELECT count(*) = 2 FROM pg_stat_activity WHERE usename = 'search' AND state = 'idle'")
    assert headroom(*lever, "--apply", "--yes").out.endswith("Nothing to do: it is so already.\n")


@pytest.mark.server
def test_a_session_that_went_on_meanwhile_is_left_alone(session: Session, server: Server) -> None:
    from headroom.ops.database import connected
    from headroom.ops.dsn import read_dsn
    from headroom.ops.relieve import terminate_idle_in_transaction

    found = read_dsn(dsn(server), session.budget.stack.cluster.engine)
    assert found is not None
    holder = client(server, "checkout", autocommit=False)
    try:
        holder.execute("SELECT 1")
        with connected(found, change=True) as database, admin(server) as watcher:
            until(watcher, "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'idle in transaction'")
            plan = terminate_idle_in_transaction(session, database, 0)
            holder.commit()
            until(watcher, "SELECT count(*) = 0 FROM pg_stat_activity WHERE state = 'idle in transaction'")
            assert plan.apply() == ["0 terminated: none", "1 went on, or ended, meanwhile: left alone"]
        assert holder.execute("SELECT 1").fetchone() == (1,)
    finally:
        holder.close()


OTHERS = (
    "of {0:,} connections now 0 are surely the pool's (the proxy tells no number): the other {0:,} and a pool of 480 "
    "are more than 987 usable slots"
)


def percent(session: Session) -> int:
    (group,) = aws("rds").describe_db_proxy_target_groups(DBProxyName=session.name)["TargetGroups"]
    return int(group["ConnectionPoolConfig"]["MaxConnectionsPercent"])


def now(session: Session, number: int = 0, *, connections: float | None = 100, cpu: float | None = 40) -> None:
    """What CloudWatch has of the last minute: of every instance, or of one; None: nothing."""
    for n in (number,) if number else (1, 2, 3):
        for metric, value in (("DatabaseConnections", connections), ("CPUUtilization", cpu)):
            if value is not None:
                put(session, of_instance(metric, "Maximum", f"{session.name}-{n}"), value)


@pytest.mark.clock("every")
@pytest.mark.emulator
def test_the_percent_is_raised_once_somebody_types_yes(
    deployed: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    now(deployed)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert headroom("relieve", "raise-percent", "48", "--apply").code == 1
    assert percent(deployed) == 45
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    done = headroom("relieve", "raise-percent", "48", "--apply")
    assert done.code == 0
    others_and_pool = (
        "of 100 connections now 0 are surely the pool's (the proxy tells no number): the other 100 and a pool of 480"
    )
    assert done.out.splitlines() == [
        f"writer {deployed.name}-1: the pool grows from 450 to 480 connections; 507 of 987 usable slots stay free.",
        f"reader {deployed.name}-2: the pool grows from 450 to 480 connections; 488 of 987 usable slots stay free.",
        f"reader {deployed.name}-3: the pool grows from 450 to 480 connections; 488 of 987 usable slots stay free.",
        f"{deployed.name}-1: {others_and_pool} fit into 987 usable slots, and the CPU is at 40 %.",
        f"{deployed.name}-2: {others_and_pool} fit into 987 usable slots, and the CPU is at 40 %.",
        f"{deployed.name}-3: {others_and_pool} fit into 987 usable slots, and the CPU is at 40 %.",
        "The budget fits, with 13% headroom (before: 13%).",
        "The stack file says 45: the next pulumi up sets that again. To keep it: "
        "headroom:proxy.max_connections_percent",
        f"Change: {deployed.name}: max_connections_percent 45 -> 48",
        f"{deployed.name}: max_connections_percent 48",
    ]
    assert percent(deployed) == 48
    assert headroom("relieve", "raise-percent", "48", "--apply", "--yes").out.endswith(
        "Nothing to do: it is so already.\n"
    )


@pytest.mark.emulator
def test_the_percent_is_refused_where_the_budget_says_no(deployed: Session, headroom: Headroom) -> None:
    done = headroom("relieve", "raise-percent", "95", "--apply", "--yes")
    assert (done.code, percent(deployed)) == (1, 45)
    assert done.out == (
        f"refused: the budget doesn't fit with 95 %: {deployed.name}-1: the proxy may open 950 connections, 4 times "
        "the CPU cap of 128 is 512: a pool that size throttles nothing\n"
    )


@pytest.mark.clock
@pytest.mark.emulator
@pytest.mark.parametrize(
    ("number", "connections", "cpu", "reason"),
    [
        (1, 100, 97, "the CPU is at 97 % now (90 % is busy): a larger pool would make every transaction slower"),
        (2, 508, 40, OTHERS.format(508)),
        (3, 1000, 40, OTHERS.format(1000)),
        (2, None, 40, "no data of the last 4 minutes for DatabaseConnections, and what isn't known isn't free"),
        (1, 100, None, "no data of the last 4 minutes for CPUUtilization, and what isn't known isn't free"),
    ],
)
def test_the_percent_is_refused_where_slots_or_cpu_are_not_free_now_or_nobody_knows(
    deployed: Session, headroom: Headroom, number: int, connections: float | None, cpu: float | None, reason: str
) -> None:
    for other in {1, 2, 3} - {number}:
        now(deployed, other)
    now(deployed, number, connections=connections, cpu=cpu)
    done = headroom("relieve", "raise-percent", "48", "--apply", "--yes")
    assert (done.code, percent(deployed)) == (1, 45)
    assert done.out == f"refused: {deployed.name}-{number}: {reason}\n"


@pytest.mark.clock
@pytest.mark.emulator
def test_the_percent_is_refused_where_room_went_while_somebody_thought_about_it(
    deployed: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly() -> str:
        now(deployed, 1, cpu=97)
        return "yes\n"

    typed = io.StringIO()
    monkeypatch.setattr(typed, "readline", slowly, raising=False)
    now(deployed)
    monkeypatch.setattr("sys.stdin", typed)
    done = headroom("relieve", "raise-percent", "48", "--apply")
    assert (done.code, percent(deployed)) == (1, 45)
    assert f"refused: {deployed.name}-1: the CPU is at 97 % now" in done.out


@pytest.mark.clock
@pytest.mark.emulator
def test_the_percent_is_refused_where_cloudwatch_cannot_be_read(
    deployed: Session, headroom: Headroom, calls: Calls
) -> None:
    now(deployed)
    calls.refuse("cloudwatch:GetMetricData", "AccessDenied")
    done = headroom("relieve", "raise-percent", "48", "--apply", "--yes")
    assert (done.code, percent(deployed)) == (1, 45)
    name = deployed.name
    assert done.out == (
        f"refused: {name}-1, {name}-2, {name}-3: no data of the last 4 minutes for DatabaseConnections and "
        "CPUUtilization, and what isn't known isn't free\n"
    )
    assert "missing permission: cloudwatch:GetMetricData" in done.err


@pytest.mark.clock
@pytest.mark.emulator
def test_the_percent_asks_autoscaled_readers_too_but_none_that_is_still_being_made(
    deployed: Session, headroom: Headroom, calls: Calls
) -> None:
    replica = f"application-autoscaling-{deployed.name}"
    add_instance(deployed, replica)
    now(deployed)
    lever = ("relieve", "raise-percent", "48")
    assert headroom(*lever).out.startswith(f"refused: {replica}: no data of the last 4 minutes")

    def creating(answer: Any) -> Any:
        for one in answer["DBInstances"]:
            if one["DBInstanceIdentifier"] == replica:
                one["DBInstanceStatus"] = "creating"
        return answer

    calls.answering["rds:DescribeDBInstances"] = creating
    assert headroom(*lever).code == 0


@pytest.mark.clock
@pytest.mark.emulator
def test_the_percent_at_the_limit_of_what_is_free_is_raised(deployed: Session, headroom: Headroom) -> None:
    now(deployed, 1)
    now(deployed, 2, connections=507, cpu=89)
    now(deployed, 3)
    assert headroom("relieve", "raise-percent", "48").code == 0


def pooled(session: Session, role: Role, connections: float) -> None:
    """What the proxy says that it has open, on all instances of a role."""
    put(session, of_target("DatabaseConnections", "Sum", role), connections)


@pytest.mark.clock
@pytest.mark.emulator
def test_a_slot_that_the_pool_may_take_anyway_is_not_free_for_a_larger_one(
    deployed: Session, headroom: Headroom
) -> None:
    now(deployed)
    now(deployed, 1, connections=608)
    pooled(deployed, Role.WRITER, 100)  # so 508 slots are somebody else's, undeclared
    done = headroom("relieve", "raise-percent", "48")
    assert (done.code, done.out) == (
        1,
        f"refused: {deployed.name}-1: of 608 connections now 100 are surely the pool's: the other 508 and a pool of "
        "480 are more than 987 usable slots\n",
    )
    assert headroom("relieve", "raise-percent", "47").code == 0


@pytest.mark.clock
@pytest.mark.emulator
def test_a_full_pool_does_not_stand_in_its_own_way(deployed: Session, headroom: Headroom) -> None:
    now(deployed, connections=600)
    pooled(deployed, Role.WRITER, 450)
    pooled(deployed, Role.READER, 900)
    done = headroom("relieve", "raise-percent", "48")
    assert done.code == 0
    assert "-1: of 600 connections now 450 are surely the pool's: the other 150 and a pool of 480 fit" in done.out
    # The readers' sum can't be split: one may have 480 of it at most, and so the other has 420 at least.
    for reader in (2, 3):
        counted = f"-{reader}: of 600 connections now 420 are surely the pool's: the other 180 and a pool of 480 fit"
        assert counted in done.out


@pytest.mark.clock
@pytest.mark.emulator
def test_a_readers_part_of_the_pool_that_nobody_knows_is_taken_for_others_connections(
    deployed: Session, headroom: Headroom, calls: Calls
) -> None:
    replica = f"application-autoscaling-{deployed.name}"
    add_instance(deployed, replica)

    def deleting(answer: Any) -> Any:
        for one in answer["DBInstances"]:
            if one["DBInstanceIdentifier"] == replica:
                one.update(DBInstanceStatus="deleting", DBInstanceClass="db.unheard.of")
        return answer

    calls.answering["rds:DescribeDBInstances"] = deleting
    now(deployed, connections=508)
    pooled(deployed, Role.WRITER, 450)
    pooled(deployed, Role.READER, 900)
    done = headroom("relieve", "raise-percent", "48")
    name = deployed.name
    assert (done.code, done.out) == (
        1,
        f"refused: {name}-2, {name}-3: of 508 connections now 0 are surely the pool's: the other 508 and a pool of 480 "
        "are more than 987 usable slots\n",
    )


@pytest.mark.emulator
def test_the_percent_is_never_lowered(deployed: Session, headroom: Headroom) -> None:
    assert headroom("relieve", "raise-percent", "40", "--apply", "--yes") == (
        2,
        "",
        "error: raise-percent 40: it is 45 now: this lever only raises; lower it in the stack file\n",
    )


def minimum(session: Session) -> int:
    (target,) = aws("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="rds", ResourceIds=[f"cluster:{session.name}"]
    )["ScalableTargets"]
    return int(target["MinCapacity"])


@pytest.mark.emulator
def test_the_minimum_of_readers_is_raised_once(deployed: Session, headroom: Headroom) -> None:
    done = headroom("relieve", "add-readers", "2", "--apply", "--yes")
    assert (done.code, minimum(deployed)) == (0, 4)
    assert done.out.startswith("There are 2 readers now, 2 are declared: 2 more will come.\n")
    assert "It helps reads only" in done.out
    again = headroom("relieve", "add-readers", "2", "--apply", "--yes")
    assert again.out.splitlines() == [
        "The minimum is 4 readers already, 2 declared and 2 more; there are 2 now.",
        "Nothing to do: it is so already.",
    ]
    assert minimum(deployed) == 4


@pytest.mark.emulator
def test_readers_that_are_there_already_count(deployed: Session, headroom: Headroom) -> None:
    for letter in "ab":
        add_instance(deployed, f"application-autoscaling-{deployed.name}-{letter}")
    some = headroom("relieve", "add-readers", "3").out.splitlines()
    assert some[0] == "There are 4 readers now, 2 are declared: 1 more will come."
    after, before = re.findall(r"at most (\d+) connections on a normal day instead of (\d+), and", some[1])[0]
    assert some[1].startswith("By the budget the busiest of 5 readers then has ")
    assert int(after) < int(before)
    none = headroom("relieve", "add-readers", "2").out.splitlines()
    assert none[0] == "There are 4 readers now, 2 are declared: none comes; so many stay when the load is gone."
    assert none[-2].endswith("minimum 2 -> 4 readers (maximum 6)")


@pytest.mark.emulator
def test_more_readers_than_aurora_has_are_refused(deployed: Session, headroom: Headroom) -> None:
    done = headroom("relieve", "add-readers", "14", "--apply", "--yes")
    assert (done.code, done.out, minimum(deployed)) == (
        1,
        "refused: 2 declared and 14 more are 16 readers: Aurora has 15 at most\n",
        2,
    )


@pytest.mark.emulator
def test_more_readers_than_the_maximum_are_refused(deployed: Session, headroom: Headroom) -> None:
    done = headroom("relieve", "add-readers", "5", "--apply", "--yes")
    assert (done.code, done.out, minimum(deployed)) == (
        1,
        "refused: 2 declared and 5 more are 7 readers; the maximum is 6: raise headroom:autoscaling.readers_max\n",
        2,
    )


@pytest.mark.clock
@pytest.mark.emulator
@pytest.mark.parametrize(
    "lever",
    [("raise-percent", "48"), ("add-readers", "1"), ("limit-role", "checkout", "--connections", "30")],
)
def test_without_apply_no_lever_changes_anything(
    deployed: Session, headroom: Headroom, calls: Calls, lever: tuple[str, ...]
) -> None:
    now(deployed)
    done = headroom("relieve", *lever)
    assert done.code == 0
    assert done.out.endswith("Nothing was changed: --apply does it.\n")
    assert not [call for call in calls.made if call.partition(":")[2].startswith(("Modify", "Register", "Delete"))]


def test_the_runbook_names_every_lever() -> None:
    from headroom.commands.ops_change import relieve

    runbook = (Path(__file__).parents[2] / "docs/runbook.md").read_text()
    for command in relieve.registered_commands:
        assert f"headroom relieve {command.name}" in runbook
