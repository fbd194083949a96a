import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

import asyncpg
import pytest
import sqlglot
from hypothesis import given, settings

from headroom.budget import evaluate
from headroom.budget.model import Engine, Role, Service, Stack
from headroom.budget.roles import RoleLimit, granted, role_limits, set_limit, sql, standing_connections
from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.place import LOOPBACK, drill_folder
from headroom.drill.server import SUPERUSER, Server
from headroom.errors import UserError
from tests.budget.shop import CHECKOUT, REPORTING, cluster, proxy, shop
from tests.budget.stacks import seeded, stacks
from tests.searches import searched

ODD_NAMES = ('o"neil', "it's", "back\\slash", "tick`s", "Upper Case", "semi;colon", "--comment", "größe", "a@b%c")


def test_each_service_has_a_limit_that_covers_its_need_and_its_share_of_the_pool() -> None:
    # checkout alone behind the proxy: the whole pool is its share. reporting: 4 x 5, and a dead host's 5.
    assert role_limits(evaluate(shop())) == [
        RoleLimit(service="checkout", user="checkout", needed_connections=43, limit_connections=450),
        RoleLimit(service="reporting", user="reporting", needed_connections=25, limit_connections=25),
    ]


def test_what_stands_on_a_good_day_has_no_dead_host_but_what_the_proxy_keeps_open() -> None:
    stack = shop()
    (one,) = stack.proxies
    warm = replace(stack, proxies=(replace(one, max_idle_connections_percent=one.max_connections_percent),))
    little = replace(stack, proxies=(replace(one, max_idle_connections_percent=0),))
    assert standing_connections(evaluate(stack), "reporting") == 20  # 4 x 5
    assert standing_connections(evaluate(warm), "checkout") == 450  # the whole pool, whoever borrows of it
    assert standing_connections(evaluate(little), "checkout") < 43


def test_the_statements_for_postgresql() -> None:
    assert sql(evaluate(shop())) == (
        "-- Connection limits of stack shop: on each instance, for each service's own role.\n"
        "-- checkout: needs at most 43\n"
        'ALTER ROLE "checkout" CONNECTION LIMIT 450;\n'
        "-- reporting: needs at most 25\n"
        'ALTER ROLE "reporting" CONNECTION LIMIT 25;\n'
    )


def test_the_statements_for_mysql() -> None:
    assert sql(evaluate(shop(cluster=cluster(engine=Engine.MYSQL)))) == (
        "-- Connection limits of stack shop: on each instance, for each service's own role.\n"
        "-- checkout: needs at most 43\n"
        "ALTER USER `checkout`@`%` WITH MAX_USER_CONNECTIONS 450;\n"
        "-- reporting: needs at most 25\n"
        "ALTER USER `reporting`@`%` WITH MAX_USER_CONNECTIONS 25;\n"
    )


def waiting(seconds: int) -> Stack:
    return shop(cluster=replace(shop().cluster, lock_timeout_seconds=seconds))


def test_a_declared_lock_timeout_is_set_on_each_services_role() -> None:
    assert sql(evaluate(waiting(10))) == (
        "-- Connection limits of stack shop: on each instance, for each service's own role.\n"
        "-- A lock_timeout holds in sessions that begin afterwards, the proxy's own connections included.\n"
        "-- checkout: needs at most 43\n"
        'ALTER ROLE "checkout" CONNECTION LIMIT 450;\n'
        "ALTER ROLE \"checkout\" SET lock_timeout = '10000ms';\n"
        "-- reporting: needs at most 25\n"
        'ALTER ROLE "reporting" CONNECTION LIMIT 25;\n'
        "ALTER ROLE \"reporting\" SET lock_timeout = '10000ms';\n"
    )


def test_a_limit_is_never_below_the_need_not_even_where_the_pool_is() -> None:
    small = shop(services=(CHECKOUT,), proxies=(proxy(max_connections_percent=3),))
    assert [(limit.needed_connections, limit.limit_connections) for limit in role_limits(evaluate(small))] == [(43, 43)]


def test_a_service_without_traffic_may_connect_once() -> None:
    idle = replace(CHECKOUT, transactions_per_second_peak=0)
    assert [limit.limit_connections for limit in role_limits(evaluate(shop(services=(idle,))))] == [1]


def test_a_name_can_not_leave_its_comment() -> None:
    service = replace(REPORTING, name="reports\nDROP TABLE stock;\u2028--")
    statements = sql(evaluate(shop(name="shop\r\nDROP TABLE stock;", services=(service,)))).splitlines()
    assert [line for line in statements if not line.startswith("--")] == ['ALTER ROLE "reporting" CONNECTION LIMIT 25;']


@settings(max_examples=searched(150), deadline=None)
@given(stacks())
def test_what_is_guaranteed_of_the_limits_of_a_budget_that_fits(stack: Stack) -> None:
    budget = evaluate(stack)
    if not budget.fits:
        return
    limits = role_limits(budget)
    proxied = [s for s in stack.services if any(pool.path == "proxy" for pool in s.pools)]
    rounding = max(0, len(proxied) - 1)
    for limit in limits:
        assert limit.limit_connections >= 1
        assert limit.needed_connections <= limit.limit_connections
        assert limit.limit_connections <= max(1, *(line.capacity.usable for line in budget.lines)) + rounding
    for line in budget.lines:
        grants = {limit.service: granted(budget, line, limit.service) for limit in limits}
        assert sum(grants.values()) <= line.taken + rounding <= line.capacity.usable + rounding
        for limit in limits:
            own = [p for p in line.demand if p.service.name == limit.service]
            assert sum(p.open + p.borrowed for p in own) <= grants[limit.service] <= limit.limit_connections


def test_limits_of_services_that_peak_on_different_instances_may_add_up_to_more_than_one_instance_has() -> None:
    """It is said in the module's docstring: a role has one limit for all instances."""
    writing = replace(REPORTING, name="writing", user="writing", instances_max=100)
    writing = replace(writing, pools=tuple(replace(pool, endpoint=Role.WRITER) for pool in writing.pools))
    reading = replace(REPORTING, name="reading", user="reading", instances_max=100)
    rates = tuple(replace(service, transactions_per_second_peak=1) for service in (writing, reading))
    budget = evaluate(shop(services=rates, proxies=()))
    assert budget.fits
    assert sum(limit.limit_connections for limit in role_limits(budget)) > budget.lines[0].capacity.usable


def statement(engine: Engine, user: str, limit: int = 3) -> str:
    found = set_limit(engine, RoleLimit(service="any", user=user, needed_connections=1, limit_connections=limit))
    assert "\n" not in found
    return found


@pytest.mark.parametrize("user", ODD_NAMES)
def test_mysqls_statement_is_read_as_one_with_that_user(user: str) -> None:
    """By sqlglot's tokenizer, not by us."""
    tokens = sqlglot.tokenize(statement(Engine.MYSQL, user), read="mysql")
    assert [token.text for token in tokens] == [
        "ALTER", "USER", user, "@", "%", "WITH", "MAX_USER_CONNECTIONS", "3", ";",
    ]  # fmt: skip


@pytest.mark.parametrize("user", ODD_NAMES)
def test_mysqls_statements_are_parsed_as_many_as_there_are_services(user: str) -> None:
    stack = shop(cluster=cluster(engine=Engine.MYSQL), services=(CHECKOUT, replace(REPORTING, user=user)))
    parsed = [part for part in sqlglot.parse(sql(evaluate(stack)), read="mysql") if part is not None]
    assert len(parsed) == 2


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL with ten slots for services."""
    try:
        account = server_account()
        binaries = find_binaries()
    except UserError as error:
        pytest.skip(f"no PostgreSQL to run: {error}")
    with drill_folder(account) as folder:
        found = Server(
            binaries=reachable(binaries, account, folder),
            account=account,
            folder=folder / "roles",
            max_connections=20,
            reserved_connections=5,
        )
        found.create()
        found.start()
        try:
            yield found
        finally:
            found.stop()


async def connect(server: Server, user: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(host=LOOPBACK, port=server.port, user=user, database="postgres", timeout=10)


async def run_as_superuser(server: Server, *statements: str) -> None:
    admin = await connect(server, SUPERUSER)
    try:
        for each in statements:
            await admin.execute(each)
    finally:
        await admin.close()


async def count_until_refused(server: Server, user: str, most: int) -> tuple[int, str]:
    """How many connections the user gets, and what the server says to the next."""
    async with AsyncExitStack() as opened:
        for count in range(most):
            try:
                connection = await connect(server, user)
            except asyncpg.PostgresError as error:
                return count, f"{error.sqlstate}: {error}"
            opened.push_async_callback(connection.close)
    return most, "nothing"


def quoted(user: str) -> str:
    return '"' + user.replace('"', '""') + '"'


@pytest.mark.xdist_group("roles")
@pytest.mark.server
@pytest.mark.parametrize("user", ["checkout", *ODD_NAMES])
def test_postgresql_refuses_the_connection_after_the_limit(server: Server, user: str) -> None:
    async def drill() -> tuple[int, str]:
        await run_as_superuser(
            server, f"CREATE ROLE {quoted(user)} LOGIN", statement(Engine.POSTGRESQL, user), "SELECT 1"
        )
        return await count_until_refused(server, user, 6)

    assert asyncio.run(drill()) == (3, f'53300: too many connections for role "{user}"')


@pytest.mark.xdist_group("roles")
@pytest.mark.server
def test_a_session_of_the_service_gives_up_its_wait_for_a_lock_and_an_operators_does_not(server: Server) -> None:
    budget = evaluate(waiting(1))
    (user, *_) = [limit.user for limit in role_limits(budget)]

    async def drill() -> tuple[str, list[str]]:
        await run_as_superuser(
            server,
            *(f"DROP ROLE IF EXISTS {each}" for each in ("checkout", "reporting")),
            *(f"CREATE ROLE {each} LOGIN" for each in ("checkout", "reporting")),
            "CREATE TABLE held (n int)",
            "GRANT ALL ON held TO PUBLIC",
            sql(budget),
        )
        operator, service = await connect(server, SUPERUSER), await connect(server, user)
        try:
            shown = [await each.fetchval("SHOW lock_timeout") for each in (service, operator)]
            async with operator.transaction():
                await operator.execute("LOCK TABLE held")
                try:
                    await service.execute("SELECT * FROM held", timeout=20)
                except asyncpg.PostgresError as error:
                    return f"{error.sqlstate}: {error}", shown
            return "nothing", shown
        finally:
            await service.close()
            await operator.close()

    assert asyncio.run(drill()) == ("55P03: canceling statement due to lock timeout", ["1s", "0"])


@pytest.mark.xdist_group("roles")
@pytest.mark.server
def test_the_whole_script_of_a_stack_runs_and_can_be_run_again(server: Server) -> None:
    few: tuple[Service, ...] = (
        replace(REPORTING, name="first", user="first", instances_max=1, orphaned_instances=0),
        replace(REPORTING, name="second", user="second user", instances_max=1, orphaned_instances=1),
    )
    few = tuple(replace(s, pools=tuple(replace(p, connections_max=2) for p in s.pools)) for s in few)
    script = sql(evaluate(shop(services=few)))

    async def drill() -> list[tuple[int, str]]:
        await run_as_superuser(server, 'CREATE ROLE "first" LOGIN', 'CREATE ROLE "second user" LOGIN')
        await run_as_superuser(server, script, script)
        return [await count_until_refused(server, user, 8) for user in ("first", "second user")]

    assert asyncio.run(drill()) == [
        (2, '53300: too many connections for role "first"'),
        (4, '53300: too many connections for role "second user"'),
    ]


def test_limits_are_the_same_every_time() -> None:
    for stack in seeded(50, first=60_000):
        assert role_limits(evaluate(stack)) == role_limits(evaluate(replace(stack)))
