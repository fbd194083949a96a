"""Every finding's whole message, on a shop with one thing wrong."""

import re
from dataclasses import replace
from pathlib import Path as File

import pytest

import headroom.budget
from headroom.budget import evaluate
from headroom.budget.ceiling import serverless_class
from headroom.budget.facts import instance_class
from headroom.budget.margins import Margins
from headroom.budget.model import Cluster, Engine, Path, Pool, Role, Serverless, Stack
from headroom.budget.result import Severity
from tests.budget.shop import CHECKOUT, LARGE, REPORTING, SALE, SMALL, cluster, instances, proxy, shop

ACU = Serverless(min_acu=0, max_acu=64)
SERVERLESS = serverless_class(ACU)
UNDOCUMENTED = instance_class("db.r7g.large")
DIRECT = replace(CHECKOUT, pools=tuple(replace(pool, path=Path.DIRECT) for pool in CHECKOUT.pools))


def on_serverless(least: float, most: float) -> Cluster:
    """Two serverless instances with the engine's own limit."""
    capacity = Serverless(min_acu=least, max_acu=most)
    klass = serverless_class(capacity)
    return cluster(instances=instances(klass, klass), serverless=capacity, max_connections=None)


FEW = replace(CHECKOUT, instances_max=5, pools=tuple(replace(pool, connections_max=1) for pool in CHECKOUT.pools))
HURRIED = replace(
    CHECKOUT,
    instances_max=20,
    transactions_per_second_peak=300,
    client_timeout_ms=35,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=3),),
)
SLOTS = replace(REPORTING, transactions_per_second_peak=1, instances_max=197, orphaned_instances=0)


def findings(stack: Stack) -> dict[str, str]:
    """Code (and role, where there is one) -> severity and message."""
    return {
        f"{finding.code} {finding.role or ''}".strip(): f"{finding.severity}: {finding.message}"
        for finding in evaluate(stack).findings
    }


def test_the_shop_fits_and_nobody_objects() -> None:
    assert findings(shop()) == {}
    assert evaluate(shop()).fits


CASES = {
    "engine-version": (
        shop(cluster=replace(shop().cluster, engine_version="16.6")),
        "warning: 16.6 can't be created any more (list of 2026-10-20): a cluster that runs it goes on until AWS "
        "upgrades it, a new or restored one is refused; 16.15 is the newest that can be created",
    ),
    "instance-class": (
        shop(cluster=replace(shop().cluster, region="eu-north-9")),
        "warning: eu-north-9 isn't on the list of 2026-10-20, nor what it has of db.r6g.4xlarge: whether AWS has it "
        "can't be told here",
    ),
    "no-proxy": (
        shop(proxies=()),
        "error: checkout: pools go through a proxy, but the cluster has none",
    ),
    "proxy-percent-sum": (
        shop(proxies=(proxy(), proxy(name="second", max_connections_percent=60))),
        "error: the proxies' max_connections_percent add up to 105: 100 is all there is",
    ),
    "several-proxies": (
        shop(proxies=(proxy(max_connections_percent=20), proxy(name="second", max_connections_percent=20))),
        "warning: 2 proxies: which service uses which isn't declared, so all of them are taken to share one pool; no "
        "proxy lends its part to another",
    ),
    "reader-count": (
        shop(cluster=cluster(readers_max=16)),
        "error: 16 readers: a cluster has at most 15",
    ),
    "no-reader": (
        shop(cluster=cluster(instances=instances())),
        "error: checkout: the proxy's read-only endpoint refuses everybody: no reader is declared",
    ),
    "no-reader-endpoint": (
        shop(proxies=(proxy(reader_endpoint=False),)),
        "error: checkout: reads go through the proxy, but it has no read-only endpoint",
    ),
    "no-reader-to-scale": (
        shop(cluster=cluster(instances=instances(), readers_max=4), services=()),
        "error: replica autoscaling measures readers: with none declared it never starts one",
    ),
    "mysql-explicit-autoscaled": (
        shop(cluster=cluster(engine=Engine.MYSQL, readers_max=4)),
        "error: max_connections is set, on Aurora MySQL in the instances' parameter group, and AWS doesn't say which "
        "group an autoscaled replica gets: leave max_connections to the engine, or declare the readers instead of "
        "autoscaling them",
    ),
    "throttle": (
        shop(cluster=cluster(max_connections=None)),
        "error: writer: the proxy may open 2,250 connections, 4 times the CPU cap of 128 is 512: a pool that size "
        "throttles nothing",
    ),
    # 60 x 8 clients, 15 x 8 while a deploy rolls, 1 x 8 of a dead host; 16 vCPUs x 8 is 128.
    "direct-throttle writer": (
        shop(services=(DIRECT,), proxies=()),
        "warning: writer writer, normal day, deploy: direct pools hold 608 connections open, 4 times the CPU cap of "
        "128 is 512: should all of them be busy, nothing throttles them. Lower the pools, or put a proxy before them",
    ),
    # 300 tps x 4 x 1.25 x 1.2 x 30 ms are 54 erlangs, of which 20 x 3 own connections serve the first in time.
    "client-timeout writer": (
        shop(services=(HURRIED,), proxies=()),
        "warning: checkout, sale peak, slow database: a transaction holds its connection for 30 ms, and with the wait "
        "for one of 60 more than 1 in 20 outlast their clients' timeout of 35 ms: clients give up, and try again",
    ),
    "undocumented-class": (
        shop(cluster=cluster(max_connections=None, instances=instances(UNDOCUMENTED)), services=(), proxies=()),
        "warning: db.r7g.large: AWS documents no max_connections for aurora-postgresql; between 1,600 and 1,802 is "
        "assumed. Set max_connections, or read it from a running instance and declare the class",
    ),
    "no-failover-target": (
        shop(cluster=cluster(instances=tuple(replace(i, zone="a") for i in instances(LARGE, LARGE)))),
        "warning: no reader stands in another zone than the writer: the loss of that zone is an outage",
    ),
    "serverless-autoscaling": (
        shop(cluster=cluster(instances=instances(SERVERLESS, SERVERLESS), serverless=ACU, readers_max=4)),
        "error: replica autoscaling doesn't exist for Aurora Serverless v2: declare the readers",
    ),
    "serverless-never-pauses": (
        shop(cluster=cluster(instances=instances(SERVERLESS, SERVERLESS), serverless=ACU)),
        "warning: the proxy keeps a connection open to every instance: with min_acu 0 none ever pauses",
    ),
    "serverless-cap": (
        shop(cluster=on_serverless(0.5, 128)),
        "warning: writer: with a minimum of 0.5 ACU it admits 2,000 connections, where a maximum of 128 gives 5,000: "
        "set min_acu to 1 or more, and reboot",
    ),
    # 2 GiB x 30 % / 10 MiB are 61; 10 % of 5,000 the proxy keeps open, and 20 + 5 the reports: 525 / 61 ACU.
    "serverless-memory": (
        shop(cluster=on_serverless(1, 128), proxies=(proxy(max_connections_percent=15),)),
        "warning: reader reader-1: 2 GiB at the minimum are memory for 61 connections, and up to 525 may stay "
        "open when idle (25 direct, 500 of the proxy's idle share): set min_acu to 9 or more, or lower "
        "max_idle_connections_percent",
    ),
    # 0.125 vCPUs accept 6.25 connections a second; 60 x 8 clients, and with one of two zones 30 x 8 of dead hosts.
    "serverless-reconnect": (
        shop(cluster=on_serverless(0.5, 64), services=(replace(DIRECT, pools=DIRECT.pools[:1]),), proxies=()),
        "warning: writer reader-1, normal day, zone lost: re-opening 720 connections takes 115 s at the minimum of "
        "ACUs; the objective is 60 s: set min_acu to 1 or more",
    ),
    # 60 x 8 clients + 20 dead hosts' x 8: 640 direct on a promoted reader; 987 = 1,000 - 3 - 2 - 3 - 5.
    "slots writer": (
        shop(services=(DIRECT,)),
        "error: writer reader-1, normal day, zone lost: direct pools (640) and the proxy's pool (450) take 1,090 "
        "connections; 987 of 1,000 are usable: 103 too many",
    ),
    # 400 tps x 40 % x 4 x 1.25 x 1.2 x 30 ms = 28.8 erlangs; 29 keep p95 of the wait below 1 s; x 1.3 is 38.
    "pool writer": (
        shop(proxies=(proxy(max_connections_percent=3),)),
        "error: writer writer, sale peak, slow database: the proxied services need 38 pooled connections; the pool has "
        "30: 8 too many",
    ),
    # 400 tps x 60 % x 80 x 1.25 x 1.2 x 10 ms = 288 erlangs on one reader, and the reports' 20.
    "cpu reader": (
        shop(events=(replace(SALE, traffic_factor=80),)),
        "error: reader reader-2, sale peak, instance lost: 308 connections are busy at once; the vCPUs carry 128: 180 "
        "too many",
    ),
    # 16 GiB x 30 % / 10 MiB = 491; 45 % of 1,722 = 774.
    "memory writer": (
        shop(cluster=cluster(max_connections=None, instances=instances(SMALL, SMALL)), services=()),
        "error: writer writer, normal day: up to 774 connections may be open; beside the buffer cache there is memory "
        "for 491: 283 too many",
    ),
    # 400 tps x 40 % x 4 x 1.25 x 1.2 x 20 % x 10 ms = 1.92
    "hot-row writer": (
        shop(services=(replace(CHECKOUT, serialized_percent=20),)),
        "error: checkout, sale peak: transactions queue on one row, which is asked for 1.9 times as fast as it can be "
        "locked and released: no number of connections helps; hold the row shorter, spread it, or shed load",
    ),
    "own-pool": (
        shop(services=(FEW,)),
        "warning: checkout, sale peak: its traffic needs more than the 5 connections of its own writer pools: it will "
        "wait inside the application",
    ),
    "reconnect": (
        shop(margins=Margins(connects_per_second_per_vcpu=1, reconnect_objective_seconds=2)),
        "warning: reader reader-1, sale peak, slow database: re-opening 62 connections takes 4 s; the objective is 2 s",
    ),
    "thresholds reader": (
        shop(services=(SLOTS,), proxies=(), events=(), cluster=cluster(instances=instances(LARGE, LARGE))),
        "error: reader: no alarm fits between the accepted peak of 985 connections (normal day) and the limit of 987: "
        "3 connections of room are needed, 2 are there",
    ),
    "scaling-idle reader": (
        shop(cluster=cluster(readers_max=4), proxies=(proxy(max_idle_connections_percent=40),)),
        "warning: reader: the scaling target is 85 connections, but idle ones alone may hold 410 open: replicas would "
        "never be removed. Lower max_idle_connections_percent",
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_a_finding_says_what_is_wrong_by_how_much_and_what_the_limit_is(code: str) -> None:
    stack, message = CASES[code]
    assert findings(stack)[code] == message
    assert evaluate(stack).fits is not message.startswith("error")


def test_every_code_that_the_package_can_find_is_tested() -> None:
    package = File(headroom.budget.__file__).parent
    text = "".join(file.read_text() for file in package.glob("*.py"))
    codes = set(re.findall(r'code="([a-z-]+)"', text)) | set(re.findall(r'_(?:error|warning)\(\s*"([a-z-]+)"', text))
    codes |= set(re.findall(r'_Check\(\s*"([a-z-]+)"', text))
    assert codes == {code.split()[0] for code in CASES}


def test_a_hot_row_that_only_a_slow_database_overruns_is_a_warning() -> None:
    stack = shop(services=(replace(CHECKOUT, serialized_percent=8), REPORTING))
    found = next(finding for finding in evaluate(stack).findings if finding.code == "hot-row")
    assert (found.severity, found.situation) == (Severity.WARNING, "sale peak, slow database")


def test_a_finding_names_the_instance_and_the_shortage() -> None:
    found = next(f for f in evaluate(CASES["slots writer"][0]).errors if f.code == "slots" and f.role is Role.WRITER)
    assert (found.instance, found.situation, found.short_by_connections) == ("reader-1", "normal day, zone lost", 103)
