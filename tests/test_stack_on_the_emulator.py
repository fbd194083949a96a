"""The whole stack's life under the real engine: made, left alone, scaled for a sale, refreshed, changed, destroyed."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from headroom import clock
from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout
from headroom.local.engine import ensure_engine
from headroom.local.environment import for_engine
from headroom.local.stack import prepare
from tests.components.program import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.clock("ten-years-ahead")]

CLUSTER = "headroom-local"
PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "policies", "headroom", ".venv")


@dataclass
class Stack:
    """The local stack in a folder and on an emulator of its own."""

    checkout: Checkout
    url: str
    environment: dict[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name="eu-west-1",
            endpoint_url=self.url,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )

    def configure(self, starts: datetime, readers_min: int) -> None:
        """The project's local stack, with a sale of two hours that starts then."""
        content = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())
        content["config"]["headroom:autoscaling"]["readers_min"] = readers_min
        (sale,) = content["config"]["headroom:events"]
        sale |= {"name": "sale", "starts": starts.isoformat(), "ends": (starts + timedelta(hours=2)).isoformat()}
        self.checkout.stack_file("local").write_text(yaml.safe_dump(content))

    def pulumi(self, *arguments: str) -> str:
        ran = subprocess.run(
            [str(self.checkout.bin / "pulumi"), *arguments, "--stack", "local", "--non-interactive"],
            cwd=self.checkout.root,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def up(self, *more: str) -> str:
        config = str(ROOT / "policies" / "config" / "prod.json")
        return self.pulumi(
            "up", "--yes", "--skip-preview", "--policy-pack", "policies", "--policy-pack-config", config, *more
        )

    def minimum(self) -> int:
        (target,) = self.client("application-autoscaling").describe_scalable_targets(
            ServiceNamespace="rds", ResourceIds=[f"cluster:{CLUSTER}"]
        )["ScalableTargets"]
        return int(target["MinCapacity"])

    def scheduled(self) -> dict[str, int]:
        actions = self.client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="rds")
        return {a["ScheduledActionName"]: a["ScalableTargetAction"]["MinCapacity"] for a in actions["ScheduledActions"]}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    root = tmp_path / "checkout"
    root.mkdir()
    for name in PROGRAM:
        (root / name).symlink_to(ROOT / name)
    checkout = Checkout(root)
    with emulators.private(checkout) as emulator:
        values = for_engine(prepare(checkout, ensure_engine(print), emulator, backend=tmp_path, stack="local"))
        yield Stack(checkout, emulator.url, {**values, "PYTHONPATH": os.pathsep.join([str(ROOT)])})


def test_the_stack_lives_through_a_sale(stack: Stack) -> None:
    now = clock.now().replace(microsecond=0)

    stack.configure(starts=now + timedelta(days=2), readers_min=2)
    stack.up()
    assert stack.minimum() == 2
    assert stack.scheduled() == {f"{CLUSTER}-sale-begins": 5, f"{CLUSTER}-sale-ends": 2}
    the_outputs_lead_to_what_was_made(stack)
    no_secret_is_in_the_state(stack)

    stack.up("--expect-no-changes")

    # The sale begins: AWS runs the scheduled action, which raises the target's minimum behind the program's back.
    stack.configure(starts=now - timedelta(minutes=5), readers_min=2)
    stack.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="rds",
        ResourceId=f"cluster:{CLUSTER}",
        ScalableDimension="rds:cluster:ReadReplicaCount",
        MinCapacity=5,
        MaxCapacity=6,
    )
    assert "minCapacity" in stack.pulumi("refresh", "--yes", "--skip-preview", "--diff")
    stack.up()
    assert stack.minimum() == 5
    assert stack.scheduled() == {f"{CLUSTER}-sale-ends": 2}

    # After the sale the stack file's number counts again, and a change of it arrives.
    stack.configure(starts=now - timedelta(days=2), readers_min=3)
    stack.up()
    assert stack.minimum() == 3
    assert stack.scheduled() == {}

    stack.pulumi("destroy", "--yes", "--skip-preview")
    nothing_is_left(stack)


def the_outputs_lead_to_what_was_made(stack: Stack) -> None:
    outputs = json.loads(stack.pulumi("stack", "output", "--json"))
    (cluster,) = stack.client("rds").describe_db_clusters()["DBClusters"]
    (proxy,) = stack.client("rds").describe_db_proxies()["DBProxies"]
    (reader,) = stack.client("rds").describe_db_proxy_endpoints()["DBProxyEndpoints"]
    assert outputs["endpoints"] == {
        "writer": cluster["Endpoint"],
        "reader": cluster["ReaderEndpoint"],
        "proxy": proxy["Endpoint"],
        "proxy_read_only": reader["Endpoint"],
    }
    secrets = {s["ARN"] for s in stack.client("secretsmanager").list_secrets()["SecretList"]}
    assert set(outputs["secret_arns"].values()) == secrets
    alarms = stack.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    names = [alarm["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in alarms[kind]]
    assert sorted(outputs["alarms"]) == sorted(names)
    assert outputs["budget"]
    groups = {g["GroupId"] for g in stack.client("ec2").describe_security_groups()["SecurityGroups"]}
    named = outputs["security_groups"]
    assert {*named["application"], named["direct"], named["break_glass"]} <= groups


def no_secret_is_in_the_state(stack: Stack) -> None:
    state = stack.pulumi("stack", "export", "--show-secrets")
    manager = stack.client("secretsmanager")
    values = [
        manager.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        for secret in manager.list_secrets()["SecretList"]
        if secret["Name"].startswith("rds!")
    ]
    assert values, "RDS made no master secret"
    for value in values:
        assert json.loads(value)["password"] not in state
    # The services' secrets were declared empty.
    with pytest.raises(manager.exceptions.ResourceNotFoundException):
        manager.get_secret_value(SecretId=f"{CLUSTER}/search")


def nothing_is_left(stack: Stack) -> None:
    left: dict[str, Callable[[], list[Any]]] = {
        "clusters": lambda: stack.client("rds").describe_db_clusters()["DBClusters"],
        "instances": lambda: stack.client("rds").describe_db_instances()["DBInstances"],
        "proxies": lambda: stack.client("rds").describe_db_proxies()["DBProxies"],
        "alarms": lambda: stack.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "topics": lambda: stack.client("sns").list_topics()["Topics"],
        "targets": lambda: stack.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="rds")[
            "ScalableTargets"
        ],
        "log groups": lambda: stack.client("logs").describe_log_groups()["logGroups"],
        "own roles": lambda: [
            r for r in stack.client("iam").list_roles()["Roles"] if r["RoleName"].startswith(CLUSTER)
        ],
    }
    assert {name: list_() for name, list_ in left.items() if list_()} == {}
    assert json.loads(stack.pulumi("stack", "export"))["deployment"].get("resources", []) == []
