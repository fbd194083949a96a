import asyncio
import io
import random
from pathlib import Path
from typing import Any

import pytest

from headroom.drill import locust_run, target, target_run
from headroom.drill import scenario as scenarios
from headroom.drill.fleet import Fleet, Login
from headroom.drill.limits import Limits, at_machine_size, scaled
from headroom.drill.sampler import Sampler
from headroom.drill.scenario import Scenario, Service, Side, SidePath
from headroom.drill.target import parse_dsn, tags_of
from headroom.drill.target_run import Plan, confirmed, plan
from headroom.errors import UserError

WORKED = str(Path(__file__).parents[2] / "docs/examples/worked.yaml")
DSN = "postgresql://app@db.staging.example.com/shop"


@pytest.fixture
def limits() -> Limits:
    return scaled(WORKED, cores=2)


@pytest.fixture
def sale() -> Scenario:
    return scenarios.load("flash-sale")


@pytest.fixture(autouse=True)
def aliases(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What leads where, instead of the machine's name service."""
    leads: dict[str, str] = {}
    monkeypatch.setattr(target, "names_of", lambda host: [host, *([leads[host]] if host in leads else [])])
    return leads


def refusal(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(UserError) as caught:
        plan(*args, **kwargs)
    return str(caught.value)


def test_a_dsn_is_read_whole() -> None:
    found = parse_dsn("--target-dsn", "postgresql://app:p%40ss@db.example.com:6543/shop?sslmode=verify-full")
    assert (found.user, found.password, found.port, found.name, found.sslmode) == (
        "app",
        "p@ss",
        6543,
        "db.example.com/shop",
        "verify-full",
    )


def test_tls_is_off_on_this_machine_only_unless_asked_for() -> None:
    assert parse_dsn("o", "postgresql://app@127.0.0.1/shop").sslmode == "disable"
    assert parse_dsn("o", DSN).sslmode == "require"
    assert parse_dsn("o", DSN + "?sslmode=disable").sslmode == "disable"


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("shop", "o: needs user, host and database: write postgresql://user@host:port/database"),
        ("mysql://a@b/c", "o: needs user, host and database: write postgresql://user@host:port/database"),
        ("postgresql://app:secret@host:99999/shop", "o: is no DSN: write postgresql://user@host:port/database"),
        (DSN + "?application_name=x", "o: the drill doesn't know application_name: only sslmode can be set"),
        (
            DSN + "?sslmode=on",
            "o: sslmode: must be one of disable, allow, prefer, require, verify-ca, verify-full, got 'on'",
        ),
    ],
)
def test_a_mistake_in_a_dsn_is_told_without_its_password(dsn: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_dsn("o", dsn)
    assert str(caught.value) == message


@pytest.mark.parametrize("password", ["p@se/cret", "12/cret", "p/cret", "p?cret", "p#cret", "p@se?cret", "p@se#cret"])
def test_nothing_of_a_password_that_is_not_encoded_is_shown(password: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_dsn("o", f"postgresql://u:{password}@db.example.com/shop")
    assert "cret" not in str(caught.value)
    assert "p@se" not in str(caught.value)


def test_an_at_sign_after_the_host_is_told_how_to_be_written() -> None:
    with pytest.raises(UserError) as caught:
        parse_dsn("o", "postgresql://u:p@se/cret@db.example.com/shop")
    assert (
        str(caught.value)
        == "o: an @ after the host: write @, /, ? and # of a name or password as %40, %2F, %3F and %23"
    )
    assert parse_dsn("o", "postgresql://u:p%40se%2Fcret@db.example.com/sh%40p").database == "sh@p"


@pytest.mark.parametrize(
    ("dsn", "what"),
    [
        ("postgresql://app@shop-prod.example.com/shop", "the host 'shop-prod.example.com'"),
        ("postgresql://app@db.example.com/shop_production", "the database 'shop_production'"),
        ("postgresql://live@db.example.com/shop", "the user 'live'"),
        ("postgresql://app@PRD.example.com/shop", "the host 'prd.example.com'"),
        ("postgresql://app@db.prod.example.com./shop", "the host 'db.prod.example.com'"),
        ("postgresql://app@proddb1/shop", "the host 'proddb1'"),
    ],
)
def test_whatever_is_named_like_production_is_refused(limits: Limits, sale: Scenario, dsn: str, what: str) -> None:
    assert refusal(sale, limits, dsn, None, 100) == (
        f"--target-dsn: {what} looks like production: the drill never runs against production"
    )


@pytest.mark.parametrize("host", ["product-catalogue-staging", "delivery.example.com", "reproduction.example.com"])
def test_words_that_only_contain_it_are_not(limits: Limits, sale: Scenario, host: str) -> None:
    assert plan(sale, limits, f"postgresql://app@{host}/shop", None, 100).direct.host == host


def test_a_host_that_leads_to_production_is_refused(limits: Limits, sale: Scenario, aliases: dict[str, str]) -> None:
    aliases["db.staging.example.com"] = "shop-prod.cluster-abc.eu-west-1.rds.amazonaws.com"
    assert refusal(sale, limits, DSN, None, 100, tags=lambda _: {}) == (
        "--target-dsn: 'db.staging.example.com' leads to the host 'shop-prod.cluster-abc.eu-west-1.rds.amazonaws.com', "
        "which looks like production: the drill never runs against production"
    )


def test_the_proxys_name_is_looked_at_too(limits: Limits, sale: Scenario) -> None:
    assert refusal(sale, limits, DSN, "postgresql://app@proxy.prod.example.com/shop", 100).startswith("--proxy-dsn: ")


def test_a_production_stack_is_refused(limits: Limits, sale: Scenario) -> None:
    prod = at_machine_size(limits.budget, "prod", "Pulumi.prod.yaml", cores=2)
    assert refusal(sale, prod, DSN, None, 100) == (
        "Pulumi.prod.yaml is production (headroom:environment): the drill never runs against production"
    )


RDS = "shop.cluster-abc.eu-west-1.rds.amazonaws.com"


@pytest.mark.parametrize(
    "tags", [{"environment": "prod"}, {"stage": "Production"}, {"production": "true"}, {"Name": "proddb1"}]
)
def test_an_rds_host_that_is_tagged_as_production_is_refused(
    limits: Limits, sale: Scenario, tags: dict[str, str]
) -> None:
    key, value = next(iter(tags.items()))
    assert refusal(sale, limits, f"postgresql://app@{RDS}/shop", None, 100, tags=lambda _: tags) == (
        f"--target-dsn: {RDS} is tagged {key}={value}: the drill never runs against production"
    )


def test_an_rds_host_that_is_tagged_otherwise_is_not(limits: Limits, sale: Scenario) -> None:
    tags = {"environment": "non-prod", "production": "false", "Name": "product-catalogue-staging"}
    assert plan(sale, limits, f"postgresql://app@{RDS}/shop", None, 100, tags=lambda _: tags).direct.host == RDS


def test_the_tags_are_those_of_the_rds_host_that_a_name_leads_to(
    limits: Limits, sale: Scenario, aliases: dict[str, str]
) -> None:
    aliases["db.staging.example.com"] = RDS
    assert refusal(sale, limits, DSN, None, 100, tags=lambda host: {"environment": "prod"} if host == RDS else {}) == (
        f"--target-dsn: {RDS} is tagged environment=prod: the drill never runs against production"
    )


def test_a_trailing_dot_hides_no_tags(limits: Limits, sale: Scenario) -> None:
    tags = {"environment": "prod"}
    assert "is tagged" in refusal(sale, limits, f"postgresql://app@{RDS}./shop", None, 100, tags=lambda _: tags)


def test_the_random_part_of_an_rds_host_says_nothing(limits: Limits, sale: Scenario) -> None:
    host = "shop.cluster-c1prd2prodx.eu-west-1.rds.amazonaws.com"
    assert plan(sale, limits, f"postgresql://app@{host}/shop", None, 100, tags=lambda _: {}).direct.host == host


class Rds:
    """One cluster, one proxy."""

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "describe_db_clusters": {
                "DBClusters": [{"Endpoint": RDS, "TagList": [{"Key": "environment", "Value": "dev"}]}]
            },
            "describe_db_instances": {"DBInstances": [{"Endpoint": {"Address": "one"}, "TagList": []}]},
            "describe_db_proxies": {"DBProxies": [{"Endpoint": "proxy.host", "DBProxyArn": "arn:p"}]},
            "describe_db_proxy_endpoints": {"DBProxyEndpoints": []},
        }
        return type("Pages", (), {"paginate": lambda _self: [pages[operation]]})()

    def list_tags_for_resource(self, **arguments: str) -> dict[str, Any]:
        assert arguments == {"ResourceName": "arn:p"}
        return {"TagList": [{"Key": "environment", "Value": "prod"}]}


def test_tags_are_found_for_clusters_instances_and_proxies() -> None:
    assert tags_of(Rds(), RDS) == {"environment": "dev"}
    assert tags_of(Rds(), "one") == {}
    assert tags_of(Rds(), "proxy.host") == {"environment": "prod"}


def test_a_host_that_the_account_does_not_know_is_not_safe() -> None:
    with pytest.raises(UserError, match="nobody knows whether it is production"):
        tags_of(Rds(), "other.rds.amazonaws.com")


@pytest.mark.parametrize("name", ["failover", "reader-lost", "deploy-overlap", "greedy-service"])
def test_scenarios_that_kill_servers_or_make_roles_stay_at_home(limits: Limits, name: str) -> None:
    assert refusal(scenarios.load(name), limits, DSN, None, 100) == (
        f"{name}: kills servers, or makes roles: it runs on a server of the drill's own only"
    )


def test_all_that_speaks_against_it_is_said_at_once(limits: Limits) -> None:
    wrong = refusal(scenarios.load("failover"), limits, "shop", "postgresql://app@proxy.prod.example.com/shop", 100)
    assert wrong.splitlines() == [
        "--target-dsn: needs user, host and database: write postgresql://user@host:port/database",
        "--proxy-dsn: the host 'proxy.prod.example.com' looks like production: the drill never runs against production",
        "failover: kills servers, or makes roles: it runs on a server of the drill's own only",
    ]


def test_what_it_would_do_is_said(limits: Limits, sale: Scenario) -> None:
    assert plan(sale, limits, DSN, None, 100).describe() == [
        "target: db.staging.example.com/shop as app",
        "direct: connections: up to 321 to db.staging.example.com/shop; up to 420 transactions a second, for 7 s",
        "before each side the hold time is measured, by about 100 transactions a second for 1.6 s",
        "not run, for want of a proxy's DSN: pooled",
        "each side stops by itself after 100 failed requests; a table of its own is made, and dropped at the end",
    ]


def test_the_locust_class_sets_no_lock_timeout_on_a_role_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "locks.toml"
    file.write_text(TWO_WAYS.replace("connections_max = 4", "connections_max = 4\nlock_timeout_ms = 5"))
    monkeypatch.setenv("HEADROOM_DRILL_SCENARIO", str(file))
    monkeypatch.setenv("HEADROOM_DRILL_DSN", DSN)
    with pytest.raises(UserError) as caught:
        locust_run.settings()
    assert str(caught.value) == ("locks: sets a lock_timeout on a role: it runs on a server of the drill's own only")


PROXY_DSN = "postgresql://app@proxy.staging.example.com/shop"
TWO_WAYS = """
title = "t"
story = "s"
lesson = "l"
phases = [{name = "a", seconds = 1}]
sides = [{name = "pooled", path = "pooled"}]
[[services]]
name = "app"
transactions_per_second = [5]
instances = [3]
connections_max = 4
hold_ms = 10
client_timeout_ms = 500
[[services]]
name = "report"
path = "direct"
transactions_per_second = [5]
instances = [2]
connections_max = 1
hold_ms = 10
client_timeout_ms = 500
"""


@pytest.fixture
def two_ways() -> Scenario:
    return scenarios.parse(TWO_WAYS, "two-ways.toml", "two-ways")


def test_a_services_own_path_leads_to_its_own_target(
    limits: Limits, two_ways: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    led: dict[str, str] = {}

    def fleet(service: Service, login: Login, chance: random.Random) -> Fleet:
        led[service.name] = login.endpoint.host
        return Fleet(service, login, chance)

    async def calibrated(*_: object) -> None: ...

    async def opened(_: object) -> None: ...

    monkeypatch.setattr(target_run, "Fleet", fleet)
    monkeypatch.setattr(target_run, "calibrate", calibrated)
    monkeypatch.setattr(Sampler, "open", opened)
    both = plan(two_ways, limits, DSN, PROXY_DSN, 100)
    run = asyncio.run(target_run._run_side(both, both.sides[0], "t", 1, Watch()))
    assert led == {"app": "proxy.staging.example.com", "report": "db.staging.example.com"}
    assert run.proxy_title == "proxy.staging.example.com/shop"


def test_connections_are_told_for_each_target(limits: Limits, two_ways: Scenario) -> None:
    assert plan(two_ways, limits, DSN, PROXY_DSN, 100).describe()[2] == (
        "pooled: connections: up to 12 to proxy.staging.example.com/shop and 3 to db.staging.example.com/shop; "
        "up to 10 transactions a second, for 1 s"
    )


DEPLOY = '[[happenings]]\nat_seconds = 0\nwhat = "deploy"\nsurge_percent = 34\n'


@pytest.mark.parametrize(
    ("text", "pooled", "direct"),
    [
        (TWO_WAYS, 12, 2),
        (TWO_WAYS + DEPLOY, (3 + 2) * 4, 2 + 1),  # a third of 3 instances and a bit: 2; of 2 instances: 1
        (TWO_WAYS + DEPLOY + DEPLOY, (3 + 2 + 2) * 4, 2 + 1 + 1),
        (TWO_WAYS.replace("instances = [3]", "instances = [0]") + DEPLOY, 2 * 4, 2 + 1),  # 2 are there to be measured
        (TWO_WAYS.replace("connections_max = 4", "connections_max = 20").replace("[3]", "[0]"), 2 * 5, 2),
    ],
)
def test_what_is_told_counts_deploys_and_what_measures_the_hold_time(
    limits: Limits, text: str, pooled: int, direct: int
) -> None:
    both = plan(scenarios.parse(text, "two-ways.toml", "two-ways"), limits, DSN, PROXY_DSN, 100)
    assert both.connections(both.sides[0]) == {SidePath.POOLED: pooled, SidePath.DIRECT: direct + 1}


def test_a_direct_side_with_a_pooled_service_needs_the_proxy(limits: Limits) -> None:
    mixed = TWO_WAYS.replace('path = "direct"', 'path = "pooled"').replace(
        '"pooled", path = "pooled"', '"d", path = "direct"'
    )
    assert refusal(scenarios.parse(mixed, "m.toml", "m"), limits, DSN, None, 100) == (
        "m: every side of it goes through a proxy: name it with --proxy-dsn"
    )


def test_a_side_that_sets_a_lock_timeout_on_roles_stays_at_home(limits: Limits) -> None:
    hot = scenarios.load("hot-row")
    assert refusal(hot, limits, DSN, PROXY_DSN, 100) == (
        "hot-row: pooled, lock_timeout and shedding: sets a lock_timeout on roles: it runs on a server of the drill's "
        "own only"
    )
    assert [side.name for side in plan(hot, limits, DSN, None, 100).sides] == ["direct"]  # the only one without a proxy


def planned(limits: Limits, sale: Scenario) -> Plan:
    return plan(sale, limits, DSN, None, 100)


@pytest.mark.parametrize("typed", ["", "yes\n", "db.staging.example.com\n", "DB.staging.example.com/shop\n"])
def test_nothing_but_the_whole_name_confirms(limits: Limits, sale: Scenario, typed: str) -> None:
    with pytest.raises(UserError, match=r"^that isn't the target's name: nothing was done$"):
        confirmed(planned(limits, sale), io.StringIO(typed))


def test_the_name_confirms(limits: Limits, sale: Scenario) -> None:
    confirmed(planned(limits, sale), io.StringIO("db.staging.example.com/shop\n"))


class Watch:
    def step(self, text: str) -> None: ...
    def running(self, side: object) -> None: ...


@pytest.mark.parametrize(("broken_side", "kept"), [(0, None), (1, ["direct"])])
def test_a_target_that_goes_away_between_two_sides_leaves_the_finished_one(
    limits: Limits, sale: Scenario, monkeypatch: pytest.MonkeyPatch, broken_side: int, kept: list[str] | None
) -> None:
    did: list[str] = []

    async def run_side(_planned: Plan, side: Side, *_: object) -> Side:
        if side is sale.sides[broken_side]:
            raise UserError(f"{side.name}: the target is gone")
        return side

    async def execute(_target: object, statement: str) -> None:
        did.append(statement.partition(" headroom")[0])

    monkeypatch.setattr(target_run, "_run_side", run_side)
    monkeypatch.setattr(target_run, "_execute", execute)
    monkeypatch.setattr(target_run, "side_result", lambda side, *_: side)
    both = plan(sale, limits, DSN, "postgresql://app@proxy.staging.example.com/shop", 100)
    run = target_run.run_plan(both, Watch(), seed=1, command="c", on_side=lambda _: None)
    if kept is None:
        with pytest.raises(UserError, match="direct: the target is gone"):
            asyncio.run(run)
    else:
        result = asyncio.run(run)
        assert ([s.name for s in result.sides], result.ended_early) == (kept, "pooled: the target is gone")
    assert did == ["SELECT 1", "CREATE TABLE", "DROP TABLE IF EXISTS"]


@pytest.mark.parametrize("interrupted_in", ["CREATE TABLE", "DROP TABLE IF EXISTS"])
@pytest.mark.parametrize("fails", [False, True])
def test_ctrl_c_while_the_table_is_made_or_dropped_leaves_it_neither_there_nor_unmentioned(
    monkeypatch: pytest.MonkeyPatch, interrupted_in: str, fails: bool
) -> None:
    ended: list[str] = []

    async def execute(_target: object, statement: str) -> None:
        what = statement.partition(" headroom")[0]
        if what == interrupted_in:
            interrupt()
        for _ in range(20):
            await asyncio.sleep(0)
        if what.startswith("DROP"):
            interrupt()  # somebody is impatient
            await asyncio.sleep(0)
            if fails:
                raise OSError("gone")
        ended.append(what)

    def interrupt() -> None:
        runs[0].cancel()

    async def drill() -> None:
        async with target_run._table(parse_dsn("o", DSN)):
            pass

    async def main() -> None:
        runs.append(asyncio.ensure_future(drill()))
        await runs[0]

    runs: list[asyncio.Task[None]] = []
    monkeypatch.setattr(target_run, "_execute", execute)
    monkeypatch.setattr(target_run, "_PATIENCE_SECONDS", 0.0)
    if fails:
        with pytest.raises(UserError, match=r"the table headroom_drill_\w+ could not be dropped: drop it by hand"):
            asyncio.run(main())
    else:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(main())
        assert ended[-1] == "DROP TABLE IF EXISTS"


def test_a_target_that_no_longer_answers_does_not_hold_the_drill_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    terminated: list[bool] = []

    class Silent:
        async def execute(self, statement: str) -> None:
            if statement.startswith("DROP"):
                await asyncio.Event().wait()

        async def close(self) -> None: ...

        def terminate(self) -> None:
            terminated.append(True)

    async def connected(_: object) -> Silent:
        return Silent()

    async def drill() -> None:
        async with target_run._table(parse_dsn("o", DSN)):
            pass

    monkeypatch.setattr(target_run, "connect", connected)
    monkeypatch.setattr(target_run, "_DROP_SECONDS", 0.05)
    with pytest.raises(UserError, match="could not be dropped: drop it by hand"):
        asyncio.run(drill())
    assert terminated == [True]
