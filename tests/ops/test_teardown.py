import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from headroom.ops.session import Session
from tests.commands.conftest import Headroom
from tests.ops.calls import Calls
from tests.ops.deployed import add_instance, client

pytestmark = pytest.mark.emulator


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in that writes down how it destroys; what it exports is in `state`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "pulumi"
    program.write_text(
        f'#!/bin/sh\ntest "$1" = stack && exec cat {tmp_path}/state\n'
        f'echo "$@" > {tmp_path}/called\npwd >> {tmp_path}/called\n'
    )
    (tmp_path / "state").write_text(state_of("123456789012"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path / "called"


def state_of(*accounts: str) -> str:
    """As `pulumi stack export` writes it."""
    arns = [f"arn:aws:rds:eu-west-1:{account}:cluster:shop" for account in accounts]
    kinds = [{"outputs": {"arn": arn}} for arn in ("arn:aws:iam::aws:policy/ReadOnlyAccess", *arns)]
    return json.dumps({"version": 3, "deployment": {"resources": [{"type": "pulumi:pulumi:Stack"}, *kinds]}})


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def members(session: Session) -> list[str]:
    (cluster,) = client("rds").describe_db_clusters(DBClusterIdentifier=session.name)["DBClusters"]
    return sorted(m["DBInstanceIdentifier"] for m in cluster["DBClusterMembers"])


def target(session: Session) -> Any:
    (found,) = client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="rds", ResourceIds=[f"cluster:{session.name}"]
    )["ScalableTargets"]
    return found


def test_the_replicas_go_first_and_only_those_of_autoscaling(
    deployed: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = deployed.name
    add_instance(deployed, f"application-autoscaling-{name}-a")
    add_instance(deployed, f"application-autoscaling-{name}-b")
    add_instance(deployed, f"by-hand-{name}")
    typed(monkeypatch, "local\n")
    done = headroom("teardown", "local")
    assert done.code == 0
    assert members(deployed) == [f"by-hand-{name}", f"{name}-1", f"{name}-2", f"{name}-3"]
    held = target(deployed)
    assert (held["MinCapacity"], held["MaxCapacity"]) == (2, 2)
    assert all(held["SuspendedState"].values())
    command, folder = pulumi.read_text().splitlines()
    assert command.startswith("destroy --yes --skip-preview --stack local --config-file ")
    assert folder == str(pulumi.parent)


def test_any_other_word_than_the_stacks_name_stops_it(
    deployed: Session, pulumi: Path, calls: Calls, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "yes\n")
    done = headroom("teardown", "local")
    assert (done.code, pulumi.exists()) == (1, False)
    assert done.err == "Type the stack's name, local, to do it: \nNothing was changed.\n"
    assert all(call.partition(":")[2].startswith(("Describe", "Get")) for call in calls.made)


def test_credentials_of_another_account_destroy_nothing(
    deployed: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    pulumi.with_name("state").write_text(state_of("210987654321"))
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local") == (
        1,
        "refused: local: its resources are in account 210987654321, these credentials are of account 123456789012: "
        "sign in to the stack's account, and run this again\n",
        "",
    )
    assert (pulumi.exists(), calls.made) == (False, ["sts:GetCallerIdentity"])


def test_credentials_that_aws_does_not_name_destroy_nothing(
    deployed: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    calls.refuse("sts:GetCallerIdentity", "ExpiredToken")
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local") == (
        2,
        "",
        "error: the AWS credentials have expired: sign in again (aws sso login)\n",
    )
    assert not pulumi.exists()


def test_a_stack_that_pulumi_does_not_know_is_one_line(
    session: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = pulumi.parent / "bin" / "pulumi"
    program.write_text("#!/bin/sh\necho \"error: no stack named 'local' found\" >&2\nexit 255\n")
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local") == (
        2,
        "",
        "error: stack local: pulumi can't export it: no stack named 'local' found\n",
    )


@pytest.mark.parametrize(
    ("exported", "message"),
    [
        ("a new version is out\n{}", "isn't JSON: Expecting value: line 1 column 1 (char 0)"),
        ("", "isn't JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "isn't a stack's state"),
        ("[" * 100_000, "is nested too deeply for a state"),
    ],
    ids=["a line before it", "nothing", "a list", "too deep"],
)
def test_an_export_that_is_no_state_is_one_line_and_destroys_nothing(
    session: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch, exported: str, message: str
) -> None:
    pulumi.with_name("state").write_text(exported)
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local") == (2, "", f"error: stack local: what pulumi exports {message}\n")
    assert not pulumi.exists()


def test_protection_refuses_and_says_what_to_change(
    deployed: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    client("rds").modify_db_cluster(DBClusterIdentifier=deployed.name, DeletionProtection=True)
    content = yaml.safe_load((project / "Pulumi.local.yaml").read_text())
    content["config"]["headroom:database"] |= {"protect": True, "deletion_protection": True}
    (project / "Pulumi.local.yaml").write_text(yaml.safe_dump(content))
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local") == (
        1,
        "refused: local: protect is on in the stack file: Pulumi refuses to destroy the cluster; deletion_protection "
        "is on in the stack file; AWS has deletion protection on for the cluster. If it really is to go: set protect: "
        "false and deletion_protection: false under headroom:database in Pulumi.local.yaml, make deploy STACK=local, "
        "and run this again\n",
        "",
    )
    assert not pulumi.exists()
    client("rds").modify_db_cluster(DBClusterIdentifier=deployed.name, DeletionProtection=False)


def test_an_earlier_final_snapshot_is_told_before_anything_is_destroyed(
    deployed: Session,
    pulumi: Path,
    calls: Calls,
    headroom: Headroom,
    monkeypatch: pytest.MonkeyPatch,
    project: Path,
) -> None:
    name = f"{deployed.name}-final"
    content = yaml.safe_load((project / "Pulumi.local.yaml").read_text())
    content["config"]["headroom:database"] |= {"skip_final_snapshot": False}
    (project / "Pulumi.local.yaml").write_text(yaml.safe_dump(content))
    client("rds").create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=deployed.name)
    calls.made.clear()
    typed(monkeypatch, "local\n")
    done = headroom("teardown", "local")
    assert (done.code, pulumi.exists()) == (1, False)
    assert done.out == (
        f"refused: local: the final snapshot {name} is there already, of an earlier stack of this name, and AWS would "
        "stop half-way: copy it to another name if it is still needed (aws rds copy-db-cluster-snapshot), delete it "
        "(aws rds delete-db-cluster-snapshot), and run this again\n"
    )
    assert all(call.partition(":")[2].startswith(("Describe", "Get")) for call in calls.made)
    client("rds").delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local").code == 0
    assert pulumi.exists()


def test_a_stack_without_its_cluster_goes_straight_to_pulumi(
    session: Session, pulumi: Path, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "local\n")
    assert headroom("teardown", "local").code == 0
    assert pulumi.exists()


def test_without_pulumi_it_says_where_to_get_it(
    session: Session, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    typed(monkeypatch, "local\n")
    done = headroom("teardown", "local")
    assert done.code == 2
    assert done.err.endswith(
        'error: pulumi is not on PATH: install it, or for the local stack eval "$(headroom local env)"\n'
    )
