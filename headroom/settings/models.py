"""The shape of a stack file, section by section: types, ranges and forms. What contradicts what is in `rules`.

A field's description is what its error message tells the reader to do, so it says what the value is and what is allowed.
"""

import ipaddress
import re
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    create_model,
    field_validator,
)

from headroom.budget import formula
from headroom.budget.facts import fact
from headroom.budget.margins import Margins
from headroom.budget.model import Engine, Path, Role, ServiceKind

READERS_HIGHEST: int = fact("service", "readers_highest").value
SERVICES_HIGHEST: int = fact("service", "secrets_per_proxy").value
_DAY_SECONDS = 86_400


def _text(pattern: str) -> Any:
    """Text of a given form. `\\Z` where others write `$`: `$` lets a trailing newline pass."""
    return StringConstraints(strict=True, pattern=rf"^{pattern}\z")


Slug = Annotated[str, _text(r"[a-z][a-z0-9]*(-[a-z0-9]+)*"), Field(max_length=40)]
User = Annotated[str, _text(r"[a-z][a-z0-9_-]{0,62}")]
InstanceClassName = Annotated[str, _text(r"db\.[a-z0-9-]{1,30}(\.[a-z0-9-]{1,20})?")]
Seconds = Annotated[int, Field(strict=True, ge=1, le=_DAY_SECONDS)]


class Section(BaseModel):
    """A mapping."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _network(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError("must be an IPv4 network such as 10.20.0.0/16, without host bits") from error
    if not any(
        network.subnet_of(ipaddress.IPv4Network(private))
        for private in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    ):
        raise ValueError("must be private (within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
    if not 16 <= network.prefixlen <= 22:
        raise ValueError(
            "must be between /16 (AWS's largest) and /22 (a proxy may need 215 addresses in each of four subnets)"
        )
    return text


class NewNetwork(Section):
    """A network to create: {cidr: 10.20.0.0/16, zones: 3}; or bring your own: {vpc_id: ..., subnet_ids: [...]}."""

    cidr: Annotated[StrictStr, AfterValidator(_network)] = Field(
        description="the VPC's addresses; pick a range that no peered network uses"
    )
    zones: StrictInt = Field(default=3, ge=2, le=4, description="availability zones; a cluster and its proxy need two")


class ExistingNetwork(Section):
    """A network of your own: {vpc_id: vpc-..., subnet_ids: [subnet-..., subnet-...]}."""

    vpc_id: Annotated[str, _text(r"vpc-[0-9a-f]{8,17}")] = Field(
        description="the VPC's id, vpc- and 8 to 17 hexadecimal digits"
    )
    subnet_ids: tuple[Annotated[str, _text(r"subnet-[0-9a-f]{8,17}")], ...] = Field(
        min_length=2, max_length=fact("service", "subnets_per_group").value,
        description="private subnets' ids (subnet-...) in at least two availability zones",
    )  # fmt: skip
    application_security_group_ids: tuple[Annotated[str, _text(r"sg-[0-9a-f]{8,17}")], ...] = Field(
        default=(), max_length=5, description="the security groups' ids (sg-...) of the applications that may connect, at most 5",
    )  # fmt: skip


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


def _max_connections(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a whole number or a formula")  # noqa: TRY004 (pydantic collects ValueErrors only)
    if len(value) > 255 or not value.isascii() or not value.isprintable():
        raise ValueError("must be a formula of at most 255 printable ASCII characters")
    try:
        evaluate = formula.parse(value)
        for gib in (1, 4096):  # below and above every class's memory: a formula that fails, fails here
            evaluate(formula.Inputs(memory_bytes=gib * 2**30, vcpus=2))
    except ValueError as error:
        raise ValueError(
            f"must be a whole number, or a formula that AWS reads ({str(error).rpartition(': ')[2]})"
        ) from error
    return value


def _one_of(*allowed: int) -> Any:
    def check(value: int) -> int:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(map(str, allowed))}")
        return value

    return AfterValidator(check)


_INSIGHTS_DAYS = (7, *range(31, 31 * 24, 31), 731)
_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


class Database(Section):
    """The Aurora cluster: {engine: aurora-postgresql, engine_version: "16.6", instance_class: db.r6g.large, readers: 2, name: shop}."""

    engine: Engine = Field(description="the database engine")
    engine_version: Annotated[str, _text(r"[0-9a-z._]{1,40}")] = Field(
        description='the whole version, quoted: "16.6" for aurora-postgresql, "8.0.mysql_aurora.3.08.0" for aurora-mysql'
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
    max_connections: Annotated[int | str, BeforeValidator(_max_connections)] | None = Field(
        default=None,
        description="an integer, or AWS's syntax such as LEAST({DBInstanceClassMemory/9531392},1000); leave it out for AWS's default",
    )
    serverless: Serverless | None = Field(
        default=None, description="the capacity, such as {min_acu: 2, max_acu: 16}; only with db.serverless"
    )
    name: Annotated[str, _text(r"[A-Za-z][A-Za-z0-9]{0,62}")] = Field(
        description="the database's name: a letter, then at most 62 letters and digits"
    )
    backup_retention_days: StrictInt = Field(
        ge=1, le=35, description="days that automatic backups are kept; AWS takes 1 to 35"
    )
    deletion_protection: StrictBool = Field(description="true: AWS refuses to delete the cluster")
    skip_final_snapshot: StrictBool = Field(description="true: nothing is kept when the cluster is deleted")
    protect: StrictBool = Field(description="true: Pulumi refuses to destroy the cluster")
    monitoring_interval_seconds: Annotated[StrictInt, _one_of(0, 1, 5, 10, 15, 30, 60)] = Field(
        description="enhanced monitoring's interval; 0 turns it off"
    )
    performance_insights_retention_days: Annotated[StrictInt, _one_of(*_INSIGHTS_DAYS)] = Field(
        description="a week is free; AWS takes 7, months of 31 days, or 731"
    )
    log_retention_days: Annotated[StrictInt, _one_of(*_LOG_DAYS)] = Field(
        description="how long CloudWatch keeps the exported logs"
    )
    statement_timeout_seconds: Seconds = Field(
        description="the longest statement, in seconds; without a limit one statement holds its connection for ever"
    )
    idle_in_transaction_timeout_seconds: Seconds = Field(
        description="the longest pause inside a transaction, in seconds"
    )
    lock_timeout_seconds: Seconds = Field(description="the longest wait for a lock, in seconds")


class Proxy(Section):
    """RDS Proxy: {max_connections_percent: 40}; leave the key out for no proxy."""

    max_connections_percent: StrictInt = Field(
        ge=1, le=100, description="the proxy's share of max_connections on every instance, in percent"
    )
    max_idle_connections_percent: StrictInt = Field(
        default_factory=lambda data: data["max_connections_percent"] // 2, ge=0, le=100,
        description="what the proxy keeps open when idle, in percent of max_connections; left out, half of max_connections_percent",
    )  # fmt: skip
    connection_borrow_timeout_seconds: StrictInt = Field(
        default=2, ge=1, le=fact("service", "borrow_timeout_highest_seconds").value,
        description="how long a client waits for a connection; keep it below the clients' own timeout (0 refuses even while connections are free to open)",
    )  # fmt: skip
    idle_client_timeout_seconds: StrictInt = Field(
        default=1800, ge=fact("service", "idle_client_timeout_lowest_seconds").value, le=fact("service", "idle_client_timeout_highest_seconds").value,
        description="how long an idle client stays connected; longer than the application's own idle timeout",
    )  # fmt: skip


class Autoscaling(Section):
    """Replica autoscaling: {readers_min: 2, readers_max: 6}, both counting the declared readers; leave the key out for none."""

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


class Pool(Section):
    """One pool in each process: {endpoint: writer, path: proxy, connections_max: 8}."""

    endpoint: Role = Field(description="what the pool connects to")
    path: Path = Field(description="through RDS Proxy, or straight to the cluster")
    connections_max: StrictInt = Field(
        ge=1, le=100_000, description="the pool's maximum in each process; leave out a pool that isn't used"
    )
    transactions_percent: StrictFloat = Field(
        default=100.0,
        ge=0,
        le=100,
        description="the share of the service's transactions that go through this pool; left out, what the others leave",
    )


class Service(Section):
    """Who holds connections: {name: checkout, instances_max: 120, pools: [...]}."""

    name: Slug = Field(
        description="lower-case letters and digits, single hyphens inside, a letter first, at most 40 characters"
    )
    user: User = Field(
        default_factory=lambda data: data["name"],
        description="the service's own database role: lower-case letters, digits, _ and -, a letter first, at most 63 characters; left out, the name",
    )
    database: Annotated[str, _text(r"[A-Za-z_][A-Za-z0-9_]{0,62}")] = Field(
        description="the database that it connects to: letters, digits and _, no digit first, at most 63 characters; left out, headroom:database.name"
    )
    kind: ServiceKind = Field(
        default=ServiceKind.SERVICE,
        description="containers or hosts are a service, Lambda is a function, cron jobs and BI are background",
    )
    instances_max: StrictInt = Field(
        ge=1,
        le=100_000,
        description="the autoscaler's maximum (a function's reserved concurrency), not the current count",
    )
    processes_per_instance: StrictInt = Field(
        default=1, ge=1, le=1000, description="worker processes that each open the pools"
    )
    transactions_per_second_peak: StrictFloat | None = Field(
        default=None,
        gt=0,
        le=10_000_000,
        description="of the whole service in a normal day's busiest minute; leave it out if it isn't known",
    )
    hold_ms: StrictFloat = Field(
        default=10.0,
        gt=0,
        le=3_600_000,
        description="milliseconds from borrow to return of a connection, not the query's time",
    )
    client_timeout_ms: StrictInt = Field(
        default=3000, ge=1, le=1000 * _DAY_SECONDS, description="milliseconds after which its clients give up"
    )
    pins: StrictBool = Field(
        default=False, description="true: it keeps session state, so the proxy can't share its connections"
    )
    deploy_surge_percent: StrictFloat = Field(
        default=25.0, ge=0, le=1000, description="extra instances while a deploy rolls, in percent of instances_max"
    )
    orphaned_instances: StrictInt = Field(
        default=1, ge=0, le=100_000, description="hosts that died without closing their connections"
    )
    serialized_percent: StrictFloat = Field(
        default=0.0, ge=0, le=100, description="the share of its transactions that queue on one row"
    )
    authentication: Annotated[str, _text("(iam|secret)")] = Field(
        default="iam", description="iam (no password anywhere) or secret (declared empty, its value is set out of band)"
    )
    pools: tuple[Pool, ...] = Field(
        min_length=1, max_length=4, description="its pools; leave out a service that has none"
    )

    @field_validator("pools", mode="before")
    @classmethod
    def _share_what_the_others_leave(cls, pools: Any) -> Any:
        """Only one pool may leave its share out; two are left to the sum's rule, which then finds too much."""
        if not isinstance(pools, list):
            return pools
        silent = [p for p in pools if isinstance(p, dict) and "transactions_percent" not in p]
        spoken = [p["transactions_percent"] for p in pools if isinstance(p, dict) and "transactions_percent" in p]
        if len(silent) != 1 or not all(isinstance(share, (int, float)) for share in spoken):
            return pools
        left = 100 - sum(spoken)
        return [{**p, "transactions_percent": left} if p is silent[0] and 0 <= left <= 100 else p for p in pools]


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)")


def _time(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("must be a time with its offset")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"must be a time that exists ({error})") from error


Time = Annotated[datetime, BeforeValidator(_time)]


class Event(Section):
    """A declared sale: {name: black-friday, starts: "2026-11-27T08:00:00Z", ends: "2026-11-28T02:00:00Z", traffic_factor: 6}."""

    name: Slug = Field(
        description="lower-case letters and digits, single hyphens inside, a letter first, at most 40 characters"
    )
    starts: Time = Field(
        description='quoted, ISO 8601 with its offset, such as "2026-11-27T08:00:00Z" or "2026-11-27T09:00:00+01:00"'
    )
    ends: Time = Field(
        description='quoted, ISO 8601 with its offset, such as "2026-11-28T02:00:00Z" or "2026-11-28T03:00:00+01:00"'
    )
    traffic_factor: StrictFloat = Field(ge=1, le=1000, description="how many times the normal day's busiest minute")
    readers_min: StrictInt | None = Field(
        default=None,
        ge=1,
        le=READERS_HIGHEST,
        description="readers that serve before the event starts, declared ones included",
    )


Target = Annotated[
    str,
    _text(r"(email:[^\s@:/]+@[^\s@:/]+\.[A-Za-z]{2,63}|https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[!-~]*)?)"),
    Field(max_length=2048),
]
_TARGETS = (
    "email:<address> or https://<host>/<path> (an incident tool or a chat's webhook); SNS then asks each to confirm"
)


class Notify(Section):
    """Who is told: {warning: ["email:team@example.com"], critical: ["https://events.example.com/integration"]}; leave the key out for no alarms."""

    warning: tuple[Target, ...] = Field(min_length=1, max_length=20, description=_TARGETS)
    critical: tuple[Target, ...] = Field(min_length=1, max_length=20, description=_TARGETS)


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


DeclaredMargins: type[Section] = create_model(
    "DeclaredMargins", __base__=Section, __doc__="Margins to replace: {burst_factor: 1.4}.",
    **{f.name: (StrictFloat, Field(default=f.default, ge=f.metadata["low"], le=f.metadata["high"], description=f.metadata["reason"])) for f in fields(Margins)},  # type: ignore[call-overload]
)  # fmt: skip
