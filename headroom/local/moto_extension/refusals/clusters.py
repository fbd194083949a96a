"""Clusters and their instances."""

import re
from typing import Any, NoReturn

from headroom.budget.facts import fact
from headroom.budget.model import Engine
from headroom.budget.offers import Offer, instance_class, version, version_order
from headroom.local.moto_extension.refusals.rds import (
    before,
    between,
    has_role,
    identifier,
    invalid,
    keys,
    one_of,
    refuse,
    security_groups,
)

_ENGINES = tuple(engine.value for engine in Engine)
# CreateDBCluster, PerformanceInsightsRetentionPeriod: 7, month * 31 for 1 to 23 months, 731.
_INSIGHTS_DAYS = (7, *(31 * months for months in range(1, 24)), 731)
_MONITORING_SECONDS = (0, 1, 5, 10, 15, 30, 60)
_RESERVED_USERS = ("rdsadmin", "rdsrepladmin", "rds_superuser")


def install() -> None:
    """Put the checks before the operations."""
    common = (
        _versions,
        _cluster_group,
        security_groups(),
        _monitoring,
        _capacity,
        between("BackupRetentionPeriod", 1, 35, "backup retention period"),
        between("Port", 1150, 65535, "port"),
        one_of("PerformanceInsightsRetentionPeriod", *_INSIGHTS_DAYS),
    )
    of_cluster = identifier("DBClusterIdentifier")
    encryption = keys("KmsKeyId", "PerformanceInsightsKMSKeyId", "MasterUserSecretKmsKeyId")
    before("create_db_cluster", of_cluster, _new_cluster, _subnet_group, _master_user, encryption, *common)
    before("modify_db_cluster", _not_backwards, *common)
    before("delete_db_cluster", _final_snapshot)
    of_instance = (
        _monitoring,
        _instance_group,
        _offered,
        between("PromotionTier", 0, 15, "promotion tier"),
        one_of("PerformanceInsightsRetentionPeriod", *_INSIGHTS_DAYS),
    )
    before("create_db_instance", identifier("DBInstanceIdentifier"), _member, *of_instance)
    before("modify_db_instance", *of_instance)


def _new_cluster(request: Any) -> None:
    if request.params["DBClusterIdentifier"] in request.backend.clusters:
        refuse("DBClusterAlreadyExistsFault", "DB Cluster already exists")


def _versions(request: Any) -> None:
    """A version that nobody can create: not one later than the lists. The one that a cluster has stays."""
    cluster = _cluster(request)
    engine = request.params.get("Engine") or (cluster.engine if cluster else "")
    wanted = request.params.get("EngineVersion")
    if engine not in _ENGINES or not wanted or (cluster and wanted == cluster.engine_version):
        return
    if version(Engine(engine), wanted).offer in (Offer.NO, Offer.RETIRED):
        refuse("InvalidParameterCombination", f"Cannot find version {wanted} for {engine}")


def _not_backwards(request: Any) -> None:
    cluster, wanted = _cluster(request), request.params.get("EngineVersion")
    if cluster and wanted and version_order(wanted) < version_order(cluster.engine_version)[: wanted.count(".") + 1]:
        message = f"Cannot upgrade {cluster.engine} from {cluster.engine_version} to {wanted}"
        refuse("InvalidParameterCombination", message)


def _subnet_group(request: Any) -> None:
    name = request.params.get("DBSubnetGroupName")
    if name and name not in request.backend.subnet_groups:
        refuse("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")


def _cluster_group(request: Any) -> None:
    name, cluster = request.params.get("DBClusterParameterGroupName"), _cluster(request)
    if not name or name.startswith("default."):
        return
    group = request.backend.db_cluster_parameter_groups.get(name)
    if group is None:
        # AWS's code; the model of ModifyDBCluster has it, too.
        refuse("DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")
    engine = request.params.get("Engine") or (cluster.engine if cluster else "")
    wanted = request.params.get("EngineVersion") or (cluster.engine_version if cluster else "")
    _of_family(name, group.db_parameter_group_family, engine, wanted)


def _of_family(name: str, has: str, engine: str, engine_version: str) -> None:
    if engine not in _ENGINES or not engine_version:
        return
    numbers = re.findall(r"\d+", engine_version)
    needs = f"{engine}{'.'.join(numbers[:1] if engine == Engine.POSTGRESQL else numbers[:2])}"
    if has != needs:
        refuse(
            "InvalidParameterCombination",
            f"The Parameter Group {name} with DBParameterGroupFamily {has} cannot be used for this instance. Please "
            f"use a Parameter Group with DBParameterGroupFamily {needs}",
        )


def _monitoring(request: Any) -> None:
    seconds, role = request.params.get("MonitoringInterval"), request.params.get("MonitoringRoleArn")
    one_of("MonitoringInterval", *_MONITORING_SECONDS)(request)
    if role and seconds != 0 and not has_role(request, role):
        invalid("IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING")


def _capacity(request: Any) -> None:
    """Serverless capacity units: in halves, within what AWS documents, the minimum not above the maximum."""
    given = request.params.get("ServerlessV2ScalingConfiguration") or {}
    low, high = (given.get(name) for name in ("MinCapacity", "MaxCapacity"))
    highest = fact("serverless", "highest_acu").value
    for name, value, least in (("MinCapacity", low, 0), ("MaxCapacity", high, 1)):
        if value is not None and not (least <= value <= highest and value * 2 == int(value * 2)):
            invalid(f"Serverless v2 {name} {value:g} isn't valid: {least} to {highest} ACUs, in steps of 0.5.")
    if low is not None and high is not None and low > high:
        refuse("InvalidParameterCombination", f"Serverless v2 MinCapacity {low:g} is above MaxCapacity {high:g}.")


def _master_user(request: Any) -> None:
    name = request.params.get("MasterUsername")
    if name in _RESERVED_USERS:
        invalid(f"MasterUsername {name} cannot be used as it is a reserved word used by the engine")
    if name and not re.fullmatch(r"[A-Za-z]\w*", name):
        invalid(f"The parameter MasterUsername is not valid: {name}. It is a letter, then letters, digits and _.")


def _final_snapshot(request: Any) -> None:
    if not request.params.get("SkipFinalSnapshot") and not request.params.get("FinalDBSnapshotIdentifier"):
        message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        refuse("InvalidParameterCombination", message)


def _member(request: Any) -> None:
    """A cluster's instance: of its version, and one of at most 16."""
    cluster, wanted = _cluster(request), request.params.get("EngineVersion")
    if cluster is None:
        return  # moto says so
    if wanted and wanted != cluster.engine_version:
        refuse(
            "InvalidParameterCombination",
            f"The engine version that you requested for your DB instance ({wanted}) does not match the engine version "
            f"of your DB cluster ({cluster.engine_version}).",
        )
    most = int(fact("service", "readers_highest").value)
    if len(cluster.members) > most:
        refuse(
            "InstanceQuotaExceeded", f"DB cluster {cluster.db_cluster_identifier} already has {most} Aurora Replicas."
        )


def _instance_group(request: Any) -> None:
    name = request.params.get("DBParameterGroupName") or ""
    group = request.backend.db_parameter_groups.get(name)
    cluster = _cluster(request)
    if group is not None and cluster is not None and not name.startswith("default."):
        _of_family(name, group.family, cluster.engine, cluster.engine_version)


def _offered(request: Any) -> None:
    """A class that AWS doesn't offer, in the region and on the version; not one that the lists don't know at all."""
    name, cluster = request.params.get("DBInstanceClass"), _cluster(request)
    if not name or cluster is None or cluster.engine not in _ENGINES:
        return
    engine = Engine(cluster.engine)
    answer = instance_class(engine, name, region=request.region, engine_version=cluster.engine_version)
    if answer.offer is Offer.NO:
        _not_offered(name, cluster)


def _not_offered(name: str, cluster: Any) -> NoReturn:
    licence = "postgresql-license" if cluster.engine == Engine.POSTGRESQL else "general-public-license"
    refuse(
        "InvalidParameterCombination",
        f"RDS does not support creating a DB instance with the following combination: DBInstanceClass={name}, "
        f"Engine={cluster.engine}, EngineVersion={cluster.engine_version}, LicenseModel={licence}. For supported "
        "combinations of instance class and database engine version, see the documentation.",
    )


def _cluster(request: Any) -> Any:
    """The cluster that the request changes, or whose instance it is about."""
    backend, params = request.backend, request.params
    instance = backend.databases.get(params.get("DBInstanceIdentifier") or "")
    return backend.clusters.get(
        params.get("DBClusterIdentifier") or (instance and instance.db_cluster_identifier) or ""
    )
