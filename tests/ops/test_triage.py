import json
import re
from dataclasses import replace

import pytest

from headroom import clock
from headroom.budget import evaluate
from headroom.budget.alarms.measures import of_instance, of_target
from headroom.budget.model import Role
from headroom.budget.roles import role_limits, standing_connections
from headroom.drill.place import LOOPBACK, free_port
from headroom.drill.server import Server
from headroom.ops.database import NotThereError
from headroom.ops.dsn import Dsn, read_dsn
from headroom.ops.session import Session
from headroom.ops.triage import Check, Triage, Verdict, triage
from tests.commands.conftest import Headroom
from tests.components.program import ROOT
from tests.ops.calls import Calls
from tests.ops.deployed import add_instance, client, put, put_alarm_metric
from tests.ops.servers import PASSWORD, admin, dsn, idle_clients, logged_connections, queue_on_a_row, until

pytestmark = pytest.mark.emulator


def given(text: str, session: Session) -> Dsn | None:
    return read_dsn(text, session.budget.stack.cluster.engine)


def answer(found: Triage, key: str) -> Check:
    (check,) = [c for c in found.checks if c.key == key]
    return check


def quiet(session: Session) -> None:
    """Everything is where the budget expects it."""
    for name, value in {
        "writer-connections-warning": 60,
        "reader-connections-warning": 60,
        "writer-cpu-warning": 20,
        "reader-cpu-warning": 20,
        "replica-lag-warning": 15,
        "client-storm-warning": 10,
    }.items():
        put_alarm_metric(session, name, *[value] * 5)
    for instance in session.budget.stack.cluster.instances:
        connections(session, instance.name, *[60] * 5)


def connections(session: Session, instance: str, *values: float) -> None:
    put(session, of_instance("DatabaseConnections", "Maximum", instance), *values)


@pytest.mark.clock
def test_the_questions_come_in_their_order(deployed: Session) -> None:
    assert [c.key for c in triage(deployed, None).checks] == [
        "exhausted",
        "role-limit",
        "pinned",
        "storm",
        "hot-row",
        "idle-in-transaction",
        "lagging",
        "scaling",
        "failover",
        "busy",
    ]


@pytest.mark.clock("every")
def test_on_a_quiet_day_connections_are_not_the_problem(deployed: Session) -> None:
    quiet(deployed)
    found = triage(deployed, None)
    assert found.headline == (
        "connections are not the problem: Connections of the writer: 60 connections (threshold 192 connections); "
        "Connections of the busiest reader: 60 connections (threshold 202 connections)."
    )
    assert (found.verdict, found.exit_code, found.lacks) == (Verdict.NO, 0, ())
    assert answer(found, "lagging").verdict is Verdict.NO
    assert answer(found, "busy").verdict is Verdict.NO


@pytest.mark.clock
def test_a_full_writer_is_connections(deployed: Session) -> None:
    quiet(deployed)
    put_alarm_metric(deployed, "writer-connections-critical", 400, 400)
    found = triage(deployed, None)
    assert found.headline.startswith("It IS the database's connections: Connections of the writer: ")
    assert found.headline.endswith("(docs/runbook.md#writer-connections)")
    assert found.exit_code == 1


@pytest.mark.clock
def test_one_minute_that_dips_does_not_hide_it_and_one_that_peaks_does_not_make_it(deployed: Session) -> None:
    put_alarm_metric(deployed, "reader-connections-critical", 20, 20, 20)
    for instance in deployed.budget.stack.cluster.instances:
        connections(deployed, instance.name, 20)
    put_alarm_metric(deployed, "writer-connections-critical", 20, 400, 20)
    assert answer(triage(deployed, None), "exhausted").verdict is Verdict.NO
    put_alarm_metric(deployed, "writer-connections-critical", 400)
    assert answer(triage(deployed, None), "exhausted").verdict is Verdict.YES


@pytest.mark.clock
def test_a_pinned_pool_is_connections_with_its_own_section(deployed: Session) -> None:
    quiet(deployed)
    put_alarm_metric(deployed, "writer-pinned-warning", *[60] * 5, part="pinned")
    put_alarm_metric(deployed, "writer-pinned-warning", *[100] * 5, part="open")
    found = triage(deployed, None)
    assert found.headline == (
        "It IS the database's connections: Pinned sessions in the writer's pool: 60 % (threshold 20 %) "
        "(docs/runbook.md#writer-pinned)"
    )


@pytest.mark.clock
def test_a_few_pinned_sessions_are_no_pinned_pool(deployed: Session) -> None:
    put_alarm_metric(deployed, "writer-pinned-warning", *[5] * 5, part="pinned")
    put_alarm_metric(deployed, "writer-pinned-warning", *[6] * 5, part="open")
    assert answer(triage(deployed, None), "pinned").verdict is Verdict.NO


@pytest.mark.clock
def test_a_storm_is_connections(deployed: Session) -> None:
    quiet(deployed)
    put_alarm_metric(deployed, "client-storm-warning", 9000, 9000, 9000)
    found = triage(deployed, None)
    assert answer(found, "storm").verdict is Verdict.YES
    assert found.headline.endswith("(docs/runbook.md#client-storm)")


@pytest.mark.clock
def test_lag_and_load_are_told_apart_from_connections(deployed: Session) -> None:
    quiet(deployed)
    put_alarm_metric(deployed, "replica-lag-warning", *[4000] * 5)
    found = triage(deployed, None)
    assert found.verdict is Verdict.NO
    assert answer(found, "lagging").verdict is Verdict.YES
    assert found.headline.endswith("But: do the readers lag behind? yes (docs/runbook.md#replica-lag)")


@pytest.mark.clock
@pytest.mark.parametrize(
    ("silent", "text"),
    [
        ("the busiest reader", "no data of the last 4 minutes: Connections of the busiest reader; Connections of the "),
        ("a declared instance", "no data of the last 4 minutes: {name}-3; Connections of the writer: 60 connections"),
        ("the pool", "no data of the last 4 minutes: Use of the writer's pool; Connections of the writer: 60 "),
    ],
)
def test_silence_in_the_middle_of_an_incident_is_no_all_clear(deployed: Session, silent: str, text: str) -> None:
    put_alarm_metric(deployed, "writer-connections-warning", 60)
    if silent != "the busiest reader":
        put_alarm_metric(deployed, "reader-connections-warning", 60)
    for number in (1, 2) if silent == "a declared instance" else (1, 2, 3):
        connections(deployed, f"{deployed.name}-{number}", 60)
    if silent == "the pool":  # it was used some hours ago
        for name in ("DatabaseConnectionsCurrentlyBorrowed", "MaxDatabaseConnectionsAllowed"):
            put(deployed, of_target(name, "Sum", Role.WRITER), 440, oldest_minute=300)
    found = triage(deployed, None)
    assert found.headline.startswith(
        "Can't tell whether it is the database's connections: " + text.format(name=deployed.name)
    )
    assert found.exit_code == 2


@pytest.mark.clock
@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("storage-full", Verdict.UNKNOWN),
        ("modifying", Verdict.UNKNOWN),
        ("backing-up", Verdict.UNKNOWN),
        ("creating", Verdict.NO),
        ("deleting", Verdict.NO),
    ],
)
def test_a_silent_instance_can_be_full_whatever_its_status_unless_it_has_no_connections(
    deployed: Session, calls: Calls, status: str, verdict: Verdict
) -> None:
    put_alarm_metric(deployed, "writer-connections-warning", 60)
    put_alarm_metric(deployed, "reader-connections-warning", 60)
    for number in (1, 2):
        connections(deployed, f"{deployed.name}-{number}", 60)

    def silent(found: dict[str, list[dict[str, str]]]) -> object:
        for one in found["DBInstances"]:
            if one["DBInstanceIdentifier"] == f"{deployed.name}-3":
                one["DBInstanceStatus"] = status
        return found

    calls.answering["rds:DescribeDBInstances"] = silent
    check = answer(triage(deployed, None), "exhausted")
    assert check.verdict is verdict
    assert (f"no data of the last 4 minutes: {deployed.name}-3" in check.text) is (verdict is Verdict.UNKNOWN)


@pytest.mark.clock
def test_a_silence_that_leaves_a_question_open_is_in_the_first_line(deployed: Session) -> None:
    quiet(deployed)
    put(deployed, of_target("DatabaseConnectionsCurrentlySessionPinned", "Sum", Role.WRITER), 30, oldest_minute=9)
    found = triage(deployed, None)
    assert found.headline.endswith(" Not known: are pooled connections pinned?")
    assert answer(found, "pinned").text == "no data of the last 4 minutes: Pinned sessions in the writer's pool"


@pytest.mark.clock
def test_a_proxy_that_nobody_used_all_day_has_no_pinned_sessions(deployed: Session) -> None:
    check = answer(triage(deployed, None), "pinned")
    assert (check.verdict, check.text) == (Verdict.NO, "nobody used the proxy in the last 24 hours")


@pytest.mark.clock
def test_autoscaling_at_its_maximum_is_stuck(deployed: Session, calls: Calls) -> None:
    def at_maximum(found: dict[str, list[dict[str, int]]]) -> object:
        found["ScalableTargets"][0]["MaxCapacity"] = 2
        return found

    calls.answering["application-autoscaling:DescribeScalableTargets"] = at_maximum
    check = answer(triage(deployed, None), "scaling")
    assert (check.verdict, check.text) == (Verdict.YES, "at its maximum: 2 readers, minimum 2, maximum 2")


@pytest.mark.clock
def test_a_declared_reader_that_is_gone_is_told_whatever_autoscaling_does(deployed: Session) -> None:
    client("rds").delete_db_instance(DBInstanceIdentifier=f"{deployed.name}-3", SkipFinalSnapshot=True)
    add_instance(deployed, f"application-autoscaling-{deployed.name}")
    check = answer(triage(deployed, None), "scaling")
    assert (check.verdict, check.text, check.section) == (
        Verdict.YES,
        f"declared, but no member of the cluster: {deployed.name}-3",
        "reader-absent",
    )


@pytest.mark.clock
@pytest.mark.parametrize("word", ["Failed", "Unfulfilled"])
def test_autoscaling_that_failed_is_stuck(deployed: Session, calls: Calls, word: str) -> None:
    failed = {"StatusCode": word, "StatusMessage": "quota exceeded", "StartTime": clock.now()}
    calls.answering["application-autoscaling:DescribeScalingActivities"] = lambda _: {"ScalingActivities": [failed]}
    check = answer(triage(deployed, None), "scaling")
    assert (check.verdict, check.text) == (
        Verdict.YES,
        "1 failed in the last hour: quota exceeded; 2 readers, minimum 2, maximum 6",
    )


@pytest.mark.clock("every")
def test_a_failover_is_seen(deployed: Session, calls: Calls) -> None:
    event = {"Date": clock.now(), "EventCategories": ["failover"], "Message": "Completed failover to x"}
    calls.answering["rds:DescribeEvents"] = lambda _: {"Events": [event]}
    check = answer(triage(deployed, None), "failover")
    assert (check.verdict, check.text) == (Verdict.YES, "0 min ago: Completed failover to x")


@pytest.mark.clock
def test_what_cannot_be_read_is_said_and_the_rest_goes_on(deployed: Session, calls: Calls, headroom: Headroom) -> None:
    quiet(deployed)
    calls.refuse("application-autoscaling:DescribeScalingActivities", "AccessDeniedException")
    calls.refuse("rds:DescribeEvents", "ThrottlingException")
    done = headroom("triage")
    assert done.code == 0
    assert done.out.startswith("connections are not the problem")
    assert done.err.splitlines() == [
        "couldn't be read: missing permission: application-autoscaling:DescribeScalingActivities "
        "(docs/operations.md lists what is needed)",
        "couldn't be read: AWS throttles rds:DescribeEvents, after several attempts, too: ask again in a minute",
    ]


@pytest.mark.clock
@pytest.mark.server
def test_the_database_itself_says_that_it_is_exhausted(deployed: Session, server: Server) -> None:
    with idle_clients(server, "checkout", 12), idle_clients(server, "reporting", 4):
        found = triage(deployed, given(dsn(server), deployed))
    assert found.headline == (
        "It IS the database's connections: 16 sessions of 16 usable slots (checkout 12, reporting 4) "
        "(docs/runbook.md#writer-connections)"
    )


@pytest.mark.clock
@pytest.mark.server
def test_a_refused_look_inside_is_itself_the_answer(deployed: Session, server: Server, headroom: Headroom) -> None:
    with idle_clients(server, "checkout", 16):
        done = headroom("triage", "--dsn", dsn(server, "search"))
    assert done.code == 1
    refusal = "refused: .* remaining connection slots are reserved .*the break-glass slots need the master user"
    assert re.match(f"It IS the database's connections: search@127.0.0.1:.*: {refusal}", done.out)
    assert len(done.err.splitlines()) == 1
    assert re.search(refusal, done.err)
    assert PASSWORD not in done.out + done.err


@pytest.mark.clock
@pytest.mark.server
def test_a_role_at_its_own_limit_is_told_apart_from_a_full_database(
    deployed: Session, server: Server, headroom: Headroom
) -> None:
    quiet(deployed)
    with admin(server) as database:
        database.execute("ALTER ROLE search CONNECTION LIMIT 2")
    with idle_clients(server, "search", 2):
        done = headroom("triage", "--dsn", dsn(server, "search"))
    assert done.code == 1
    assert re.match('It IS the database\'s connections: search@127.0.0.1:.*: refused: .*for role "search"', done.out)
    assert "(that is search's own limit: take another user; docs/runbook.md#role-refusals)" in done.err
    assert "1. Are connections exhausted, or about to be?  no" in done.out


@pytest.mark.clock
@pytest.mark.server
def test_a_user_that_serves_nobody_tells_nothing_of_the_services_by_its_own_limit(
    deployed: Session, server: Server, headroom: Headroom
) -> None:
    quiet(deployed)
    with admin(server) as database:
        database.execute("DROP ROLE IF EXISTS watcher")
        database.execute(f"CREATE ROLE watcher LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 1")
    with idle_clients(server, "watcher", 1):
        done = headroom("triage", "--dsn", dsn(server, "watcher"))
    with admin(server) as database:
        database.execute("DROP ROLE watcher")
    assert done.code == 0
    assert done.out.startswith("connections are not the problem")
    assert "2. Has a role reached its own limit?           can't tell" in done.out
    assert "that is watcher's own limit: take another user" in done.err


@pytest.mark.clock
@pytest.mark.server
def test_a_databases_own_limit_is_not_called_the_users(deployed: Session, server: Server, headroom: Headroom) -> None:
    quiet(deployed)
    name = deployed.settings.database.name
    with admin(server) as database:
        database.execute(f'CREATE DATABASE "{name}" CONNECTION LIMIT 0')
        try:
            done = headroom("triage", "--dsn", dsn(server, "search").removesuffix("/postgres") + f"/{name}")
        finally:
            database.execute(f'DROP DATABASE "{name}"')
    assert done.code == 1
    assert f'refused: connection failed: connection to server at "127.0.0.1", port {server.port} failed:' in done.err
    assert f'too many connections for database "{name}"' in done.err
    assert done.err.endswith(
        "(that is the database's own limit, whoever asks: take another database of the same server, postgres say; "
        "docs/runbook.md#role-refusals)\n"
    )
    assert done.out.startswith("It IS the database's connections: ")


@pytest.mark.clock
@pytest.mark.server
def test_the_limit_of_a_database_that_is_not_the_stacks_tells_nothing_of_its_services(
    deployed: Session, server: Server, headroom: Headroom
) -> None:
    quiet(deployed)
    with admin(server) as database:
        database.execute("CREATE DATABASE elsewhere CONNECTION LIMIT 0")
        try:
            done = headroom("triage", "--dsn", dsn(server, "search").removesuffix("/postgres") + "/elsewhere")
        finally:
            database.execute("DROP DATABASE elsewhere")
    assert done.code == 0
    assert "2. Has a role reached its own limit?           can't tell" in done.out


def with_a_small_job(session: Session, *, orphaned_instances: int = 0) -> Session:
    """Its last service is a direct pool of four connections on the writer."""
    *others, job = session.budget.stack.services
    pools = (replace(job.pools[0], endpoint=Role.WRITER, connections_max=2),)
    job = replace(job, instances_max=2, orphaned_instances=orphaned_instances, pools=pools)
    return replace(session, budget=evaluate(replace(session.budget.stack, services=(*others, job))))


@pytest.mark.clock
@pytest.mark.server
@pytest.mark.parametrize(
    ("limit", "held", "dead", "verdict", "text"),
    [
        pytest.param(4, 4, 0, Verdict.NO, "reporting 4 of 4, as declared", id="a pool that is open is a good day"),
        pytest.param(-1, 4, 0, Verdict.NO, "reporting 4 of 4, as declared", id="it needs no limit for that"),
        pytest.param(6, 6, 1, Verdict.YES, "reporting 6 of 6", id="no slot is left for those that replace dead hosts"),
        pytest.param(-1, 5, 0, Verdict.YES, "reporting 5 of 4", id="more than it declares"),
        pytest.param(3, 3, 0, Verdict.YES, "reporting 3 of 3, the budget grants 4", id="a limit that was lowered"),
        pytest.param(3, 2, 0, Verdict.NO, "no role has as many sessions as its limit", id="below a lowered limit"),
    ],
)
def test_a_role_at_its_limit_is_a_problem_only_if_it_is_refused_what_it_declares(
    deployed: Session, server: Server, limit: int, held: int, dead: int, verdict: Verdict, text: str
) -> None:
    quiet(deployed)
    session = with_a_small_job(deployed, orphaned_instances=dead)
    (role,) = [one for one in role_limits(session.budget) if one.user == "reporting"]
    assert (role.limit_connections, standing_connections(session.budget, "reporting")) == (4 + 2 * dead, 4)
    with idle_clients(server, "reporting", held), admin(server) as database:
        database.execute(f"ALTER ROLE reporting CONNECTION LIMIT {limit}")
        found = triage(session, given(dsn(server), session))
    check = answer(found, "role-limit")
    assert (check.verdict, check.text) == (verdict, text)
    assert found.verdict is verdict


@pytest.mark.clock
@pytest.mark.server
def test_where_the_limits_cannot_be_read_the_budgets_stand_for_them_and_that_is_said(
    deployed: Session, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(*_: object) -> dict[str, int]:
        raise NotThereError("SELECT command denied for table 'user'")

    monkeypatch.setattr("headroom.ops.triage.evidence.read_limits", hidden)
    session = with_a_small_job(deployed)
    with idle_clients(server, "reporting", 5):
        found = triage(session, given(dsn(server), session))
    assert answer(found, "role-limit").text == "reporting 5 of 4"
    assert found.lacks == ("SELECT command denied for table 'user': the roles' limits are taken for the budget's",)


@pytest.mark.clock
def test_a_services_refusals_by_its_own_limit_are_no_exhaustion(deployed: Session) -> None:
    quiet(deployed)
    put_alarm_metric(deployed, "role-refusals-critical", 40, 40, 40)
    found = triage(deployed, None)
    assert found.headline == (
        "It IS the database's connections: Logins refused by a role's limit: 40 refusals a minute (threshold 10 "
        "refusals a minute) (docs/runbook.md#role-refusals)"
    )
    assert answer(found, "exhausted").verdict is Verdict.NO


@pytest.mark.clock
@pytest.mark.server
def test_a_queue_on_one_row_and_the_idle_transaction_behind_it_are_found(deployed: Session, server: Server) -> None:
    quiet(deployed)
    with queue_on_a_row(server, 6) as holder:
        found = triage(deployed, given(dsn(server), deployed))
    hot, idle = answer(found, "hot-row"), answer(found, "idle-in-transaction")
    assert hot.verdict is Verdict.YES
    assert hot.text.startswith(f"6 wait for locks, 6 of them behind {holder} (checkout, idle in transaction: UPDATE")
    assert (idle.verdict, idle.text) == (
        Verdict.YES,
        "1 idle in a transaction, 0 for 60 s or longer, 1 of them in others' way",
    )
    assert found.verdict is Verdict.NO


@pytest.mark.clock
@pytest.mark.server
def test_a_look_inside_takes_one_connection_and_leaves_none(deployed: Session, server: Server) -> None:
    with logged_connections(server) as logged:
        triage(deployed, given(dsn(server), deployed))
        lines = [line for line in logged() if "application_name=headroom-triage" in line]
    assert len(lines) == 1
    with admin(server) as database:
        until(database, "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'headroom-triage'")


@pytest.mark.clock
@pytest.mark.server
def test_a_user_who_may_not_see_others_is_told(deployed: Session, server: Server) -> None:
    with idle_clients(server, "checkout", 3):
        found = triage(deployed, given(dsn(server, "search"), deployed))
    # The test's own superuser may still be leaving.
    text = answer(found, "exhausted").text
    assert re.search(r"; [34] sessions of 16 usable slots \(checkout 3(, postgres 1)?\)$", text)
    assert answer(found, "idle-in-transaction").verdict is Verdict.UNKNOWN
    [lack] = found.lacks
    assert re.fullmatch(
        r"the DSN's user may not see the state of [34] sessions: GRANT pg_read_all_stats, or the master user, shows it",
        lack,
    )


@pytest.mark.server
def test_a_statement_that_hangs_is_stopped(server: Server, session: Session) -> None:
    from headroom.ops.database import connected
    from headroom.ops.errors import LackError

    found = given(dsn(server), session)
    assert found is not None
    with connected(found) as database:
        assert database.rows("SHOW statement_timeout") == [("5s",)]
        database.rows("SET statement_timeout = '50ms'")
        with pytest.raises(LackError, match="took longer than 5 s, and was stopped"):
            database.rows("SELECT pg_sleep(10)")


@pytest.mark.server
def test_a_look_inside_cannot_change_anything(server: Server, session: Session) -> None:
    from headroom.ops.database import connected
    from headroom.ops.errors import LackError

    found = given(dsn(server), session)
    assert found is not None
    with connected(found) as database, pytest.raises(LackError, match="read-only transaction"):
        database.rows("DELETE FROM stock")


@pytest.mark.clock
def test_a_database_that_is_not_there_is_one_line(deployed: Session, headroom: Headroom) -> None:
    quiet(deployed)
    port = free_port()
    done = headroom("triage", "--dsn", f"postgresql://somebody:{PASSWORD}@{LOOPBACK}:{port}/shop")
    assert done.code == 0
    assert done.out.startswith("connections are not the problem")
    (line,) = done.err.splitlines()
    assert line.startswith(f"couldn't be read: somebody@127.0.0.1:{port}/shop: no connection: ")
    assert PASSWORD not in done.out + done.err


@pytest.mark.clock
@pytest.mark.server
def test_a_wrong_password_is_not_shown(deployed: Session, server: Server, headroom: Headroom) -> None:
    done = headroom("triage", "--dsn", dsn(server, "search", "not-this-one"))
    assert "password authentication failed" in done.err
    assert "not-this-one" not in done.out + done.err


@pytest.mark.clock
@pytest.mark.server
def test_without_aws_the_look_inside_still_answers(
    session: Session, server: Server, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HEADROOM_DSN", dsn(server))
    with idle_clients(server, "checkout", 3):
        done = headroom("triage", "--json")
    found = json.loads(done.out)
    assert found["headline"] == (
        "Can't tell whether it is the database's connections: no data of the last 4 minutes: Connections of the "
        "busiest reader, Use of the readers' pool; 3 sessions of 16 usable slots (checkout 3)"
    )
    assert [line[:18] for line in found["lacks"]] == ["no AWS credentials"]


@pytest.mark.clock
def test_every_section_that_a_check_names_is_in_the_runbook(deployed: Session) -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    named = {c.section for c in triage(deployed, None).checks} | {"refused-logins", "role-refusals", "levers"}
    assert {section for section in named if f"## {section}" not in runbook.lower()} == set()
