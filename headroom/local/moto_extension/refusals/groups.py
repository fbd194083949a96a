"""Parameter groups and subnet groups."""

from collections.abc import Iterator
from typing import Any

from headroom import parameter_groups
from headroom.local.moto_extension.refusals.rds import Check, before, identifier, refuse, zones

_CLUSTER, _INSTANCE = "DBClusterParameterGroupName", "DBParameterGroupName"


def install() -> None:
    """Put the checks before the operations."""
    for kind, member in (("db_cluster", _CLUSTER), ("db", _INSTANCE)):
        before(f"create_{kind}_parameter_group", identifier(member, 255), _family)
        before(f"modify_{kind}_parameter_group", _parameters(member))
        before(f"delete_{kind}_parameter_group", _unused(member))
    before("create_db_subnet_group", _new_subnet_group, _zones)
    before("modify_db_subnet_group", _zones)
    before("delete_db_subnet_group", _unused_subnets)


def _family(request: Any) -> None:
    for problem in parameter_groups.unknown_family(request.params["DBParameterGroupFamily"]):
        if problem.certain:
            refuse(problem.code, problem.message)


def _parameters(member: str) -> Check:
    """What AWS's lists leave no doubt about."""

    def check(request: Any) -> None:
        group = _groups(request.backend, member).get(request.params[member])
        if group is None:
            return  # moto says so
        given = [
            parameter_groups.Given(p["ParameterName"], p.get("ParameterValue"), p.get("ApplyMethod"))
            for p in request.params.get("Parameters", [])
        ]
        cluster = member == _CLUSTER
        family, level = (group.db_parameter_group_family, "cluster") if cluster else (group.family, "instance")
        for problem in parameter_groups.problems(family, level, given):
            if problem.certain:
                refuse(problem.code, problem.message)

    return check


def _groups(backend: Any, member: str) -> Any:
    return backend.db_cluster_parameter_groups if member == _CLUSTER else backend.db_parameter_groups


def _unused(member: str) -> Check:
    def check(request: Any) -> None:
        name = request.params[member]
        if name in _used(request.backend, member):
            refuse(
                "InvalidDBParameterGroupState",
                f"One or more database instances are still members of this parameter group {name}, so the group cannot "
                "be deleted",
            )

    return check


def _used(backend: Any, member: str) -> Iterator[str]:
    if member == _CLUSTER:
        yield from (cluster.parameter_group for cluster in backend.clusters.values())
    else:
        yield from (instance.db_parameter_group_name for instance in backend.databases.values())


def _new_subnet_group(request: Any) -> None:
    name = request.params["DBSubnetGroupName"]
    if name in request.backend.subnet_groups:
        refuse("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")


def _zones(request: Any) -> None:
    covered = zones(request, request.params.get("SubnetIds") or ())
    if len(covered) < 2:
        refuse(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(sorted(covered))}. Add subnets to cover at least 2 AZs.",
        )


def _unused_subnets(request: Any) -> None:
    name = request.params["DBSubnetGroupName"]
    for cluster in request.backend.clusters.values():
        if cluster.db_subnet_group_name == name:
            refuse(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database cluster: "
                f"{cluster.db_cluster_identifier} is still using it.",
            )
