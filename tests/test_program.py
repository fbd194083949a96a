"""The whole program, on each stack file of the project."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from headroom import clock
from headroom.settings import Environment, load
from tests.components.conftest import Ran
from tests.components.conftest import ran as ran  # noqa: PLC0414 (a fixture)
from tests.components.program import ROOT, SALE, Program, run

STACKS = ["Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml", "Pulumi.local.yaml"]
EXAMPLES = [
    "docs/examples/mysql.yaml",
    "docs/examples/own-network.yaml",
    "docs/examples/before-the-incident.yaml",
]


def shape(program: Program) -> set[str]:
    """Types and names, without the stack's own name and the numbers of instances and zones."""
    stack = next(d.name for d in program.declared if d.type == "headroom:index:Network")
    return {d.key.replace(stack, "stack") for d in program.declared}


@pytest.mark.parametrize("file", STACKS + EXAMPLES)
def test_the_program_accepts_every_stack_file_and_example(ran: Ran, file: str) -> None:
    program = ran(file)
    assert len(program.all(":Cluster")) == 1
    assert set(program.outputs) == {
        "alarms",
        "budget",
        "connect_arns",
        "endpoints",
        "secret_arns",
        "security_groups",
    }


@pytest.mark.parametrize("file", STACKS)
def test_the_budget_of_every_stack_fits_without_a_finding(file: str) -> None:
    from headroom.budget import evaluate

    budget = evaluate(load(ROOT / file).stack("any"))
    assert budget.fits
    assert not budget.findings


def test_local_differs_from_prod_only_in_the_environment() -> None:
    prod, local = (yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"] for name in ("prod", "local"))
    assert local == prod | {"headroom:environment": "local"}


def test_what_is_declared_for_local_differs_from_prod_only_in_what_lets_it_be_destroyed(ran: Ran) -> None:
    def properties(program: Program, stack: str) -> dict[str, Any]:
        return {
            f"{d.key}.{key}".replace(stack, "stack"): json.dumps(value).replace(stack, "stack")
            for d in program.declared
            for key, value in d.inputs.items()
            if d.type != "pulumi:providers:aws"
        }

    prod = properties(ran("Pulumi.prod.yaml"), "headroom-prod")
    local = properties(ran("Pulumi.local.yaml"), "headroom-local")
    differing = {key for key in prod.keys() | local.keys() if prod.get(key) != local.get(key)}
    assert differing == {
        "aws:rds/cluster:Cluster::stack.deletionProtection",
        "aws:rds/cluster:Cluster::stack.skipFinalSnapshot",
        "aws:rds/cluster:Cluster::stack.finalSnapshotIdentifier",
        "aws:secretsmanager/secret:Secret::stack-search.recoveryWindowInDays",
        "headroom:index:Budget::stack.environment",
    }


def test_stacks_differ_by_data_and_not_by_kind(ran: Ran) -> None:
    kinds = [{d.type for d in ran(file).declared} for file in STACKS]
    calendar = {
        "aws:appautoscaling/scheduledAction:ScheduledAction"
    }  # dev has no sale, staging's rehearsal may be over
    assert {frozenset(kind - calendar) for kind in kinds} == {frozenset(kinds[0] - calendar)}


@pytest.mark.parametrize("file", STACKS + EXAMPLES)
def test_no_property_of_any_resource_is_a_password(ran: Ran, file: str) -> None:
    program = ran(file)

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    for declared in program.declared:
        named = {key for key in keys(declared.inputs) if "password" in key.lower() or key == "secretString"}
        assert named <= {"manageMasterUserPassword", "clientPasswordAuthType"}, declared.key


@pytest.mark.parametrize("file", STACKS + EXAMPLES)
def test_everything_in_aws_belongs_to_a_component_and_every_component_to_the_stack(ran: Ran, file: str) -> None:
    for declared in ran(file).declared:
        component = declared.type.startswith(("headroom:index:", "pulumi:providers:"))
        assert declared.parent.startswith("pulumi:pulumi:Stack" if component else "headroom:index:"), declared.key


@pytest.mark.parametrize("file", STACKS)
def test_every_resource_carries_project_stack_and_environment(ran: Ran, file: str) -> None:
    stack = Path(file).stem.removeprefix("Pulumi.")
    provider = ran(file).one("pulumi:providers:aws")
    assert json.loads(provider["defaultTags"]) == {
        "tags": {"project": "headroom", "stack": stack, "environment": Environment(stack)}
    }


def test_the_outputs_give_endpoints_and_the_secrets_arns_but_never_a_value(ran: Ran) -> None:
    outputs = ran("Pulumi.prod.yaml").outputs
    assert set(outputs["endpoints"]) == {"writer", "reader", "proxy", "proxy_read_only"}
    assert set(outputs["secret_arns"]) == {"headroom_admin", "search"}
    assert all(arn.startswith("arn:aws:") for arn in outputs["secret_arns"].values())
    assert set(outputs["security_groups"]) == {"application", "direct", "break_glass"}
    assert len(outputs["alarms"]) == 43


def test_bad_settings_end_the_program_with_every_error_and_before_any_resource(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text()
    wrong = tmp_path / "Pulumi.prod.yaml"
    wrong.write_text(
        text.replace("readers_max: 6", "readers_max: 4").replace("connections_max: 10", "connections_max: 0")
    )
    with pytest.raises(pulumi.RunError) as caught:
        run(wrong, monkeypatch)
    assert str(caught.value) == (
        "\n"
        "Pulumi.prod.yaml: headroom:services[1].pools[0].connections_max: must be at least 1, got 0: "
        "the pool's maximum in each process; leave out a pool that isn't used\n"
        "Pulumi.prod.yaml: headroom:events[0].readers_min: must be between autoscaling's readers_min (2) and "
        "readers_max (4), got 5: an event raises the minimum, up to the maximum\n"
        "2 errors"
    )


def test_a_wrong_shift_of_the_clock_ends_the_program_before_any_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "soon")
    with pytest.raises(pulumi.RunError) as caught:
        run(ROOT / "Pulumi.prod.yaml", monkeypatch, now=None)
    assert str(caught.value) == (
        "\nHEADROOM_CLOCK_SHIFT_SECONDS: must be a whole number of seconds, such as 86400 or -3600, got 'soon'"
    )


@pytest.mark.clock
def test_the_program_declares_what_is_to_come_of_the_calendar_on_every_day(monkeypatch: pytest.MonkeyPatch) -> None:
    actions = run(ROOT / "Pulumi.prod.yaml", monkeypatch, now=None).all(":ScheduledAction")
    lead, now = timedelta(minutes=30), clock.now()
    begins_and_ends = {f"{SALE.name}-begins": SALE.starts - lead, f"{SALE.name}-ends": SALE.ends}
    assert set(actions) == {f"headroom-prod-{name}" for name, at in begins_and_ends.items() if at > now}


def test_nothing_on_the_way_to_a_real_account_imports_the_local_parts() -> None:
    for file in [ROOT / "__main__.py", *(ROOT / "components").glob("*.py")]:
        assert "headroom.local" not in file.read_text(), file


def test_a_version_that_nobody_can_create_any_more_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No error: AWS refuses to make such a cluster, not to run one."""
    said: list[str] = []
    monkeypatch.setattr(pulumi, "warn", said.append)
    file = tmp_path / "Pulumi.dev.yaml"
    text = (ROOT / file.name).read_text()
    file.write_text(text.replace('engine_version: "16.15"', 'engine_version: "16.6"'))

    assert run(file, monkeypatch).one(":Cluster")["engineVersion"] == "16.6"
    assert said == [
        "Pulumi.dev.yaml: 16.6 can't be created any more (list of 2026-10-20): a cluster that runs it goes on until "
        "AWS upgrades it, a new or restored one is refused; 16.15 is the newest that can be created"
    ]


#: AWS's longest, by type (each service's API); a name that the program leaves to Pulumi gets 8 characters more.
LONGEST = {
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": 255,
    "aws:cloudwatch/dashboard:Dashboard": 255,
    "aws:cloudwatch/eventRule:EventRule": 64,
    "aws:cloudwatch/logGroup:LogGroup": 512,
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": 512,
    "aws:cloudwatch/metricAlarm:MetricAlarm": 255,
    "aws:appautoscaling/policy:Policy": 256,
    "aws:appautoscaling/scheduledAction:ScheduledAction": 256,
    "aws:ec2/securityGroup:SecurityGroup": 255,
    "aws:iam/role:Role": 64,
    "aws:iam/rolePolicy:RolePolicy": 128,
    "aws:kms/alias:Alias": 256,
    "aws:rds/cluster:Cluster": 63,
    "aws:rds/clusterInstance:ClusterInstance": 63,
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": 255,
    "aws:rds/eventSubscription:EventSubscription": 255,
    "aws:rds/parameterGroup:ParameterGroup": 255,
    "aws:rds/proxy:Proxy": 63,
    "aws:rds/proxyEndpoint:ProxyEndpoint": 63,
    "aws:rds/subnetGroup:SubnetGroup": 255,
    "aws:secretsmanager/secret:Secret": 512,
    "aws:sns/topic:Topic": 256,
}
GIVEN = ("name", "identifier", "clusterIdentifier", "dbProxyEndpointName", "alarmName", "dashboardName")


@pytest.mark.parametrize("file", ["Pulumi.prod.yaml", "docs/examples/mysql.yaml"])
def test_no_name_is_too_long_where_the_stack_s_is_the_longest_that_the_settings_take(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = "a" * 36  # 45 with the project's
    too_long = set()
    for declared in run(ROOT / file, monkeypatch, stack=longest).declared:
        given = next((declared.inputs[key] for key in GIVEN if key in declared.inputs), None)
        name = str(given) if given else f"{declared.name}-0123456"
        if len(name) > LONGEST.get(declared.type, 10_000):
            too_long.add(name)
    assert too_long == set()
    with pytest.raises(pulumi.RunError) as error:
        run(ROOT / file, monkeypatch, stack=longest + "a")
    assert "the stack's name: has 37 characters, at most 36 fit: the monitoring role would be" in str(error.value)


@pytest.mark.parametrize("stack", ["prod_eu", "prod.eu", "prod--eu", "prod-", "Prod"])
def test_the_program_says_a_wrong_name_before_anything_is_declared(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pulumi.RunError, match=f"Pulumi.{stack}.yaml: the stack's name: is '{stack}'"):
        run(ROOT / "Pulumi.prod.yaml", monkeypatch, stack=stack)
