"""The supply in a stack file: network, database, proxy, replica autoscaling, instance classes.

A field's description is the last part of its error messages: it says what the value is, and what is allowed.
"""

from typing import Annotated

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from headroom.budget.facts import fact
from headroom.budget.model import Engine, InstanceClass
from headroom.settings.forms import Cidr, InstanceClassName, MaxConnections, Seconds, Section, one_of, text

READERS_HIGHEST: int = fact("service", "readers_highest").value


class NewNetwork(Section):
    """A network to create: {cidr: 10.20.0.0/16, zones: 3}; or bring your own: {vpc_id: ..., subnet_ids: [...]}."""

    cidr: Cidr = Field(description="the VPC's addresses; pick a range that no peered network uses")
    zones: StrictInt = Field(default=3, ge=2, le=4, description="availability zones; a cluster and its proxy need two")


class ExistingNetwork(Section):
    """A network of your own: {vpc_id: vpc-..., subnet_ids: [subnet-..., subnet-...]}."""

    vpc_id: Annotated[str, text(r"vpc-[0-9a-f]{8,17}")] = Field(
        description="the VPC's id, vpc- and 8 to 17 hexadecimal digits"
    )
    subnet_ids: tuple[Annotated[str, text(r"subnet-[0-9a-f]{8,17}")], ...] = Field(
        min_length=2,
        max_length=fact("service", "subnets_per_group").value,
        description="private subnets' ids (subnet-...) in at least two availability zones",
    )
    application_security_group_ids: tuple[Annotated[str, text(r"sg-[0-9a-f]{8,17}")], ...] = Field(
        default=(),
        max_length=5,
        description="the security groups' ids (sg-...) of the applications that may connect, at most 5",
    )


class Serverless(Section):
    """Aurora Serverless v2's capacity: {min_acu: 2, max_acu: 16}."""

    min_acu: StrictFloat = Field(
        ge=0, le=256, multiple_of=0.5, description="the lowest capacity in ACU (1 ACU is about 2 GiB), in steps of 0.5"
    )
    max_acu: StrictFloat = Field(
        ge=1,
        le=256,
        multiple_of=0.5,
        description="the highest capacity in ACU, in steps of 0.5; max_connections follows it",
    )


_INSIGHTS_DAYS = (7, *range(31, 31 * 24, 31), 731)
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


class Database(Section):
    """The Aurora cluster: {engine: ..., engine_version: ..., instance_class: ..., readers: 2, name: shop}."""

    engine: Engine = Field(description="the database engine, aurora-postgresql or aurora-mysql")
    engine_version: Annotated[str, text(r"[0-9a-z._]{1,40}")] = Field(
        description='the whole version, quoted: "16.15" for aurora-postgresql, "8.0.mysql_aurora.3.08.0" for '
        "aurora-mysql"
    )
    instance_class: InstanceClassName = Field(description="the writer's class, such as db.r6g.large or db.serverless")
    readers: StrictInt = Field(
        ge=0,
        le=READERS_HIGHEST,
        description=f"declared readers; Aurora takes up to {READERS_HIGHEST}, autoscaled ones included",
    )
    reader_instance_class: InstanceClassName | None = Field(
        default=None, description="the readers' class, such as db.r6g.large; leave it out where it is the writer's"
    )
    max_connections: MaxConnections | None = Field(
        default=None,
        description="an integer, or AWS's syntax such as LEAST({DBInstanceClassMemory/9531392},1000); leave it out "
        "for AWS's default",
    )
    serverless: Serverless | None = Field(
        default=None, description="the capacity, such as {min_acu: 2, max_acu: 16}; only with db.serverless"
    )
    name: Annotated[str, text(r"[A-Za-z][A-Za-z0-9]{0,62}")] = Field(
        description="the database's name: a letter, then at most 62 letters and digits"
    )
    backup_retention_days: StrictInt = Field(
        ge=1, le=35, description="days that automatic backups are kept; AWS takes 1 to 35"
    )
    deletion_protection: StrictBool = Field(description="with true, AWS refuses to delete the cluster")
    skip_final_snapshot: StrictBool = Field(description="with true, nothing is kept when the cluster is deleted")
    protect: StrictBool = Field(description="with true, Pulumi refuses to destroy the cluster")
    monitoring_interval_seconds: Annotated[StrictInt, one_of(0, 1, 5, 10, 15, 30, 60)] = Field(
        description="enhanced monitoring's interval; 0 turns it off"
    )
    performance_insights_retention_days: Annotated[StrictInt, one_of(*_INSIGHTS_DAYS)] = Field(
        description="a week is free; AWS takes 7, months of 31 days, or 731"
    )
    log_retention_days: Annotated[StrictInt, one_of(*_LOG_DAYS)] = Field(
        description="how long CloudWatch keeps the exported logs"
    )
    statement_timeout_seconds: Seconds = Field(
        description="the longest statement, in seconds; without a limit one statement holds its connection for ever"
    )
    idle_in_transaction_timeout_seconds: Seconds = Field(
        description="the longest pause inside a transaction, in seconds"
    )
    lock_timeout_seconds: Seconds = Field(
        description="the longest wait for a lock, in seconds; on aurora-postgresql each service's role has it, and "
        "`headroom roles --apply` sets it"
    )


class Proxy(Section):
    """RDS Proxy: {max_connections_percent: 40}; leave the key out for no proxy."""

    max_connections_percent: StrictInt = Field(
        ge=1, le=100, description="the proxy's share of max_connections on every instance, in percent"
    )
    max_idle_connections_percent: StrictInt = Field(
        default_factory=lambda data: data["max_connections_percent"] // 2,
        ge=0,
        le=100,
        description="what the proxy keeps open when idle, in percent of max_connections; left out, half of "
        "max_connections_percent",
    )
    connection_borrow_timeout_seconds: StrictInt = Field(
        default=2,
        ge=1,
        le=fact("service", "borrow_timeout_highest_seconds").value,
        description="how long a client waits for a connection; keep it below the clients' own timeout (0 refuses "
        "even while connections are free to open)",
    )
    idle_client_timeout_seconds: StrictInt = Field(
        default=1800,
        ge=fact("service", "idle_client_timeout_lowest_seconds").value,
        le=fact("service", "idle_client_timeout_highest_seconds").value,
        description="how long an idle client stays connected; longer than the application's own idle timeout",
    )


class Autoscaling(Section):
    """Replica autoscaling: {readers_min: 2, readers_max: 6}, both counting the declared readers."""

    readers_min: StrictInt = Field(
        ge=1,
        le=READERS_HIGHEST,
        description="the fewest readers, declared ones included; without one reader nothing scales",
    )
    readers_max: StrictInt = Field(
        ge=1,
        le=READERS_HIGHEST,
        description=f"the most readers, declared ones included; Aurora takes {READERS_HIGHEST}",
    )


class DeclaredClass(Section):
    """An instance class that the facts don't know: {name: db.r9g.large, vcpus: 2, memory_gib: 16}."""

    name: InstanceClassName = Field(description="AWS's name, such as db.r9g.large")
    vcpus: StrictInt = Field(ge=1, le=1024, description="its vCPUs")
    memory_gib: StrictFloat = Field(ge=1, le=65_536, description="its memory in GiB")
    max_connections: StrictInt | None = Field(
        default=None,
        ge=1,
        le=262_143,
        description="AWS's documented default on this engine; leave it out if there is none",
    )

    def known_as(self, engine: Engine) -> InstanceClass:
        """The class as the budget takes it, on an engine."""
        mysql = engine is Engine.MYSQL
        return InstanceClass(
            name=self.name,
            vcpus=self.vcpus,
            memory_gib=self.memory_gib,
            documented_mysql=self.max_connections if mysql else None,
            documented_postgresql=None if mysql else self.max_connections,
        )
