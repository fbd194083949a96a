"""headroom:index:AuroraCluster - the supply of connections: one writer and its readers.

Makes the KMS key, the subnet group, the parameter groups, the log groups, the monitoring role, the cluster and its
instances. The master user's password is made, kept and rotated by RDS: it is never in the program or the state.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.keys import customer_key
from components.network import Network
from components.parameters import cluster_parameters, family, instance_parameters, log_exports
from headroom.budget.model import Engine, Instance
from headroom.settings import MASTER_USER
from headroom.settings.supply import Database, Serverless

_PROTECTED_INSTANCES = 2
PORTS = {Engine.POSTGRESQL: 5432, Engine.MYSQL: 3306}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuroraClusterArgs:
    """What the cluster is made of, and where.

    Attributes:
        database: the stack file's section, its environment's defaults filled in.
        instances: the declared instances, the writer first, as the budget was evaluated for.
        network: where they live; instances are spread over its zones.
    """

    database: Database
    instances: Sequence[Instance]
    network: Network


class AuroraCluster(pulumi.ComponentResource):
    """The cluster, its instances, and what they need.

    Attributes:
        database: the settings that it was made from.
        cluster: the cluster.
        instances: its declared instances, the writer first; whoever needs the cluster available depends on them.
        endpoints: of the writer and the readers, without the proxy.
        secret_arns: the master user -> the secret that RDS keeps its password in.
        log_groups: the exported logs, by RDS's names.
        key: encrypts the storage, the master secret, the services' secrets, Performance Insights and the logs.
    """

    def __init__(self, name: str, args: AuroraClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:AuroraCluster", name, {}, opts)
        self.database = database = args.database
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=database.protect)
        account = Account.of(self)
        self.key = customer_key(
            name,
            "storage, secrets, Performance Insights and logs of the database",
            account,
            {
                f"logs.{account.region}.amazonaws.com": {
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": account.arn("logs", "log-group:/aws/rds/*")}
                }
            },
            kept,
        )
        subnet_group = aws.rds.SubnetGroup(
            name,
            name=name,
            description=f"{name}: private subnets",
            subnet_ids=list(args.network.subnet_ids),
            opts=child,
        )
        # Named by Pulumi, so that a major upgrade, which needs another family, makes a new group beside the old one.
        cluster_group = aws.rds.ClusterParameterGroup(
            name,
            family=family(database),
            description=f"{name}: limits and timeouts of the cluster",
            parameters=[
                aws.rds.ClusterParameterGroupParameterArgs(name=p.name, value=p.value, apply_method=p.apply_method)
                for p in cluster_parameters(database)
            ],
            opts=child,
        )
        # Declared before the cluster: RDS would make them itself, and keep everything for ever.
        self.log_groups = {
            log: aws.cloudwatch.LogGroup(
                f"{name}-{log}",
                name=f"/aws/rds/cluster/{name}/{log}",
                retention_in_days=database.log_retention_days,
                kms_key_id=self.key.arn,
                opts=child,
            )
            for log in log_exports(database)
        }
        self.cluster = aws.rds.Cluster(
            name,
            cluster_identifier=name,
            engine=str(database.engine),
            engine_version=database.engine_version,
            database_name=database.name,
            port=PORTS[database.engine],
            master_username=MASTER_USER,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self.key.arn,
            iam_database_authentication_enabled=True,
            db_subnet_group_name=subnet_group.name,
            db_cluster_parameter_group_name=cluster_group.name,
            vpc_security_group_ids=[args.network.database_group_id],
            storage_encrypted=True,
            kms_key_id=self.key.arn,
            enabled_cloudwatch_logs_exports=log_exports(database),
            backup_retention_period=database.backup_retention_days,
            copy_tags_to_snapshot=True,
            deletion_protection=database.deletion_protection,
            skip_final_snapshot=database.skip_final_snapshot,
            final_snapshot_identifier=None if database.skip_final_snapshot else f"{name}-final",
            # A change of class or version restarts instances: it waits for the maintenance window.
            apply_immediately=False,
            serverlessv2_scaling_configuration=_capacity(database.serverless),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=database.protect,
                depends_on=list(self.log_groups.values()),
                # Autoscaling adds members that are not ours, and AWS always reports three zones: neither may ever plan
                # a change of the cluster (terraform-aws-rds-aurora#450: it planned to recreate the database).
                ignore_changes=["cluster_members", "availability_zones"],
            ),
        )
        monitoring = aws.iam.Role(
            f"{name}-monitoring",
            description=f"{name}: RDS writes the instances' operating-system metrics",
            assume_role_policy=json.dumps(account.trust("monitoring.rds.amazonaws.com", names_its_source=True)),
            opts=child,
        )
        attachment = aws.iam.RolePolicyAttachment(
            f"{name}-monitoring",
            role=monitoring.name,
            policy_arn=f"arn:{account.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
            opts=child,
        )
        group = self._instance_group(name, database, child)
        self.instances = self._instances(args, group, monitoring, attachment)
        self.endpoints = {"writer": self.cluster.endpoint, "reader": self.cluster.reader_endpoint}
        self.secret_arns = {MASTER_USER: self.cluster.master_user_secrets.apply(lambda made: made[0].secret_arn)}
        self.register_outputs({"endpoints": self.endpoints, "secretArns": self.secret_arns})

    def _instance_group(
        self, name: str, database: Database, opts: pulumi.ResourceOptions
    ) -> aws.rds.ParameterGroup | None:
        parameters = instance_parameters(database)
        if not parameters:
            return None
        return aws.rds.ParameterGroup(
            name,
            family=family(database),
            description=f"{name}: limits and timeouts of each instance",
            parameters=[
                aws.rds.ParameterGroupParameterArgs(name=p.name, value=p.value, apply_method=p.apply_method)
                for p in parameters
            ],
            opts=opts,
        )

    def _instances(
        self,
        args: AuroraClusterArgs,
        group: aws.rds.ParameterGroup | None,
        monitoring: aws.iam.Role,
        attachment: aws.iam.RolePolicyAttachment,
    ) -> list[aws.rds.ClusterInstance]:
        instances: list[aws.rds.ClusterInstance] = []
        for number, instance in enumerate(args.instances):
            instances.append(
                aws.rds.ClusterInstance(
                    instance.name,
                    identifier=instance.name,
                    cluster_identifier=self.cluster.id,
                    engine=aws.rds.EngineType(str(args.database.engine)),
                    instance_class=instance.instance_class.name,
                    availability_zone=args.network.zones[number % len(args.network.zones)],
                    promotion_tier=instance.promotion_tier,
                    db_parameter_group_name=None if group is None else group.name,
                    publicly_accessible=False,
                    # A minor upgrade restarts the instance: it comes as a reviewed change of engine_version.
                    auto_minor_version_upgrade=False,
                    apply_immediately=False,
                    monitoring_interval=args.database.monitoring_interval_seconds,
                    monitoring_role_arn=monitoring.arn if args.database.monitoring_interval_seconds else None,
                    performance_insights_enabled=True,
                    performance_insights_kms_key_id=self.key.arn,
                    performance_insights_retention_period=args.database.performance_insights_retention_days,
                    opts=pulumi.ResourceOptions(
                        parent=self,
                        # The writer, and one to promote: a destroy that is stopped by the cluster has deleted what
                        # depends on it (measured). Further readers may go, when `readers` is lowered.
                        protect=args.database.protect and number < _PROTECTED_INSTANCES,
                        # The first instance that a cluster gets becomes its writer.
                        depends_on=[attachment, *instances[:1]],
                        # A running instance doesn't move because the region's list of zones did.
                        ignore_changes=["availability_zone"],
                    ),
                )
            )
        return instances


def _capacity(serverless: Serverless | None) -> aws.rds.ClusterServerlessv2ScalingConfigurationArgs | None:
    if serverless is None:
        return None
    return aws.rds.ClusterServerlessv2ScalingConfigurationArgs(
        min_capacity=serverless.min_acu, max_capacity=serverless.max_acu
    )
