"""headroom:index:ConnectionProxy - the throttle: a pool that is a share of max_connections, whatever the clients do.

Makes the proxy's role and its policy, the log group, the proxy, its target group with the pool's limits, its target,
and a read-only endpoint where there are readers. The master's secret is never given to it: the application would be
rds_superuser and eat the slots reserved for rescue.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.access import ServiceAccess, connect_arn, using
from components.account import Account
from components.cluster import AuroraCluster
from components.network import Network
from headroom.budget.facts import fact
from headroom.budget.model import Engine, Path
from headroom.settings import demand, supply

_POLICY_LONGEST: int = fact("characters", "role_policies").value
_ENGINE_FAMILIES = {Engine.POSTGRESQL: "POSTGRESQL", Engine.MYSQL: "MYSQL"}
_PASSWORD_TYPES = {Engine.POSTGRESQL: "POSTGRES_SCRAM_SHA_256", Engine.MYSQL: "MYSQL_CACHING_SHA2_PASSWORD"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionProxyArgs:
    """The pool, whom it serves, and what it leads to.

    Attributes:
        proxy: the pool's limits and timeouts.
        services: all of the stack's; those with a pool that leads through the proxy are let in.
        access: the services' secrets.
        database: the target; it is registered when the declared instances are available.
        network: where the proxy lives, and who reaches it.
    """

    proxy: supply.Proxy
    services: Sequence[demand.Service]
    access: ServiceAccess
    database: AuroraCluster
    network: Network


class ConnectionProxy(pulumi.ComponentResource):
    """The proxy, its pool, and what lets it in.

    Attributes:
        proxy: the proxy; its default endpoint leads to the writer.
        reader_endpoint: its read-only endpoint; None without readers.
        endpoints: the default one and, with readers, the read-only one.
        connect_arns: service -> what IAM must allow it (`rds-db:connect`) to come in here.
    """

    def __init__(self, name: str, args: ConnectionProxyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:ConnectionProxy", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        if args.network.proxy_group_id is None:
            raise ValueError("the network has no security group for a proxy: make it with proxied=True")
        group_ids: list[pulumi.Input[str]] = [args.network.proxy_group_id]
        account = Account.of(self)
        engine, key, cluster = args.database.database.engine, args.database.key, args.database.cluster
        services = using(args.services, Path.PROXY)
        secrets = {s.name: args.access.secrets[s.name] for s in services if s.authentication == "secret"}
        iam_users = {service.name: service.user for service in services if service.authentication == "iam"}
        role = aws.iam.Role(
            f"{name}-proxy",
            description=f"{name}: RDS Proxy opens the services' connections",
            # AWS's pages on RDS Proxy show no condition; if it names no source, one would keep every client out
            # (docs/decisions/0015). A role can be passed within its own account only, so nobody else's proxy gets it.
            assume_role_policy=json.dumps(account.trust("rds.amazonaws.com", names_its_source=False)),
            opts=child,
        )
        policy = aws.iam.RolePolicy(
            f"{name}-proxy",
            role=role.name,
            policy=pulumi.Output.all(
                key_arn=key.arn,
                secret_arns=[secret.arn for secret in secrets.values()],
                cluster_resource_id=cluster.cluster_resource_id,
            ).apply(lambda known: _policy(account, name, iam_users=list(iam_users.values()), **known)),
            opts=child,
        )
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-proxy",
            name=f"/aws/rds/proxy/{name}",
            retention_in_days=args.database.database.log_retention_days,
            kms_key_id=key.arn,
            opts=child,
        )
        self.proxy = aws.rds.Proxy(
            name,
            name=name,
            engine_family=_ENGINE_FAMILIES[engine],
            role_arn=role.arn,
            # IAM end to end: clients show a token, and so does the proxy to the database. No password exists.
            # Nor is one needed where nobody comes in yet: without secrets AWS wants this scheme.
            default_auth_scheme="IAM_AUTH" if iam_users or not secrets else "NONE",
            auths=[
                aws.rds.ProxyAuthArgs(
                    auth_scheme="SECRETS",
                    iam_auth="DISABLED",
                    client_password_auth_type=_PASSWORD_TYPES[engine],
                    secret_arn=secret.arn,
                    description=service,
                )
                for service, secret in secrets.items()
            ]
            or None,
            require_tls=True,
            idle_client_timeout=args.proxy.idle_client_timeout_seconds,
            debug_logging=False,  # it writes the statements' text
            vpc_subnet_ids=list(args.network.subnet_ids),
            vpc_security_group_ids=group_ids,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, log_group]),
        )
        # A new proxy of the same name starts with AWS's 100 percent and no target (terraform-provider-aws#45738), so
        # whatever hangs on it is made again with it.
        with_proxy = pulumi.ResourceOptions(parent=self, replace_with=[self.proxy])
        group = aws.rds.ProxyDefaultTargetGroup(
            name,
            db_proxy_name=self.proxy.name,
            connection_pool_config=aws.rds.ProxyDefaultTargetGroupConnectionPoolConfigArgs(
                max_connections_percent=args.proxy.max_connections_percent,
                max_idle_connections_percent=args.proxy.max_idle_connections_percent,
                connection_borrow_timeout=args.proxy.connection_borrow_timeout_seconds,
            ),
            opts=with_proxy,
        )
        aws.rds.ProxyTarget(
            name,
            db_proxy_name=self.proxy.name,
            target_group_name=group.name,
            db_cluster_identifier=cluster.cluster_identifier,
            opts=pulumi.ResourceOptions.merge(
                with_proxy, pulumi.ResourceOptions(depends_on=list(args.database.instances))
            ),
        )
        self.reader_endpoint: aws.rds.ProxyEndpoint | None = None
        if len(args.database.instances) > 1:  # with no reader, a read-only endpoint refuses every connection
            self.reader_endpoint = aws.rds.ProxyEndpoint(
                f"{name}-read-only",
                db_proxy_name=self.proxy.name,
                db_proxy_endpoint_name=f"{name}-read-only",
                target_role="READ_ONLY",
                vpc_subnet_ids=list(args.network.subnet_ids),
                vpc_security_group_ids=group_ids,
                opts=with_proxy,
            )
        self.endpoints = {"proxy": self.proxy.endpoint}
        if self.reader_endpoint is not None:
            self.endpoints["proxy_read_only"] = self.reader_endpoint.endpoint
        resource_id = self.proxy.arn.apply(lambda arn: arn.rpartition(":")[2])
        self.connect_arns = {service: connect_arn(account, resource_id, user) for service, user in iam_users.items()}
        self.register_outputs({"endpoints": self.endpoints, "connectArns": self.connect_arns})


def _policy(
    account: Account,
    name: str,
    *,
    key_arn: str,
    secret_arns: Sequence[str],
    cluster_resource_id: str,
    iam_users: Sequence[str],
) -> str:
    """What the proxy may do: read the services' secrets, and connect as the services' IAM users; nothing else.

    Each by its name, as long as IAM takes that many characters of a role; then all of this stack's by one pattern each.
    The master's secret is under neither, and a client still needs `rds-db:connect` of its own, for the user it names.
    """
    users = [account.arn("rds-db", f"dbuser:{cluster_resource_id}/{user}") for user in iam_users]
    named = _document(account, key_arn, secret_arns, users)
    if len("".join(named.split())) <= _POLICY_LONGEST:  # IAM doesn't count spaces
        return named
    secrets = [account.arn("secretsmanager", f"secret:{name}/*")] if secret_arns else []
    anybody = [account.arn("rds-db", f"dbuser:{cluster_resource_id}/*")] if iam_users else []
    return _document(account, key_arn, secrets, anybody)


def _document(account: Account, key_arn: str, secret_arns: Sequence[str], user_arns: Sequence[str]) -> str:
    statements: list[dict[str, object]] = []
    if secret_arns:
        statements += [
            {
                "Sid": "ReadTheServicesSecrets",
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": list(secret_arns),
            },
            {
                "Sid": "DecryptThemThroughSecretsManagerOnly",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": key_arn,
                "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com"}},
            },
        ]
    if user_arns:
        statements.append(
            {
                "Sid": "ConnectAsTheServicesUsers",
                "Effect": "Allow",
                "Action": "rds-db:connect",
                "Resource": list(user_arns),
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
