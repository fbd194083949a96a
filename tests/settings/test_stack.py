"""What the settings say to the budget, and what they take where the file is silent."""

import pytest

from headroom.budget.margins import Margins
from headroom.budget.model import Path, Role
from headroom.settings import Environment, ExistingNetwork, parse, subscription
from headroom.settings.profiles import DEFAULTS, defaults
from tests.settings.files import GONE, changed


def test_the_writer_comes_first_and_instances_go_round_the_zones() -> None:
    cluster = parse(changed(("database.readers", 4), ("autoscaling.readers_min", 4)), "x").stack("shop-prod").cluster
    assert [(i.name, i.writer, i.zone) for i in cluster.instances] == [
        ("shop-prod-1", True, "a"),
        ("shop-prod-2", False, "b"),
        ("shop-prod-3", False, "c"),
        ("shop-prod-4", False, "a"),
        ("shop-prod-5", False, "b"),
    ]
    assert (cluster.max_connections, cluster.readers_max) == (1000, 6)


def test_readers_have_the_writer_s_class_unless_they_have_their_own() -> None:
    own = parse(changed(("database.reader_instance_class", "db.r6g.large")), "x").stack("x").cluster.instances
    assert [i.instance_class.name for i in own] == ["db.r6g.4xlarge", "db.r6g.large", "db.r6g.large"]


def test_a_network_of_one_s_own_has_as_many_zones_as_subnets() -> None:
    network = {"vpc_id": "vpc-0123abcd", "subnet_ids": ["subnet-00000001", "subnet-00000002"]}
    settings = parse(changed(("network", network)), "x")
    assert settings.network == ExistingNetwork(vpc_id="vpc-0123abcd", subnet_ids=("subnet-00000001", "subnet-00000002"))
    assert [i.zone for i in settings.stack("x").cluster.instances] == ["a", "b", "a"]


def test_a_pool_that_says_no_share_takes_what_the_others_leave() -> None:
    checkout, reporting = parse(changed(), "x").stack("x").services
    assert [(p.endpoint, p.transactions_percent) for p in checkout.pools] == [(Role.WRITER, 40), (Role.READER, 60)]
    assert [(p.path, p.transactions_percent) for p in reporting.pools] == [(Path.DIRECT, 100)]


def test_a_service_s_user_is_its_name_and_its_database_the_stack_s() -> None:
    services = parse(changed(("services.1.user", "bi"), ("services.1.database", "lake")), "x").services
    assert [(s.user, s.database) for s in services] == [("checkout", "shop"), ("bi", "lake")]


def test_the_proxy_keeps_half_of_its_share_open_by_default() -> None:
    (proxy,) = parse(changed(), "x").stack("shop").proxies
    assert (proxy.max_connections_percent, proxy.max_idle_connections_percent) == (40, 20)
    assert (proxy.connection_borrow_timeout_seconds, proxy.reader_endpoint) == (2, True)
    assert parse(changed(("proxy", GONE), ("services", [SERVICE])), "x").stack("x").proxies == ()


SERVICE = {"name": "a", "instances_max": 1, "pools": [{"endpoint": "writer", "path": "direct", "connections_max": 1}]}


def test_a_declared_class_counts_with_its_memory_and_limit() -> None:
    declared = {"name": "db.r9g.large", "vcpus": 2, "memory_gib": 16, "max_connections": 1700}
    settings = parse(changed(("database.instance_class", "db.r9g.large"), ("instance_classes", [declared])), "x")
    found = settings.stack("x").cluster.writer.instance_class
    assert (found.vcpus, found.memory_gib, found.documented_postgresql, found.documented_mysql) == (2, 16, 1700, None)


def test_serverless_has_the_memory_of_its_maximum() -> None:
    edits = [("autoscaling", GONE), ("events", GONE), ("database.max_connections", GONE)]
    serverless = ("database.serverless", {"min_acu": 2, "max_acu": 16})
    cluster = parse(changed(("database.instance_class", "db.serverless"), serverless, *edits), "x").stack("x").cluster
    assert cluster.serverless is not None
    assert (cluster.serverless.min_acu, cluster.serverless.max_acu) == (2, 16)
    assert cluster.writer.instance_class.memory_gib == 32


def test_margins_that_are_not_replaced_keep_their_values() -> None:
    assert parse(changed(("margins", {"burst_factor": 2})), "x").margins == Margins(burst_factor=2)


def test_local_is_prod_but_for_what_lets_it_be_destroyed() -> None:
    prod, local = defaults(Environment.PROD), defaults(Environment.LOCAL)
    assert {key for key in prod if prod[key] != local[key]} == {"deletion_protection", "skip_final_snapshot", "protect"}
    assert (prod["deletion_protection"], prod["skip_final_snapshot"], prod["protect"]) == (True, False, True)
    assert prod["backup_retention_days"] >= 14


@pytest.mark.parametrize("environment", list(Environment))
def test_every_default_of_a_profile_is_a_value_that_the_settings_take(environment: Environment) -> None:
    database = parse(changed(("environment", environment.value)), "x").database
    assert {d.key: getattr(database, d.key) for d in DEFAULTS} == defaults(environment)


def test_the_file_s_value_wins_over_the_profile_s() -> None:
    assert parse(changed(("database.backup_retention_days", 3)), "x").database.backup_retention_days == 3


def test_a_target_is_sns_s_protocol_and_endpoint() -> None:
    assert subscription("email:a@example.com") == ("email", "a@example.com")
    assert subscription("https://h.example.com/x") == ("https", "https://h.example.com/x")
