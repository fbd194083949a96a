"""Take a stack down: no replica comes any more, the autoscaled ones go, then Pulumi destroys the rest.

Autoscaled replicas are nobody's resources: with one of them left, AWS refuses to delete the cluster
(`InvalidDBClusterStateFault`, terraform-provider-aws#19536), half-way through the destroy.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headroom.errors import UserError
from headroom.ops.errors import LackError, RefusedError
from headroom.ops.live import LiveCluster, read_cluster
from headroom.ops.pulumi import export_state, find_pulumi
from headroom.ops.session import Session

PATIENCE_SECONDS = 45 * 60.0
_POLL_SECONDS = 15.0

Say = Callable[[str], None]


def check_account(session: Session, project: Path) -> None:
    """See that the credentials are of the account that the stack's resources are in.

    In another account nothing of them is found, and a destroy would forget them all while they run on.

    Raises:
        RefusedError: another account.
        UserError: there is no pulumi, or it doesn't know the stack, or exports no state.
        LackError: AWS doesn't say whose the credentials are.
    """
    theirs = accounts(export_state(_pulumi(), session.stack, project))
    if not theirs:
        return  # nothing is deployed
    ours = session.aws.call("sts", "GetCallerIdentity")["Account"]
    if ours not in theirs:
        raise RefusedError(
            f"{session.stack}: its resources are in account {', '.join(sorted(theirs))}, these credentials are of "
            f"account {ours}: sign in to the stack's account, and run this again"
        )


def accounts(state: Any) -> set[str]:
    """The accounts in the ARNs of a stack's resources, as `pulumi stack export` writes them.

    >>> accounts({"deployment": {"resources": [{"outputs": {"arn": "arn:aws:sns:eu-west-1:123456789012:shop"}}]}})
    {'123456789012'}
    """
    resources = ((state or {}).get("deployment") or {}).get("resources") or []
    arns = [str((one.get("outputs") or {}).get("arn", "")).split(":") for one in resources]
    return {parts[4] for parts in arns if parts[0] == "arn" and len(parts) > 5 and parts[4].isdigit()}


def check_allowed(session: Session) -> LiveCluster | None:
    """See that nothing forbids it; the cluster, or None where there is none any more.

    Raises:
        RefusedError: deletion protection or `protect` is on, or an earlier final snapshot is there; the message says
            what to change.
        LackError: the cluster or its snapshots can't be read.
    """
    database, reasons = session.settings.database, []
    if database.protect:
        reasons.append("protect is on in the stack file: Pulumi refuses to destroy the cluster")
    if database.deletion_protection:
        reasons.append("deletion_protection is on in the stack file")
    cluster = _there(session)
    if cluster is not None and cluster.described.get("DeletionProtection"):
        reasons.append("AWS has deletion protection on for the cluster")
    if reasons:
        raise RefusedError(
            f"{session.stack}: {'; '.join(reasons)}. If it really is to go: set protect: false and "
            f"deletion_protection: false under headroom:database in {session.file.name}, make deploy "
            f"STACK={session.stack}, and run this again"
        )
    snapshot = f"{session.name}-final"
    if cluster is not None and not database.skip_final_snapshot and _has_snapshot(session, snapshot):
        raise RefusedError(
            f"{session.stack}: the final snapshot {snapshot} is there already, of an earlier stack of this name, and "
            "AWS would stop half-way: copy it to another name if it is still needed (aws rds "
            "copy-db-cluster-snapshot), delete it (aws rds delete-db-cluster-snapshot), and run this again"
        )
    return cluster


def _has_snapshot(session: Session, name: str) -> bool:
    try:
        found = session.aws.all(
            "rds", "DescribeDBClusterSnapshots", "DBClusterSnapshots", DBClusterSnapshotIdentifier=name
        )
    except LackError as error:
        if error.absent:
            return False
        raise
    return bool(found)


def _there(session: Session) -> LiveCluster | None:
    try:
        return read_cluster(session)
    except LackError as error:
        if error.absent:
            return None
        raise


def drain(session: Session, cluster: LiveCluster, say: Say, *, poll_seconds: float = _POLL_SECONDS) -> None:
    """Hold autoscaling at the declared readers, delete its replicas, and wait until they are gone. Safe to repeat.

    Raises:
        LackError: a call failed, or they didn't go in time.
    """
    _hold(session, say)
    replicas = [i for i in cluster.instances if i.autoscaled]
    for replica in replicas:
        if replica.status != "deleting":
            say(f"deleting the autoscaled replica {replica.name}")
            session.aws.call("rds", "DeleteDBInstance", DBInstanceIdentifier=replica.name, SkipFinalSnapshot=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := sorted({i.name for i in replicas} & set(_members(session))):
        if time.monotonic() > deadline:
            raise LackError(f"{', '.join(left)}: not gone after {PATIENCE_SECONDS / 60:.0f} min: run this again later")
        say(f"waiting for {', '.join(left)} to go")
        time.sleep(poll_seconds)


def _hold(session: Session, say: Say) -> None:
    """Minimum and maximum are what is declared, and nothing scales: also no scheduled action, in the middle of this."""
    aws = session.aws
    found = aws.all(
        "application-autoscaling",
        "DescribeScalableTargets",
        "ScalableTargets",
        ServiceNamespace="rds",
        ResourceIds=[f"cluster:{session.name}"],
    )
    if not found:
        return
    declared = len(session.budget.stack.cluster.readers)
    say(f"holding autoscaling at the {declared:,} declared readers")
    aws.call(
        "application-autoscaling",
        "RegisterScalableTarget",
        ServiceNamespace="rds",
        ResourceId=f"cluster:{session.name}",
        ScalableDimension="rds:cluster:ReadReplicaCount",
        MinCapacity=declared,
        MaxCapacity=declared,
        SuspendedState={
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": True,
            "ScheduledScalingSuspended": True,
        },
    )


def _members(session: Session) -> list[str]:
    cluster = _there(session)
    return [i.name for i in cluster.instances] if cluster else []


def destroy(session: Session, project: Path) -> int:
    """Run `pulumi destroy`, the one on PATH, in the caller's environment; its exit code.

    Raises:
        UserError: there is no pulumi.
    """
    pulumi = _pulumi()
    with tempfile.TemporaryDirectory(prefix="headroom-teardown-") as folder:
        config = Path(folder, f"Pulumi.{session.stack}.yaml")  # a copy: the CLI rewrites stack files
        shutil.copyfile(session.file, config)
        command = [pulumi, "destroy", "--yes", "--skip-preview", "--stack", session.stack, "--config-file", str(config)]
        return subprocess.run(command, cwd=project, check=False).returncode


def _pulumi() -> str:
    found = find_pulumi()
    if found is None:
        raise UserError('pulumi is not on PATH: install it, or for the local stack eval "$(headroom local env)"')
    return found
