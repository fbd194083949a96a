"""A real target: where it is, and whether it may be one.

Refused: anything that is named or tagged like production, or whose name leads there (CNAME). An RDS host whose tags
nobody can read is not safe.
"""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from headroom.drill.fleet import Endpoint, Login, SslMode
from headroom.drill.passwords import find_password
from headroom.drill.production import given_name, is_rds, looks_like_production, names_of, tagged_production
from headroom.errors import UserError

_SSL_MODES: tuple[SslMode, ...] = get_args(SslMode)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A database, from its DSN; `sslmode` is libpq's."""

    host: str
    port: int
    user: str
    password: str | None = field(repr=False)
    database: str
    sslmode: SslMode

    @property
    def name(self) -> str:
        """What has to be typed to confirm: host/database."""
        return f"{self.host}/{self.database}"

    @property
    def loopback(self) -> bool:
        """It is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def login(self) -> Login:
        """How its connections are opened."""
        return Login(
            endpoint=Endpoint(self.host, self.port),
            user=self.user,
            password=self.password,
            database=self.database,
            sslmode=self.sslmode,
        )


def parse_dsn(option: str, dsn: str) -> Target:
    """The target of a `postgresql://user@host:port/database?sslmode=...`; its password may stand elsewhere.

    Raises:
        UserError: it isn't one, or its password file is open to others; a password is never repeated.
    """
    try:
        parts = urlsplit(dsn)
        port = parts.port or 5432
    except ValueError:
        raise UserError(f"{option}: is no DSN: write postgresql://user@host:port/database") from None
    if (
        "@" in parts.path + parts.query + parts.fragment
    ):  # what stands before it may be a password's end: it isn't shown
        raise UserError(
            f"{option}: an @ after the host: write @, /, ? and # of a name or password as %40, %2F, %3F and %23"
        )
    query = parse_qs(parts.query)
    database = unquote(parts.path.removeprefix("/"))
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"postgresql", "postgres"} or not host or not parts.username or not database:
        raise UserError(f"{option}: needs user, host and database: write postgresql://user@host:port/database")
    if unknown := sorted(set(query) - {"sslmode"}):
        raise UserError(f"{option}: the drill doesn't know {', '.join(unknown)}: only sslmode can be set")
    # Only on this machine is a password sent in the clear, unless somebody says so.
    given = query.get("sslmode", ["disable" if host in {"localhost", "127.0.0.1", "::1"} else "require"])[-1]
    mode = next((m for m in _SSL_MODES if m == given), None)
    if mode is None:
        raise UserError(f"{option}: sslmode: must be one of {', '.join(_SSL_MODES)}, got {given!r}")
    user = unquote(parts.username)
    return Target(
        host=host,
        port=port,
        user=user,
        password=unquote(parts.password) if parts.password else find_password(host, port, database, user),
        database=database,
        sslmode=mode,
    )


def refuse_production(option: str, target: Target, tags: Callable[[str], dict[str, str]] | None = None) -> None:
    """Look at its names, at those that its host leads to, and at the tags where AWS has them.

    Raises:
        UserError: any of them says production, or the tags can't be read.
    """
    for what, shown, text in (
        ("host", target.host, given_name(target.host)),
        ("database", target.database, target.database),
        ("user", target.user, target.user),
    ):
        if looks_like_production(text):
            raise _refusal(option, f"the {what} {shown!r} looks like production")
    # This machine's own names say nothing of a database.
    hosts = [target.host] if target.loopback else names_of(target.host)
    for host in hosts:
        if looks_like_production(given_name(host)):
            raise _refusal(option, f"{target.host!r} leads to the host {host!r}, which looks like production")
    nearest = next(filter(is_rds, hosts), None)
    for key, value in (tags or rds_tags)(nearest).items() if nearest else ():
        if tagged_production(key, value):
            raise _refusal(option, f"{nearest} is tagged {key}={value}")


def _refusal(option: str, why: str) -> UserError:
    return UserError(f"{option}: {why}: the drill never runs against production")


def rds_tags(host: str) -> dict[str, str]:
    """The tags of the cluster or proxy behind an RDS host. Unknown is not safe.

    Raises:
        UserError: they can't be read.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    region = host.partition(".rds.")[0].rpartition(".")[2]
    try:
        return tags_of(boto3.client("rds", region_name=region), host)
    except (BotoCoreError, ClientError) as error:
        raise UserError(f"{host}: its tags can't be read, so nobody knows whether it is production: {error}") from None


def tags_of(rds: Any, host: str) -> dict[str, str]:
    """The tags of what answers at `host`.

    Raises:
        UserError: nothing of this account does.
    """
    for page in rds.get_paginator("describe_db_clusters").paginate():
        for cluster in page["DBClusters"]:
            if host in {cluster.get("Endpoint"), cluster.get("ReaderEndpoint"), *cluster.get("CustomEndpoints", [])}:
                return _as_dict(cluster.get("TagList", []))
    for page in rds.get_paginator("describe_db_instances").paginate():
        for instance in page["DBInstances"]:
            if instance.get("Endpoint", {}).get("Address") == host:
                return _as_dict(instance.get("TagList", []))
    for operation, key, arn in (
        ("describe_db_proxies", "DBProxies", "DBProxyArn"),
        ("describe_db_proxy_endpoints", "DBProxyEndpoints", "DBProxyEndpointArn"),
    ):
        for page in rds.get_paginator(operation).paginate():
            for proxy in page[key]:
                if proxy.get("Endpoint") == host:
                    return _as_dict(rds.list_tags_for_resource(ResourceName=proxy[arn])["TagList"])
    raise UserError(f"{host}: this account knows no such cluster or proxy, so nobody knows whether it is production")


def _as_dict(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
