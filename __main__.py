"""The program: settings -> budget -> components -> outputs."""

import pulumi
import pulumi_aws as aws
from pulumi.runtime.config import CONFIG

from components.access import ServiceAccess, ServiceAccessArgs
from components.alarms import ConnectionAlarms, ConnectionAlarmsArgs
from components.autoscaling import ReplicaAutoscaling, ReplicaAutoscalingArgs
from components.budget import Budget, BudgetArgs
from components.cluster import PORTS, AuroraCluster, AuroraClusterArgs
from components.dashboard import Dashboard, DashboardArgs
from components.network import Network, NetworkArgs
from components.proxy import ConnectionProxy, ConnectionProxyArgs
from headroom import clock
from headroom.budget import evaluate
from headroom.budget.alarms import alarm_table
from headroom.budget.not_offered import not_offered
from headroom.errors import UserError
from headroom.settings import Named, parse

named = Named(pulumi.get_project(), pulumi.get_stack())
project, stack, name = named.project, named.stack, named.base
try:
    # The vendor's language host hands the config over in the environment, the SDK's own in a context variable.
    settings = parse({**pulumi.runtime.get_config_env(), **CONFIG.get()}, f"Pulumi.{stack}.yaml", named)
    now = clock.now()
except UserError as error:
    raise pulumi.RunError(f"\n{error}") from None
budget = evaluate(settings.stack(name))
supply, thresholds = budget.stack.cluster, budget.thresholds
for finding in not_offered(supply):
    pulumi.warn(f"Pulumi.{stack}.yaml: {finding.message}")

tags = {"project": project, "stack": stack, "environment": settings.environment}
provider = aws.Provider("aws", region=settings.region, default_tags=aws.ProviderDefaultTagsArgs(tags=tags))
opts = pulumi.ResourceOptions(providers=[provider])

registered = Budget(name, BudgetArgs(environment=settings.environment, budget=budget), opts)
network = Network(
    name,
    NetworkArgs(
        network=settings.network,
        port=PORTS[supply.engine],
        proxied=settings.proxy is not None,
        services=settings.services,
    ),
    opts,
)
database = AuroraCluster(
    name, AuroraClusterArgs(database=settings.database, instances=supply.instances, network=network), opts
)
access = ServiceAccess(name, ServiceAccessArgs(services=settings.services, database=database), opts)
if settings.autoscaling and thresholds.scaling:
    ReplicaAutoscaling(
        name,
        ReplicaAutoscalingArgs(
            database=database,
            autoscaling=settings.autoscaling,
            targets=thresholds.scaling,
            events=settings.events,
            now=now,
        ),
        opts,
    )
proxy = (
    None
    if settings.proxy is None
    else ConnectionProxy(
        name,
        ConnectionProxyArgs(
            proxy=settings.proxy, services=settings.services, access=access, database=database, network=network
        ),
        opts,
    )
)
table = alarm_table(budget)
alarms = (
    None
    if settings.notify is None
    else ConnectionAlarms(
        name,
        ConnectionAlarmsArgs(
            database=database,
            instances=[instance.name for instance in supply.instances],
            proxy=proxy,
            table=table,
            notify=settings.notify,
        ),
        opts,
    )
)

if alarms is not None:
    Dashboard(name, DashboardArgs(table=table, names=alarms.measured, alarm_arns=list(alarms.arns.values())), opts)

pulumi.export("endpoints", {**database.endpoints, **(proxy.endpoints if proxy else {})})
pulumi.export("secret_arns", {**database.secret_arns, **access.secret_arns})
pulumi.export("connect_arns", {"direct": access.connect_arns, "proxy": proxy.connect_arns if proxy else {}})
pulumi.export("security_groups", network.groups)
pulumi.export("budget", registered.table)
pulumi.export("alarms", alarms.names if alarms else [])
