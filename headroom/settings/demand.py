"""The demand in a stack file: services and their pools, the sale calendar, who is told, and the margins.

A field's description is the last part of its error messages: it says what the value is, and what is allowed.
"""

from dataclasses import fields
from typing import Annotated

from pydantic import Field, StrictBool, StrictFloat, StrictInt, create_model, field_validator

from headroom.budget.margins import Margins
from headroom.budget.model import Path, Role, ServiceKind
from headroom.settings.forms import DAY_SECONDS, Section, Slug, Time, User, text
from headroom.settings.supply import READERS_HIGHEST


class Pool(Section):
    """One pool in each process: {endpoint: writer, path: proxy, connections_max: 8}."""

    endpoint: Role = Field(description="what the pool connects to, writer or reader")
    path: Path = Field(description="proxy (through RDS Proxy) or direct (straight to the cluster)")
    connections_max: StrictInt = Field(
        ge=1, le=100_000, description="the pool's maximum in each process; leave out a pool that isn't used"
    )
    transactions_percent: StrictFloat = Field(
        default=100.0,
        ge=0,
        le=100,
        description="the share of the service's transactions that go through this pool; left out, what the others "
        "leave",
    )


class Service(Section):
    """Who holds connections: {name: checkout, instances_max: 120, pools: [...]}."""

    name: Slug = Field(
        description="lower-case letters and digits, single hyphens inside, a letter first, at most 40 characters"
    )
    user: User = Field(
        default_factory=lambda data: data["name"],
        description="the service's own database role: lower-case letters, digits, _ and -, a letter first, at most "
        "63 characters; left out, the name",
    )
    database: Annotated[str, text(r"[A-Za-z_][A-Za-z0-9_]{0,62}")] = Field(
        description="the database that it connects to: letters, digits and _, no digit first, at most 63 characters; "
        "left out, headroom:database.name"
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
        default=3000, ge=1, le=1000 * DAY_SECONDS, description="milliseconds after which its clients give up"
    )
    pins: StrictBool = Field(
        default=False, description="with true, it keeps session state, so the proxy can't share its connections"
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
    authentication: Annotated[str, text("(iam|secret)")] = Field(
        default="iam", description="iam (no password anywhere) or secret (declared empty, its value is set out of band)"
    )
    pools: tuple[Pool, ...] = Field(
        min_length=1, max_length=4, description="its pools; leave out a service that has none"
    )

    @field_validator("pools", mode="before")
    @classmethod
    def _share_what_the_others_leave(cls, pools: object) -> object:
        """Only one pool may leave its share out; two are left to the sum's rule, which then finds too much."""
        if not isinstance(pools, list):
            return pools
        silent = [p for p in pools if isinstance(p, dict) and "transactions_percent" not in p]
        spoken = [p["transactions_percent"] for p in pools if isinstance(p, dict) and "transactions_percent" in p]
        if len(silent) != 1 or not all(isinstance(share, (int, float)) for share in spoken):
            return pools
        left = 100 - sum(spoken)
        return [{**p, "transactions_percent": left} if p is silent[0] and 0 <= left <= 100 else p for p in pools]


class Event(Section):
    """A declared sale: {name: black-friday, starts: "2026-11-27T08:00:00Z", ends: "...", traffic_factor: 6}."""

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
    text(r"(email:[^\s@:/]+@[^\s@:/]+\.[A-Za-z]{2,63}|https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[!-~]*)?)"),
    Field(max_length=2048),
]
_TARGETS = (
    "email:<address> or https://<host>/<path> (an incident tool or a chat's webhook); SNS then asks each to confirm"
)


def subscription(target: str) -> tuple[str, str]:
    """SNS's protocol and endpoint of a target.

    >>> subscription("email:team@example.com"), subscription("https://events.example.com/x")
    (('email', 'team@example.com'), ('https', 'https://events.example.com/x'))
    """
    protocol, _, address = target.partition(":")
    return protocol, target if protocol == "https" else address


class Notify(Section):
    """Who is told, such as {warning: ["email:team@example.com"], critical: ["https://events.example.com/x"]}."""

    warning: tuple[Target, ...] = Field(min_length=1, max_length=20, description=_TARGETS)
    critical: tuple[Target, ...] = Field(min_length=1, max_length=20, description=_TARGETS)


DeclaredMargins: type[Section] = create_model(
    "DeclaredMargins",
    __base__=Section,
    __doc__="Margins to replace: {burst_factor: 1.4}.",
    **{
        f.name: (
            StrictFloat,
            Field(default=f.default, ge=f.metadata["low"], le=f.metadata["high"], description=f.metadata["reason"]),
        )
        for f in fields(Margins)
    },  # type: ignore[call-overload]
)
