"""Under the real engine: a small program's whole life, and what is left when the engine is killed."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout
from headroom.local.engine import ensure_engine
from headroom.local.environment import for_engine
from headroom.local.stack import prepare

pytestmark = [pytest.mark.engine, pytest.mark.emulator]

SECRET = "not-for-the-state-9f3"
# Settings come from the environment: each `pulumi config set` would cost a second.
PROGRAM = """
import os
import pulumi
import pulumi_aws as aws

told = os.environ.get
secret = pulumi.Output.secret(told("A_SECRET"))
provider = aws.Provider("explicit", region="eu-west-2", default_tags={"tags": {"project": "shop"}})
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"stage": told("STAGE")})
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id, description=told("DESCRIPTION"))
rule = aws.vpc.SecurityGroupIngressRule("rule", security_group_id=group.id, ip_protocol="tcp", from_port=5432,
                                        to_port=5432, cidr_ipv4="10.0.0.0/16")
topic = aws.sns.Topic(told("TOPIC"), display_name=secret,
                      opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")], provider=provider))
role = aws.iam.Role("role", assume_role_policy={"Version": "2012-10-17", "Statement": []}, description=told("ROLE"),
                    tags={"token": secret}, opts=pulumi.ResourceOptions(ignore_changes=["description"]))
log = aws.cloudwatch.LogGroup("log", name="/shop", retention_in_days=int(told("DAYS")),
                              opts=pulumi.ResourceOptions(import_=told("IMPORT")))
pulumi.export("group", group.name)
pulumi.export("zones", aws.get_availability_zones().names)
pulumi.export("topic_tags", topic.tags_all)
pulumi.export("vpc_id", aws.ec2.get_vpc_output(id=vpc.id).id)
"""
FIRST = {
    "STAGE": "dev",
    "DESCRIPTION": "database",
    "TOPIC": "old",
    "ROLE": "first",
    "DAYS": "30",
    "A_SECRET": SECRET,
    "AWS_REGION": "eu-west-1",
}


@dataclass
class Stack:
    """A program's stack on an emulator of its own."""

    checkout: Checkout
    url: str
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(self.checkout.bin / "pulumi"), *arguments, "--non-interactive"],
            cwd=self.checkout.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def pulumi(self, *arguments: str) -> str:
        output, _ = (process := self.start(*arguments)).communicate(timeout=120)
        assert process.returncode == 0, output
        return output

    def steps(self, *command: str) -> list[str]:
        """What a command does, as in "replace group"; steps that only look, or keep what is there, are left out."""
        log = self.checkout.root / "events"
        log.unlink(missing_ok=True)
        self.pulumi(*command, "--yes", "--skip-preview", "--event-log", str(log))
        events = [json.loads(line) for line in log.read_text().splitlines()]
        found = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
        return [
            f"{step['op']} {step['urn'].rsplit('::', 1)[1]}"
            for step in found
            if step["op"] not in ("same", "refresh", "read") and "::default_" not in step["urn"]
        ]

    def aws(self, service: str, region: str = "eu-west-1") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="local",  # type: ignore[call-overload]
            aws_secret_access_key="local",
        )


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "__main__.py").write_text(PROGRAM)
    checkout = Checkout(root)
    with emulators.private(checkout) as emulator:
        values = prepare(checkout, ensure_engine(print), emulator, backend=tmp_path, stack="dev")
        environment = for_engine(values | {"PULUMI_DEBUG_COMMANDS": "true"})  # makes --event-log known
        yield Stack(checkout, emulator.url, environment | FIRST)


def test_a_program_lives_its_whole_life(stack: Stack, tmp_path: Path) -> None:
    ec2, logs = stack.aws("ec2"), stack.aws("logs")

    # A preview knows what is known, and makes nothing.
    preview = stack.pulumi("preview")
    assert "+ 8 to create" in preview
    assert "vpc_id    : [unknown]" in preview
    assert stack.aws("sns", "eu-west-2").list_topics()["Topics"] == []

    assert sorted(stack.steps("up")) == [
        f"create {name}" for name in ("explicit", "group", "log", "old", "role", "rule", "shop-dev", "vpc")
    ]
    outputs = json.loads(stack.pulumi("stack", "output", "--json"))
    assert outputs["zones"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert outputs["topic_tags"] == {"project": "shop"}
    (topic,) = stack.aws("sns", "eu-west-2").list_topics()["Topics"]
    assert topic["TopicArn"].startswith("arn:aws:sns:eu-west-2:")

    # The secret reached AWS, and lies nowhere in the clear: not as an input, and not where tagsAll repeats it.
    (role,) = stack.aws("iam").list_roles()["Roles"]
    assert {"Key": "token", "Value": SECRET} in stack.aws("iam").list_role_tags(RoleName=role["RoleName"])["Tags"]
    files = [path for path in (tmp_path / ".pulumi").rglob("*") if path.is_file()]
    assert any(b"aws:iam/role:Role" in path.read_bytes() for path in files)
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]

    # Nothing changed: nothing to do. A secret given as plain text in a message would have been told here.
    assert SECRET not in (unchanged := stack.pulumi("preview", "--diff", "--expect-no-changes"))
    assert "8 unchanged" in unchanged

    # In place; a change that is ignored; a new name for an old one; a replacement that comes before its deletion.
    stack.environment |= {"STAGE": "prod", "ROLE": "second", "TOPIC": "new", "DAYS": "7", "DESCRIPTION": "another"}
    assert sorted(stack.steps("up")) == [
        "create-replacement group",
        "create-replacement rule",
        "delete-replaced group",
        "delete-replaced rule",
        "replace group",
        "replace rule",
        "update log",
        "update vpc",
    ]
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7

    # Changed and deleted behind the engine's back: a refresh sees it, the update mends it, without touching the rest.
    logs.delete_log_group(logGroupName="/shop")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:stage", "Values": ["prod"]}])["Vpcs"]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "stage", "Value": "none"}])
    assert sorted(stack.steps("up", "--refresh")) == ["create log", "update vpc"]

    # What is there already is taken over.
    stack.pulumi("state", "delete", "--yes", _urn("aws:cloudwatch/logGroup:LogGroup", "log"))
    stack.environment["IMPORT"] = "/shop"
    assert stack.steps("up") == ["import log"]

    stack.steps("destroy")
    assert ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"] == []
    assert (logs.describe_log_groups()["logGroups"], stack.aws("iam").list_roles()["Roles"]) == ([], [])


def test_a_killed_engine_leaves_no_plugin_and_no_host(stack: Stack) -> None:
    (stack.checkout.root / "__main__.py").write_text(
        "import pulumi_aws as aws, time\naws.get_region()\ntime.sleep(60)\n"
    )
    engine = stack.start("preview")
    ours = {"headroom.local.aws", "headroom.local.language_host"}
    _until(lambda: {word for child in _children(engine.pid) for word in _command(child)} >= ours)
    children = _children(engine.pid)

    engine.send_signal(signal.SIGKILL)
    engine.communicate()

    _until(lambda: not any(_alive(child) for child in children))


def test_a_dead_emulator_is_said_once_and_plainly(stack: Stack) -> None:
    stack.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"

    process = stack.start("preview")
    output, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "Traceback" not in output
    assert output[output.index("Diagnostics:") :].splitlines()[1:3] == [
        "  pulumi:providers:aws (default_7_51_1):",
        "    error: pulumi:providers:aws resource 'default_7_51_1' has a problem: the emulator at "
        "http://127.0.0.1:9 does not answer: it was stopped or died. Run `make up`, which rebuilds the local stack, "
        'then `eval "$(headroom local env)"` again in shells that had it.',
    ]


def _urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{token}::{name}"


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one of these: it ended while we looked
        return []


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.05)
