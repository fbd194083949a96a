"""Small stacks for tests, written as a program would write them: pulumi_aws's arguments, references between resources.

A reference to another resource is unknown, as in a first preview, and known to the engine as a dependency.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from headroom.budget.facts import instance_class
from headroom.budget.model import Cluster, Engine, Event, Instance, Path, Pool, Role, Service, Stack
from headroom.budget.serialize import demand
from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.field import UNKNOWN
from policies.reading.resources import Resource, Resources

#: When the tests' stacks are read.
NOW = datetime(2026, 11, 1, tzinfo=UTC)
PROJECT = "urn:pulumi:test::shop::"
#: Maps whose keys are AWS's, not the provider's.
VERBATIM = {"dimensions", "demand"}


#: What no program gives and the provider will compute: unknown in a preview, and it comes from nowhere.
COMPUTED = UNKNOWN


class Ref:
    """An output of another resource."""

    def __init__(self, name: str) -> None:
        self.name = name


class Declared:
    """A stack in the making: `add` as a program declares, `change` and `drop` to break it."""

    def __init__(self) -> None:
        self._resources: dict[str, tuple[str, dict[str, Any], str, tuple[str, ...]]] = {}

    def add(
        self, type_: str, name: str, *, parent: str = "", depends_on: Iterable[str] = (), **args: Any
    ) -> "Declared":
        self._resources[name] = (type_, args, parent, tuple(depends_on))
        return self

    def change(self, name: str, /, **args: Any) -> "Declared":
        """Replace arguments; None takes one away."""
        type_, before, parent, depends_on = self._resources[name]
        after = {key: value for key, value in {**before, **args}.items() if value is not None}
        self._resources[name] = (type_, after, parent, depends_on)
        return self

    def drop(self, *names: str) -> "Declared":
        for name in names:
            del self._resources[name]
        return self

    def urn(self, name: str) -> str:
        type_, _, parent, _ = self._resources[name]
        lineage = f"{self._resources[parent][0]}$" if parent else ""
        return f"{PROJECT}{lineage}{type_}::{name}"

    def names(self, *types: str) -> set[str]:
        return {name for name, (type_, *_) in self._resources.items() if type_ in types}

    def resources(self) -> list[Resource]:
        return [self._resource(name) for name in self._resources]

    def reading(self, now: datetime = NOW) -> Reading:
        return Reading(Resources(self.resources()), now)

    def messages(self) -> list[Any]:
        """The same stack as the engine sends it."""
        return [_message(resource) for resource in self.resources()]

    def _resource(self, name: str) -> Resource:
        type_, given, parent, depends_on = self._resources[name]
        args = {key: value for key, value in given.items() if key not in {"ignore_changes", "provider", "of_region"}}
        references = {_camel(key): tuple(self.urn(r) for r in _references(value)) for key, value in args.items()}
        used = {key: urns for key, urns in references.items() if urns}
        return Resource(
            type_=type_,
            urn=self.urn(name),
            properties={_camel(key): _plain(value, verbatim=key in VERBATIM) for key, value in args.items()},
            parent=self.urn(parent) if parent else "",
            dependencies=tuple(
                dict.fromkeys([*(u for urns in used.values() for u in urns), *(self.urn(d) for d in depends_on)])
            ),
            property_dependencies=used,
            ignore_changes=given.get("ignore_changes", ()),
            provider=given.get("provider", ""),
            region=given.get("of_region", ""),
        )


def _references(value: object) -> list[str]:
    if isinstance(value, Ref):
        return [value.name]
    if isinstance(value, Mapping):
        return [name for each in value.values() for name in _references(each)]
    if isinstance(value, list):
        return [name for each in value for name in _references(each)]
    return []


def _plain(value: object, *, verbatim: bool = False) -> object:
    if isinstance(value, Ref):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {(k if verbatim else _camel(k)): _plain(v, verbatim=verbatim or k in VERBATIM) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(each, verbatim=verbatim) for each in value]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _message(resource: Resource) -> Any:
    message = analyzer_pb2.AnalyzerResource(
        type=resource.type_,
        urn=resource.urn,
        name=resource.name,
        parent=resource.parent,
        dependencies=list(resource.dependencies),
        properties=_struct(resource.properties),
        options=analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=resource.ignore_changes),
        provider=analyzer_pb2.AnalyzerProviderResource(urn=resource.provider),
    )
    for name, urns in resource.property_dependencies.items():
        message.propertyDependencies[name].urns.extend(urns)
    return message


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update({name: _marked(value) for name, value in properties.items()})
    return struct


def _marked(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_STRING_VALUE
    if isinstance(value, Mapping):
        return {key: _marked(each) for key, each in value.items()}
    return [_marked(each) for each in value] if isinstance(value, list) else value


CHECKOUT = Service(
    name="checkout",
    user="checkout",
    instances_max=10,
    transactions_per_second_peak=200,
    hold_ms=10,
    client_timeout_ms=3000,
    pools=(
        Pool(endpoint=Role.WRITER, path=Path.PROXY, connections_max=8, transactions_percent=40),
        Pool(endpoint=Role.READER, path=Path.PROXY, connections_max=8, transactions_percent=60),
    ),
)
#: The shop of the incident, in small: every instance holds its own connections.
GREEDY = Service(
    name="greedy",
    user="greedy",
    instances_max=100,
    transactions_per_second_peak=200,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=10),),
)


def demand_of(*services: Service, events: tuple[Event, ...] = (), **values: Any) -> dict[str, Any]:
    """What the component headroom:index:Budget registers for these services."""
    nothing = Cluster(
        engine=Engine.POSTGRESQL,
        instances=(Instance(name="w", instance_class=instance_class("db.r6g.large"), writer=True),),
    )
    return demand(Stack(cluster=nothing, services=services, events=events, **values))


def shop(prefix: str = "") -> Declared:
    """A shop that fits: a writer and a reader of db.r6g.large, a proxy, autoscaling, alarms, and its demand."""
    p = prefix
    declared = Declared()
    declared.add("headroom:index:Shop", f"{p}stack")
    below = {"parent": f"{p}stack"}
    declared.add(t.BUDGET, f"{p}budget", demand=demand_of(CHECKOUT), **below)
    declared.add(
        t.CLUSTER_PARAMETER_GROUP,
        f"{p}parameters",
        family="aurora-postgresql16",
        parameters=[
            {"name": "statement_timeout", "value": "10000"},
            {"name": "max_connections", "value": "200", "apply_method": "pending-reboot"},
            {"name": "idle_in_transaction_session_timeout", "value": "60000"},
        ],
        **below,
    )
    declared.add(t.SECURITY_GROUP, f"{p}database", vpc_id="vpc-1", **below)
    declared.add(
        t.CLUSTER,
        f"{p}shop",
        engine="aurora-postgresql",
        engine_version="16.15",
        storage_encrypted=True,
        manage_master_user_password=True,
        backup_retention_period=14,
        deletion_protection=True,
        final_snapshot_identifier="shop-final",
        enabled_cloudwatch_logs_exports=["postgresql"],
        db_cluster_parameter_group_name=Ref(f"{p}parameters"),
        vpc_security_group_ids=[Ref(f"{p}database")],
        **below,
    )
    for index, zone in ((1, "eu-west-1a"), (2, "eu-west-1b")):
        declared.add(
            t.CLUSTER_INSTANCE,
            f"{p}shop-{index}",
            cluster_identifier=Ref(f"{p}shop"),
            instance_class="db.r6g.large",
            availability_zone=zone,
            promotion_tier=index - 1,
            monitoring_interval=60,
            performance_insights_enabled=True,
            depends_on=[f"{p}shop-1"] if index > 1 else [],
            **below,
        )
    declared.add(
        t.PROXY, f"{p}proxy", engine_family="POSTGRESQL", require_tls=True, default_auth_scheme="IAM_AUTH", **below
    )
    declared.add(
        t.PROXY_TARGET_GROUP,
        f"{p}pool",
        db_proxy_name=Ref(f"{p}proxy"),
        connection_pool_config={
            "max_connections_percent": 30,
            "max_idle_connections_percent": 4,
            "connection_borrow_timeout": 2,
        },
        **below,
    )
    declared.add(
        t.PROXY_TARGET,
        f"{p}target",
        db_proxy_name=Ref(f"{p}proxy"),
        target_group_name=Ref(f"{p}pool"),
        db_cluster_identifier=Ref(f"{p}shop"),
        **below,
    )
    declared.add(t.PROXY_ENDPOINT, f"{p}read-only", db_proxy_name=Ref(f"{p}proxy"), target_role="READ_ONLY", **below)
    declared.add(
        t.SCALING_TARGET,
        f"{p}readers",
        resource_id=Ref(f"{p}shop"),
        scalable_dimension="rds:cluster:ReadReplicaCount",
        service_namespace="rds",
        min_capacity=1,
        max_capacity=4,
        **below,
    )
    for name, metric, value in (
        ("on-connections", "RDSReaderAverageDatabaseConnections", 10),
        ("on-cpu", "RDSReaderAverageCPUUtilization", 60),
    ):
        declared.add(
            t.SCALING_POLICY,
            f"{p}{name}",
            resource_id=Ref(f"{p}readers"),
            scalable_dimension=Ref(f"{p}readers"),
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {"predefined_metric_type": metric},
                "target_value": value,
            },
            **below,
        )
    for tier in ("warning", "critical"):
        declared.add(t.TOPIC, f"{p}{tier}", **below)
        declared.add(t.SUBSCRIPTION, f"{p}{tier}-mail", topic=Ref(f"{p}{tier}"), protocol="email", **below)
    for role, missing in (("writer", "ignore"), ("reader", "missing")):
        for tier, threshold in (("warning", 30), ("critical", 45)):
            declared.add(
                t.ALARM,
                f"{p}{role}-{tier}",
                namespace="AWS/RDS",
                metric_name="DatabaseConnections",
                dimensions={"DBClusterIdentifier": Ref(f"{p}shop"), "Role": role.upper()},
                statistic="Maximum",
                comparison_operator="GreaterThanOrEqualToThreshold",
                threshold=threshold,
                period=60,
                evaluation_periods=3,
                treat_missing_data=missing,
                alarm_actions=[Ref(f"{p}{tier}")],
                **below,
            )
    _add_other_alarms(declared, p, below)
    return declared


#: The shop's alarms that aren't on the cluster's connections.
OTHER_ALARMS = ("writer-down", "pool-use", "borrow-latency")


def _add_other_alarms(declared: Declared, p: str, below: dict[str, Any]) -> None:
    common = {
        "evaluation_periods": 3,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "alarm_actions": [Ref(f"{p}critical")],
        **below,
    }
    declared.add(
        t.ALARM,
        f"{p}writer-down",
        namespace="AWS/RDS",
        metric_name="EngineUptime",
        dimensions={"DBClusterIdentifier": Ref(f"{p}shop"), "Role": "WRITER"},
        statistic="Average",
        threshold=0,
        period=60,
        treat_missing_data="breaching",
        **{**common, "comparison_operator": "LessThanOrEqualToThreshold"},
    )
    declared.add(
        t.ALARM,
        f"{p}pool-use",
        metric_queries=[
            {"id": "share", "expression": "100 * part / whole", "return_data": True},
            *(
                {
                    "id": id_,
                    "metric": {
                        "namespace": "AWS/RDS",
                        "metric_name": name,
                        "dimensions": {"ProxyName": Ref(f"{p}proxy")},
                        "stat": "Sum",
                        "period": 60,
                    },
                    "return_data": False,
                }
                for id_, name in (
                    ("part", "DatabaseConnectionsCurrentlyBorrowed"),
                    ("whole", "MaxDatabaseConnectionsAllowed"),
                )
            ),
        ],
        threshold=80,
        treat_missing_data="notBreaching",
        **common,
    )
    declared.add(
        t.ALARM,
        f"{p}borrow-latency",
        namespace="AWS/RDS",
        metric_name="DatabaseConnectionsBorrowLatency",
        dimensions={"ProxyName": Ref(f"{p}proxy")},
        statistic="Average",
        threshold=1_000_000,
        period=60,
        treat_missing_data="notBreaching",
        **common,
    )


def serverless(low: object, high: object) -> Declared:
    """The shop on Aurora Serverless v2, with AWS's limits."""
    return (
        shop()
        .drop("readers", "on-connections", "on-cpu")
        .change("shop", serverlessv2_scaling_configuration={"min_capacity": low, "max_capacity": high})
        .change("shop-1", instance_class="db.serverless")
        .change("shop-2", instance_class="db.serverless")
        .change("parameters", parameters=[{"name": "statement_timeout", "value": "10000"}])
    )


def second_proxy(percent: object) -> Declared:
    """The shop with another proxy on its cluster."""
    return (
        shop()
        .add(t.PROXY, "second", engine_family="POSTGRESQL", require_tls=True, default_auth_scheme="IAM_AUTH")
        .add(
            t.PROXY_TARGET_GROUP,
            "second-pool",
            db_proxy_name=Ref("second"),
            connection_pool_config={"max_connections_percent": percent, "connection_borrow_timeout": 2},
        )
        .add(
            t.PROXY_TARGET,
            "second-target",
            db_proxy_name=Ref("second"),
            target_group_name=Ref("second-pool"),
            db_cluster_identifier=Ref("shop"),
        )
    )
