"""headroom:index:ServiceAccess - how each service proves who it is: by IAM, or by a secret of its own.

Makes one empty secret for each service with `authentication: secret`, whichever way it connects. Its value is set out
of band: a value that is declared would be in the state. Services with IAM authentication need none; what their own
roles must be allowed is told instead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.cluster import AuroraCluster
from headroom.budget.model import Path
from headroom.settings.demand import Service

# What Secrets Manager allows at most, where the stack's data is kept; at once where the stack is made to be destroyed.
RECOVERY_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccessArgs:
    """Who is let in, and to what.

    Attributes:
        services: all of the stack's.
        database: what they connect to; its key encrypts their secrets.
    """

    services: Sequence[Service]
    database: AuroraCluster


class ServiceAccess(pulumi.ComponentResource):
    """The services' own credentials, none of them the master's.

    Attributes:
        secrets: service -> its secret.
        secret_arns: service -> its secret's ARN.
        connect_arns: service -> what IAM must allow it (`rds-db:connect`) on its direct way.
    """

    def __init__(self, name: str, args: ServiceAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:ServiceAccess", name, {}, opts)
        account = Account.of(self)
        database = args.database.database
        self.secrets = {
            service.name: aws.secretsmanager.Secret(
                f"{name}-{service.name}",
                name=secret_name(name, service.name),
                description=f"Credentials of the database role {service.user}; set out of band",
                kms_key_id=args.database.key.arn,
                recovery_window_in_days=RECOVERY_DAYS if database.deletion_protection else 0,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for service in args.services
            if service.authentication == "secret"
        }
        self.secret_arns = {service: secret.arn for service, secret in self.secrets.items()}
        self.connect_arns = {
            service.name: connect_arn(account, args.database.cluster.cluster_resource_id, service.user)
            for service in using(args.services, Path.DIRECT)
            if service.authentication == "iam"
        }
        self.register_outputs({"secretArns": self.secret_arns, "connectArns": self.connect_arns})


def secret_name(stack: str, service: str) -> str:
    """`headroom-prod/search`; longer where that would end in a hyphen and six characters.

    Secrets Manager ends its ARNs so, and may find another secret by a partial ARN (API Reference, CreateSecret: Name).
    """
    name = f"{stack}/{service}"
    return f"{name}/credentials" if re.search(r"-.{6}\Z", name) else name


def using(services: Sequence[Service], path: Path) -> list[Service]:
    """The services with a pool on that way."""
    return [service for service in services if any(pool.path is path for pool in service.pools)]


def connect_arn(account: Account, resource_id: pulumi.Input[str], user: str) -> pulumi.Output[str]:
    """What `rds-db:connect` is allowed on: a user of a cluster (`cluster-…`) or of a proxy (`prx-…`)."""
    return pulumi.Output.concat(account.arn("rds-db", "dbuser:"), resource_id, f"/{user}")
